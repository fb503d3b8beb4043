"""What each target owes of a month, for those who make something of it: statements, forecasts, budgets."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from documents.allocation_cells import editions_by_month
from documents.allocation_metrics import rules_with_metrics
from documents.allocation_month import close_month as close_month
from documents.allocation_month import find_month
from documents.allocation_month import is_closed as is_closed
from documents.allocation_month import reopen_month as reopen_month
from documents.allocation_rules import rules_in_force
from documents.allocation_run import AllocationRun
from documents.allocation_target import all_targets, open_targets
from documents.cost_period import CostPeriod, midnight, periods_between
from domain.allocation.metric import metrics_of
from domain.allocation.month import fingerprint
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
    run = await run_that_counts(scope, month)
    sums: defaultdict[tuple[str | None, str], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    if run is None:
        rows = await _unallocated(scope, month)
    else:
        rows = [(one.target_id, one.currency, one.billed, one.effective) for one in run.totals]
    for target_id, currency, billed, effective in rows:
        sum = sums[target_id, currency]
        sum[0], sum[1] = SUMS.add(sum[0], billed), SUMS.add(sum[1], effective)
    ordered = sorted(sums, key=lambda key: (key[1], key[0] is None, key[0] or ""))
    return [AllocatedTotal(*key, *sums[key]) for key in ordered]


async def run_that_counts(scope: Scope, month: date) -> AllocationRun | None:
    """The run that says who owes what of the month (any day of it); None before it was worked out."""
    found = await find_month(scope, month)
    if found is None or found.run_id is None:
        return None
    return await AllocationRun.get_in(scope, str(found.run_id))


async def is_awaited(scope: Scope, month: date) -> bool:
    """Whether the month is to be worked out (again): its bills, the rules or the targets have changed since."""
    first = month.replace(day=1)
    editions, found = (await editions_by_month(scope)).get(first, []), await find_month(scope, month)
    if found is not None and found.closed_at is not None:
        return found.asked is not None
    run = await run_that_counts(scope, month)
    if run is None:
        return bool(editions)
    rules, targets = await rules_in_force(scope), open_targets(await all_targets(scope))
    of_month = await rules_with_metrics(scope, rules.rules if rules else [], month, targets)
    weighted = [of_month[number] for number in metrics_of(of_month, f"{month:%Y-%m}")]
    return run.fingerprint != fingerprint(editions, rules.version if rules else 0, targets, weighted)


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
