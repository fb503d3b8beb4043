"""How fresh the costs of a span of days are, worked out from the billing periods alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from beanie import PydanticObjectId
from pymongo import DESCENDING

from documents.cost_period import CostPeriod, midnight, periods_between
from domain.facts.scope import Scope

# An account that had no charge for so long counts as gone: a quarter.
_LOOK_BACK = timedelta(days=92)
MOST_SOURCES = 100


@dataclass(frozen=True, slots=True)
class SourceFreshness:
    """Of one billing account. `missing_from` is the first day asked for without a charge behind it, if there is one."""

    provider: str
    billing_account_id: str
    newest_charge_on: date
    loaded_at: datetime
    missing_from: date | None


@dataclass(frozen=True, slots=True)
class Freshness:
    """`sources` are the stalest first, at most MOST_SOURCES of `source_count`."""

    newest_charge_on: date | None
    loaded_at: datetime | None
    sources: list[SourceFreshness]
    source_count: int


async def cost_freshness(scope: Scope, *, first: date, until: date) -> Freshness:
    """How fresh the costs in scope are that begin from the day `first` up to before `until`, in whole accounts."""
    rows = await CostPeriod.rows().aggregate(freshness_pipeline(scope, first=first, until=until))
    found = [_source(raw, first, until) async for raw in rows]
    found.sort(key=lambda one: (one.newest_charge_on, one.provider, one.billing_account_id))
    return Freshness(
        newest_charge_on=max((one.newest_charge_on for one in found), default=None),
        loaded_at=max((one.loaded_at for one in found), default=None),
        sources=found[:MOST_SOURCES],
        source_count=len(found),
    )


def freshness_pipeline(scope: Scope, *, first: date, until: date) -> list[dict[str, Any]]:
    """One document per provider and billing account with charges in these days or not long before them."""
    return [
        {"$match": periods_between(scope, first=first - _LOOK_BACK, until=until)},
        {
            "$group": {
                "_id": {"provider": "$provider", "account": "$billing_account_id"},
                "last_on": {"$max": "$last_on"},
                "loaded_at": {"$max": "$loaded_at"},
            }
        },
    ]


def _source(raw: Mapping[str, Any], first: date, until: date) -> SourceFreshness:
    newest = min(raw["last_on"].date(), until - timedelta(days=1))
    missing = max(newest + timedelta(days=1), first)
    return SourceFreshness(
        provider=raw["_id"]["provider"],
        billing_account_id=raw["_id"]["account"],
        newest_charge_on=newest,
        loaded_at=raw["loaded_at"],
        missing_from=missing if missing < until else None,
    )


async def newest_charge(scope: Scope) -> date | None:
    """The newest day (UTC) on which a charge begins, None where there are no costs."""
    raw = await CostPeriod.rows().find_one(
        CostPeriod.within(scope), sort=[("last_on", DESCENDING)], projection={"last_on": 1}
    )
    return None if raw is None else raw["last_on"].date()


async def billed_since(day: date) -> list[PydanticObjectId]:
    """Every organization with charges on this day (UTC) or later."""
    found: list[PydanticObjectId] = await CostPeriod.rows().distinct("org_id", {"last_on": {"$gte": midnight(day)}})
    return found


async def newest_charge_of(scope: Scope, source: str) -> date | None:
    """The newest day (UTC) on which a charge of this source begins, None where it has none."""
    query = {"source": source, **CostPeriod.within(scope)}
    raw = await CostPeriod.rows().find_one(query, sort=[("last_on", DESCENDING)], projection={"last_on": 1})
    return None if raw is None else raw["last_on"].date()
