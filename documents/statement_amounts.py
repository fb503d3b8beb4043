"""What a statement would say now: the costs of its month, and to whom they were given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bson import ObjectId

from documents.allocation import allocated_totals, run_that_counts
from documents.allocation_target import AllocationTarget
from documents.cost_day import CostDay, series_pipeline
from documents.cost_period import CostPeriod, current_editions, periods_between
from documents.statement import Statement
from domain.costs.series import CostQuestion, Grain
from domain.costs.statement import Bill, Share, Target, month_after, statement_lines, statement_totals
from domain.facts.scope import Scope
from domain.facts.statement import StatementAmounts

NOT_WORKED_OUT = "not worked out yet"
NO_RULES = "no allocation rules"


@dataclass(frozen=True, slots=True)
class Allocated:
    """The shares of a month, and a text that says by which rules they were made."""

    shares: Sequence[Share]
    basis: str


async def allocated(scope: Scope, month: date) -> Allocated:
    """To whom the costs of a month are allocated, as it counts now; to nobody before it was worked out."""
    run = await run_that_counts(scope, month)
    if run is None:
        return Allocated((), NOT_WORKED_OUT)
    totals = [total for total in await allocated_totals(scope, month) if total.target_id is not None]
    ids = {ObjectId(total.target_id) for total in totals}
    found = await AllocationTarget.list_in(scope, {"_id": {"$in": list(ids)}}, limit=len(ids) or 1)
    targets = {str(target.id): _target(target) for target in found}
    shares = [
        Share(targets[total.target_id], total.currency, total.billed, total.effective)
        for total in totals
        if total.target_id in targets
    ]
    return Allocated(shares, f"allocation rules, version {run.rules_version}" if run.rules_version else NO_RULES)


async def find_target(scope: Scope, id: str) -> Target:
    """The allocation target of this id, archived or not. Raises NotFound."""
    return _target(await AllocationTarget.get_in(scope, id))


def _target(target: AllocationTarget) -> Target:
    return Target(id=str(target.id), name=target.name, kind=target.kind.value)


async def amounts_now(scope: Scope, statement: Statement) -> StatementAmounts:
    """What the statement would say if it were closed now."""
    month = statement.month.date()
    given, bills = await allocated(scope, month), await _bills(scope, month)
    lines, adjustments = statement_lines(given.shares, bills), tuple(statement.adjustments)
    return StatementAmounts(
        lines=lines,
        adjustments=adjustments,
        totals=statement_totals(lines, adjustments),
        basis=given.basis,
        costs_loaded_at=await _loaded_at(scope, month),
    )


async def _bills(scope: Scope, month: date) -> dict[str, Bill]:
    until = month_after(month)
    editions = await current_editions(scope, first=month, until=until)
    pipeline = bill_pipeline(scope, month, until, [edition.id for edition in editions])
    rows = await CostDay.rows().aggregate(pipeline, allowDiskUse=True)
    return {raw["_id"]: Bill(raw["billed"], raw["effective"]) async for raw in rows}


def bill_pipeline(scope: Scope, first: date, until: date, editions: Sequence[ObjectId]) -> list[dict[str, Any]]:
    """One document per currency, with exact sums."""
    match = series_pipeline(scope, CostQuestion(first, until, grain=Grain.MONTH), editions)[0]
    sums = {name: {"$sum": f"${name}"} for name in ("billed", "effective")}
    return [match, {"$group": {"_id": "$currency", **sums}}]


async def _loaded_at(scope: Scope, month: date) -> datetime | None:
    query = periods_between(scope, first=month, until=month_after(month))
    times = [raw["loaded_at"] async for raw in CostPeriod.rows().find(query, {"loaded_at": 1})]
    return max(times, default=None)
