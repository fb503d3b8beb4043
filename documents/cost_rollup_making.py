"""Makes the months, daily totals and usage days of periods that were loaded before loads made them."""

from typing import Any

from bson import ObjectId

from documents.cost_day import CostDay
from documents.cost_month import CostMonth
from documents.cost_period import CostPeriod
from documents.cost_usage_making import make_usage

_SUMS = ("billed", "effective", "listed", "contracted", "line_count")
_KEY = tuple(name for name in CostDay.model_fields if name not in {"id", "revision_id", "day", "created_at", *_SUMS})


async def make_rollups() -> dict[str, int]:
    """Make what is lacking, of every tenant; of how many periods, by what it is."""
    return {
        "daily totals": await make_totals(),
        "months of costs": await make_months(),
        "days of usage": await make_usage(),
    }


async def make_months() -> int:
    """Add up the days of periods whose months are not made yet, of every tenant; returns how many periods.

    Loads make months themselves. Safe to repeat after it was cut off, and beside loads.
    """
    made = 0
    lacking = {"$expr": {"$ne": ["$months_id", "$edition_id"]}}
    async for raw in CostPeriod.rows().find(lacking, projection={"edition_id": 1}):
        edition_id = raw["edition_id"]
        await (await CostDay.rows().aggregate(months_pipeline(edition_id), allowDiskUse=True)).to_list()
        # An edition's days stay as they are while it counts; one that was replaced meanwhile has months of its own.
        change = {"$set": {"months_id": edition_id}}
        result = await CostPeriod.rows().update_one({"_id": raw["_id"], "edition_id": edition_id}, change)
        made += result.modified_count
    return made


def months_pipeline(edition_id: ObjectId) -> list[dict[str, Any]]:
    """What `MonthRollup` makes of the days of an edition, stored."""
    key = {name: f"${name}" for name in _KEY} | {"day": {"$dateTrunc": {"date": "$day", "unit": "month"}}}
    return [
        {"$match": {"edition_id": edition_id}},
        {"$group": {"_id": key, **{name: {"$sum": f"${name}"} for name in _SUMS}}},
        # The key stays the id too, so that making them twice, and twice at once, leaves each of them once.
        {"$replaceWith": {"$mergeObjects": ["$_id", "$$ROOT"]}},
        {"$merge": {"into": CostMonth.get_settings().name}},
    ]


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
                {"$group": {"_id": "$day", **{name: {"$sum": f"${name}"} for name in _SUMS}}},
                {"$sort": {"_id": 1}},
            ]
        )
        totals = [{"day": day.pop("_id"), **day} async for day in days]
        # An edition's days stay as they are while it counts; one that was replaced meanwhile has totals of its own.
        change = {"$set": {"totalled_id": edition_id, "totals": totals}}
        result = await CostPeriod.rows().update_one({"_id": raw["_id"], "edition_id": edition_id}, change)
        made += result.modified_count
    return made
