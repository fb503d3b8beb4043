"""What one line of an AWS Cost and Usage Report is and costs, by the kind of line it is."""

from domain.costs.native import Native, first_filled
from domain.costs.native_cell import added, amount, less, number

TYPE = "lineItem/LineItemType"
COST = ("lineItem/NetUnblendedCost", "lineItem/UnblendedCost")
USAGE = ("Usage", "DiscountedUsage", "SavingsPlanCoveredUsage")
PURCHASES = ("Fee", "RIFee", "SavingsPlanUpfrontFee", "SavingsPlanRecurringFee")
# AWS bills the on-demand cost of covered usage and takes it off again in a line of its own: both come to nothing.
_CANCELLED = ("SavingsPlanCoveredUsage", "SavingsPlanNegation")
CATEGORIES = (
    dict.fromkeys(USAGE, "Usage")
    | dict.fromkeys(PURCHASES, "Purchase")
    | {"Tax": "Tax", "Credit": "Credit", "Refund": "Credit"}
)
_RECURRING = ("RIFee", "SavingsPlanRecurringFee")
PLAN_EFFECTIVE = ("savingsPlan/NetSavingsPlanEffectiveCost", "savingsPlan/SavingsPlanEffectiveCost")
RESERVED_EFFECTIVE = ("reservation/NetEffectiveCost", "reservation/EffectiveCost")
UNUSED_UPFRONT = (
    "reservation/NetUnusedAmortizedUpfrontFeeForBillingPeriod",
    "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod",
)
UNUSED_RECURRING = ("reservation/NetUnusedRecurringFee", "reservation/UnusedRecurringFee")
COMMITMENT = ("savingsPlan/SavingsPlanARN", "reservation/ReservationARN")


def _filled(row: Native, names: tuple[str, ...]) -> str:
    """The name of the first filled column, so that net costs are taken where AWS prints them."""
    return next((name for name in names if number(row, name) is not None), names[-1])


def _cost(row: Native) -> str:
    return row[_filled(row, COST)] or "0"


def billed(row: Native) -> str:
    """What the line adds to the bill."""
    return "0" if row[TYPE] in _CANCELLED else _cost(row)


def effective(row: Native) -> str:
    """What the line costs once commitments are spread over what they cover."""
    kind = row[TYPE]
    if kind == "SavingsPlanCoveredUsage":
        return row[_filled(row, PLAN_EFFECTIVE)] or "0"
    if kind == "DiscountedUsage":
        return row[_filled(row, RESERVED_EFFECTIVE)] or "0"
    if kind == "SavingsPlanRecurringFee":
        return less(row, "savingsPlan/TotalCommitmentToDate", "savingsPlan/UsedCommitment")
    if kind == "RIFee":
        return added(row, _filled(row, UNUSED_UPFRONT), _filled(row, UNUSED_RECURRING))
    is_upfront = kind == "SavingsPlanUpfrontFee" or (kind == "Fee" and row["reservation/ReservationARN"])
    return "0" if is_upfront or kind == "SavingsPlanNegation" else _cost(row)


def listed(row: Native) -> str:
    """What the line would cost at public prices."""
    return first_filled([row["pricing/publicOnDemandCost"], billed(row)])


def contracted(row: Native) -> str:
    """What it costs before commitments. AWS prints 0 for reserved usage: its on-demand cost is the best known then."""
    if row[TYPE] == "SavingsPlanNegation":
        return "0"
    return listed(row) if row[TYPE] == "DiscountedUsage" else _cost(row)


def list_rate(row: Native) -> str:
    """Without a public cost beside it a rate of AWS is no list price of this row."""
    has_cost = number(row, "pricing/publicOnDemandCost") is not None
    return row["pricing/publicOnDemandRate"] if row[TYPE] in USAGE and has_cost else ""


def pricing(row: Native) -> str:
    """PricingCategory of the line."""
    if row[TYPE] in {"DiscountedUsage", "SavingsPlanCoveredUsage"}:
        return "Committed"
    if row[TYPE] == "Usage":
        return "Dynamic" if "SpotUsage" in row["lineItem/UsageType"] else "Standard"
    return "Standard" if row[TYPE] in PURCHASES else ""


def commitment(row: Native) -> str:
    return first_filled(row[name] for name in COMMITMENT)


def status(row: Native) -> str:
    """CommitmentDiscountStatus of the line."""
    if not commitment(row):
        return ""
    if row[TYPE] in USAGE:
        return "Used"
    is_unused = row[TYPE] in _RECURRING and amount({"cost": effective(row)}, "cost") > 0
    return "Unused" if is_unused else ""


def commitment_quantity(row: Native) -> str:
    """Savings plans count money, reservations hours or normalised units."""
    kind = row[TYPE]
    if kind == "SavingsPlanCoveredUsage":
        return row["savingsPlan/SavingsPlanEffectiveCost"]
    if kind == "DiscountedUsage":
        return first_filled([row["lineItem/NormalizedUsageAmount"], row["lineItem/UsageAmount"]])
    if kind == "SavingsPlanRecurringFee":
        return row["savingsPlan/TotalCommitmentToDate"]
    return row["lineItem/UsageAmount"] if kind in PURCHASES and commitment(row) else ""


def commitment_unit(row: Native) -> str:
    """What the quantity of a commitment counts."""
    if not commitment_quantity(row):
        return ""
    if row[TYPE] in {"SavingsPlanCoveredUsage", "SavingsPlanRecurringFee"}:
        return row["lineItem/CurrencyCode"]
    is_normalised = row[TYPE] == "DiscountedUsage" and row["lineItem/NormalizedUsageAmount"]
    return "Normalized Hours" if is_normalised else first_filled([row["pricing/unit"], "Units"])


def frequency(row: Native) -> str:
    """ChargeFrequency of the line."""
    if row[TYPE] in USAGE:
        return "Usage-Based"
    return "Recurring" if row[TYPE] in _RECURRING else "One-Time"


def publisher(row: Native) -> str:
    """Who made it: the seller on the marketplace, else AWS."""
    return first_filled([row["lineItem/LegalEntity"] if row["bill/BillingEntity"] == "AWS Marketplace" else "", "AWS"])


def tag_key(key: str) -> str:
    """Keys people gave stand bare; those of AWS itself begin with aws:."""
    for mark, prefix in (("user:", ""), ("user_", ""), ("aws:", "aws:"), ("aws_", "aws:")):
        if key.startswith(mark):
            return prefix + key.removeprefix(mark)
    return key


def zone(row: Native) -> str:
    """The availability zone of usage."""
    zone = first_filled([row["lineItem/AvailabilityZone"]])
    return zone if row[TYPE] in USAGE else ""
