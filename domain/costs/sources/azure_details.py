"""Azure cost details (usage details) of EA and MCA, actual and amortised, as FOCUS columns.

The two kinds of file have one header and are told apart by their names. A pair is loaded in one go: BilledCost comes
from the actual file alone and EffectiveCost from the amortised one alone, so both sums are those Azure shows.
"""

from decimal import Decimal
from enum import StrEnum

from domain.costs.native import Always, How, Native, NativeSource, choice, first, first_filled, worked
from domain.costs.native_cell import day_text, number, printed, times
from domain.costs.service_names import AZURE_SERVICES, category_of, subcategory_of

_COST = ("CostInBillingCurrency", "Cost")
_CHARGE, _MODEL = "ChargeType", "PricingModel"
_UNUSED = ("UnusedReservation", "UnusedSavingsPlan")
_USAGE = ("Usage", *_UNUSED)
_CATEGORIES = dict.fromkeys(_USAGE, "Usage") | {
    "Purchase": "Purchase",
    "Tax": "Tax",
    "Refund": "Credit",
    "RoundingAdjustment": "Adjustment",
}
_COMMITTED = ("Reservation", "SavingsPlan")
_BENEFIT = ("benefitId", "ReservationId")
_RATE = "exchangeRatePricingToBilling"
_LOOKED_AT = (_CHARGE, _MODEL, *_BENEFIT, *_COST)


class Half(StrEnum):
    """What a file of cost details is. A HALF is one of a pair that is loaded together."""

    ACTUAL = "actual"
    AMORTISED = "amortised"
    ACTUAL_HALF = "actual, half of a pair"
    AMORTISED_HALF = "amortised, half of a pair"


def half_of(file: str, others: tuple[str, ...]) -> Half:
    """What `file` is, by its name and those of the files loaded with it. A name that says neither is actual costs."""
    is_amortised = _is_amortised(file)
    has_partner = any(_is_amortised(other) != is_amortised for other in others)
    if has_partner:
        return Half.AMORTISED_HALF if is_amortised else Half.ACTUAL_HALF
    return Half.AMORTISED if is_amortised else Half.ACTUAL


def _is_amortised(file: str) -> bool:
    return any(mark in file.casefold() for mark in ("amortized", "amortised"))


def _cost(row: Native) -> str:
    return first_filled([*(row[name] for name in _COST), "0"])


def _is_covered(row: Native) -> bool:
    """Whether a commitment pays for this usage, which a purchase billed."""
    return row[_CHARGE] in _UNUSED or (row[_CHARGE] == "Usage" and row[_MODEL] in _COMMITTED)


def _is_purchase(row: Native) -> bool:
    """Buying or giving back a commitment: the amortised file has no such rows."""
    is_committed = row[_MODEL] in _COMMITTED or bool(first_filled(row[name] for name in _BENEFIT))
    return row[_CHARGE] in {"Purchase", "Refund"} and is_committed


_BILLED: dict[Half, How] = {
    Half.ACTUAL: worked(_cost, *_COST, words="CostInBillingCurrency, else Cost"),
    Half.AMORTISED: worked(
        lambda row: "0" if _is_covered(row) else _cost(row),
        *_LOOKED_AT,
        words="CostInBillingCurrency, else Cost; 0 of usage under a commitment and of what is unused of it",
    ),
    Half.ACTUAL_HALF: worked(_cost, *_COST, words="CostInBillingCurrency, else Cost"),
    Half.AMORTISED_HALF: Always("0"),
}
_EFFECTIVE: dict[Half, How] = {
    Half.ACTUAL: worked(_cost, *_COST, words="as BilledCost"),
    Half.AMORTISED: worked(_cost, *_COST, words="CostInBillingCurrency, else Cost"),
    Half.ACTUAL_HALF: Always("0"),
    Half.AMORTISED_HALF: worked(_cost, *_COST, words="CostInBillingCurrency, else Cost"),
}


def _is_counted(half: Half, row: Native) -> bool:
    """Whether this row tells quantities, list and contracted cost: in a pair the amortised one does, where it is."""
    return half is not Half.ACTUAL_HALF or _is_purchase(row)


def _priced(half: Half, price: str, words: str) -> How:
    """Price times quantity in the billing currency, else the cost."""

    def work(row: Native) -> str:
        if not _is_counted(half, row):
            return "0"
        product = times(number(row, price), number(row, "Quantity"), number(row, _RATE) or Decimal(1))
        return _cost(row) if product is None else printed(product)

    return worked(work, price, "Quantity", _RATE, *_LOOKED_AT, words=words)


