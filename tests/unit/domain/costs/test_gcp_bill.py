"""The billing export of Google Cloud as FOCUS: credits, taxes, commitments and their fees."""

from decimal import Decimal

import pytest

from domain.costs.problem import BadCostFile, BadValue
from domain.costs.sources import gcp_export
from tests.factories.native import as_cells, gcp_row, told

FEE = {"sku": {"id": "FEE-1", "description": "Commitment v1: Cpu in Americas for 1 Year"}}


def one(**columns: object) -> dict[str, str]:
    (row,) = gcp_export.focus_rows([gcp_row(**columns)])
    return row


def credit(amount: object, kind: str = "COMMITTED_USAGE_DISCOUNT", id: str = "c-1") -> dict[str, object]:
    return {"name": "Committed use discount", "amount": amount, "type": kind, "id": id}


def test_what_is_billed_is_the_cost_after_all_credits():
    row = one(cost=10.5, credits=[credit(-2.25, "SUSTAINED_USAGE_DISCOUNT"), credit("-0.25", "PROMOTION")])

    assert (Decimal(row["BilledCost"]), Decimal(row["EffectiveCost"])) == (8, 8)
    assert (row["ListCost"], row["ContractedCost"]) == ("12", "10.5")
    assert row["PricingCategory"] == "Standard"


def test_a_row_is_told_with_its_project_place_and_quantities():
    row = one()

    assert (row["SubAccountId"], row["SubAccountName"]) == ("web-prod", "Web")
    assert (row["RegionId"], row["AvailabilityZone"]) == ("us-central1", "us-central1-a")
    assert (row["ResourceId"], row["ResourceName"]) == ("//compute.googleapis.com/vm-1", "vm-1")
    assert (row["ConsumedQuantity"], row["ConsumedUnit"]) == ("3600", "seconds")
    assert (row["PricingQuantity"], row["PricingUnit"]) == ("1", "hour")
    assert (row["BillingPeriodStart"], row["BillingPeriodEnd"]) == ("2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z")
    assert (row["ServiceName"], row["ServiceCategory"]) == ("Compute Engine", "Compute")
    assert row["Tags"] == '{"team": "web"}'


@pytest.mark.parametrize(
    ("columns", "category", "frequency"),
    [
        ({}, "Usage", "Usage-Based"),
        ({"cost_type": "tax"}, "Tax", "One-Time"),
        ({"cost_type": "adjustment"}, "Adjustment", "One-Time"),
        ({"cost_type": "rounding_error"}, "Adjustment", "One-Time"),
        (FEE, "Purchase", "Recurring"),
    ],
)
def test_every_type_of_cost_has_a_charge_category(columns, category, frequency):
    row = one(**columns)

    assert (row["ChargeCategory"], row["ChargeFrequency"]) == (category, frequency)
    assert ("PricingCategory" in row) == (category in {"Usage", "Purchase"})
    assert row.get("ChargeClass") == ("Correction" if columns.get("cost_type") == "adjustment" else None)


def test_usage_that_a_commitment_pays_for_says_which():
    row = one(credits=[credit(-3)])

    assert (row["CommitmentDiscountId"], row["CommitmentDiscountStatus"]) == ("c-1", "Used")
    assert (row["PricingCategory"], row["CommitmentDiscountCategory"]) == ("Committed", "Spend")
    assert one(credits=[credit(-3, id="")])["CommitmentDiscountId"] == "Committed use discount"


def test_a_fee_is_named_by_its_subscription_or_else_its_sku():
    assert one(**FEE)["CommitmentDiscountId"] == "FEE-1"
    assert one(**FEE, subscription={"instance_id": "s-1"})["CommitmentDiscountId"] == "s-1"


def test_spot_usage_is_priced_dynamically():
    assert one(sku={"id": "1", "description": "Spot Preemptible N1 Core"})["PricingCategory"] == "Dynamic"


def test_fees_of_commitments_are_spread_over_the_usage_they_fund():
    """A fee of 60 funds credits of 75 and 25: the usage bears 45 and 15 of it."""
    rows = [
        gcp_row(**FEE, cost=60),
        gcp_row(cost=80, credits=[credit(-75), credit(-1, "PROMOTION")]),
        gcp_row(cost=25, credits=[credit(-25)]),
        gcp_row(cost=7),
    ]

    spread = list(gcp_export.focus_rows(rows, gcp_export.FeeShares(rows)))

    assert [Decimal(row["BilledCost"]) for row in spread] == [60, 4, 0, 7]
    assert [Decimal(row["EffectiveCost"]) for row in spread] == [0, 4 + 45, 15, 7]


def test_a_fee_that_funded_nothing_stays_where_it_is_billed():
    rows = [gcp_row(**FEE, cost=60)]

    (row,) = gcp_export.focus_rows(rows, gcp_export.FeeShares(rows))

    assert row["EffectiveCost"] == "60"


def test_the_table_as_a_file_with_nested_columns_reads_the_same():
    row = gcp_row(credits=[credit(-3)], labels=[])

    assert told(as_cells(row)) == list(gcp_export.focus_rows([row]))


def test_without_an_invoice_the_month_is_that_of_the_usage():
    assert one(invoice=None)["BillingPeriodStart"] == "2026-09-01T00:00:00Z"


def test_a_row_without_a_service_is_of_all_services():
    row = one(service=None, seller_name="Vendor")

    assert (row["ServiceName"], row["ServiceCategory"], row["PublisherName"]) == ("All services", "Other", "Vendor")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"credits": "{"}, "is not valid JSON."),
        ({"credits": '{"amount": 1}'}, "is not a list of credits."),
        ({"credits": [{"amount": "x"}]}, "is not a decimal number"),
        ({"labels": ["a"]}, "is not a list of keys and values."),
        ({"invoice": {"month": "2026-13"}}, "does not begin with a month like 2023-11."),
    ],
)
def test_a_cell_that_is_not_of_the_schema_is_refused(columns, message):
    with pytest.raises(BadValue, match=message):
        one(**columns)


def test_a_broken_cell_of_a_file_is_named_by_row_and_column():
    good = as_cells(gcp_row())
    with pytest.raises(BadCostFile, match=r"row 2 \(line 3\), column credits: '\[1\]' is not a list of credits"):
        told(good, good | {"credits": "[1]"})
