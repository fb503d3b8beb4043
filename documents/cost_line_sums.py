"""Sums of billed rows, for what daily sums do not tell; bounded, because rows are many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.command_cursor import AsyncCommandCursor

from documents.cost_line import CostLine
from documents.cost_period import CostPeriod, current_editions, midnight
from documents.cost_sums import Layout, among, grouped, matching, within_days
from domain.costs.provider_name import filing_name
from domain.costs.rule import PROVIDER_NAMES
from domain.costs.series import CostQuestion, Metric
from domain.errors import Invalid
from domain.facts.cost_dimension import Dimension
from domain.facts.cost_filter import CostFilter
from domain.facts.scope import Scope

# A few seconds of reading. A bill of a large company has some 300,000 rows a day.
MOST_LINES = 1_000_000
_INDEX = "org_newest"

LAYOUT = Layout(
    at="charge_period_start",
    currency="billing_currency",
    dimensions={
        # As daily sums have it: by the name that is printed, not by the one the row is filed under.
        Dimension.PROVIDER: PROVIDER_NAMES,
        Dimension.BILLING_ACCOUNT: ("billing_account_id",),
        Dimension.SUB_ACCOUNT: ("sub_account_id",),
        Dimension.SERVICE: ("service_name",),
        Dimension.SERVICE_CATEGORY: ("service_category",),
        Dimension.REGION: ("region_id",),
        Dimension.CHARGE_CATEGORY: ("charge_category",),
        Dimension.PRICING_CATEGORY: ("pricing_category",),
        Dimension.COMMITMENT: ("commitment_discount_id",),
        Dimension.COMMITMENT_STATUS: ("commitment_discount_status",),
        Dimension.PUBLISHER: ("publisher_name",),
        Dimension.RESOURCE: ("resource_id",),
        Dimension.RESOURCE_TYPE: ("resource_type",),
        Dimension.AVAILABILITY_ZONE: ("availability_zone",),
        Dimension.SERVICE_SUBCATEGORY: ("service_subcategory",),
        Dimension.SKU: ("sku_id",),
        Dimension.SKU_METER: ("sku_meter",),
        Dimension.SKU_PRICE: ("sku_price_id",),
        Dimension.CHARGE_DESCRIPTION: ("charge_description",),
        Dimension.CHARGE_CLASS: ("charge_class",),
        Dimension.CHARGE_FREQUENCY: ("charge_frequency",),
        Dimension.INVOICE: ("invoice_id",),
        Dimension.INVOICE_ISSUER: ("invoice_issuer_name",),
        Dimension.COMMITMENT_TYPE: ("commitment_discount_type",),
        Dimension.CAPACITY_RESERVATION: ("capacity_reservation_id",),
        Dimension.BILLING_ACCOUNT_NAME: ("billing_account_name",),
        Dimension.HOST_PROVIDER: ("host_provider_name",),
    },
    metrics={
        Metric.BILLED: "billed_cost",
        Metric.EFFECTIVE: "effective_cost",
        Metric.LIST: "list_cost",
        Metric.CONTRACTED: "contracted_cost",
    },
    labels={
        Dimension.SUB_ACCOUNT: "sub_account_name",
        Dimension.BILLING_ACCOUNT: "billing_account_name",
        Dimension.RESOURCE: "resource_name",
        Dimension.REGION: "region_name",
        Dimension.COMMITMENT: "commitment_discount_name",
    },
)


@dataclass(frozen=True, slots=True)
class LineTotals:
    """What rows of one currency add up to; rows without a list or contracted cost add nothing to that sum."""

    currency: str
    line_count: int
    billed: Decimal
    effective: Decimal
    listed: Decimal
    contracted: Decimal


async def count_lines(
    editions: Sequence[ObjectId], *, first: date | None = None, until: date | None = None, scope: Scope | None = None
) -> int:
    """How many rows of current editions begin from `first` up to before `until`; a `scope` finds them by an index.

    Where the totals of a period are not made yet, all of its rows count.
    """
    days: dict[str, Any] = {"$and": [{"$gte": ["$$this.day", midnight(first or date.min)]}]}
    if until is not None:
        days["$and"].append({"$lt": ["$$this.day", midnight(until)]})
    within: dict[str, Any] = {"$filter": {"input": "$totals", "cond": days}}
    added = {"$sum": {"$map": {"input": within, "in": "$$this.line_count"}}}
    count = {"$cond": [{"$eq": ["$totalled_id", "$edition_id"]}, added, "$line_count"]}
    rows = await CostPeriod.rows().aggregate(
        [
            {"$match": {**(CostPeriod.within(scope) if scope else {}), "edition_id": {"$in": list(editions)}}},
            {"$group": {"_id": None, "count": {"$sum": count}}},
        ]
    )
    return sum([raw["count"] async for raw in rows])


async def check_bounded(editions: Sequence[ObjectId], *, first: date | None = None, until: date | None = None) -> None:
    """Raises Invalid when more rows than MOST_LINES would have to be looked at."""
    count = await count_lines(editions, first=first, until=until)
    if count > MOST_LINES:
        raise Invalid(
            f"This looks at {count:,} billed rows, and at most {MOST_LINES:,} are looked at in one request: take fewer "
            "days, or name the PROVIDER or BILLING_ACCOUNT.",
            path=("until",),
        )


def narrowed(where: CostFilter) -> dict[str, Any]:
    """The filter for the periods that rows matching `where` can be in."""
    parts: list[dict[str, Any]] = []
    for part in where.dimensions:
        values = [value for value in part.values if value is not None]
        if part.is_excluded:
            continue
        if part.dimension is Dimension.BILLING_ACCOUNT:
            parts.append({"billing_account_id": {"$in": values}})
        if part.dimension is Dimension.PROVIDER:
            parts.append({"provider": {"$in": [filing_name(value) for value in values]}})
    return {"$and": parts} if parts else {}


def lines_pipeline(
    scope: Scope, question: CostQuestion, editions: Sequence[ObjectId], sums: list[dict[str, Any]] | None = None
) -> list[dict[str, Any]]:
    """One document per group from billed rows; `sums` are the steps that add up, those of `grouped` when left out."""
    match = {**CostLine.within(scope), LAYOUT.at: within_days(question), **among(editions)}
    return [{"$match": match | matching(LAYOUT, question.where)}, *(sums or grouped(LAYOUT, question))]


async def summed_lines(pipeline: Sequence[Mapping[str, Any]]) -> AsyncCommandCursor[dict[str, Any]]:
    """What a pipeline of `lines_pipeline` gives, read in the order of days."""
    return await CostLine.rows().aggregate(pipeline, allowDiskUse=True, hint=_INDEX)


async def line_totals(
    scope: Scope, filter: Mapping[str, Any], where: CostFilter, *, first: date | None, until: date | None
) -> list[LineTotals]:
    """What the current rows in scope that match both filters add up to, by currency.

    `first` and `until` are days (UTC) that no charge of the filter begins outside of. Raises Invalid for too many rows.
    """
    found = await current_editions(scope, first=first, until=until, only=narrowed(where))
    editions = [edition.id for edition in found]
    await check_bounded(editions, first=first, until=until)
    sums: dict[str, Any] = {metric.lower(): {"$sum": f"${name}"} for metric, name in LAYOUT.metrics.items()}
    pipeline = [
        {"$match": {"$and": [filter, {**CostLine.within(scope), **among(editions)}]}},
        {"$group": {"_id": f"${LAYOUT.currency}", "line_count": {"$sum": 1}, **sums}},
        {"$sort": {"_id": 1}},
    ]
    hint: dict[str, Any] = {} if first is None else {"hint": _INDEX}
    rows = await CostLine.rows().aggregate(pipeline, **hint)
    return [_totals(raw) async for raw in rows]


def _totals(raw: Mapping[str, Any]) -> LineTotals:
    sums = {metric: Decimal(str(raw[metric.lower()])) for metric in Metric}
    return LineTotals(
        currency=raw["_id"],
        line_count=raw["line_count"],
        billed=sums[Metric.BILLED],
        effective=sums[Metric.EFFECTIVE],
        listed=sums[Metric.LIST],
        contracted=sums[Metric.CONTRACTED],
    )
