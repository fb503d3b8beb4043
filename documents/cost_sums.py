"""How costs are picked and added up inside MongoDB, the same for daily sums and for billed rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from bson import ObjectId

from documents.cost_period import midnight
from documents.stored_decimal import stored_decimal
from domain.costs.exchange import RateTable
from domain.costs.series import CostQuestion, Grain, GroupSums, Metric, TagKey
from domain.facts.cost_dimension import Dimension
from domain.facts.cost_filter import CostFilter, DimensionFilter, TagFilter


@dataclass(frozen=True, slots=True)
class Layout:
    """Where documents keep what is asked for. Of several fields of a dimension the first that is there counts.

    `labels` are the printed names of dimensions.
    """

    at: str
    currency: str
    dimensions: Mapping[Dimension, tuple[str, ...]]
    metrics: Mapping[Metric, str]
    labels: Mapping[Dimension, str]


@dataclass(frozen=True, slots=True)
class Lacking:
    """A day with a cost in a currency of which there is no rate."""

    day: datetime
    currency: str


def matching(layout: Layout, where: CostFilter) -> dict[str, Any]:
    """The filter for what matches every part."""
    plain = [_plain(layout, part) for part in where.dimensions if len(layout.dimensions[part.dimension]) == 1]
    worked_out = [_among(layout, part) for part in where.dimensions if len(layout.dimensions[part.dimension]) > 1]
    worked_out += [_among(layout, part) for part in where.tags]
    match: dict[str, Any] = {"$and": plain} if plain else {}
    if worked_out:
        match["$expr"] = {"$and": worked_out}
    return match


def _plain(layout: Layout, part: DimensionFilter) -> dict[str, Any]:
    (name,) = layout.dimensions[part.dimension]
    return {name: {"$nin" if part.is_excluded else "$in": list(part.values)}}


def _among(layout: Layout, part: DimensionFilter | TagFilter) -> dict[str, Any]:
    value = part.dimension if isinstance(part, DimensionFilter) else TagKey(part.tag)
    # Literal, or a value that begins with a dollar would be taken for a path.
    among = {"$in": [_expression(layout, value), {"$literal": list(part.values)}]}
    return {"$not": [among]} if part.is_excluded else among


def _expression(layout: Layout, part: Dimension | TagKey) -> Any:
    if isinstance(part, Dimension):
        return {"$ifNull": [*(f"${name}" for name in layout.dimensions[part]), None]}
    # Tag names hold dots and dollars, which paths cannot.
    return {"$ifNull": [{"$getField": {"field": {"$literal": part.key}, "input": "$tags"}}, None]}


def grouped(layout: Layout, question: CostQuestion) -> list[dict[str, Any]]:
    """Steps to one document per group, dearest first: its values, label, and sums per period as text."""
    names = _names(question, "m")
    key = {"values": _values(layout, question), "period": _truncated(layout.at, question.grain)}
    return [
        {"$group": {"_id": key, "label": _label(layout, question), **_sums(layout, question)}},
        {
            "$group": {
                "_id": "$_id.values",
                "label": {"$max": "$label"},
                "total": {"$sum": "$m0"},
                "points": {"$push": {"period": "$_id.period", "sums": _texts(names)}},
            }
        },
        {"$sort": {"total": -1, "_id": 1}},
    ]


def converted(
    layout: Layout, question: CostQuestion, table: RateTable, currencies: Sequence[str]
) -> list[dict[str, Any]]:
    """The same with sums in one currency, by the rate of each day, beside what they were before.

    Products and sums have 34 significant digits, which is what a stored decimal holds; nothing else is rounded.
    """
    names, products = _names(question, "m"), _names(question, "c")
    told: dict[str, Any] = {
        name: {"$multiply": [f"${one}", "$rate"]} for one, name in zip(names, products, strict=True)
    }
    told["lacking"] = {"$cond": [{"$eq": ["$rate", None]}, "$_id.day", None]}
    return [
        _by_day(layout, question),
        {"$set": {"rate": _rate(question, table, currencies)}},
        {"$set": told},
        {
            "$group": {
                "_id": {"values": "$_id.values", "period": "$_id.period", "currency": "$_id.currency"},
                "label": {"$max": "$label"},
                # The first of the days: nulls do not count.
                "lacking": {"$min": "$lacking"},
                **{name: {"$sum": f"${name}"} for name in (*names, *products)},
            }
        },
        {
            "$group": {
                "_id": "$_id.values",
                "label": {"$max": "$label"},
                "total": {"$sum": "$c0"},
                "points": {"$push": _point(names, products)},
            }
        },
        {"$sort": {"total": -1, "_id": 1}},
    ]


def _by_day(layout: Layout, question: CostQuestion) -> dict[str, Any]:
    """The step that adds up what shares a rate."""
    key = {
        "values": _values(layout, question),
        "period": _truncated(layout.at, question.grain),
        "currency": f"${layout.currency}",
        "day": _truncated(layout.at, Grain.DAY),
    }
    return {"$group": {"_id": key, "label": _label(layout, question), **_sums(layout, question)}}


def _point(names: Sequence[str], products: Sequence[str]) -> dict[str, Any]:
    return {
        "period": "$_id.period",
        "currency": "$_id.currency",
        "sums": _texts(names),
        "converted": _texts(products),
        "lacking": "$lacking",
    }


def _rate(question: CostQuestion, table: RateTable, currencies: Sequence[str]) -> dict[str, Any]:
    """The rate of a document's day: a place in a list that has every day."""
    first = midnight(question.first)
    place = {"$dateDiff": {"startDate": first, "endDate": "$_id.day", "unit": "day"}}
    branches = []
    for currency in currencies:
        rates = table.daily(currency, question.first, question.until)
        stored = {"$literal": [None if rate is None else stored_decimal(rate) for rate in rates]}
        case = {"$eq": ["$_id.currency", {"$literal": currency}]}
        branches.append({"case": case, "then": {"$arrayElemAt": [stored, place]}})
    return {"$switch": {"branches": branches, "default": None}} if branches else {"$literal": None}


