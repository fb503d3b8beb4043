"""Costs by day: the sums that dashboards, budgets and charts read."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument
from documents.cost_period import current_editions, midnight
from documents.stored_decimal import stored_decimal
from domain.costs.rollup import DayKey, DaySums
from domain.costs.series import (
    CostQuestion,
    CostSeries,
    Dimension,
    GroupSums,
    Metric,
    SeriesBuilder,
    TagKey,
)
from domain.costs.slice import CostSlice
from domain.errors import Invalid
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
for _name in ("get_in", "find_in", "list_in", "page_in", "count_in", "load_many"):
    setattr(CostDay, _name, CostDay._closed)

_FIELDS = {
    Dimension.PROVIDER: "provider",
    Dimension.BILLING_ACCOUNT: "billing_account_id",
    Dimension.SUB_ACCOUNT: "sub_account_id",
    Dimension.SERVICE: "service_name",
    Dimension.SERVICE_CATEGORY: "service_category",
    Dimension.REGION: "region_id",
    Dimension.CHARGE_CATEGORY: "charge_category",
}
_SUMS = {
    Metric.BILLED: "$billed",
    Metric.EFFECTIVE: "$effective",
    Metric.LIST: "$listed",
    Metric.CONTRACTED: "$contracted",
}


async def cost_series(scope: Scope, question: CostQuestion) -> CostSeries:
    """The sums the question asks for, in columns, over all organizations in scope.

    Raises Invalid when the days hold rows in several currencies and the question names none.
    """
    editions = await current_editions(scope, first=question.first, until=question.until, currency=question.currency)
    currencies = sorted({currency for _, currency in editions})
    if len(currencies) > 1:
        raise Invalid(
            f"These costs are in {', '.join(currencies)} and do not add up: name one currency.", path=("currency",)
        )
    builder = SeriesBuilder(question, currencies[0] if currencies else None)
    if editions:
        pipeline = series_pipeline(scope, question, [edition_id for edition_id, _ in editions])
        async for raw in await CostDay.rows().aggregate(pipeline, allowDiskUse=True):
            builder.add(_group_sums(raw, question))
    return builder.built()


def series_pipeline(scope: Scope, question: CostQuestion, editions: Sequence[ObjectId]) -> list[dict[str, Any]]:
    """One document per group, dearest first: its values, label, and sums per period as text."""
    period = {"$dateTrunc": {"date": "$day", "unit": question.grain.lower(), "startOfWeek": "monday"}}
    metrics = {f"m{number}": _SUMS[metric] for number, metric in enumerate(question.metrics)}
    label = {"$max": "$sub_account_name"} if question.group_by == (Dimension.SUB_ACCOUNT,) else {"$max": None}
    return [
        {"$match": _match(scope, question, editions)},
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
    days = {"$gte": midnight(question.first), "$lt": midnight(question.until)}
    match = {**CostDay.within(scope), "day": days, "edition_id": {"$in": list(editions)}}
    for dimension, values in question.where.dimensions.items():
        match[_FIELDS[dimension]] = {"$in": list(values)}
    # Literal, or a value that begins with a dollar would be taken for a path.
    tags = [
        {"$in": [_expression(TagKey(key)), {"$literal": list(values)}]} for key, values in question.where.tags.items()
    ]
    if tags:
        match["$expr"] = {"$and": tags}
    return match


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


async def delete_days(edition_ids: Sequence[ObjectId]) -> int:
    """Delete the sums of editions that do not count; returns how many."""
    result = await CostDay.rows().delete_many({"edition_id": {"$in": list(edition_ids)}})
    return result.deleted_count
