"""Answers of the Azure Cost Management query as FOCUS columns. They have no quantities and no prices."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from domain.costs.native import BLANK, Always, How, Native, NativeSource, choice, first, first_filled, worked
from domain.costs.native_cell import as_cell, day_text, month_end, month_start
from domain.costs.service_names import AZURE_SERVICES, category_of, subcategory_of
from domain.costs.sources import azure_details

_COST = ("Cost", "PreTaxCost", "CostUSD", "PreTaxCostUSD")
_TIME = ("UsageDate", "BillingMonth")


def _time(row: Native) -> str:
    """The name of the column that tells when: days are asked for as UsageDate, months as BillingMonth."""
    return next((name for name in _TIME if row[name]), _TIME[0])


def _end(row: Native) -> str:
    return month_end(row, "BillingMonth") if not row["UsageDate"] else day_text(row, "UsageDate", later=1)


def _of_kind(kind: str) -> How:
    """In a pair the actual answer tells what is billed, the amortised one what is effective; one alone tells both."""
    other = "amortised" if kind == "billed" else "actual"
    return worked(
        lambda row: "0" if row["kind"] == other else first_filled([*(row[name] for name in _COST), "0"]),
        "kind",
        *_COST,
        words=f"Cost, else PreTaxCost; 0 of the {other} answer of a pair",
    )


COLUMNS: dict[str, How] = {
    "BilledCost": _of_kind("billed"),
    "EffectiveCost": _of_kind("effective"),
    "ListCost": _of_kind("billed"),
    "ContractedCost": _of_kind("billed"),
    "BillingAccountId": first("BillingAccountId", "subscription"),
    "BillingAccountName": BLANK,
    "BillingCurrency": first("Currency", "BillingCurrency"),
    "BillingPeriodStart": worked(lambda row: month_start(row, _time(row)), *_TIME, words="the month of UsageDate"),
    "BillingPeriodEnd": worked(lambda row: month_end(row, _time(row)), *_TIME, words="the end of that month"),
    "ChargePeriodStart": worked(
        lambda row: day_text(row, _time(row)), *_TIME, words="UsageDate, else the first day of BillingMonth"
    ),
    "ChargePeriodEnd": worked(_end, *_TIME, words="the day after UsageDate, else the end of BillingMonth"),
    "ChargeCategory": choice(
        "ChargeType",
        {"": "Usage", "Usage": "Usage", "UnusedReservation": "Usage", "UnusedSavingsPlan": "Usage"}
        | {"Purchase": "Purchase", "Tax": "Tax", "Refund": "Credit"},
        otherwise="Adjustment",
    ),
    "ChargeClass": choice("ChargeType", {"Refund": "Correction"}, otherwise=""),
    "ChargeDescription": first("Product", "Meter", "MeterSubCategory", "MeterCategory", "ServiceName"),
    "ChargeFrequency": Always("Usage-Based"),
    "SubAccountId": first("SubscriptionId", "subscription"),
    "SubAccountName": first("SubscriptionName"),
    "ServiceName": worked(
        lambda row: first_filled([row["MeterCategory"], row["ServiceName"], "All services"]),
        "MeterCategory",
        "ServiceName",
        words="MeterCategory, else ServiceName, else All services",
    ),
    "ServiceCategory": category_of("ServiceName", AZURE_SERVICES),
    "ServiceSubcategory": subcategory_of("ServiceName", AZURE_SERVICES),
    "ProviderName": Always("Microsoft"),
    "PublisherName": worked(
        lambda row: first_filled([row["PublisherName"], "Microsoft"]),
        "PublisherName",
        words="PublisherName, else Microsoft",
    ),
    "InvoiceIssuerName": Always("Microsoft"),
    "InvoiceId": first("InvoiceId", "InvoiceNumber"),
    "RegionId": worked(
        lambda row: row["ResourceLocation"].replace(" ", "").lower(),
        "ResourceLocation",
        words="ResourceLocation in lower case without spaces",
    ),
    "ResourceId": worked(lambda row: row["ResourceId"].lower(), "ResourceId", words="ResourceId in lower case"),
    "ResourceType": worked(azure_details.resource_type, "ResourceId", words="the provider and type within ResourceId"),
    "PricingQuantity": BLANK,
    "PricingUnit": BLANK,
    "x_ResourceGroupName": first("ResourceGroup", "ResourceGroupName"),
    "x_CostKind": first("kind"),
}

AZURE_QUERY = NativeSource(name="Azure Cost Management query", marks=(), needs=(), columns=COLUMNS)


def focus_rows(
    pages: Iterable[Mapping[str, Any]],
    subscription_id: str,
    *,
    amortised_pages: Iterable[Mapping[str, Any]] | None = None,
) -> Iterator[dict[str, str]]:
    """One row per row of the answer, as FOCUS ids to text; what is empty is left out.

    `pages` are the JSON answers of one query with its columns and rows. Asked with the type ActualCost and given alone,
    they tell billed and effective cost alike. With `amortised_pages`, the same question asked as AmortizedCost, billed
    cost comes from the first and effective cost from the second. Days are UTC. Raises BadValue for a day that is none.
    Source: Cost Management Query Usage.
    """
    kind = "" if amortised_pages is None else "actual"
    yield from _rows(pages, subscription_id, kind)
    yield from _rows(amortised_pages or (), subscription_id, "amortised")


def _rows(pages: Iterable[Mapping[str, Any]], subscription_id: str, kind: str) -> Iterator[dict[str, str]]:
    known = {"subscription": subscription_id, "kind": kind}
    for page in pages:
        table = page.get("properties", page)
        names = [column["name"] for column in table["columns"]]
        for cells in table["rows"]:
            yield AZURE_QUERY.row(known | dict(zip(names, map(as_cell, cells), strict=True)))
