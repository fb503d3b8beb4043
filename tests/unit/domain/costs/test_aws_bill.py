"""AWS Cost and Usage Reports as FOCUS: every kind of line, commitments and discounts, with worked-out numbers."""

from decimal import Decimal

import pytest

from tests.factories.native import aws_line, told

PLAN = "arn:aws:savingsplans::1:savingsplan/p"
RESERVATION = "arn:aws:ec2:us-east-1:1:reserved-instances/r"


def one(**columns: str) -> dict[str, str]:
    (row,) = told(aws_line(**columns))
    return row


def costs(row: dict[str, str]) -> tuple[Decimal, ...]:
    return tuple(Decimal(row[id]) for id in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"))


@pytest.mark.parametrize(
    ("kind", "category"),
    [
        ("Usage", "Usage"),
        ("DiscountedUsage", "Usage"),
        ("SavingsPlanCoveredUsage", "Usage"),
        ("Fee", "Purchase"),
        ("RIFee", "Purchase"),
        ("SavingsPlanUpfrontFee", "Purchase"),
        ("SavingsPlanRecurringFee", "Purchase"),
        ("Tax", "Tax"),
        ("Credit", "Credit"),
        ("Refund", "Credit"),
        ("BundledDiscount", "Adjustment"),
        ("EdpDiscount", "Adjustment"),
        ("PrivateRateDiscount", "Adjustment"),
        ("SavingsPlanNegation", "Adjustment"),
        ("SomethingNew", "Adjustment"),
    ],
)
def test_every_kind_of_line_has_a_charge_category(kind, category):
    assert one(lineItem__LineItemType=kind)["ChargeCategory"] == category


def test_plain_usage_costs_what_it_is_billed():
    row = one()

    assert costs(row) == (Decimal("0.10"), Decimal("0.10"), Decimal("0.12"), Decimal("0.10"))
    assert (row["ConsumedQuantity"], row["ConsumedUnit"], row["PricingCategory"]) == ("1", "Hrs", "Standard")
    assert (row["ServiceName"], row["ServiceCategory"], row["ServiceSubcategory"]) == (
        "Amazon Elastic Compute Cloud",
        "Compute",
        "Virtual Machines",
    )
    assert row["ChargeFrequency"] == "Usage-Based"
    assert "CommitmentDiscountId" not in row


def test_usage_under_a_savings_plan_is_billed_by_the_plan_and_its_negation_cancels():
    covered = aws_line(
        lineItem__LineItemType="SavingsPlanCoveredUsage",
        lineItem__UnblendedCost="0.10",
        savingsPlan__SavingsPlanARN=PLAN,
        savingsPlan__SavingsPlanEffectiveCost="0.07",
    )
    negation = covered | {
        "lineItem/LineItemType": "SavingsPlanNegation",
        "lineItem/UnblendedCost": "-0.10",
        "pricing/publicOnDemandCost": "",
    }

    usage, taken_off = told(covered, negation)

    assert costs(usage) == (0, Decimal("0.07"), Decimal("0.12"), Decimal("0.10"))
    assert costs(taken_off) == (0, 0, 0, 0)
    assert (usage["CommitmentDiscountId"], usage["CommitmentDiscountStatus"]) == (PLAN, "Used")
    assert (usage["CommitmentDiscountCategory"], usage["CommitmentDiscountType"]) == ("Spend", "Savings Plan")
    assert (usage["CommitmentDiscountQuantity"], usage["CommitmentDiscountUnit"]) == ("0.07", "USD")
    assert usage["PricingCategory"] == "Committed"


def test_a_month_of_a_savings_plan_comes_to_the_same_billed_and_effective():
    """24 hours at a commitment of 0.10: 1.60 used on two resources, 0.80 unused, 2.40 billed."""
    plan = {"savingsPlan__SavingsPlanARN": PLAN}
    rows = told(
        aws_line(
            **plan,
            lineItem__LineItemType="SavingsPlanRecurringFee",
            lineItem__UnblendedCost="2.40",
            savingsPlan__TotalCommitmentToDate="2.40",
            savingsPlan__UsedCommitment="1.60",
            savingsPlan__SavingsPlanEffectiveCost="",
        ),
        *(
            aws_line(
                **plan,
                lineItem__LineItemType="SavingsPlanCoveredUsage",
                savingsPlan__TotalCommitmentToDate="",
                savingsPlan__UsedCommitment="",
                savingsPlan__SavingsPlanEffectiveCost=cost,
            )
            for cost in ("1.00", "0.60")
        ),
    )

    assert [Decimal(row["EffectiveCost"]) for row in rows] == [Decimal("0.80"), Decimal("1.00"), Decimal("0.60")]
    assert sum(Decimal(row["BilledCost"]) for row in rows) == Decimal("2.40")
    assert sum(Decimal(row["EffectiveCost"]) for row in rows) == Decimal("2.40")
    assert [row["CommitmentDiscountStatus"] for row in rows] == ["Unused", "Used", "Used"]
    assert (rows[0]["CommitmentDiscountQuantity"], rows[0]["CommitmentDiscountUnit"]) == ("2.40", "USD")
    assert (rows[0]["ChargeFrequency"], rows[0]["PricingCategory"]) == ("Recurring", "Standard")


def test_a_month_of_a_reservation_comes_to_the_same_billed_and_effective():
    """An upfront fee of 120 for twelve months and 20 a month: 30 a month, of which 24 used and 6 not."""
    reserved = {"reservation__ReservationARN": RESERVATION}
    fee, used = told(
        aws_line(
            **reserved,
            lineItem__LineItemType="RIFee",
            lineItem__UnblendedCost="20",
            lineItem__NormalizedUsageAmount="",
            reservation__UnusedAmortizedUpfrontFeeForBillingPeriod="2",
            reservation__UnusedRecurringFee="4",
            reservation__EffectiveCost="",
        ),
        aws_line(
            **reserved,
            lineItem__LineItemType="DiscountedUsage",
            lineItem__UnblendedCost="0",
            lineItem__NormalizedUsageAmount="4",
            reservation__UnusedAmortizedUpfrontFeeForBillingPeriod="",
            reservation__UnusedRecurringFee="",
            reservation__EffectiveCost="24",
        ),
    )

    amortised_upfront = Decimal(120) / 12
    assert Decimal(fee["EffectiveCost"]) + Decimal(used["EffectiveCost"]) == Decimal(20) + amortised_upfront
    assert costs(used) == (0, 24, Decimal("0.12"), Decimal("0.12"))
    assert (fee["CommitmentDiscountStatus"], used["CommitmentDiscountStatus"]) == ("Unused", "Used")
    assert (used["CommitmentDiscountQuantity"], used["CommitmentDiscountUnit"]) == ("4", "Normalized Hours")
    assert (fee["CommitmentDiscountQuantity"], fee["CommitmentDiscountUnit"]) == ("1", "Hrs")
    assert (used["CommitmentDiscountCategory"], used["CommitmentDiscountType"]) == ("Usage", "Reserved Instance")


@pytest.mark.parametrize(
    "columns",
    [
        {"lineItem__LineItemType": "SavingsPlanUpfrontFee", "savingsPlan__SavingsPlanARN": PLAN},
        {"lineItem__LineItemType": "Fee", "reservation__ReservationARN": RESERVATION},
    ],
)
def test_what_is_paid_upfront_is_billed_at_once_and_effective_later(columns):
    row = one(**columns, lineItem__UnblendedCost="8760")

    assert (Decimal(row["BilledCost"]), Decimal(row["EffectiveCost"])) == (8760, 0)
    assert row["ChargeFrequency"] == "One-Time"
    assert "CommitmentDiscountStatus" not in row


def test_a_fee_for_anything_else_is_effective_as_it_is_billed():
    assert costs(one(lineItem__LineItemType="Fee", lineItem__UnblendedCost="5"))[:2] == (5, 5)


def test_a_recurring_fee_that_was_used_up_is_not_unused():
    row = one(
        lineItem__LineItemType="RIFee",
        reservation__ReservationARN=RESERVATION,
        reservation__UnusedRecurringFee="0.0",
    )

    assert Decimal(row["EffectiveCost"]) == 0
    assert "CommitmentDiscountStatus" not in row


@pytest.mark.parametrize("kind", ["Tax", "Credit", "Refund"])
def test_taxes_credits_and_refunds_have_costs_but_no_prices(kind):
    row = one(lineItem__LineItemType=kind, lineItem__UnblendedCost="-3", pricing__publicOnDemandCost="")

    assert costs(row) == (-3, -3, -3, -3)
    assert row.get("ChargeClass") == ("Correction" if kind == "Refund" else None)
    assert {"ConsumedQuantity", "PricingQuantity", "SkuId", "ListUnitPrice", "PricingCategory"}.isdisjoint(row)


def test_private_discounts_are_merged_where_net_costs_are_printed():
    """Usage of 10 with a discount of 10 %: the net file says so on the usage, the other in a line of its own."""
    net = {"lineItem__NetUnblendedCost": "9", "lineItem__UnblendedCost": "10"}
    merged, discount = told(
        aws_line(**net), aws_line(**net | {"lineItem__NetUnblendedCost": "0"}, lineItem__LineItemType="EdpDiscount")
    )
    alone = told(
        aws_line(lineItem__UnblendedCost="10"),
        aws_line(lineItem__UnblendedCost="-1", lineItem__LineItemType="EdpDiscount"),
    )

    assert (costs(merged)[:2], costs(discount)[:2]) == ((9, 9), (0, 0))
    assert sum(Decimal(row["BilledCost"]) for row in alone) == 9


def test_net_costs_of_commitments_are_taken_too():
    plan = one(
        lineItem__LineItemType="SavingsPlanCoveredUsage",
        savingsPlan__SavingsPlanEffectiveCost="0.07",
        savingsPlan__NetSavingsPlanEffectiveCost="0.06",
    )
    reserved = one(
        lineItem__LineItemType="DiscountedUsage", reservation__EffectiveCost="3", reservation__NetEffectiveCost="2"
    )

    assert (plan["EffectiveCost"], reserved["EffectiveCost"]) == ("0.06", "2")


def test_covered_usage_without_its_cost_costs_nothing():
    assert one(lineItem__LineItemType="SavingsPlanCoveredUsage")["EffectiveCost"] == "0"
    assert one(lineItem__LineItemType="DiscountedUsage")["EffectiveCost"] == "0"
    assert one(lineItem__UnblendedCost="")["BilledCost"] == "0"


def test_the_marketplace_names_its_seller():
    row = one(bill__BillingEntity="AWS Marketplace", lineItem__LegalEntity="Some Vendor Ltd.")

    assert (row["PublisherName"], one()["PublisherName"]) == ("Some Vendor Ltd.", "AWS")


def test_spot_usage_is_priced_dynamically():
    assert one(lineItem__UsageType="USE1-SpotUsage:m5.large")["PricingCategory"] == "Dynamic"


def test_a_zone_and_a_list_price_are_told_of_usage_alone():
    zone = {"lineItem__AvailabilityZone": "us-east-1a"}

    assert one(**zone)["AvailabilityZone"] == "us-east-1a"
    assert "AvailabilityZone" not in one(**zone, lineItem__LineItemType="Tax")
    assert one()["ListUnitPrice"] == "0.12"
    assert "ListUnitPrice" not in one(pricing__publicOnDemandCost="")


def test_tags_of_people_stand_bare_and_those_of_aws_keep_their_prefix():
    row = one(**{"resourceTags__user:team": "web", "resourceTags__aws:createdBy": "ann", "resourceTags__user:none": ""})

    assert row["Tags"] == '{"team": "web", "aws:createdBy": "ann"}'


def test_the_columns_of_version_2_are_the_same_bill():
    legacy = aws_line(
        **{"resourceTags__user:team": "web"},
        costCategory__Unit="core",
        lineItem__LineItemType="SavingsPlanCoveredUsage",
        savingsPlan__SavingsPlanARN=PLAN,
        savingsPlan__SavingsPlanEffectiveCost="0.07",
    )
    renamed = {
        "identity/LineItemId": "identity_line_item_id",
        "savingsPlan/SavingsPlanARN": "savings_plan_savings_plan_a_r_n",
        "product/ProductName": "product_product_name",
        "pricing/publicOnDemandCost": "pricing_public_on_demand_cost",
        "resourceTags/user:team": "resource_tags",
        "costCategory/Unit": "cost_category",
    }
    version_2 = {renamed.get(name) or snake(name): text for name, text in legacy.items()}
    version_2 |= {"resource_tags": '{"user_team": "web"}', "cost_category": '{"Unit": "core"}'}

    assert told(version_2) == told(legacy)
    assert told(legacy)[0]["x_CostCategories"] == '{"Unit": "core"}'


def snake(name: str) -> str:
    part, _, rest = name.partition("/")
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in f"{part}_{rest}").replace(
        "__", "_"
    )


def test_a_tag_key_of_neither_kind_is_kept():
    assert told(aws_line() | {"resource_tags": '{"other": 1}'})[0]["Tags"] == '{"other": "1"}'
