"""Azure cost details and query answers as FOCUS: actual, amortised, and both as a pair."""

from decimal import Decimal

import pytest

from domain.costs.problem import BadCostFile
from domain.costs.sources import azure_query
from tests.factories.native import azure_detail, told

ACTUAL, AMORTISED = "costs-actual.csv", "costs-AmortizedCost.csv"
PAIR = (ACTUAL, AMORTISED)
RESERVATION = "/providers/Microsoft.Capacity/reservationOrders/o/reservations/r"
PLAN = "/providers/Microsoft.BillingBenefits/savingsPlanOrders/o/savingsPlans/p"


def one(file: str = ACTUAL, beside: tuple[str, ...] = (), **columns: str) -> dict[str, str]:
    (row,) = told(azure_detail(**columns), file=file, beside=beside)
    return row


def total(rows: list[dict[str, str]], id: str) -> Decimal:
    return sum((Decimal(row[id]) for row in rows), Decimal(0))


@pytest.mark.parametrize(
    ("charge", "category", "change"),
    [
        ("Usage", "Usage", None),
        ("UnusedReservation", "Usage", None),
        ("UnusedSavingsPlan", "Usage", None),
        ("Purchase", "Purchase", None),
        ("Tax", "Tax", None),
        ("Refund", "Credit", "Correction"),
        ("RoundingAdjustment", "Adjustment", None),
    ],
)
def test_every_kind_of_charge_has_a_category(charge, category, change):
    row = one(ChargeType=charge)

    assert (row["ChargeCategory"], row.get("ChargeClass")) == (category, change)


def test_a_row_is_told_with_its_day_place_and_prices():
    row = one()

    assert (row["ChargePeriodStart"], row["ChargePeriodEnd"]) == ("2026-09-04T00:00:00Z", "2026-09-05T00:00:00Z")
    assert (row["BillingPeriodStart"], row["BillingPeriodEnd"]) == ("2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z")
    assert (row["RegionId"], row["ResourceType"]) == ("southcentralus", "microsoft.compute/virtualmachines")
    assert row["ResourceId"] == "/subscriptions/s/resourcegroups/g/providers/microsoft.compute/virtualmachines/web"
    assert Decimal(row["ListCost"]) == Decimal("0.12") * 24
    assert Decimal(row["ContractedCost"]) == Decimal("0.11") * 24
    assert row["Tags"] == '{"team": "web"}'
    assert (row["ConsumedQuantity"], row["ConsumedUnit"], row["PricingQuantity"]) == ("24", "1 Hour", "24")


def test_prices_in_another_currency_are_brought_into_the_one_of_the_bill():
    row = one(exchangeRatePricingToBilling="0.9")

    assert Decimal(row["ListCost"]) == Decimal("0.12") * 24 * Decimal("0.9")


def test_without_a_price_the_cost_is_the_best_there_is():
    assert one(PayGPrice="", UnitPrice="")["ListCost"] == one()["BilledCost"] == "2.64"


def test_tags_in_braces_are_left_as_they_are():
    assert one(Tags='{"team": "web"}')["Tags"] == '{"team": "web"}'
    assert "Tags" not in one(Tags="")


def test_names_and_places_that_are_missing_have_a_stand_in():
    row = one(MeterCategory="", ConsumedService="Microsoft.Compute", BillingAccountId="", BillingProfileId="p-1")

    assert (row["ServiceName"], row["BillingAccountId"]) == ("Microsoft.Compute", "p-1")
    assert "ResourceType" not in one(ResourceId="/subscriptions/s")


@pytest.mark.parametrize(
    ("columns", "pricing"),
    [
        ({}, "Standard"),
        ({"PricingModel": "Spot"}, "Dynamic"),
        ({"PricingModel": "Reservation"}, "Committed"),
        ({"PricingModel": "SavingsPlan"}, "Committed"),
        ({"ChargeType": "UnusedReservation"}, "Committed"),
        ({"ChargeType": "Purchase", "PricingModel": "Reservation"}, "Standard"),
        ({"ChargeType": "Tax"}, None),
    ],
)
def test_the_pricing_category_follows_the_model(columns, pricing):
    assert one(**columns).get("PricingCategory") == pricing


# A reservation of 100 bought this month, 60 of it used and 10 not within it, beside usage of 5 that nothing covers.
BOUGHT = azure_detail(
    ChargeType="Purchase", PricingModel="Reservation", benefitId=RESERVATION, CostInBillingCurrency="100", Quantity="1"
)
COVERED = azure_detail(PricingModel="Reservation", benefitId=RESERVATION, CostInBillingCurrency="60")
COVERED_ACTUAL = COVERED | {"CostInBillingCurrency": "0"}
UNUSED = azure_detail(
    ChargeType="UnusedReservation", PricingModel="Reservation", benefitId=RESERVATION, CostInBillingCurrency="10"
)
PLAIN = azure_detail(CostInBillingCurrency="5")
ACTUAL_FILE = (BOUGHT, COVERED_ACTUAL, PLAIN)
AMORTISED_FILE = (COVERED, UNUSED, PLAIN)