def _counted(half: Half, name: str, words: str, *, is_consumed: bool = False) -> How:
    def work(row: Native) -> str:
        is_asked = row[_CHARGE] == "Usage" if is_consumed else row[_CHARGE] in (*_USAGE, "Purchase")
        return row[name] if is_asked and _is_counted(half, row) else ""

    return worked(work, name, *_LOOKED_AT, words=words)


def _status(row: Native) -> str:
    if not first_filled(row[name] for name in _BENEFIT) or row[_CHARGE] not in _USAGE:
        return ""
    return "Unused" if row[_CHARGE] in _UNUSED else "Used"


def _by_benefit(plan: str, reservation: str) -> How:
    def work(row: Native) -> str:
        benefit = first_filled(row[name] for name in _BENEFIT)
        if not benefit:
            return ""
        is_plan = "savingsplan" in benefit.casefold() or row[_MODEL] == "SavingsPlan"
        return plan if is_plan else reservation

    return worked(work, *_BENEFIT, _MODEL, words=f"{plan} of savings plans, {reservation} of reservations")


def _tags(row: Native) -> str:
    """EA prints the inside of the object without its braces."""
    text = row["Tags"].strip()
    return text if not text or text.startswith("{") else "{" + text + "}"


def _account(row: Native) -> str:
    return first_filled([row["BillingAccountId"], row["BillingProfileId"]])


def resource_type(row: Native) -> str:
    """microsoft.compute/disks of the id of a disk, "" of an id that names no resource."""
    parts = row["ResourceId"].casefold().rpartition("/providers/")[2].split("/")
    return "/".join(parts[:2]) if len(parts) > 2 else ""


def _pricing(row: Native) -> str:
    if _CATEGORIES.get(row[_CHARGE]) not in {"Usage", "Purchase"}:
        return ""
    if row[_CHARGE] == "Purchase":
        return "Standard"
    known = {"Spot": "Dynamic", "Reservation": "Committed", "SavingsPlan": "Committed"}
    return "Committed" if row[_CHARGE] in _UNUSED else known.get(row[_MODEL], "Standard")


def _commitment_quantity(row: Native) -> str:
    """Savings plans count money, reservations the hours of the meter."""
    if not first_filled(row[name] for name in _BENEFIT) or row[_CHARGE] not in (*_USAGE, "Purchase"):
        return ""
    return _cost(row) if row[_MODEL] == "SavingsPlan" else row["Quantity"]


def _commitment_unit(row: Native) -> str:
    if not _commitment_quantity(row):
        return ""
    currency = first_filled([row["BillingCurrency"], row["BillingCurrencyCode"]])
    return currency if row[_MODEL] == "SavingsPlan" else first_filled([row["UnitOfMeasure"], "Units"])


def _publisher(row: Native) -> str:
    return first_filled([row["PublisherName"], "Microsoft"])


def _class(row: Native) -> str:
    return "Correction" if row[_CHARGE] == "Refund" else ""


def columns(half: Half) -> dict[str, How]:
    """The mapping for one kind of file; the kinds differ in costs and quantities alone."""
    return {
        "BilledCost": _BILLED[half],
        "EffectiveCost": _EFFECTIVE[half],
        "ListCost": _priced(half, "PayGPrice", "PayGPrice * Quantity, else the cost"),
        "ContractedCost": _priced(half, "UnitPrice", "UnitPrice * Quantity, else the cost"),
        **_COMMON,
        "ConsumedQuantity": _counted(half, "Quantity", "Quantity of usage", is_consumed=True),
        "ConsumedUnit": _counted(half, "UnitOfMeasure", "UnitOfMeasure of usage", is_consumed=True),
        "PricingQuantity": _counted(half, "Quantity", "Quantity of usage and purchases"),
        "PricingUnit": _counted(half, "UnitOfMeasure", "UnitOfMeasure of usage and purchases"),
        "x_CostKind": Always(half.value),
    }


