"""What each target owes of a month, for those who make something of it: statements, forecasts, budgets."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from documents.allocation_month import close_month as close_month
from documents.allocation_month import find_month
from documents.allocation_month import is_closed as is_closed
from documents.allocation_month import reopen_month as reopen_month
from documents.allocation_run import AllocationRun
from documents.cost_period import CostPeriod, midnight, periods_between
from domain.budgets import month_of
from domain.costs.value import SUMS
from domain.facts.scope import Scope


@dataclass(frozen=True, slots=True)
class AllocatedTotal:
    """What a target owes in one currency; `target_id` None: what nobody owes."""

    target_id: str | None
    currency: str
    billed: Decimal
    effective: Decimal


async def allocated_totals(scope: Scope, month: date) -> list[AllocatedTotal]:
    """What everybody owes of the month (any day of it) of the one organization in scope, by currency and target.

    Together it is what the month costs. A month that was not worked out yet is owed by nobody.
    """
    found = await find_month(scope, month)
    sums: defaultdict[tuple[str | None, str], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    if found is None or found.run_id is None:
        rows = await _unallocated(scope, month)
    else:
        run = await AllocationRun.get_in(scope, str(found.run_id))
        rows = [(one.target_id, one.currency, one.billed, one.effective) for one in run.totals]
    for target_id, currency, billed, effective in rows:
        sum = sums[target_id, currency]
        sum[0], sum[1] = SUMS.add(sum[0], billed), SUMS.add(sum[1], effective)
    ordered = sorted(sums, key=lambda key: (key[1], key[0] is None, key[0] or ""))
    return [AllocatedTotal(*key, *sums[key]) for key in ordered]


async def _unallocated(scope: Scope, month: date) -> list[tuple[str | None, str, Decimal, Decimal]]:
    first, until = month_of(month)
    rows = await CostPeriod.rows().aggregate(
        [
            {"$match": periods_between(scope, first=first, until=until)},
            {"$unwind": "$totals"},
            {"$match": {"totals.day": {"$gte": midnight(first), "$lt": midnight(until)}}},
            {
                "$group": {
                    "_id": "$currency",
                    "billed": {"$sum": "$totals.billed"},
                    "effective": {"$sum": "$totals.effective"},
                }
            },
        ]
    )
    return [(None, raw["_id"], raw["billed"], raw["effective"]) async for raw in rows]
