"""A bad file changes nothing and says where and why."""

import gzip
from decimal import Decimal

import pytest
from bson import ObjectId

from app.wiring import Backend
from connectors.billing import unpacked
from documents import Account, AccountState, CostLoad, CostLoadState
from domain.costs.problem import BadCostFile
from domain.errors import Invalid
from domain.facts.provider import Provider
from tests.factories.costs import load, stored, total
from tests.factories.focus import focus_row, lacking, write_csv
from tests.factories.tenant import Tenant, make_tenant


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([focus_row(), focus_row(BilledCost="x")], "row 2 (line 3), column BilledCost: 'x' is not a decimal number"),
        ([focus_row(), focus_row(BillingCurrency="EUR")], "row 2 (line 3), column BillingCurrency: 'EUR' differs from"),
        ([focus_row(ChargePeriodStart="1901-01-01")], "lies before the year 2000"),
        ([lacking(focus_row(), "BilledCost")], "the header lacks the column BilledCost"),
        ([lacking(focus_row(), "ServiceName", "BillingPeriodEnd")], "lacks the columns BillingPeriodEnd, ServiceName"),
        ([focus_row(ListUnitPrice="-1")], "row 1 (line 2), column ListUnitPrice: '-1' is negative: a price is 0 or"),
        ([focus_row(ContractedUnitPrice="-0.01")], "row 1 (line 2), column ContractedUnitPrice: '-0.01' is negative"),
        ([focus_row(), focus_row(ChargePeriodEnd="2026-09-01")], "row 2 (line 3), column ChargePeriodEnd: "),
        ([focus_row(BillingPeriodEnd="2026-08-01")], "row 1 (line 2), column BillingPeriodEnd: '2026-08-01' is not"),
        ([focus_row(ChargeCategory="Gift")], "row 1 (line 2), column ChargeCategory: 'Gift' is not one of Usage"),
        ([focus_row(Tags="{")], "row 1 (line 2), column Tags: '{' is not valid JSON"),
        ([focus_row(BillingAccountId="")], "row 1 (line 2), column BillingAccountId: is empty"),
        (
            [
                focus_row(InvoiceId="inv-1"),
                focus_row(InvoiceId=""),
                focus_row(InvoiceId="inv-1", BillingAccountId="2", BillingCurrency="EUR"),
            ],
            "row 3 (line 4), column BillingCurrency: 'EUR' differs from 'USD' elsewhere on invoice 'inv-1'",
        ),
    ],
)
async def test_a_bad_file_changes_nothing_and_says_where_and_why(backend, tenant, tmp_path, rows, problem):
    await load(backend, tenant, write_csv(tmp_path / "good.csv", [focus_row(BilledCost="5")]))
    before = await stored(tenant)

    with pytest.raises(BadCostFile) as refused:
        await load(backend, tenant, write_csv(tmp_path / "bad.csv", rows))

    assert str(refused.value).startswith("bad.csv: ")
    assert problem in str(refused.value)
    assert await stored(tenant) == before
    assert await total(tenant) == Decimal(5)


BAD_BYTES = {
    "latin.csv": (b"\xe9", "row 1 (line 2): has bytes that are not UTF-8"),
    "wide.csv": (None, "is UTF-16 text: save it as UTF-8"),
    "nul.csv": (b"\x00", "row 1 (line 2): has a NUL character in it"),
}


@pytest.mark.parametrize("name", BAD_BYTES)
async def test_a_file_in_another_encoding_changes_nothing_and_says_so(backend, tenant, tmp_path, name):
    path = write_csv(tmp_path / name, [focus_row(ServiceName="Service")])
    await load(backend, tenant, path)
    byte, problem = BAD_BYTES[name]
    good = path.read_bytes()
    path.write_bytes(
        good.decode().encode("utf-16") if byte is None else good.replace(b"Service,", b"Serv" + byte + b",")
    )

    with pytest.raises(BadCostFile) as refused:
        await load(backend, tenant, path)

    assert problem in str(refused.value)
    assert (await stored(tenant))["CostLine"] == 1
    assert await total(tenant) == Decimal("1.25")


