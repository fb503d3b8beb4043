"""Bills in the clouds' own forms load as they are and add up to their own columns, read independently."""

import csv
import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from app.wiring import Backend
from documents import CostLine, CostLoad
from documents.cost_line import NEWEST_FIRST
from domain.costs.header import ReadOptions
from domain.costs.problem import BadCostFile
from domain.costs.series import Metric
from tests.factories.costs import load, stored, total
from tests.factories.focus import write_csv
from tests.factories.native import aws_line, azure_detail
from tests.factories.tenant import Tenant, make_tenant

ACTUAL, AMORTISED = "azure_ea_actualcost_small_a.csv", "azure_ea_amortizedcost_small_a.csv"


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


@pytest.fixture
def raw(shared: Path) -> Path:
    return shared / "data" / "focus" / "raw"


def native(path: Path) -> list[dict[str, str]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def added(rows: list[dict[str, str]], *names: str) -> Decimal:
    """The sum over the rows of the product of these columns, with nothing of ours."""
    sum_ = Decimal(0)
    for row in rows:
        product = Decimal(1)
        for name in names:
            product *= Decimal(row[name] or "0")
        sum_ += product
    return sum_


async def totals(tenant: Tenant) -> list[Decimal]:
    return [await total(tenant, metric) for metric in (Metric.BILLED, Metric.EFFECTIVE, Metric.LIST, Metric.CONTRACTED)]


async def test_the_aws_report_adds_up_to_its_own_columns(backend, tenant, raw):
    path = raw / "aws_cur_2023_11_a.csv.gz"
    rows = native(path)
    assert {row["lineItem/LineItemType"] for row in rows} == {"Usage", "Tax"}  # so nothing is covered or amortised

    report = await load(backend, tenant, path)

    unblended, public = added(rows, "lineItem/UnblendedCost"), added(rows, "pricing/publicOnDemandCost")
    assert await totals(tenant) == [unblended, unblended, public, unblended]
    assert report.rows == len(rows)
    assert unblended == Decimal("0.90578407880")


async def test_the_oracle_report_adds_up_to_its_own_columns(backend, tenant, raw):
    path = raw / "oci_cost_2023_11_a.csv"

    await load(backend, tenant, path)

    assert await totals(tenant) == [added(native(path), "cost/myCost")] * 4


@pytest.mark.parametrize(("name", "cost"), [("azure_ea_a.csv", "CostInBillingCurrency"), (ACTUAL, "Cost")])
async def test_actual_azure_costs_add_up_to_their_own_columns(backend, tenant, raw, name, cost):
    rows = native(raw / name)

    await load(backend, tenant, raw / name)

    assert await totals(tenant) == [
        added(rows, cost),
        added(rows, cost),
        added(rows, "PayGPrice", "Quantity"),
        added(rows, "UnitPrice", "Quantity"),
    ]


async def test_amortised_azure_costs_alone_bill_what_no_commitment_covers(backend, tenant, raw):
    rows = native(raw / AMORTISED)

    await load(backend, tenant, raw / AMORTISED)

    uncovered = [row for row in rows if row["PricingModel"] == "OnDemand"]
    assert 0 < len(uncovered) < len(rows)
    assert (await totals(tenant))[:2] == [added(uncovered, "Cost"), added(rows, "Cost")]


async def test_a_pair_of_azure_files_bills_by_one_and_spreads_by_the_other(backend, tenant, raw):
    await load(backend, tenant, raw / ACTUAL, raw / AMORTISED)

    actual, amortised = native(raw / ACTUAL), native(raw / AMORTISED)
    assert (await totals(tenant))[:2] == [added(actual, "Cost"), added(amortised, "Cost")]


async def test_a_file_that_becomes_half_of_a_pair_is_read_anew(backend, tenant, tmp_path):
    row = azure_detail(CostInBillingCurrency="5")
    costs = write_csv(tmp_path / "costs.csv", [row])
    await load(backend, tenant, costs)

    await load(backend, tenant, costs, write_csv(tmp_path / "amortised.csv", [row | {"CostInBillingCurrency": "7"}]))

    assert (await totals(tenant))[:2] == [5, 7]


async def test_a_native_bill_loaded_again_changes_nothing_and_restated_replaces_its_period(backend, tenant, tmp_path):
    lines = [aws_line(), aws_line(lineItem__UnblendedCost="0.30")]
    await load(backend, tenant, write_csv(tmp_path / "a.csv", lines))

    again = await load(backend, tenant, write_csv(tmp_path / "b.csv", lines[::-1]))
    # A late row, a credit and a refund after the fact.
    late = [
        aws_line(lineItem__UnblendedCost="0.50"),
        aws_line(lineItem__LineItemType="Credit", lineItem__UnblendedCost="-0.20"),
        aws_line(lineItem__LineItemType="Refund", lineItem__UnblendedCost="-0.10"),
    ]
    restated = await load(backend, tenant, write_csv(tmp_path / "c.csv", lines + late))

    assert again.is_unchanged
    assert [(change.old_lines, change.slice.rows) for change in restated.periods] == [(2, 5)]
    assert await total(tenant) == Decimal("0.60")


async def test_a_native_line_traces_to_its_row_and_its_id_in_the_bill(backend, tenant, tmp_path):
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [aws_line(), aws_line(identity__LineItemId="line-2")]))

    page = await CostLine.page_in(tenant.scope, {"row": 2}, NEWEST_FIRST, first=10)
    (line,) = page.rows
    assert (line.row, line.extras["x_LineItemId"], line.provider) == (2, "line-2", "AWS")
    (ledger,) = await CostLoad.list_in(tenant.scope, {})
    assert ledger.files[0].version == "AWS Cost and Usage Report"


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (
            [aws_line(), aws_line(lineItem__UnblendedCost="x")],
            r"row 2 \(line 3\), column lineItem/UnblendedCost: 'x' is",
        ),
        (
            [aws_line(), aws_line(lineItem__CurrencyCode="EUR")],
            r"row 2 \(line 3\), column BillingCurrency: 'EUR' differs",
        ),
        ([aws_line(lineItem__UsageEndDate="2026-09-01")], r"row 1 \(line 2\), column ChargePeriodEnd: .* is not after"),
        ([azure_detail(Date="soon")], r"row 1 \(line 2\), column Date: 'soon' is not a day"),
    ],
)
async def test_a_bad_native_row_changes_nothing_and_is_named(backend, tenant, tmp_path, rows, problem):
    with pytest.raises(BadCostFile, match=problem):
        await load(backend, tenant, write_csv(tmp_path / "bad.csv", rows))

    assert set((await stored(tenant)).values()) == {0}


async def test_a_native_bill_without_an_account_takes_one_by_fill(backend, tenant, tmp_path):
    row = {
        "product": "Droplets",
        "group_description": "",
        "description": "web-1",
        "hours": "744",
        "start": "2026-08-01 00:00:00 +0000",
        "end": "2026-09-01 00:00:00 +0000",
        "USD": "$5.00",
        "project_name": "web",
        "category": "iaas",
    }
    path = write_csv(tmp_path / "invoice.csv", [row])

    with pytest.raises(BadCostFile, match="column BillingAccountId: is empty"):
        await load(backend, tenant, path)
    await load(backend, tenant, path, options=ReadOptions(fill={"BillingAccountId": "acc-1"}))

    assert await total(tenant) == 5
