"""DigitalOcean invoices, as items of the API or as CSV, and billing insights, as FOCUS columns; all in USD."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from domain.costs.native import BLANK, Always, How, Native, NativeSource, choice, first, first_filled, worked
from domain.costs.native_cell import as_cell, day_text, month_end, month_start, number, printed
from domain.costs.service_names import DIGITALOCEAN_SERVICES, category_of, subcategory_of

_TAXES = ("Taxes", "Tax")
_CREDITS = ("Credits", "Credit", "Adjustments", "Refunds")


def _category(row: Native) -> str:
    if row["product"] in _TAXES or row["category"] == "taxes":
        return "Tax"
    is_credit = row["product"] in _CREDITS or row["category"] == "credits"
    return "Credit" if is_credit else "Usage"


def _amount(*names: str) -> How:
    def work(row: Native) -> str:
        for name in names:
            value = number(row, name)
            if value is not None:
                return printed(value)
        return ""

    return worked(work, *names, words=", else ".join(names) + " without its dollar sign")


def _moment(row: Native, name: str) -> str:
    """2020-07-01 00:00:00 +0000 of the CSV as ISO 8601."""
    text = row[name].strip()
    return text.removesuffix(" +0000") + "Z" if text.endswith(" +0000") else text


def _time(name: str, other: str) -> How:
    return worked(lambda row: _moment(row, name) or _moment(row, other), name, other, words=f"{name}, else {other}")


def _started(row: Native) -> str:
    return next((name for name in ("period", "start_time", "start") if row[name]), "start")


def _resource_name(row: Native) -> str:
    return row["description"].partition("(")[0].strip() if _resource(row) else ""


def _resource(row: Native) -> str:
    return first_filled([row["resource_uuid"], row["resource_id"]])


def _quantity(row: Native) -> str:
    return first_filled([row["duration"], row["hours"]]) if _category(row) == "Usage" else ""


def _unit(row: Native) -> str:
    return first_filled([row["duration_unit"], "Hours"]) if _quantity(row) else ""


_READ = ("product", "category", "duration", "hours")
_COST = _amount("amount", "USD")
_PERIOD = ("period", "start_time", "start")

COLUMNS: dict[str, How] = {
    "BilledCost": _COST,
    "EffectiveCost": _COST,
    "ListCost": _COST,
    "ContractedCost": _COST,
    "BillingAccountId": first("account"),
    "BillingAccountName": BLANK,
    "BillingCurrency": Always("USD"),
    "BillingPeriodStart": worked(
        lambda row: month_start(row, _started(row)), *_PERIOD, words="the invoice period, else the month of the start"
    ),
    "BillingPeriodEnd": worked(lambda row: month_end(row, _started(row)), *_PERIOD, words="the end of that month"),
    "ChargePeriodStart": _time("start_time", "start"),
    "ChargePeriodEnd": _time("end_time", "end"),
    "ChargeCategory": worked(
        _category, "product", "category", words="Tax of Taxes, Credit of Credits and Refunds, else Usage"
    ),
    "ChargeClass": choice("product", {"Refunds": "Correction"}, otherwise=""),
    "ChargeDescription": first("description", "group_description", "product"),
    "ChargeFrequency": Always("Usage-Based"),
    "SubAccountId": first("project_name"),
    "SubAccountName": first("project_name"),
    "ServiceName": first("product"),
    "ServiceCategory": category_of("product", DIGITALOCEAN_SERVICES),
    "ServiceSubcategory": subcategory_of("product", DIGITALOCEAN_SERVICES),
    "ProviderName": Always("DigitalOcean"),
    "PublisherName": Always("DigitalOcean"),
    "InvoiceIssuerName": Always("DigitalOcean"),
    "InvoiceId": first("invoice_uuid"),
    "ResourceId": first("resource_uuid", "resource_id"),
    "ResourceName": worked(
        _resource_name, "description", "resource_uuid", "resource_id", words="description up to the bracket"
    ),
    "ConsumedQuantity": worked(_quantity, *_READ, words="duration, else hours, of usage"),
    "ConsumedUnit": worked(_unit, "duration_unit", *_READ, words="duration_unit, else Hours"),
    "PricingQuantity": worked(_quantity, *_READ, words="duration, else hours, of usage"),
    "PricingUnit": worked(_unit, "duration_unit", *_READ, words="duration_unit, else Hours"),
    "PricingCategory": worked(
        lambda row: "Standard" if _category(row) == "Usage" else "", "product", "category", words="Standard of usage"
    ),
    "x_GroupDescription": first("group_description"),
    "x_Category": first("category"),
}

DIGITALOCEAN_INVOICE = NativeSource(
    name="DigitalOcean invoice",
    marks=("product", "group_description", "description", "start", "end", "USD"),
    needs=(),
    columns=COLUMNS,
)

INSIGHT_COLUMNS: dict[str, How] = {
    "BilledCost": first("total_amount"),
    "EffectiveCost": first("total_amount"),
    "ListCost": first("total_amount"),
    "ContractedCost": first("total_amount"),
    "BillingAccountId": first("usage_team_urn"),
    "BillingAccountName": BLANK,
    "BillingCurrency": Always("USD"),
    "BillingPeriodStart": worked(
        lambda row: month_start(row, "start_date"), "start_date", words="the month of start_date"
    ),
    "BillingPeriodEnd": worked(lambda row: month_end(row, "start_date"), "start_date", words="the end of that month"),
    "ChargePeriodStart": first("start_date"),
    "ChargePeriodEnd": worked(
        lambda row: day_text(row, "start_date", later=1), "start_date", words="the day after start_date"
    ),
    "ChargeCategory": Always("Usage"),
    "ChargeDescription": first("description", "sku"),
    "ChargeFrequency": Always("Usage-Based"),
    "SubAccountId": first("usage_team_urn"),
    "ServiceName": worked(
        lambda row: _service_of(row["sku"]), "sku", words="the product within sku, such as DROP of 1-DO-DROP-0109"
    ),
    "ServiceCategory": Always("Other"),
    "ServiceSubcategory": Always("Other (Other)"),
    "ProviderName": Always("DigitalOcean"),
    "PublisherName": Always("DigitalOcean"),
    "InvoiceIssuerName": Always("DigitalOcean"),
    "RegionId": first("region"),
    "SkuId": first("sku"),
    "SkuPriceId": first("sku"),
    "ChargeClass": BLANK,
    "PricingQuantity": BLANK,
    "PricingUnit": BLANK,
    "PricingCategory": Always("Standard"),
    "x_GroupDescription": first("group_description"),
}

DIGITALOCEAN_INSIGHTS = NativeSource(name="DigitalOcean billing insights", marks=(), needs=(), columns=INSIGHT_COLUMNS)


def _service_of(sku: str) -> str:
    parts = sku.split("-")
    return parts[2] if len(parts) > 3 else first_filled([sku, "All services"])


def focus_rows(invoice: Mapping[str, Any], items: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    """One row per item of an invoice, as FOCUS ids to text; what is empty is left out.

    `invoice` has the invoice_uuid and the invoice_period (2020-01), and may have the `account` that pays: without it
    the rows have no BillingAccountId and want it filled. Raises BadValue for an amount or month that is none.
    Source: GET /v2/customers/my/invoices and /v2/customers/my/invoices/{uuid}.
    """
    period = first_filled([as_cell(invoice.get("invoice_period")), as_cell(invoice.get("billing_period"))])
    known = {name: as_cell(invoice.get(name)) for name in ("invoice_uuid", "account")} | {"period": period}
    for item in items:
        yield DIGITALOCEAN_INVOICE.row(known | {name: as_cell(value) for name, value in item.items()})


def insight_rows(points: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    """One row per data point, a day each, as FOCUS ids to text. Raises BadValue for a day that is none.

    Source: GET /v2/billing/{account_urn}/insights/{start_date}/{end_date}.
    """
    for point in points:
        yield DIGITALOCEAN_INSIGHTS.row({name: as_cell(value) for name, value in point.items()})
