"""What the costs of one series are made of on one day, beside the same weekday in the weeks before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from bson import ObjectId

from documents.cost_history import SeriesKey
from documents.cost_line import CostLine
from documents.cost_period import current_editions, midnight
from domain.facts.scope import Scope

WEEKS = 4
_DAY = timedelta(days=1)
# By the size of what moved; a service of a hundred thousand resources is not read whole.
_MOST_CHILDREN = 200
DIMENSIONS = {"REGION": "$region_id", "RESOURCE": "$resource_id", "CHARGE": "$charge_description"}


@dataclass(frozen=True, slots=True)
class Child:
    """One part of a day's costs, `by` REGION, RESOURCE, CHARGE, or TAG and a key. `usual` is the mean of the same
    weekday over the weeks before, 0 where it is new.
    """

    by: str
    value: str | None
    actual: Decimal
    usual: Decimal


async def children_on(scope: Scope, series: SeriesKey, day: date, delivered: set[date]) -> list[Child]:
    """The parts by region, resource, charge and tag that moved most. `delivered` says which weeks before count."""
    weeks = [day - timedelta(weeks=week) for week in range(1, WEEKS + 1)]
    compared = [week for week in weeks if week in delivered]
    editions = [edition.id for edition in await current_editions(scope, first=min(weeks), until=day + _DAY)]
    match = _match(scope, series, [day, *compared], editions)
    found = []
    for by, expression in DIMENSIONS.items():
        part = {"by": by, "value": {"$ifNull": [expression, None]}}
        found += await _parts(match, [{"$set": {"part": part}}], day, len(compared))
    tags: list[dict[str, Any]] = [
        {"$set": {"tag": {"$objectToArray": {"$ifNull": ["$tags", {}]}}}},
        {"$unwind": "$tag"},
        {"$set": {"part": {"by": {"$concat": ["TAG ", "$tag.k"]}, "value": "$tag.v"}}},
    ]
    return found + await _parts(match, tags, day, len(compared))


def _match(scope: Scope, series: SeriesKey, days: Sequence[date], editions: Sequence[ObjectId]) -> dict[str, Any]:
    return {
        **CostLine.within(scope),
        "$or": [{"charge_period_start": {"$gte": midnight(day), "$lt": midnight(day + _DAY)}} for day in days],
        "edition_id": {"$in": list(editions)},
        "billing_account_id": series.billing_account_id,
        "sub_account_id": series.sub_account_id,
        "service_name": series.service_name,
        "billing_currency": series.currency,
        "charge_category": "Usage",
    }


async def _parts(match: Mapping[str, Any], stages: Sequence[Mapping[str, Any]], day: date, weeks: int) -> list[Child]:
    is_day = {"$gte": ["$charge_period_start", midnight(day)]}
    rows = await CostLine.rows().aggregate(
        [
            {"$match": match},
            *stages,
            {
                "$group": {
                    "_id": "$part",
                    "actual": {"$sum": {"$cond": [is_day, "$effective_cost", 0]}},
                    "before": {"$sum": {"$cond": [is_day, 0, "$effective_cost"]}},
                }
            },
            {"$set": {"moved": {"$abs": {"$subtract": ["$actual", {"$divide": ["$before", max(weeks, 1)]}]}}}},
            {"$sort": {"moved": -1, "_id": 1}},
            {"$limit": _MOST_CHILDREN},
        ],
        allowDiskUse=True,
    )
    return [
        Child(raw["_id"]["by"], raw["_id"]["value"], Decimal(raw["actual"]), Decimal(raw["before"]) / max(weeks, 1))
        async for raw in rows
    ]
