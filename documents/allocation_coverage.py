"""How much of a month's costs is allocated, and what is not."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bson import ObjectId

from documents.allocated_cost import AllocatedCost
from documents.allocation_cells import not_worked_out
from documents.allocation_month import AllocationMonth, find_month
from documents.allocation_run import AllocationRun, RunTotal, UntaggedTotal
from domain.costs.value import SUMS
from domain.facts.allocation import TakenBy
from domain.facts.scope import Scope

MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Covered:
    """Costs of one currency by how they were taken."""

    currency: str
    amounts: dict[TakenBy, Decimal]

    @property
    def total(self) -> Decimal:
        """All of it."""
        total = Decimal(0)
        for amount in self.amounts.values():
            total = SUMS.add(total, amount)
        return total


@dataclass(frozen=True, slots=True)
class Unowed:
    """Costs of a service in an account that nobody owes."""

    sub_account_id: str | None
    service_name: str
    currency: str
    effective: Decimal


@dataclass(frozen=True, slots=True)
class Coverage:
    """Effective costs. `unowed` has the dearest first."""

    month: AllocationMonth
    run: AllocationRun
    covered: list[Covered]
    untagged: list[UntaggedTotal]
    unowed: list[Unowed]


async def coverage(scope: Scope, month: date) -> Coverage:
    """Of the month (any day of it) of the one organization in scope. Raises Conflict when it was not worked out yet."""
    found = await find_month(scope, month)
    if found is None or found.run_id is None:
        raise await not_worked_out(scope, month)
    run = await AllocationRun.get_in(scope, str(found.run_id))
    untagged = sorted(run.untagged, key=lambda one: (one.currency, one.tag))
    return Coverage(found, run, covered(run.totals), untagged, await _unowed(scope, ObjectId(run.id)))


def covered(totals: Iterable[RunTotal]) -> list[Covered]:
    """What these totals come to by currency."""
    sums: dict[str, dict[TakenBy, Decimal]] = defaultdict(lambda: dict.fromkeys(TakenBy, Decimal(0)))
    for total in totals:
        of = sums[total.currency]
        of[total.taken_by] = SUMS.add(of[total.taken_by], total.effective)
    return [Covered(currency, sums[currency]) for currency in sorted(sums)]


async def _unowed(scope: Scope, run_id: ObjectId) -> list[Unowed]:
    key = {"sub_account_id": "$sub_account_id", "service_name": "$service_name", "currency": "$currency"}
    rows = await AllocatedCost.rows().aggregate(
        [
            {"$match": {**AllocatedCost.within(scope), "run_id": run_id, "taken_by": TakenBy.NOBODY}},
            {"$group": {"_id": key, "effective": {"$sum": "$effective"}}},
            {"$sort": {"effective": -1, "_id": 1}},
            {"$limit": MOST_SHOWN},
        ]
    )
    return [
        Unowed(raw["_id"].get("sub_account_id"), raw["_id"]["service_name"], raw["_id"]["currency"], raw["effective"])
        async for raw in rows
    ]
