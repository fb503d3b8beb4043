"""Works out one month for one organization, and lets the result count in one step."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bson import ObjectId

from documents.allocated_cost import stage_allocated
from documents.allocation_cells import read_cells
from documents.allocation_month import AllocationMonth, switch_run
from documents.allocation_rules import AllocationRules
from documents.allocation_run import AllocationRun, NamedTarget, drop_run
from documents.audit import Act, acting
from documents.cost_period import midnight
from documents.transaction import Transaction
from domain.allocation.metric import metrics_of, weights_of
from domain.allocation.month import worked_out
from domain.allocation.needs import Needs, needs_of
from domain.allocation.rule import AllocationRule
from domain.allocation.target import Target
from domain.budgets import month_of
from domain.facts import topic
from domain.facts.scope import Scope
from jobs.context import JobContext
from jobs.queue import ask_budget_check

RERUN = "allocation.rerun"


@dataclass(frozen=True, slots=True)
class MonthWork:
    """What a month is worked out from. `seen` is the month as it was when that was looked up."""

    scope: Scope
    month: date
    seen: AllocationMonth | None
    rules: AllocationRules | None
    targets: Sequence[Target]
    editions: Sequence[ObjectId]
    fingerprint: str
    # All rules of the version, so that numbers stay; those of other months take nothing.
    of_month: Sequence[AllocationRule]

    @property
    def needs(self) -> Needs:
        return needs_of(rule for rule in self.of_month if rule.is_of(f"{self.month:%Y-%m}"))


async def allocate_month(context: JobContext, work: MonthWork) -> bool:
    """Whether the month has a new run now; False when another was faster, and nothing is left behind then."""
    run = _opened(context, work)
    await run.add()
    try:
        results = await _results(work, run)
        is_switched = await context.writer.commit(lambda tx: _switch(tx, context, work, run, results))
    except BaseException:  # cancelled too: nothing staged is left behind; it is raised again
        await asyncio.shield(drop_run(ObjectId(run.id)))
        raise
    if not is_switched:
        await drop_run(ObjectId(run.id))
    return is_switched


def _opened(context: JobContext, work: MonthWork) -> AllocationRun:
    asked = work.seen.asked if work.seen else None
    return AllocationRun(
        id=ObjectId(),
        org_id=ObjectId(work.scope.only()),
        created_at=context.now(),
        month=midnight(work.month),
        rules_version=work.rules.version if work.rules else 0,
        edition_ids=list(work.editions),
        targets=[
            NamedTarget(id=target.id, kind=target.kind, name=target.name, aliases=list(target.aliases))
            for target in work.targets
        ],
        fingerprint=work.fingerprint,
        reason=asked.reason if asked else "",
        asked_by=asked.asked_by if asked else None,
    )


async def _results(work: MonthWork, run: AllocationRun) -> dict[str, Any]:
    first, until = month_of(work.month)
    needs = work.needs
    cells = await read_cells(work.scope, work.editions, needs, first, until)
    # Arithmetic of seconds, where others wait for the loop.
    sums, weights = await asyncio.to_thread(worked_out, work.of_month, f"{work.month:%Y-%m}", work.targets, cells)
    await stage_allocated(ObjectId(run.org_id), ObjectId(run.id), sums.days.items())
    return {
        "totals": [{**key._asdict(), **amounts._asdict()} for key, amounts in sums.totals.items()],
        "untagged": [
            {"tag": tag, "currency": currency, "billed": amounts.billed, "effective": amounts.effective}
            for (tag, currency), amounts in sums.untagged.items()
        ],
        "weights": [
            {"rule": rule, "currency": currency, "target_id": share.target_id, "weight": share.weight}
            for (rule, currency), shares in weights.items()
            for share in shares
        ]
        + _metric_weights(work),
    }


def _metric_weights(work: MonthWork) -> list[dict[str, Any]]:
    """The weights of rules that share by a metric, which are those of every currency."""
    return [
        {"rule": number, "currency": "", "target_id": portion.target_id, "weight": portion.amount}
        for number in metrics_of(work.of_month, f"{work.month:%Y-%m}")
        for portion in weights_of(work.of_month[number])
    ]


async def _switch(
    tx: Transaction, context: JobContext, work: MonthWork, run: AllocationRun, results: dict[str, Any]
) -> bool:
    if not await switch_run(tx, run, work.seen, results, context.now()):
        return False
    told = {"month": f"{work.month:%Y-%m}", "rules_version": run.rules_version, "run_id": str(run.id)}
    tx.announce(run.org_id, topic.costs(run.org_id), "AllocationChanged", told)
    # Budgets of targets count what was worked out just now.
    ask_budget_check(tx, run.org_id)
    if work.seen is not None and work.seen.closed_at is not None:
        with acting(Act(action=RERUN, actor=run.asked_by or work.scope.actor)):
            tx.audit(run.org_id, target=f"allocation_month:{work.seen.id}", after=told, reason=run.reason)
    return True
