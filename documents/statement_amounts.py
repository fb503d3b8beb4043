"""What a statement would say now: the costs of its month, and to whom they were given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bson import ObjectId

from documents.cost_day import CostDay, series_pipeline
from documents.cost_period import CostPeriod, current_editions, periods_between
from documents.statement import Statement
from domain.costs.series import CostQuestion, Grain
from domain.costs.statement import Bill, Share, Target, month_after, statement_lines, statement_totals
from domain.facts.scope import Scope
from domain.facts.statement import StatementAmounts

# Whose value says to whom a cost is given.
TAG = "team"
KIND = "TEAM"


@dataclass(frozen=True, slots=True)
class Allocated:
    """The shares of a month, and a text that says by which rules they were made."""

    shares: Sequence[Share]
    basis: str


async def allocated(scope: Scope, month: date) -> Allocated:
    """To whom the costs of a month were given, as it counts now: by the value of the tag `team`."""
    value = {"$getField": {"field": {"$literal": TAG}, "input": "$tags"}}
    shares = [
        Share(Target(id=raw["_id"]["by"], name=raw["_id"]["by"], kind=KIND), raw["_id"]["currency"], *_sums(raw))
        for raw in await _summed(scope, month, value)
        if raw["_id"].get("by")
    ]
    return Allocated(shares, f"tag {TAG}")


async def find_target(scope: Scope, id: str) -> Target | None:
    """The target of this id; None when there is no such target in the organization of the scope."""
    assert scope.org_ids  # noqa: S101 - any value of a tag is a target of whoever asks
    return Target(id=id, name=id, kind=KIND)


async def amounts_now(scope: Scope, statement: Statement) -> StatementAmounts:
    """What the statement would say if it were closed now."""
    month = statement.month.date()
    given = await allocated(scope, month)
    bills = {raw["_id"]["currency"]: Bill(*_sums(raw)) for raw in await _summed(scope, month, None)}
    lines, adjustments = statement_lines(given.shares, bills), tuple(statement.adjustments)
    return StatementAmounts(
        lines=lines,
        adjustments=adjustments,
        totals=statement_totals(lines, adjustments),
        basis=given.basis,
        costs_loaded_at=await _loaded_at(scope, month),
    )


async def _summed(scope: Scope, month: date, by: Any) -> list[dict[str, Any]]:
    until = month_after(month)
    editions = await current_editions(scope, first=month, until=until)
    pipeline = bill_pipeline(scope, month, until, [edition.id for edition in editions], by)
    return await (await CostDay.rows().aggregate(pipeline, allowDiskUse=True)).to_list()


def bill_pipeline(
    scope: Scope, first: date, until: date, editions: Sequence[ObjectId], by: Any
) -> list[dict[str, Any]]:
    """One document per currency and value of the expression `by`, with exact sums."""
    match = series_pipeline(scope, CostQuestion(first, until, grain=Grain.MONTH), editions)[0]
    sums = {name: {"$sum": f"${name}"} for name in ("billed", "effective")}
    return [match, {"$group": {"_id": {"currency": "$currency", "by": by}, **sums}}]


def _sums(raw: dict[str, Any]) -> tuple[Any, Any]:
    return raw["billed"], raw["effective"]


async def _loaded_at(scope: Scope, month: date) -> datetime | None:
    query = periods_between(scope, first=month, until=month_after(month))
    times = [raw["loaded_at"] async for raw in CostPeriod.rows().find(query, {"loaded_at": 1})]
    return max(times, default=None)