_COMMON: dict[str, How] = {
    "BillingAccountId": worked(
        _account, "BillingAccountId", "BillingProfileId", words="BillingAccountId, else BillingProfileId"
    ),
    "BillingAccountName": first("BillingAccountName", "BillingProfileName"),
    "BillingCurrency": first("BillingCurrency", "BillingCurrencyCode"),
    "BillingPeriodStart": worked(
        lambda row: day_text(row, "BillingPeriodStartDate"), "BillingPeriodStartDate", words="BillingPeriodStartDate"
    ),
    "BillingPeriodEnd": worked(
        lambda row: day_text(row, "BillingPeriodEndDate", later=1),
        "BillingPeriodEndDate",
        words="the day after BillingPeriodEndDate, which is the last of the period",
    ),
    "ChargePeriodStart": worked(lambda row: day_text(row, "Date"), "Date", words="Date"),
    "ChargePeriodEnd": worked(lambda row: day_text(row, "Date", later=1), "Date", words="the day after Date"),
    "ChargeCategory": choice(_CHARGE, _CATEGORIES, otherwise="Adjustment"),
    "ChargeClass": worked(_class, _CHARGE, words="Correction of Refund"),
    "ChargeDescription": first("ProductName", "Product", "MeterName"),
    "ChargeFrequency": choice(
        "Frequency",
        {"UsageBased": "Usage-Based", "OneTime": "One-Time", "Recurring": "Recurring"},
        otherwise="Usage-Based",
    ),
    "SubAccountId": first("SubscriptionId"),
    "SubAccountName": first("SubscriptionName"),
    "ServiceName": worked(
        lambda row: first_filled([row["MeterCategory"], row["ConsumedService"], row["PublisherName"], "Unassigned"]),
        "MeterCategory",
        "ConsumedService",
        "PublisherName",
        words="MeterCategory, else ConsumedService, else PublisherName, else Unassigned",
    ),
    "ServiceCategory": category_of("MeterCategory", AZURE_SERVICES),
    "ServiceSubcategory": subcategory_of("MeterCategory", AZURE_SERVICES),
    "ProviderName": Always("Microsoft"),
    "PublisherName": worked(_publisher, "PublisherName", words="PublisherName, else Microsoft"),
    "InvoiceIssuerName": Always("Microsoft"),
    "InvoiceId": first("invoiceId"),
    "RegionId": worked(
        lambda row: row["ResourceLocation"].replace(" ", "").lower(),
        "ResourceLocation",
        words="ResourceLocation in lower case without spaces",
    ),
    "AvailabilityZone": first("AvailabilityZone"),
    "ResourceId": worked(lambda row: row["ResourceId"].lower(), "ResourceId", words="ResourceId in lower case"),
    "ResourceName": worked(
        lambda row: row["ResourceName"] if row["ResourceId"] else "",
        "ResourceName",
        "ResourceId",
        words="ResourceName",
    ),
    "ResourceType": worked(resource_type, "ResourceId", words="the provider and type within ResourceId"),
    "SkuId": first("MeterId"),
    "SkuPriceId": first("PartNumber"),
    "SkuMeter": first("MeterName"),
    "PricingCategory": worked(
        _pricing,
        _CHARGE,
        _MODEL,
        words="Standard of OnDemand, Dynamic of Spot, Committed of Reservation and SavingsPlan; purchases are Standard",
    ),
    "CommitmentDiscountId": first(*_BENEFIT),
    "CommitmentDiscountName": first("benefitName", "ReservationName"),
    "CommitmentDiscountCategory": _by_benefit("Spend", "Usage"),
    "CommitmentDiscountType": _by_benefit("Savings Plan", "Reservation"),
    "CommitmentDiscountStatus": worked(
        _status, _CHARGE, *_BENEFIT, words="Unused of UnusedReservation and UnusedSavingsPlan, Used of other usage"
    ),
    "CommitmentDiscountQuantity": worked(
        _commitment_quantity,
        "Quantity",
        *_LOOKED_AT,
        words="the cost for savings plans, Quantity for reservations",
    ),
    "CommitmentDiscountUnit": worked(
        _commitment_unit,
        "BillingCurrency",
        "BillingCurrencyCode",
        "UnitOfMeasure",
        words="the currency for savings plans, UnitOfMeasure for reservations",
    ),
    "Tags": worked(_tags, "Tags", words="Tags, with braces where EA leaves them out"),
    "x_ChargeType": first(_CHARGE),
    "x_ResourceGroupName": first("ResourceGroup", "resourceGroupName"),
    "x_CostCenter": first("CostCenter"),
    "x_InvoiceSectionName": first("InvoiceSectionName", "InvoiceSection"),
}

AZURE_DETAILS = {
    half: NativeSource(
        name=f"Azure cost details file ({half.value})",
        marks=("MeterCategory", "ChargeType", "PricingModel", "Date"),
        needs=(
            _COST,
            ("BillingAccountId", "BillingProfileId"),
            ("BillingCurrency", "BillingCurrencyCode"),
            ("BillingPeriodStartDate",),
            ("BillingPeriodEndDate",),
        ),
        columns=columns(half),
    )
    for half in Half
}