def _sums(layout: Layout, question: CostQuestion) -> dict[str, Any]:
    names = _names(question, "m")
    return {name: {"$sum": f"${layout.metrics[metric]}"} for name, metric in zip(names, question.metrics, strict=True)}


def _names(question: CostQuestion, letter: str) -> list[str]:
    return [f"{letter}{number}" for number in range(len(question.metrics))]


def _values(layout: Layout, question: CostQuestion) -> list[Any]:
    return [_expression(layout, part) for part in question.group_by]


def _truncated(at: str, grain: Grain) -> dict[str, Any]:
    return {"$dateTrunc": {"date": f"${at}", "unit": grain.lower(), "startOfWeek": "monday"}}


def _label(layout: Layout, question: CostQuestion) -> dict[str, Any]:
    part = question.group_by[0] if len(question.group_by) == 1 else None
    name = layout.labels.get(part) if isinstance(part, Dimension) else None
    return {"$max": None if name is None else f"${name}"}


def _texts(names: Sequence[str]) -> list[dict[str, str]]:
    # As text, because the driver reads decimals slowly.
    return [{"$toString": f"${name}"} for name in names]


def group_sums(raw: Mapping[str, Any], question: CostQuestion) -> GroupSums:
    """What one document of `grouped` or `converted` says."""
    is_hourly, points, original = question.grain is Grain.HOUR, [], []
    for point in raw["points"]:
        period = point["period"] if is_hourly else point["period"].date()
        sums = _decimals(point["sums"])
        if "converted" in point:
            original.append((point["currency"], period, sums))
            sums = _decimals(point["converted"])
        points.append((period, sums))
    return GroupSums(values=tuple(raw["_id"]), label=raw["label"], points=points, original=original)


def _decimals(texts: Sequence[str | None]) -> list[Decimal]:
    return [Decimal(text or 0) for text in texts]


def lacking_in(raw: Mapping[str, Any]) -> list[Lacking]:
    """The days without a rate in a document of `converted`."""
    return [Lacking(point["lacking"], point["currency"]) for point in raw["points"] if point.get("lacking")]


def within_days(question: CostQuestion) -> dict[str, Any]:
    """The condition for the instants the question is about."""
    return {"$gte": midnight(question.first), "$lt": midnight(question.until)}


def among(editions: Sequence[ObjectId]) -> dict[str, Any]:
    """The condition for rows of these editions."""
    return {"edition_id": {"$in": list(editions)}}
