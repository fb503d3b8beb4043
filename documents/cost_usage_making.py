"""Makes the usage days of periods that were loaded before loads kept any."""

from typing import Any

from bson import ObjectId

from documents.cost_line import CostLine
from documents.cost_period import CostPeriod
from documents.cost_usage import CostUsageDay
from domain.costs.usage import COLUMNS

_PLAIN = ("org_id", "edition_id", "provider", "billing_account_id", *COLUMNS)
_COSTS = {
    "billed": "billed_cost",
    "effective": "effective_cost",
    "listed": "list_cost",
    "contracted": "contracted_cost",
}
_QUANTITIES = {"quantity": "consumed_quantity", "commitment_quantity": "commitment_discount_quantity"}


async def make_usage() -> int:
    """Add up the lines of periods whose usage days are not made yet, of every tenant; returns how many periods.

    Loads make usage days themselves. Safe to repeat after it was cut off, and beside loads.
    """
    made = 0
    lacking = {"$expr": {"$ne": ["$usage_id", "$edition_id"]}}
    async for raw in CostPeriod.rows().find(lacking, projection={"edition_id": 1}):
        edition_id = raw["edition_id"]
        cursor = await CostLine.rows().aggregate(usage_pipeline(edition_id), allowDiskUse=True)
        await cursor.to_list()
        # An edition's lines stay as they are while it counts; one that was replaced meanwhile has days of its own.
        result = await CostPeriod.rows().update_one(
            {"_id": raw["_id"], "edition_id": edition_id}, {"$set": {"usage_id": edition_id}}
        )
        made += result.modified_count
    return made


def usage_pipeline(edition_id: ObjectId) -> list[dict[str, Any]]:
    """What `UsageRollup` makes of the lines of an edition, stored."""
    key = {name: f"${name}" for name in _PLAIN} | {
        "currency": "$billing_currency",
        "day": {"$dateTrunc": {"date": "$charge_period_start", "unit": "day"}},
        "sku": {"$ifNull": ["$sku_id", "$sku_price_id", "$charge_description", "$$REMOVE"]},
    }
    counted = {f"{name}_count": {"$sum": _has(column)} for name, column in _QUANTITIES.items()}
    return [
        {"$match": {"edition_id": edition_id}},
        {
            "$group": {
                "_id": key,
                **{name: {"$sum": f"${column}"} for name, column in (_COSTS | _QUANTITIES).items()},
                **counted,
                "line_count": {"$sum": 1},
                "unlisted_count": {"$sum": {"$subtract": [1, _has("list_cost")]}},
            }
        },
        {
            "$set": {
                **{name: {"$toDecimal": f"${name}"} for name in _COSTS},
                **{name: {"$cond": [f"${name}_count", f"${name}", "$$REMOVE"]} for name in _QUANTITIES},
            }
        },
        # The key stays the id too, so that making them twice, and twice at once, leaves each of them once.
        {"$replaceWith": {"$mergeObjects": ["$_id", "$$ROOT"]}},
        {"$unset": list(counted)},
        {"$merge": {"into": CostUsageDay.get_settings().name}},
    ]


def _has(column: str) -> dict[str, Any]:
    return {"$cond": [{"$gt": [f"${column}", None]}, 1, 0]}
