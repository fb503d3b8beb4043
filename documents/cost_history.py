"""What each service of each account has cost on each day: the series that detectors read."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from math import nan
from typing import Any, NamedTuple

from bson import ObjectId

from documents.cost_day import CostDay
from documents.cost_period import CostPeriod, current_editions, midnight, one_moment, periods_between
from domain.costs.marketplace import is_marketplace
from domain.facts.scope import Scope

# What tells series apart, and who sells it.
_SERIES = {
    "provider": "$provider",
    "billing": "$billing_account_id",
    "sub": {"$ifNull": ["$sub_account_id", None]},
    "service": "$service_name",
    "currency": "$currency",
    "publisher": {"$ifNull": ["$publisher_name", None]},
}
_IN_COLUMNS = {
    "$group": {
        "_id": {name: f"$_id.{name}" for name in _SERIES},
        "days": {"$push": {"day": "$_id.day", "cost": {"$toDouble": "$effective"}}},
    }
}


class SeriesKey(NamedTuple):
    """One series of daily costs. `provider` is as printed on the bill."""

    provider: str
    billing_account_id: str
    sub_account_id: str | None
    service_name: str
    currency: str


@dataclass(slots=True)
class CostHistory:
    """`days` hold the effective cost of usage by day (UTC) of every series, without taxes, credits, adjustments,
    purchases and what marketplaces sell. `delivered` are the days a billing account has any row for: there a series
    without a cost has cost nothing, elsewhere it is not known. `names` are those of the sub accounts.
    """

    days: dict[SeriesKey, dict[date, Decimal]] = field(default_factory=lambda: defaultdict(dict))
    delivered: dict[str, set[date]] = field(default_factory=lambda: defaultdict(set))
    names: dict[str, str] = field(default_factory=dict)

    @property
    def newest(self) -> date | None:
        """The newest day anything was delivered for."""
        return max((max(days) for days in self.delivered.values() if days), default=None)


async def cost_history(scope: Scope, first: date, until: date) -> CostHistory:
    """The series of one organization from `first` up to before `until`, all as of one moment."""
    history = CostHistory()
    editions = await _delivered(scope, first, until, history.delivered)
    # Rows of an edition stay as they are until nobody reads them, so these need not be of the same moment.
    rows = await CostDay.rows().aggregate(_pipeline(scope, first, until, editions), allowDiskUse=True)
    async for raw in rows:
        _add(history, raw["_id"], raw["effective"], raw["name"])
    return history


async def past_costs(scope: Scope, first: date, until: date) -> dict[SeriesKey, list[float]]:
    """The same series in columns of days, as estimates: NaN on days their billing account delivered nothing for.

    Nothing where there are no costs in these days.
    """
    delivered: dict[str, set[date]] = {}
    editions = await _delivered(scope, first, until, delivered)
    days = [first + timedelta(days=number) for number in range((until - first).days)]
    found: dict[SeriesKey, list[float]] = {}
    if not editions:
        return found
    steps = [*_pipeline(scope, first, until, editions), _IN_COLUMNS]
    async for raw in await CostDay.rows().aggregate(steps, allowDiskUse=True):
        group = raw["_id"]
        if is_marketplace(group["provider"], group["publisher"]):
            continue
        key = _key(group)
        if key not in found:
            found[key] = [0.0 if day in delivered[key.billing_account_id] else nan for day in days]
        for point in raw["days"]:
            found[key][(point["day"].date() - first).days] += point["cost"]
    return found


async def _delivered(scope: Scope, first: date, until: date, delivered: dict[str, set[date]]) -> list[ObjectId]:
    """The editions of these days; the days that billing accounts have rows for are put into `delivered`."""
    async with one_moment() as session:
        editions = [edition.id for edition in await current_editions(scope, first=first, until=until, session=session)]
        query, fields = periods_between(scope, first=first, until=until), {"billing_account_id": 1, "totals.day": 1}
        async for raw in CostPeriod.rows().find(query, projection=fields, session=session):
            days = {total["day"].date() for total in raw["totals"]}
            known = delivered.setdefault(raw["billing_account_id"], set())
            known |= {day for day in days if first <= day < until}
    return editions


def _pipeline(scope: Scope, first: date, until: date, editions: Sequence[ObjectId]) -> list[dict[str, Any]]:
    match = {
        **CostDay.within(scope),
        "day": {"$gte": midnight(first), "$lt": midnight(until)},
        "edition_id": {"$in": list(editions)},
        "charge_category": "Usage",
    }
    sums = {"effective": {"$sum": "$effective"}, "name": {"$max": "$sub_account_name"}}
    return [{"$match": match}, {"$group": {"_id": {**_SERIES, "day": "$day"}, **sums}}]


def _key(group: Mapping[str, Any]) -> SeriesKey:
    return SeriesKey(group["provider"], group["billing"], group["sub"], group["service"], group["currency"])


def _add(history: CostHistory, group: Mapping[str, Any], effective: Decimal, name: str | None) -> None:
    if is_marketplace(group["provider"], group["publisher"]):
        return
    key = _key(group)
    days, day = history.days[key], group["day"].date()
    days[day] = days.get(day, Decimal(0)) + effective
    if group["sub"] is not None and name:
        history.names[group["sub"]] = name
