"""Files become costs, exactly, with every column and every cent."""

import csv
import gzip
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.wiring import Backend
from documents import Account, AccountState, CostLine, CostLoad, CostLoadState
from documents.cost_line import NEWEST_FIRST
from domain.costs.header import ReadOptions
from domain.costs.series import Metric
from domain.facts.provider import Provider
from jobs.cost_import import LoadProgress
from tests.factories.costs import OCTOBER, load, stored, total, visible_lines
from tests.factories.focus import focus_row, write_csv
from tests.factories.tenant import Tenant, make_tenant


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


def sums_of(path: Path, *ids: str) -> list[Decimal]:
    """Sums of columns, worked out with nothing of ours but Decimal."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    clean = [{id: (text or "").strip().replace("$", "").replace(",", "") for id, text in row.items()} for row in rows]
    return [
        sum((Decimal(row[id]) for row in clean if row.get(id, "NULL") not in {"", "NULL"}), Decimal(0)) for id in ids
    ]


async def test_a_file_becomes_lines_days_a_period_and_accounts(backend, tenant, tmp_path):
    rows = [focus_row(BilledCost="1.10"), focus_row(BilledCost="2.20"), focus_row(BilledCost="0.01", **OCTOBER)]

    report = await load(backend, tenant, write_csv(tmp_path / "a.csv", rows))

    assert report.rows == 3
    assert [(change.slice.rows, change.slice.billed) for change in report.periods] == [
        (2, Decimal("3.30")),
        (1, Decimal("0.01")),
    ]
    assert await stored(tenant) == {
        "CostLine": 3,
        "CostDay": 2,
        "CostMonth": 2,
        "CostPeriod": 2,
        "CostLoad": 1,
        "Account": 2,
    }
    assert await total(tenant) == Decimal("3.31")
    (ledger,) = await CostLoad.list_in(tenant.scope, {})
    assert (ledger.state, ledger.line_count, ledger.actor) == (CostLoadState.ACTIVE, 3, "operator")
    assert [(file.name, file.version, file.line_count) for file in ledger.files] == [("a.csv", "1.0", 3)]


async def test_a_line_is_kept_with_every_column_and_where_it_came_from(backend, tenant, tmp_path):
    row = focus_row(BilledCost="-0.00001605990", ChargeClass="NULL", x_Discount="1.10", Tags='{"a.b": "1", "$c": ""}')

    await load(backend, tenant, write_csv(tmp_path / "a.csv", [focus_row(x_Discount=""), row]))

    page = await CostLine.page_in(tenant.scope, {"row": 2}, NEWEST_FIRST, first=10)
    (line,) = page.rows
    assert line.billed_cost.as_tuple() == Decimal("-0.00001605990").as_tuple()
    assert line.charge_period_start == datetime(2026, 9, 2, tzinfo=UTC)
    assert line.tags == {"$c": "", "a.b": "1"}
    assert line.extras == {"x_Discount": "1.10"}
    assert (line.provider, line.file, line.row) == ("AWS", 0, 2)
    assert line.charge_class is None
    assert line.sku_id is None
    assert (await CostLine.get_in(tenant.scope, str(line.id))).billed_cost == line.billed_cost


SAMPLE_FILL = {
    "BillingAccountId": "example",
    "BillingCurrency": "USD",
    "ServiceName": "Example service",
    "ProviderName": "Example provider",
}


@pytest.mark.parametrize("packing", ["as it is", "plain", "parquet"])
async def test_the_sample_export_adds_up_to_its_own_sums(backend, tenant, shared, tmp_path, packing):
    original = path = shared / "data" / "focus" / "focus_1_0_sample_a.csv.gz"
    if packing == "plain":
        path = tmp_path / "sample.csv"
        path.write_bytes(gzip.decompress(original.read_bytes()))
    elif packing == "parquet":
        path = as_parquet(original, tmp_path / "sample.parquet")

    report = await load(backend, tenant, path)

    billed, effective, listed, contracted = sums_of(
        original, "BilledCost", "EffectiveCost", "ListCost", "ContractedCost"
    )
    assert report.rows == await visible_lines(tenant) == 611
    assert await total(tenant, Metric.BILLED) == billed
    assert await total(tenant, Metric.EFFECTIVE) == effective
    assert await total(tenant, Metric.LIST) == listed
    assert await total(tenant, Metric.CONTRACTED) == contracted
    assert {notice.column for notice in report.files[0].notices} == {"Id", "ContractedCost", "ChargePeriodStart"}


def as_parquet(source: Path, target: Path) -> Path:
    """The same table with the types a provider would give it."""
    with gzip.open(source, "rt", newline="") as file:
        rows = [
            {id: None if text in {"", "NULL"} else text for id, text in row.items()} for row in csv.DictReader(file)
        ]
    columns = {}
    for id in rows[0]:
        texts = pa.array([row[id] for row in rows], pa.string())
        if id.endswith("Cost"):
            columns[id] = texts.cast(pa.decimal128(30, 15))
        elif id.endswith(("Start", "End")):
            columns[id] = pa.array([None if t is None else datetime.fromisoformat(t) for t in texts.to_pylist()])
        else:
            columns[id] = texts
    pq.write_table(pa.table(columns), target, row_group_size=100)
    return target


async def test_every_example_of_the_specification_adds_up_to_its_own_sums(backend, shared):
    paths = sorted((shared / "data" / "focus" / "spec_examples").glob("*.csv"))
    assert len(paths) == 13

    for path in paths:
        tenant = await make_tenant(backend)
        await load(backend, tenant, path, options=ReadOptions(is_lenient=True, fill=SAMPLE_FILL))

        billed, effective = sums_of(path, "BilledCost", "EffectiveCost")
        assert (path.name, await total(tenant)) == (path.name, billed)
        assert (path.name, await total(tenant, Metric.EFFECTIVE)) == (path.name, effective)


async def test_a_load_says_how_far_it_is(backend, tenant, tmp_path):
    path = write_csv(tmp_path / "a.csv.gz", [focus_row(ResourceId=f"i-{number}") for number in range(5000)])
    seen: list[LoadProgress] = []

    await load(backend, tenant, path, on_progress=seen.append)

    assert [step.rows for step in seen] == sorted(step.rows for step in seen)
    assert (seen[-1].rows, seen[-1].size, seen[-1].total_size) == (5000, path.stat().st_size, path.stat().st_size)
    assert len(seen) >= 5


async def test_a_load_is_announced_and_asks_for_the_budgets_to_be_checked(backend, tenant, tmp_path):
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [focus_row(BilledCost="1.5")]))

    events = [event for event in await backend.log.fetch(tenant.org_id, 0, 100) if event.type == "CostsUpdated"]
    assert [event.topic for event in events] == [f"tenant/{tenant.org_id}/costs"]
    assert events[0].payload["periods"][0]["billed"] == Decimal("1.5")


async def test_nothing_is_announced_when_nothing_is_new(backend, tenant, tmp_path):
    row = focus_row()
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [row]))
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [row]))
    await load(backend, tenant, write_csv(tmp_path / "b.csv.gz", [row]))

    events = await backend.log.fetch(tenant.org_id, 0, 100)
    assert [event.type for event in events].count("CostsUpdated") == 1


async def test_accounts_named_in_a_bill_are_known_from_then_on(backend, tenant, tmp_path):
    rows = [focus_row(), focus_row(SubAccountId="200000000003", SubAccountName="")]

    await load(backend, tenant, write_csv(tmp_path / "a.csv", rows))

    accounts = {a.native_id: a for a in await Account.list_in(tenant.scope, {})}
    assert {id: account.name for id, account in accounts.items()} == {
        "100000000001": "Payer",
        "200000000002": "production",
        "200000000003": "200000000003",
    }
    assert {(a.provider, a.state) for a in accounts.values()} == {(Provider.AWS, AccountState.BILLING_ONLY)}