async def test_a_file_that_unpacks_without_end_is_stopped_and_changes_nothing(backend, tenant, tmp_path, monkeypatch):
    await load(backend, tenant, write_csv(tmp_path / "good.csv", [focus_row(BilledCost="5")]))
    monkeypatch.setattr(unpacked, "FREE_BYTES", 1 << 20)
    monkeypatch.setattr(unpacked, "MOST_RATIO", 100)
    bomb = tmp_path / "bomb.csv.gz"
    row = focus_row(ChargeDescription="x" * 100_000)
    with gzip.open(bomb, "wt", compresslevel=9) as file:
        file.write(",".join(row) + "\n")
        for _ in range(200):
            file.write(",".join(f'"{text.replace(chr(34), chr(34) * 2)}"' for text in row.values()) + "\n")
    assert bomb.stat().st_size < 100_000

    with pytest.raises(BadCostFile, match=r"bomb.csv.gz: row \d+ .* unpacked to more than 100 times its size"):
        await load(backend, tenant, bomb)

    assert await total(tenant) == Decimal(5)


async def test_a_problem_late_in_a_file_leaves_only_a_line_in_the_ledger(backend, tenant, tmp_path):
    rows = [focus_row(ResourceId=f"i-{number}") for number in range(3000)] + [focus_row(BilledCost="x")]

    with pytest.raises(BadCostFile, match=r"row 3001 \(line 3002\)"):
        await load(backend, tenant, write_csv(tmp_path / "bad.csv", rows))

    assert await stored(tenant) == {
        "CostLine": 0,
        "CostDay": 0,
        "CostMonth": 0,
        "CostPeriod": 0,
        "CostLoad": 1,
        "Account": 0,
    }
    (ledger,) = await CostLoad.list_in(tenant.scope, {})
    assert (ledger.state, ledger.staged) == (CostLoadState.FAILED, [])
    assert "row 3001" in ledger.problem


async def test_a_bad_file_keeps_the_good_ones_of_the_same_load_out_too(backend, tenant, tmp_path):
    good = write_csv(tmp_path / "good.csv", [focus_row()])
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(b"".join(b"%d," % number for number in range(5000)))[:-20])

    with pytest.raises(BadCostFile, match=r"cut\.csv\.gz"):
        await load(backend, tenant, good, cut)

    assert (await stored(tenant))["CostLine"] == 0
    assert await total(tenant) == 0


async def test_a_missing_file_and_no_file_are_refused(backend, tenant, tmp_path):
    with pytest.raises(BadCostFile, match=r"none.csv: the file cannot be read: No such file"):
        await load(backend, tenant, tmp_path / "none.csv")
    with pytest.raises(Invalid, match="at least one file"):
        await load(backend, tenant)


async def test_two_files_of_one_name_are_refused(backend, tenant, tmp_path):
    (tmp_path / "b").mkdir()
    paths = [write_csv(tmp_path / "a.csv", [focus_row()]), write_csv(tmp_path / "b" / "a.csv", [focus_row()])]

    with pytest.raises(Invalid, match="the same name"):
        await load(backend, tenant, *paths)


@pytest.mark.parametrize("column", ["SubAccountId", "BillingAccountId"])
async def test_rows_of_an_account_another_tenant_has_connected_are_refused(backend, tenant, tmp_path, column):
    owner, native_id = await make_tenant(backend), f"{ObjectId()}"
    await connected(owner, native_id)
    rows = [focus_row(), focus_row(**{column: native_id})]

    with pytest.raises(BadCostFile) as refused:
        await load(backend, tenant, write_csv(tmp_path / "a.csv", rows))

    assert f"row 2 (line 3), column {column}: '{native_id}' is not an account of this organization" in str(
        refused.value
    )
    assert (await stored(tenant))["CostLine"] == 0


async def test_rows_of_an_account_of_ones_own_are_welcome(backend, tenant, tmp_path):
    native_id = f"{ObjectId()}"
    await connected(tenant, native_id)

    await load(backend, tenant, write_csv(tmp_path / "a.csv", [focus_row(SubAccountId=native_id)]))

    states = {account.native_id: account.state for account in await Account.list_in(tenant.scope, {})}
    assert states[native_id] is AccountState.CONNECTED


async def connected(tenant: Tenant, native_id: str) -> None:
    await Account(
        org_id=tenant.organization.id,
        provider=Provider.AWS,
        native_id=native_id,
        name="connected",
        state=AccountState.CONNECTED,
    ).add()
