"""The detailed billing export of Google Cloud in BigQuery as FOCUS columns: rows as JSON, or the table as Parquet."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from domain.costs.native import BLANK, Always, How, Native, NativeSource, choice, first, first_filled, worked
from domain.costs.native_cell import amount, as_cell, inside, month_end, month_start, printed
from domain.costs.problem import BadValue
from domain.costs.service_names import GCP_SERVICES, Services
from domain.costs.value import SUMS

_COMMITTED = frozenset({"COMMITTED_USAGE_DISCOUNT", "COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE", "FEE_UTILIZATION_OFFSET"})


def _within(row: Native, column: str, *keys: str) -> str:
    """The value down a path of keys in a nested column, "" where there is none."""
    value = inside(row, column)
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return as_cell(value)


def at(path: str, *others: str) -> How:
    """The first filled of nested values like service.description."""
    paths = [one.split(".") for one in (path, *others)]
    columns = dict.fromkeys(parts[0] for parts in paths)
    return worked(
        lambda row: first_filled(_within(row, *parts) if len(parts) > 1 else row[parts[0]] for parts in paths),
        *columns,
        words=", else ".join((path, *others)),
    )


def _credits(row: Native) -> list[dict[str, Any]]:
    found = inside(row, "credits") or []
    if not isinstance(found, list) or not all(isinstance(credit, dict) for credit in found):
        raise BadValue("is not a list of credits.", column="credits")
    return found


def _after_credits(row: Native) -> str:
    total = amount(row, "cost")
    for credit in _credits(row):
        total = SUMS.add(total, amount({"credits": as_cell(credit.get("amount"))}, "credits"))
    return printed(total)


def _is_fee(row: Native) -> bool:
    """Commitments are bought by SKUs of their own, whose names begin so."""
    return _within(row, "sku", "description").startswith("Commitment")


def _category(row: Native) -> str:
    if row["cost_type"] == "tax":
        return "Tax"
    if row["cost_type"] in {"adjustment", "rounding_error"}:
        return "Adjustment"
    return "Purchase" if _is_fee(row) else "Usage"


def _is_covered(row: Native) -> bool:
    return any(credit.get("type") in _COMMITTED for credit in _credits(row))


def _pricing(row: Native) -> str:
    category = _category(row)
    if category != "Usage":
        return "Standard" if category == "Purchase" else ""
    if _is_covered(row):
        return "Committed"
    sku = _within(row, "sku", "description")
    return "Dynamic" if "Spot" in sku or "Preemptible" in sku else "Standard"


def _commitment(row: Native) -> str:
    """The credit names the commitment; a fee is named by the subscription it bills, else by its SKU."""
    if _is_fee(row):
        return first_filled([_within(row, "subscription", "instance_id"), _within(row, "sku", "id")])
    named = (credit for credit in _credits(row) if credit.get("type") in _COMMITTED)
    return next((first_filled([as_cell(one.get("id")), as_cell(one.get("name"))]) for one in named), "")


def _listed(row: Native) -> str:
    return first_filled([row["cost_at_list"], row["cost"]])


def _tags(row: Native) -> str:
    """Labels by their keys; those of Google itself begin with goog or contain a slash, and keep their names."""
    pairs = [pair for name in ("system_labels", "labels", "tags") for pair in inside(row, name) or []]
    if not all(isinstance(pair, dict) for pair in pairs):
        raise BadValue("is not a list of keys and values.", column="labels")
    found = {as_cell(pair.get("key")): as_cell(pair.get("value")) for pair in pairs}
    return as_cell(found) if found else ""


def _of_usage(path: str) -> How:
    column, _, key = path.partition(".")
    return worked(
        lambda row: _within(row, column, key) if _category(row) == "Usage" else "",
        column,
        "cost_type",
        "sku",
        words=f"{path} of usage",
    )


def _of_charge(path: str) -> How:
    column, _, key = path.partition(".")
    return worked(
        lambda row: _within(row, column, key) if _category(row) in {"Usage", "Purchase"} else "",
        column,
        "cost_type",
        "sku",
        words=f"{path} of usage and purchases",
    )


def _service(place: int, services: Services) -> How:
    other = ("Other", "Other (Other)")
    return worked(
        lambda row: services.get(_within(row, "service", "description").casefold(), other)[place],
        "service",
        words=f"by service.description, else {other[place]}",
    )


def _by_commitment(text: str) -> How:
    return worked(lambda row: text if _commitment(row) else "", "credits", "sku", words=f"{text} of commitments")


_MONTH = ("invoice", "usage_start_time")


def _month(row: Native) -> dict[str, str]:
    return {"invoice.month": first_filled([_within(row, "invoice", "month"), row["usage_start_time"]])}


COLUMNS: dict[str, How] = {
    "BilledCost": worked(_after_credits, "cost", "credits", words="cost and the sum of credits.amount"),
    "EffectiveCost": worked(
        lambda row: first_filled([row["effective"], _after_credits(row)]),
        "effective",
        "cost",
        "credits",
        words="cost and the sum of credits.amount, fees of commitments spread over the usage they fund where the rows "
        "are read twice",
    ),
    "ListCost": worked(_listed, "cost_at_list", "cost", words="cost_at_list, else cost"),
    "ContractedCost": first("cost"),
    "BillingAccountId": first("billing_account_id"),
    "BillingAccountName": BLANK,
    "BillingCurrency": first("currency"),
    "BillingPeriodStart": worked(lambda row: month_start(_month(row), "invoice.month"), *_MONTH, words="invoice.month"),
    "BillingPeriodEnd": worked(
        lambda row: month_end(_month(row), "invoice.month"), *_MONTH, words="the end of invoice.month"
    ),
    "ChargePeriodStart": first("usage_start_time"),
    "ChargePeriodEnd": first("usage_end_time"),
    "ChargeCategory": worked(
        _category,
        "cost_type",
        "sku",
        words="Tax of tax, Adjustment of adjustment and rounding_error, Purchase of SKUs called Commitment, else Usage",
    ),
    "ChargeClass": choice("cost_type", {"adjustment": "Correction"}, otherwise=""),
    "ChargeDescription": at("sku.description", "service.description"),
    "ChargeFrequency": worked(
        lambda row: {"Usage": "Usage-Based", "Purchase": "Recurring"}.get(_category(row), "One-Time"),
        "cost_type",
        "sku",
        words="Usage-Based of usage, Recurring of purchases, One-Time of the rest",
    ),
    "SubAccountId": at("project.id"),
    "SubAccountName": at("project.name"),
    "ServiceName": worked(
        lambda row: first_filled([_within(row, "service", "description"), "All services"]),
        "service",
        words="service.description",
    ),
    "ServiceCategory": _service(0, GCP_SERVICES),
    "ServiceSubcategory": _service(1, GCP_SERVICES),
    "ProviderName": Always("Google Cloud"),
    "PublisherName": worked(
        lambda row: first_filled([row["seller_name"], "Google Cloud"]),
        "seller_name",
        words="seller_name, else Google Cloud",
    ),
    "InvoiceIssuerName": worked(
        lambda row: first_filled([row["seller_name"], "Google Cloud"]),
        "seller_name",
        words="seller_name, else Google Cloud",
    ),
    "RegionId": at("location.region", "location.location"),
    "AvailabilityZone": at("location.zone"),
    "ResourceId": at("resource.global_name", "resource.name"),
    "ResourceName": at("resource.name"),
    "SkuId": _of_charge("sku.id"),
    "SkuPriceId": _of_charge("sku.id"),
    "SkuMeter": _of_charge("sku.description"),
    "ConsumedQuantity": _of_usage("usage.amount"),
    "ConsumedUnit": _of_usage("usage.unit"),
    "PricingQuantity": _of_charge("usage.amount_in_pricing_units"),
    "PricingUnit": _of_charge("usage.pricing_unit"),
    "PricingCategory": worked(
        _pricing,
        "cost_type",
        "sku",
        "credits",
        words="Committed of usage with a credit for committed use, Dynamic of Spot and Preemptible, else Standard",
    ),
    "CommitmentDiscountId": worked(
        _commitment,
        "credits",
        "sku",
        "subscription",
        words="credits.id of committed use, subscription.instance_id or sku.id of a fee",
    ),
    "CommitmentDiscountCategory": _by_commitment("Spend"),
    "CommitmentDiscountType": _by_commitment("Committed Use Discount"),
    "CommitmentDiscountStatus": worked(
        lambda row: "Used" if _category(row) == "Usage" and _is_covered(row) else "",
        "cost_type",
        "sku",
        "credits",
        words="Used of usage with a credit for committed use",
    ),
    "Tags": worked(_tags, "system_labels", "labels", "tags", words="labels, system_labels and tags"),
    "x_CostType": first("cost_type"),
    "x_Credits": worked(
        lambda row: as_cell(_credits(row)) if _credits(row) else "", "credits", words="credits as they stand"
    ),
}

GCP_EXPORT = NativeSource(
    name="Google Cloud billing export",
    marks=("billing_account_id", "service", "sku", "usage_start_time", "cost", "credits"),
    needs=(("usage_end_time",), ("currency",)),
    columns=COLUMNS,
)


def native_row(row: Mapping[str, Any]) -> dict[str, str]:
    """A row of the table, as the BigQuery client or JSON has it, as cells of text with nested values as JSON."""
    return {name: as_cell(value) for name, value in row.items()}


def focus_rows(rows: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    """One row per row of the export, as FOCUS ids to text; what is empty is left out.

    Effective cost is the billed cost here: fees of commitments stay on the rows that bill them. Times are UTC. Raises
    BadValue for a cell that is not what the schema says. Source: Cloud Billing, detailed usage cost data schema.
    """
    for row in rows:
        yield GCP_EXPORT.row(native_row(row))
