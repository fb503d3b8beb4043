"""Costs by account, service and day over a long time, as forecasts read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from bson import ObjectId

from documents.cost_day import CostDay
from documents.cost_period import current_editions, midnight
from domain.facts.scope import Scope

# Once and for all: a purchase, a credit and an adjustment say nothing about the days to come.
_ONE_OFF = ["Purchase", "Credit", "Adjustment"]


@dataclass(frozen=True, slots=True)
class DailyCost:
    """One account x service in one currency. `days` holds its effective costs without one-off charges.

    `month` and `year` are everything, one-offs among it, since the day each began.
    """

    currency: str
    sub_account: str | None
    service: str
    days: list[tuple[date, float]]
    month: Decimal = Decimal(0)
    year: Decimal = Decimal(0)


async def daily_costs(scope: Scope, first: date, until: date, *, month: date, year: date) -> list[DailyCost]:
    """Every account x service with costs from `first` up to without `until`; the dearest first."""
    editions = await current_editions(scope, first=min(first, year), until=until)
    ids = [edition.id for edition in editions]
    rows = await CostDay.rows().aggregate(_pipeline(scope, ids, first, until, month, year), allowDiskUse=True)
    return [_daily(raw) async for raw in rows]


def _pipeline(
    scope: Scope, editions: Sequence[ObjectId], first: date, until: date, month: date, year: date
) -> list[dict[str, Any]]:
    within = {"$gte": midnight(min(first, year)), "$lt": midnight(until)}
    series = {name: {"$ifNull": [f"${name}", None]} for name in ("currency", "sub_account_id", "service_name")}
    lasting = {"$cond": [{"$in": ["$charge_category", _ONE_OFF]}, 0, "$effective"]}

    def since(day: date) -> dict[str, Any]:
        return {"$sum": {"$cond": [{"$gte": ["$_id.day", midnight(day)]}, "$all", 0]}}

    return [
        {"$match": {**CostDay.within(scope), "day": within, "edition_id": {"$in": list(editions)}}},
        {"$group": {"_id": {**series, "day": "$day"}, "all": {"$sum": "$effective"}, "kept": {"$sum": lasting}}},
        {
            "$group": {
                "_id": {name: f"$_id.{name}" for name in series},
                "month": since(month),
                "year": since(year),
                "total": {"$sum": "$all"},
                "days": {"$push": {"day": "$_id.day", "cost": {"$toDouble": "$kept"}}},
            }
        },
        {"$sort": {"total": -1, "_id": 1}},
        {"$set": {"month": {"$toString": "$month"}, "year": {"$toString": "$year"}}},
    ]


def _daily(raw: dict[str, Any]) -> DailyCost:
    key = raw["_id"]
    return DailyCost(
        currency=key["currency"],
        sub_account=key["sub_account_id"],
        service=key["service_name"],
        days=[(point["day"].date(), point["cost"]) for point in raw["days"]],
        month=Decimal(raw["month"]),
        year=Decimal(raw["year"]),
    )


def daily_of(currency: str, days: Mapping[date, Decimal], month: date, year: date) -> DailyCost:
    """Costs of something that is neither account nor service, from its exact days."""

    def since(begin: date) -> Decimal:
        return sum((amount for day, amount in days.items() if day >= begin), Decimal(0))

    points = [(day, float(amount)) for day, amount in sorted(days.items())]
    return DailyCost(currency, None, "", points, since(month), since(year))
