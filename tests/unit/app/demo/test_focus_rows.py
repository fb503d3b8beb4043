"""The demo's bill is a proper FOCUS bill with the stories it claims to tell."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest

from app.demo.cloud_catalog import CLOUDS, INCIDENTS
from app.demo.cloud_use import MISSPELT
from app.demo.focus_rows import IDS, DemoBill
from connectors.billing.focus_files import open_cost_file
from domain.costs.focus import FocusParser
from domain.costs.header import ReadOptions, read_header
from domain.costs.slice import SliceBook
from tests.factories.focus import TODAY


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    return [dict(zip(IDS, row, strict=True)) for row in DemoBill("Example One", TODAY).rows()]


def amount(row: dict[str, str], id: str) -> Decimal:
    return Decimal(row[id])


def in_closed_months(row: dict[str, str]) -> bool:
    return row["BillingPeriodEnd"] <= f"{TODAY}"


def test_the_same_company_and_day_give_the_same_rows(rows):
    again = [dict(zip(IDS, row, strict=True)) for row in DemoBill("Example One", TODAY).rows()]
    other = [dict(zip(IDS, row, strict=True)) for row in DemoBill("Example Two", TODAY, months=1).rows()]

    assert again == rows
    assert not {row["BillingAccountId"] for row in rows} & {row["BillingAccountId"] for row in other}
    assert not {row["ResourceId"] for row in rows} & {row["ResourceId"] for row in other} - {""}


def test_the_bill_covers_thirteen_months_of_three_clouds_up_to_yesterday(rows):
    months = {row["BillingPeriodStart"][:7] for row in rows}
    usage = [row["ChargePeriodStart"][:10] for row in rows if row["ChargeCategory"] == "Usage"]

    assert len(months) == 13
    assert (min(months), max(months)) == ("2025-11", "2026-11")
    assert (min(usage), max(usage)) == ("2025-11-01", "2026-11-21")
    assert {row["ProviderName"] for row in rows} == {"AWS", "Microsoft", "Google Cloud"}
    assert all(100 <= count <= 200 for day, count in Counter(usage).items())


def test_a_bill_on_the_first_of_a_month_ends_with_the_month_before():
    found = list(DemoBill("Example One", date(2026, 3, 1), months=2).rows())

    assert {row[IDS.index("BillingPeriodStart")][:7] for row in found} == {"2026-01", "2026-02"}


def test_the_bill_loads_without_a_problem_or_a_notice(tmp_path):
    path = tmp_path / "bill.csv"
    written = DemoBill("Example One", TODAY, months=2).write(path)

    with open_cost_file(path) as file:
        header = read_header(path.name, file.names, ReadOptions())
        parser = FocusParser(path.name, header, ReadOptions(), today=TODAY, book=SliceBook("focus"))
        read = sum(len(batch) for text in file.batches() if (batch := parser.parse(text)) is not None)

    assert header.version == "1.2"
    assert (parser.problems, parser.notices(), read) == ([], [], written)


def test_unit_prices_and_quantities_give_the_costs(rows):
    priced = [row for row in rows if row["ListUnitPrice"]]

    assert len(priced) > len(rows) * 9 // 10
    for row in priced:
        assert amount(row, "ListCost") == amount(row, "ListUnitPrice") * amount(row, "PricingQuantity")
        assert amount(row, "ContractedCost") == amount(row, "ContractedUnitPrice") * amount(row, "PricingQuantity")


def test_over_a_month_a_commitment_costs_what_was_paid_for_it(rows):
    billed: defaultdict[str, Decimal] = defaultdict(Decimal)
    effective: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row["CommitmentDiscountId"] and in_closed_months(row):
            billed[row["BillingPeriodStart"]] += amount(row, "BilledCost")
            effective[row["BillingPeriodStart"]] += amount(row, "EffectiveCost")

    assert len(billed) == 12
    assert billed == effective
    assert {row["CommitmentDiscountStatus"] for row in rows if row["CommitmentDiscountId"]} == {"", "Used", "Unused"}


def test_every_category_of_charge_but_adjustments_occurs(rows):
    assert {row["ChargeCategory"] for row in rows} == {"Usage", "Purchase", "Credit", "Tax"}
    assert all(amount(row, "BilledCost") < 0 for row in rows if row["ChargeCategory"] == "Credit")


def test_no_price_is_below_zero_and_quantities_times_prices_are_costs(rows):
    lumps = [row for row in rows if row["ChargeCategory"] in {"Purchase", "Credit"}]

    assert all(amount(row, "ContractedUnitPrice") >= 0 for row in rows if row["ContractedUnitPrice"])
    assert {row["PricingQuantity"] for row in lumps} == {"1", "-1"}
    for row in lumps:
        assert amount(row, "PricingQuantity") * amount(row, "ContractedUnitPrice") == amount(row, "ContractedCost")


def test_tax_is_charged_on_what_was_billed_in_the_month(rows):
    azure = next(cloud for cloud in CLOUDS if cloud.code == "azure")
    month = [row for row in rows if row["ProviderName"] == azure.provider and row["BillingPeriodStart"] < "2025-12"]

    charges = sum(amount(row, "BilledCost") for row in month if row["ChargeCategory"] == "Usage")
    (tax,) = [amount(row, "BilledCost") for row in month if row["ChargeCategory"] == "Tax"]

    assert abs(tax - charges * azure.tax) < Decimal("0.000001")


def test_some_resources_are_untagged_and_one_service_misspells_a_key(rows):
    usage = [row for row in rows if row["ResourceId"]]
    untagged = sum(not row["Tags"] for row in usage)

    assert 0.02 < untagged / len(usage) < 0.25
    assert {row["ServiceName"] for row in usage if "enviroment" in row["Tags"]} == {MISSPELT}


@pytest.mark.parametrize("incident", INCIDENTS, ids=lambda incident: incident.service)
def test_the_stated_anomalies_are_where_they_are_said_to_be(rows, incident):
    spent: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row["ServiceName"] == incident.service and row["ChargeCategory"] == "Usage":
            spent[row["ChargePeriodStart"][:10]] += amount(row, "BilledCost")
    begins = TODAY - timedelta(days=incident.days_ago)

    during = spent[f"{begins}"]
    week_before = spent[f"{begins - timedelta(days=7)}"]

    # Staging and development go on as usual, so the whole service rises a little less than production.
    assert during > week_before * Decimal(incident.factor) / 2
    assert spent[f"{begins - timedelta(days=1)}"] < week_before * 2


def test_a_connected_account_can_be_named_in_the_bill():
    bill = DemoBill("Example One", TODAY, months=1, accounts={"aws/production": "123456789012"})

    accounts = {row[IDS.index("SubAccountId")] for row in bill.rows()}

    assert "123456789012" in accounts


def test_copies_multiply_the_resources_and_not_the_money():
    def total(copies: int) -> tuple[int, Decimal]:
        found = [
            Decimal(row[IDS.index("ListCost")])
            for row in DemoBill("Example One", TODAY, months=1, copies=copies).rows()
            if row[IDS.index("ChargeCategory")] == "Usage"
        ]
        return len(found), sum(found, Decimal(0))

    (few, cost), (many, same_cost) = total(1), total(3)

    assert 2.5 < many / few <= 3.5
    assert abs(same_cost / cost - 1) < Decimal("0.02")


def test_no_more_rows_are_written_than_asked_for(tmp_path):
    assert DemoBill("Example One", TODAY).write(tmp_path / "bill.csv", most=10) == 10
    assert len((tmp_path / "bill.csv").read_text().splitlines()) == 11
