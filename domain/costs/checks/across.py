"""Rules across the amounts, the times and the lists of one row."""

from decimal import Decimal

from domain.costs.check import Check, RowCheck, Values
from domain.costs.service_category import PAIRS
from domain.costs.value import SUMS

# Costs are often rounded to the cent, and prices to six digits or so: what differs by no more is rounding.
HALF_A_CENT = Decimal("0.005")
MILLIONTH = Decimal("0.000001")


def _is_far_off(cost: Decimal | None, price: Decimal | None, quantity: Decimal | None) -> bool:
    if cost is None or price is None or quantity is None:
        return False
    product = SUMS.multiply(price, quantity)
    return abs(SUMS.subtract(cost, product)) > max(HALF_A_CENT, abs(product) * MILLIONTH)


def _product(cost: str, price: str) -> RowCheck:
    sentence = (
        f"It is {price} times PricingQuantity, give or take half a cent or a millionth of it, unless ChargeClass is "
        "Correction or one of them is null."
    )

    def is_broken(row: Values) -> bool:
        is_correction = row["ChargeClass"] == "Correction"
        return not is_correction and _is_far_off(row[cost], row[price], row["PricingQuantity"])

    return RowCheck(Check(f"{cost}-product", cost, sentence), is_broken)


def _price(column: str) -> RowCheck:
    sentence = "It is not negative: credits and refunds are costs, never prices."
    return RowCheck(Check(f"{column}-sign", column, sentence), lambda row: row[column] is not None and row[column] < 0)


def _after(start: str, end: str) -> RowCheck:
    def is_broken(row: Values) -> bool:
        return row[start] is not None and row[end] is not None and row[end] <= row[start]

    return RowCheck(Check(f"{end}-order", end, f"It is later than {start}."), is_broken)


def _leaves_period(row: Values, *, at_start: bool) -> bool:
    names = ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")
    if row["ChargeCategory"] != "Usage" or any(row[name] is None for name in names):
        return False
    period_start, period_end, start, end = (row[name] for name in names)
    return bool(start < period_start if at_start else end > period_end)


def _buys_at_a_cost(row: Values) -> bool:
    is_bought = row["ChargeCategory"] == "Purchase" and row["CommitmentDiscountId"] is not None
    return bool(is_bought and row["EffectiveCost"])


def _is_odd_pair(row: Values) -> bool:
    pair = (row["ServiceCategory"], row["ServiceSubcategory"])
    return None not in pair and pair not in PAIRS


ACROSS = (
    _product("ListCost", "ListUnitPrice"),
    _product("ContractedCost", "ContractedUnitPrice"),
    _price("ListUnitPrice"),
    _price("ContractedUnitPrice"),
    _after("ChargePeriodStart", "ChargePeriodEnd"),
    _after("BillingPeriodStart", "BillingPeriodEnd"),
    RowCheck(
        Check("ChargePeriodStart-inside", "ChargePeriodStart", "Usage begins within its billing period."),
        lambda row: _leaves_period(row, at_start=True),
    ),
    RowCheck(
        Check("ChargePeriodEnd-inside", "ChargePeriodEnd", "Usage ends within its billing period."),
        lambda row: _leaves_period(row, at_start=False),
    ),
    RowCheck(
        Check("EffectiveCost-purchase", "EffectiveCost", "It is 0 on rows that buy a commitment."), _buys_at_a_cost
    ),
    RowCheck(
        Check(
            "ServiceSubcategory-pair",
            "ServiceSubcategory",
            "It is one that FOCUS lists for the row's ServiceCategory.",
            since="1.1",
        ),
        _is_odd_pair,
    ),
)