def test_a_pair_takes_billed_cost_from_one_file_and_effective_cost_from_the_other():
    rows = told(*ACTUAL_FILE, file=ACTUAL, beside=PAIR) + told(*AMORTISED_FILE, file=AMORTISED, beside=PAIR)

    assert total(rows, "BilledCost") == 100 + 0 + 5
    assert total(rows, "EffectiveCost") == 60 + 10 + 5
    # Usage is in both files and counted in the amortised one; the purchase is in the actual one alone.
    assert sum(Decimal(row["ConsumedQuantity"]) for row in rows if "ConsumedQuantity" in row) == 24 + 24
    assert [Decimal(row["ListCost"]) for row in rows] == [
        Decimal("0.12"), 0, 0, *([Decimal("0.12") * 24] * 3)
    ]  # fmt: skip


def test_an_actual_file_alone_takes_what_was_paid_for_what_it_cost():
    rows = told(*ACTUAL_FILE, file=ACTUAL)

    assert total(rows, "BilledCost") == total(rows, "EffectiveCost") == 105


def test_an_amortised_file_alone_bills_what_no_commitment_covers():
    rows = told(*AMORTISED_FILE, file=AMORTISED)

    assert [Decimal(row["BilledCost"]) for row in rows] == [0, 0, 5]
    assert total(rows, "EffectiveCost") == 75


def test_commitments_are_named_with_what_they_are_and_whether_they_were_used():
    bought, used = told(BOUGHT, COVERED, file=ACTUAL)
    (unused,) = told(UNUSED, file=AMORTISED)
    plan = one(PricingModel="SavingsPlan", benefitId=PLAN)

    assert {row["CommitmentDiscountId"] for row in (bought, used, unused)} == {RESERVATION}
    statuses = [row.get("CommitmentDiscountStatus") for row in (bought, used, unused)]
    assert statuses == [None, "Used", "Unused"]
    assert (used["CommitmentDiscountCategory"], used["CommitmentDiscountType"]) == ("Usage", "Reservation")
    assert (plan["CommitmentDiscountCategory"], plan["CommitmentDiscountType"]) == ("Spend", "Savings Plan")
    assert (used["CommitmentDiscountQuantity"], used["CommitmentDiscountUnit"]) == ("24", "1 Hour")
    assert (plan["CommitmentDiscountQuantity"], plan["CommitmentDiscountUnit"]) == ("2.64", "EUR")
    assert "CommitmentDiscountUnit" not in one()
    assert "ConsumedQuantity" not in unused


@pytest.mark.parametrize(("column", "text"), [("Date", "2026/09/04"), ("Date", "13/13/2026"), ("Quantity", "many")])
def test_a_native_cell_that_cannot_be_worked_with_is_named_by_row_and_column(column, text):
    with pytest.raises(BadCostFile) as refused:
        told(azure_detail(), azure_detail(**{column: text}), file=ACTUAL)

    assert str(refused.value).startswith(f"{ACTUAL}: row 2 (line 3), column {column}: '{text}' ")


def page(*rows: list[object], names: tuple[str, ...] = ("Cost", "UsageDate", "ServiceName", "Currency")) -> dict:
    columns = [{"name": name, "type": "String"} for name in names]
    return {"properties": {"nextLink": None, "columns": columns, "rows": list(rows)}}


def test_an_answer_of_the_query_tells_a_day_and_its_service():
    (row,) = azure_query.focus_rows([page([12.5, 20260930, "Virtual Machines", "EUR"])], "sub-1")

    assert (row["BilledCost"], row["EffectiveCost"], row["BillingCurrency"]) == ("12.5", "12.5", "EUR")
    assert (row["ChargePeriodStart"], row["ChargePeriodEnd"]) == ("2026-09-30T00:00:00Z", "2026-10-01T00:00:00Z")
    assert (row["BillingPeriodStart"], row["BillingPeriodEnd"]) == ("2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z")
    assert (row["SubAccountId"], row["BillingAccountId"], row["ServiceCategory"]) == ("sub-1", "sub-1", "Compute")


def test_a_month_of_the_query_lasts_to_its_end():
    names = ("PreTaxCost", "BillingMonth", "Currency")
    (row,) = azure_query.focus_rows([page([3, "2026-12-01T00:00:00", "USD"], names=names)], "sub-1")

    assert (row["ChargePeriodStart"], row["ChargePeriodEnd"]) == ("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")
    assert (row["BilledCost"], row["ServiceName"]) == ("3", "All services")


def test_the_query_asked_both_ways_is_a_pair():
    actual = [page([100, 20260901, "Virtual Machines", "EUR"])]
    amortised = [page([40, 20260901, "Virtual Machines", "EUR"]), page([30, 20260902, "Virtual Machines", "EUR"])]

    rows = list(azure_query.focus_rows(actual, "sub-1", amortised_pages=amortised))

    assert (total(rows, "BilledCost"), total(rows, "EffectiveCost")) == (100, 70)


def test_the_header_of_a_customer_agreement_is_the_same_bill():
    """Its names begin with a small letter, and its days may be ISO 8601."""
    detail = azure_detail()
    agreed = {name[0].lower() + name[1:]: text for name, text in detail.items()} | {"date": "2026-09-04"}

    assert told(agreed, file=ACTUAL) == told(detail, file=ACTUAL)
