"""Costs by day: the sums that budgets and charts read, or the totals of a day where those are fine enough."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument
from documents.cost_period import CostPeriod, current_editions, midnight, one_moment, periods_between
from documents.stored_decimal import stored_decimal
from domain.costs.rollup import DayKey, DaySums
from domain.costs.series import (
    CostQuestion,
    CostSeries,
    GroupSums,
    Metric,
    SeriesBuilder,
    TagKey,
)
from domain.costs.slice import CostSlice
from domain.errors import Invalid
from domain.facts.cost_dimension import Dimension
from domain.facts.cost_filter import TagFilter
from domain.facts.scope import Scope


class CostDay(TenantDocument):
    """The sum of `line_count` lines that begin on the UTC `day` (midnight) and are alike in everything below it.

    A load of many rows leaves several documents for one such key, which add up.
    """

    noun: ClassVar[str] = "cost day"

    edition_id: PydanticObjectId
    day: datetime
    provider: str
    billing_account_id: str
    sub_account_id: str | None = None
    sub_account_name: str | None = None
    service_name: str
    service_category: str | None = None
    region_id: str | None = None
    charge_category: str
    pricing_category: str | None = None
    commitment_discount_id: str | None = None
    commitment_discount_status: str | None = None
    publisher_name: str | None = None
    tags: dict[str, str] | None = None
    currency: str
    billed: Decimal
    effective: Decimal
    listed: Decimal
    contracted: Decimal
    line_count: int

    class Settings:
        name = "cost_days"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("day", ASCENDING), ("edition_id", ASCENDING)], name="org_day"),
            IndexModel([("edition_id", ASCENDING)], name="edition"),
        ]


# They would show sums that are staged or replaced.
for _name in ("get_in", "find_in", "list_in", "page_in", "count_in", "rows_by_id", "load_many"):
    setattr(CostDay, _name, CostDay._closed)

_FIELDS = {
    Dimension.PROVIDER: "provider",
    Dimension.BILLING_ACCOUNT: "billing_account_id",
    Dimension.SUB_ACCOUNT: "sub_account_id",
    Dimension.SERVICE: "service_name",
    Dimension.SERVICE_CATEGORY: "service_category",
    Dimension.REGION: "region_id",
    Dimension.CHARGE_CATEGORY: "charge_category",
    Dimension.PRICING_CATEGORY: "pricing_category",
    Dimension.COMMITMENT: "commitment_discount_id",
    Dimension.COMMITMENT_STATUS: "commitment_discount_status",
    Dimension.PUBLISHER: "publisher_name",
}
_SUMS = {
    Metric.BILLED: "$billed",
    Metric.EFFECTIVE: "$effective",
    Metric.LIST: "$listed",
    Metric.CONTRACTED: "$contracted",
}


_TOTALLED = ("billed", "effective", "listed", "contracted", "line_count")


async def cost_series(scope: Scope, question: CostQuestion) -> CostSeries:
    """The sums the question asks for, in columns, over all organizations in scope.

    Raises Invalid when the days hold rows in several currencies and the question names none.
    """
    async with one_moment() as session:
        editions = await current_editions(
            scope, first=question.first, until=question.until, currency=question.currency, session=session
        )
        builder = SeriesBuilder(question, _currency_of({edition.currency for edition in editions}))
        if question.is_coarse and all(edition.is_totalled for edition in editions):
            rows = await CostPeriod.rows().aggregate(totals_pipeline(scope, question), session=session)
        else:
            # Not of the same moment, and need not be: rows of an edition stay as they are until nobody reads them.
            pipeline = series_pipeline(scope, question, [edition.id for edition in editions])
            rows = await CostDay.rows().aggregate(pipeline, allowDiskUse=True)
        async for raw in rows:
            builder.add(_group_sums(raw, question))
    return builder.built()


def _currency_of(currencies: set[str]) -> str | None:
    if len(currencies) > 1:
        raise Invalid(
            f"These costs are in {', '.join(sorted(currencies))} and do not add up: name one currency.",
            path=("currency",),
        )
    return next(iter(currencies), None)


def totals_pipeline(scope: Scope, question: CostQuestion) -> list[dict[str, Any]]:
    """What `series_pipeline` gives, for a coarse question, from the totals in the periods."""
    match = periods_between(scope, first=question.first, until=question.until, currency=question.currency)
    total = {"$mergeObjects": ["$totals", {"billing_account_id": "$billing_account_id"}]}
    return [
        {"$match": {**match, **_dimensions(question)}},
        {"$unwind": "$totals"},
        {"$replaceWith": total},
        {"$match": {"day": _days(question)}},
        *_grouped(question),
    ]


def series_pipeline(scope: Scope, question: CostQuestion, editions: Sequence[ObjectId]) -> list[dict[str, Any]]:
    """One document per group, dearest first: its values, label, and sums per period as text."""
    return [{"$match": _match(scope, question, editions)}, *_grouped(question)]


def _grouped(question: CostQuestion) -> list[dict[str, Any]]:
    period = {"$dateTrunc": {"date": "$day", "unit": question.grain.lower(), "startOfWeek": "monday"}}
    metrics = {f"m{number}": _SUMS[metric] for number, metric in enumerate(question.metrics)}
    label = {"$max": "$sub_account_name"} if question.group_by == (Dimension.SUB_ACCOUNT,) else {"$max": None}
    return [
        {
            "$group": {
                "_id": {"values": [_expression(part) for part in question.group_by], "period": period},
                "label": label,
                **{name: {"$sum": field} for name, field in metrics.items()},
            }
        },
        {
            "$group": {
                "_id": "$_id.values",
                "label": {"$max": "$label"},
                "total": {"$sum": "$m0"},
                # As text, because the driver reads decimals slowly.
                "points": {"$push": {"period": "$_id.period", "sums": [{"$toString": f"${name}"} for name in metrics]}},
            }
        },
        {"$sort": {"total": -1, "_id": 1}},
    ]


def _match(scope: Scope, question: CostQuestion, editions: Sequence[ObjectId]) -> dict[str, Any]:
    match = {**CostDay.within(scope), "day": _days(question), "edition_id": {"$in": list(editions)}}
    match |= _dimensions(question)
    tags = [_tag(part) for part in question.where.tags]
    if tags:
        match["$expr"] = {"$and": tags}
    return match


def _tag(part: TagFilter) -> dict[str, Any]:
    # Literal, or a value that begins with a dollar would be taken for a path.
    among = {"$in": [_expression(TagKey(part.tag)), {"$literal": list(part.values)}]}
    return {"$not": [among]} if part.is_excluded else among


def _days(question: CostQuestion) -> dict[str, Any]:
    return {"$gte": midnight(question.first), "$lt": midnight(question.until)}


def _dimensions(question: CostQuestion) -> dict[str, Any]:
    parts = [
        {_FIELDS[part.dimension]: {"$nin" if part.is_excluded else "$in": list(part.values)}}
        for part in question.where.dimensions
    ]
    return {"$and": parts} if parts else {}


def _expression(part: Dimension | TagKey) -> Any:
    if isinstance(part, Dimension):
        return {"$ifNull": [f"${_FIELDS[part]}", None]}
    # Tag names hold dots and dollars, which paths cannot.
    return {"$ifNull": [{"$getField": {"field": {"$literal": part.key}, "input": "$tags"}}, None]}


def _group_sums(raw: Mapping[str, Any], question: CostQuestion) -> GroupSums:
    points = [(point["period"].date(), [Decimal(text) for text in point["sums"]]) for point in raw["points"]]
    return GroupSums(values=tuple(raw["_id"]), label=raw["label"], points=points)


def days_of(
    sums: Mapping[DayKey, DaySums], slices: Sequence[CostSlice], org_id: ObjectId, editions: Sequence[ObjectId]
) -> list[dict[str, Any]]:
    """Sums as they are stored. `slices` and `editions` are those of the load, by slice number."""
    return [_day(key, one, slices[key.slice_number], org_id, editions[key.slice_number]) for key, one in sums.items()]


def _day(key: DayKey, sums: DaySums, slice: CostSlice, org_id: ObjectId, edition_id: ObjectId) -> dict[str, Any]:
    billed = stored_decimal(sums.billed)
    day = {
        "org_id": org_id,
        "edition_id": edition_id,
        "day": midnight(key.day),
        "provider": key.provider,
        "billing_account_id": slice.key.billing_account_id,
        "sub_account_id": key.sub_account_id,
        "sub_account_name": key.sub_account_name,
        "service_name": key.service_name,
        "service_category": key.service_category,
        "region_id": key.region_id,
        "charge_category": key.charge_category,
        "pricing_category": key.pricing_category,
        "commitment_discount_id": key.commitment_discount_id,
        "commitment_discount_status": key.commitment_discount_status,
        "publisher_name": key.publisher_name,
        "tags": None if key.tags is None else dict(key.tags),
        "currency": slice.currency,
        "billed": billed,
        # Mostly one number; turning it once is most of the speed here.
        "effective": billed if sums.effective == sums.billed else stored_decimal(sums.effective),
        "listed": stored_decimal(sums.listed),
        "contracted": billed if sums.contracted == sums.billed else stored_decimal(sums.contracted),
        "line_count": sums.rows,
    }
    return {name: value for name, value in day.items() if value is not None}


async def stage_days(days: Sequence[dict[str, Any]]) -> None:
    """Store sums that do not count yet."""
    await CostDay.rows().insert_many(days, ordered=False)


async def make_totals() -> int:
    """Add up the days of periods whose totals are not made yet, of every tenant; returns how many periods.

    Loads make totals themselves; this is for what was loaded before they did. Safe to repeat and beside loads.
    """
    made = 0
    lacking = {"$expr": {"$ne": ["$totalled_id", "$edition_id"]}}
    async for raw in CostPeriod.rows().find(lacking, projection={"edition_id": 1}):
        edition_id = raw["edition_id"]
        days = await CostDay.rows().aggregate(
            [
                {"$match": {"edition_id": edition_id}},
                {"$group": {"_id": "$day", **{name: {"$sum": f"${name}"} for name in _TOTALLED}}},
                {"$sort": {"_id": 1}},
            ]
        )
        totals = [{"day": day.pop("_id"), **day} async for day in days]
        # An edition's days stay as they are while it counts; one that was replaced meanwhile has totals of its own.
        change = {"$set": {"totalled_id": edition_id, "totals": totals}}
        result = await CostPeriod.rows().update_one({"_id": raw["_id"], "edition_id": edition_id}, change)
        made += result.modified_count
    return made


async def delete_days(edition_ids: Sequence[ObjectId]) -> int:
    """Delete the sums of editions that do not count; returns how many."""
    result = await CostDay.rows().delete_many({"edition_id": {"$in": list(edition_ids)}})
    return result.deleted_count
