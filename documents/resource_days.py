"""What single resources of an account cost day by day, out of the billed rows, and of which days a bill tells."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import structlog
from bson import ObjectId

from documents.account import Account
from documents.cost_line import CostLine
from documents.cost_line_sums import count_lines
from documents.cost_period import CurrentEdition, current_editions, midnight
from documents.cost_sums import among
from documents.resource import Resource, fact_of
from documents.resource_bill import MOST_ROWS, day_long, of_account
from domain.costs.billed_resource import billed_name, names_of, spellings
from domain.facts.money import EXACT
from domain.facts.scope import Scope
from domain.remediation.realised import Bill

log = structlog.get_logger()

_INDEX = "org_newest"
_DAY = timedelta(days=1)


async def bill_names(scope: Scope, native_ids: Mapping[ObjectId, str]) -> dict[ObjectId, frozenset[str]]:
    """What a bill may call resources, by their id (see `billed_name`); `native_ids` are for those no longer stored."""
    raws = await Resource.rows().find({**Resource.within(scope), "_id": {"$in": list(native_ids)}}).to_list()
    stored = {raw["_id"]: frozenset(names_of(fact_of(raw))) for raw in raws}
    return {id: stored.get(id) or frozenset({billed_name(native_id)}) for id, native_id in native_ids.items()}


async def daily_bills(
    scope: Scope,
    account: Account,
    names: Mapping[ObjectId, Collection[str]],
    first: date,
    until: date,
    today: date,
) -> dict[ObjectId, Bill] | None:
    """Effective costs a day from `first` up to before `until` by the keys of `names`, which has what a bill may call
    each resource (see `billed_name`). None where there are more rows than can be looked at.

    The newest day of the bill is not complete, nor is today; both are left out. Charges of more than a day say nothing
    of one, and are left out too.
    """
    only = {"provider": account.provider.value}
    # Beyond the days asked for, because only a newer day shows that the last of them is complete.
    editions = await current_editions(scope, first=first, until=today + _DAY, only=only)
    told = _told(editions, first, min(until, today))
    if account.native_id is None or not told:
        return {key: Bill({}, None, told) for key in names}
    ids = [edition.id for edition in editions]
    if await count_lines(ids, first=first, until=until, scope=scope) > MOST_ROWS:
        log.warning("bill_too_large_for_savings", organization_id=scope.only(), account_id=str(account.id))
        return None
    every = sorted({name for some in names.values() for name in some})
    rows = await CostLine.rows().aggregate(days_pipeline(scope, account, ids, every, (first, until)), hint=_INDEX)
    sums = await rows.to_list()
    return {key: _bill(sums, some, told) for key, some in names.items()}


def _told(editions: Sequence[CurrentEdition], first: date, until: date) -> frozenset[date]:
    """The days from `first` to before `until`, and before the newest of all editions, that lie within one."""
    if not editions:
        return frozenset()
    until = min(until, max(edition.last_on for edition in editions).date())
    days = (first + _DAY * number for number in range((until - first).days))
    return frozenset(day for day in days if any(one.first_on <= midnight(day) <= one.last_on for one in editions))


def days_pipeline(
    scope: Scope, account: Account, editions: Sequence[ObjectId], names: Sequence[str], days: tuple[date, date]
) -> list[dict[str, Any]]:
    """One document for each spelling of one of these resources, day and currency."""
    first, until = days
    return [
        {
            "$match": {
                **CostLine.within(scope),
                "charge_period_start": {"$gte": midnight(first), "$lt": midnight(until)},
                **among(editions),
                **of_account(account),
                "resource_id": {"$in": [spelling for name in names for spelling in spellings(name)]},
            }
        },
        day_long(),
        {
            "$group": {
                "_id": {
                    "resource": "$resource_id",
                    "currency": "$billing_currency",
                    "day": {"$dateTrunc": {"date": "$charge_period_start", "unit": "day"}},
                },
                "cost": {"$sum": "$effective_cost"},
            }
        },
    ]


def _bill(sums: Sequence[Mapping[str, Any]], names: Collection[str], told: frozenset[date]) -> Bill:
    own = [raw for raw in sums if billed_name(raw["_id"]["resource"]) in names]
    currencies = {raw["_id"]["currency"] for raw in own}
    if len(currencies) != 1:
        return Bill({}, None, told)
    costs: dict[date, Decimal] = {}
    for raw in own:
        day = raw["_id"]["day"].date()
        before = costs.get(day)
        costs[day] = raw["cost"] if before is None else EXACT.add(before, raw["cost"])
    return Bill(costs, currencies.pop(), told)
