"""Answers of AWS Cost Explorer (GetCostAndUsage) as FOCUS columns, without resources: for months with no export."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from domain.costs.native import BLANK, Always, How, Native, NativeSource, choice, first, first_filled, worked
from domain.costs.native_cell import as_cell, month_end, month_start
from domain.costs.service_names import AWS_SERVICE_NAMES, category_of, subcategory_of

_RECORDS = {
    "Usage": "Usage",
    "DiscountedUsage": "Usage",
    "SavingsPlanCoveredUsage": "Usage",
    "Recurring reservation fee": "Purchase",
    "Upfront reservation fee": "Purchase",
    "Savings Plan Recurring Fee": "Purchase",
    "Savings Plan Upfront Fee": "Purchase",
    "Tax": "Tax",
    "Credit": "Credit",
    "Refund": "Credit",
}


def _category(row: Native) -> str:
    """By the kind of record where the question asked for it; Cost Explorer lists tax as a service of its own."""
    if row["RECORD_TYPE"]:
        return _RECORDS.get(row["RECORD_TYPE"], "Adjustment")
    return "Tax" if row["SERVICE"] == "Tax" else "Usage"


def _consumed(row: Native, name: str) -> str:
    """Quantities of unlike things added up have the unit N/A and mean nothing."""
    return row[name] if row["UsageQuantity.Unit"] not in {"", "N/A"} and _category(row) == "Usage" else ""


def _quantity(name: str) -> How:
    return worked(
        lambda row: _consumed(row, name),
        name,
        "UsageQuantity.Unit",
        "RECORD_TYPE",
        "SERVICE",
        words=f"{name} of usage with one unit",
    )


COLUMNS: dict[str, How] = {
    "BilledCost": first("UnblendedCost", "AmortizedCost"),
    "EffectiveCost": first("AmortizedCost", "UnblendedCost"),
    "ListCost": first("UnblendedCost", "AmortizedCost"),
    "ContractedCost": first("UnblendedCost", "AmortizedCost"),
    "BillingAccountId": first("account"),
    "BillingAccountName": BLANK,
    "BillingCurrency": first("UnblendedCost.Unit", "AmortizedCost.Unit"),
    "BillingPeriodStart": worked(lambda row: month_start(row, "Start"), "Start", words="the month of Start"),
    "BillingPeriodEnd": worked(lambda row: month_end(row, "Start"), "Start", words="the end of the month of Start"),
    "ChargePeriodStart": first("Start"),
    "ChargePeriodEnd": first("End"),
    "ChargeCategory": worked(
        _category, "RECORD_TYPE", "SERVICE", words="by RECORD_TYPE where asked for; Tax of the service Tax; else Usage"
    ),
    "ChargeClass": choice("RECORD_TYPE", {"Refund": "Correction"}, otherwise=""),
    "ChargeDescription": worked(
        lambda row: first_filled([row["USAGE_TYPE"], row["SERVICE"], "All usage"]),
        "USAGE_TYPE",
        "SERVICE",
        words="USAGE_TYPE, else SERVICE, else All usage",
    ),
    "ChargeFrequency": Always("Usage-Based"),
    "SubAccountId": first("LINKED_ACCOUNT"),
    "ServiceName": worked(
        lambda row: first_filled([row["SERVICE"], "All services"]), "SERVICE", words="SERVICE, else All services"
    ),
    "ServiceCategory": category_of("SERVICE", AWS_SERVICE_NAMES),
    "ServiceSubcategory": subcategory_of("SERVICE", AWS_SERVICE_NAMES),
    "ProviderName": Always("AWS"),
    "PublisherName": Always("AWS"),
    "InvoiceIssuerName": Always("Amazon Web Services"),
    "RegionId": first("REGION"),
    "AvailabilityZone": first("AZ"),
    "ConsumedQuantity": _quantity("UsageQuantity"),
    "ConsumedUnit": _quantity("UsageQuantity.Unit"),
    "PricingQuantity": _quantity("UsageQuantity"),
    "PricingUnit": _quantity("UsageQuantity.Unit"),
    "Tags": first("tags"),
    "x_RecordType": first("RECORD_TYPE"),
    "x_IsEstimated": first("Estimated"),
}

COST_EXPLORER = NativeSource(name="AWS Cost Explorer", marks=(), needs=(), columns=COLUMNS)


def focus_rows(pages: Iterable[Mapping[str, Any]], account_id: str) -> Iterator[dict[str, str]]:
    """One row per period and group, as FOCUS ids to text; what is empty is left out.

    `pages` are answers as botocore hands them over, of one question, in order. `account_id` is the account that pays.
    Ask for UnblendedCost (billed) and AmortizedCost (effective); one alone stands for both. Times are UTC.
    Raises BadValue for a period that is none. Source: Cost Explorer GetCostAndUsage.
    """
    for page in pages:
        kinds = [(group["Type"], group["Key"]) for group in page.get("GroupDefinitions", ())]
        for result in page["ResultsByTime"]:
            period = {**result["TimePeriod"], "Estimated": as_cell(result.get("Estimated")), "account": account_id}
            groups = result.get("Groups") or []
            for group in groups:
                yield COST_EXPLORER.row(period | _keyed(kinds, group["Keys"]) | _measured(group["Metrics"]))
            if not groups and not kinds and result.get("Total"):
                yield COST_EXPLORER.row(period | _measured(result["Total"]))


def _keyed(kinds: list[tuple[str, str]], keys: list[str]) -> dict[str, str]:
    """Dimensions by their name; a tag arrives as name$value and is no tag when the value is empty."""
    told = {}
    for (kind, name), key in zip(kinds, keys, strict=True):
        if kind == "DIMENSION":
            told[name] = key
        elif kind == "TAG" and (value := key.partition("$")[2]):
            told["tags"] = as_cell({name: value})
    return told


def _measured(metrics: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    told = {}
    for name, metric in metrics.items():
        told[name] = metric["Amount"]
        told[f"{name}.Unit"] = metric.get("Unit", "")
    return told
