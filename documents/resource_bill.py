"""What resources of an account cost lately, out of the billed rows; one aggregation for a whole sync."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import structlog
from bson import ObjectId

from documents.account import Account
from documents.cost_line import CostLine
from documents.cost_line_sums import count_lines
from documents.cost_period import CurrentEdition, current_editions, midnight
from documents.cost_sums import among
from domain.costs.billed_resource import BILLED_DAYS, by_name, monthly, spellings
from domain.facts.money import Money
from domain.facts.scope import Scope

log = structlog.get_logger()

# A bill that says nothing of the last week does not say what things cost at present.
_FRESH = timedelta(days=7)
# Half a minute of reading beside a sync. Of larger bills rules estimate from list prices.
MOST_ROWS = 5_000_000
# Charges of a month or a year begin on one day and say nothing of it.
_LONGEST_CHARGE_MS = int(timedelta(days=1).total_seconds() * 1000)
_INDEX = "org_newest"
# How AWS names what it takes for versions past their standard support: "ExtendedSupport:Yr1-Yr2:PostgreSQL11" of RDS,
# "AmazonEKS-Hours:extendedSupport" of EKS, each behind a region. Source: RDS and EKS pricing, usage types.
_SUPPORT = "ExtendedSupport"
_USAGE = {"$ifNull": ["$extras.x_UsageType", {"$ifNull": ["$sku_meter", ""]}]}


@dataclass(frozen=True, slots=True)
class ResourceBills:
    """Monthly costs by how a bill names a resource (see `billed_name`). `support` is what of them is taken for the
    extended support of an old version, where anything is.
    """

    total: Mapping[str, Money] = field(default_factory=dict)
    support: Mapping[str, Money] = field(default_factory=dict)


async def resource_bills(
    scope: Scope, account: Account, today: date, named: Collection[str] | None = None
) -> ResourceBills:
    """The mean day of the last BILLED_DAYS complete days, of a month, for resources that are billed on each of them.
    Empty where there is no bill of these days.

    The newest day with a charge is not complete, nor is today. Of all resources, or of those `named` so.
    """
    if account.native_id is None:
        return ResourceBills()
    only = {"provider": account.provider.value}
    editions = await current_editions(scope, first=today - _FRESH, until=today + timedelta(days=1), only=only)
    if not editions:
        return ResourceBills()
    until = min(today, max(edition.last_on for edition in editions).date())
    first = until - timedelta(days=BILLED_DAYS)
    of_days = await current_editions(scope, first=first, until=until, only=only)
    if not _reaches_back(of_days, first):
        return ResourceBills()
    ids = [edition.id for edition in of_days]
    if await count_lines(ids, first=first, until=until, scope=scope) > MOST_ROWS:
        log.warning("bill_too_large_for_rules", organization_id=scope.only(), account_id=str(account.id))
        return ResourceBills()
    pipeline = bills_pipeline(scope, account, ids, first, named)
    rows = await (await CostLine.rows().aggregate(pipeline, hint=_INDEX, allowDiskUse=True)).to_list()
    return ResourceBills(_by_name(rows, "total"), _by_name([raw for raw in rows if raw["support"]], "support"))


def _by_name(rows: Sequence[Mapping[str, Any]], sum: str) -> dict[str, Money]:
    return by_name([(raw["_id"]["resource"], monthly(raw[sum], raw["_id"]["currency"])) for raw in rows])


def _reaches_back(editions: Sequence[CurrentEdition], first: date) -> bool:
    return any(edition.first_on <= midnight(first) for edition in editions)


def bills_pipeline(
    scope: Scope,
    account: Account,
    editions: Sequence[ObjectId],
    first: date,
    named: Collection[str] | None = None,
) -> list[dict[str, Any]]:
    """One document for each resource and currency that has rows on each of the days from `first` on."""
    which = {"$exists": True} if named is None else {"$in": [one for name in named for one in spellings(name)]}
    days = {"$gte": midnight(first), "$lt": midnight(first + timedelta(days=BILLED_DAYS))}
    return [
        {
            "$match": {
                **CostLine.within(scope),
                "charge_period_start": days,
                **among(editions),
                **of_account(account),
                "resource_id": which,
            }
        },
        day_long(),
        {
            "$group": {
                "_id": {"resource": "$resource_id", "currency": "$billing_currency"},
                "total": {"$sum": "$effective_cost"},
                "support": {"$sum": {"$cond": [_is_support(), "$effective_cost", 0]}},
                "days": {"$addToSet": {"$dateTrunc": {"date": "$charge_period_start", "unit": "day"}}},
            }
        },
        {"$match": {"$expr": {"$eq": [{"$size": "$days"}, BILLED_DAYS]}}},
        {"$project": {"total": 1, "support": 1}},
    ]


def _is_support() -> dict[str, Any]:
    return {"$regexMatch": {"input": _USAGE, "regex": _SUPPORT, "options": "i"}}


def day_long() -> dict[str, Any]:
    """The step that leaves only charges that say what a day costs."""
    length = {"$subtract": ["$charge_period_end", "$charge_period_start"]}
    return {"$match": {"$expr": {"$lte": [length, _LONGEST_CHARGE_MS]}}}


def of_account(account: Account) -> dict[str, Any]:
    """Rows that name the account as their sub account, or as the billing account where they name no sub account."""
    named = {"$in": [account.native_id, f"/subscriptions/{account.native_id}"]}
    return {"$or": [{"sub_account_id": named}, {"sub_account_id": None, "billing_account_id": named}]}
