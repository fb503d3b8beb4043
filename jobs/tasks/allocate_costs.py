"""Works out who owes what of every month that has changed: bills, rules or targets. Closed months only when asked."""

from datetime import date, datetime, timedelta
from typing import Any

from arq import Retry
from beanie import PydanticObjectId
from bson import ObjectId
from pymongo.errors import PyMongoError

from auth.scope import scope_of_job
from documents.allocation_cells import billed_organizations, editions_by_month
from documents.allocation_metrics import rules_with_metrics
from documents.allocation_month import AllocationMonth
from documents.allocation_rules import rules_in_force
from documents.allocation_run import clear_runs, runs_by_id
from documents.allocation_target import all_targets, open_targets
from documents.job_progress import announce_job
from documents.transaction import Transaction
from domain.allocation.metric import metrics_of
from domain.allocation.month import fingerprint
from domain.facts.job import JobKind, JobProgress, JobState
from domain.facts.scope import Scope
from jobs.allocating import MonthWork, allocate_month
from jobs.context import JobContext
from jobs.queue import ALLOCATE_COSTS, ask_allocation

MOST_MONTHS = 10_000
RETRY_SECONDS = 30
# The job has 15 minutes; what is staged longer belongs to a worker that died.
_DEAD_AFTER = timedelta(minutes=30)
# No request takes longer to read a run it began with.
_KEPT_FOR_READERS = timedelta(minutes=10)


async def allocate_costs(ctx: dict[str, Any], *, org_id: str) -> int:
    """Work out every open month that is not up to date, and closed ones that somebody asked for; returns how many.

    Each month counts by itself, so that a job that is killed goes on where it was. A second run finds nothing to do.
    """
    context: JobContext = ctx["context"]
    due = await _due(scope_of_job(ALLOCATE_COSTS, org_id))
    if not due:
        return 0
    done, began = 0, context.now()
    for work in due:
        await _tell(context, org_id, JobState.RUNNING, done, len(due), began)
        try:
            await allocate_month(context, work)
        except PyMongoError as error:  # a primary that steps down, or a machine with too much to do
            raise Retry(defer=RETRY_SECONDS) from error
        except Exception:  # whatever broke, people see that the work has ended; it is raised again
            await _tell(context, org_id, JobState.FAILED, done, len(due), began)
            raise
        done += 1
    await _tell(context, org_id, JobState.SUCCEEDED, done, len(due), began)
    return done


async def _due(scope: Scope) -> list[MonthWork]:
    """The months to work out, newest first."""
    known = {month.month.date(): month for month in await AllocationMonth.list_in(scope, {}, limit=MOST_MONTHS)}
    runs = await runs_by_id(scope, [ObjectId(month.run_id) for month in known.values() if month.run_id])
    prints = {str(run.id): run.fingerprint for run in runs}
    rules, targets = await rules_in_force(scope), open_targets(await all_targets(scope))
    editions = await editions_by_month(scope)

    async def work(month: date) -> MonthWork:
        of_month = await rules_with_metrics(scope, rules.rules if rules else [], month, targets)
        weighted = [of_month[number] for number in metrics_of(of_month, f"{month:%Y-%m}")]
        mark = fingerprint(editions.get(month, []), rules.version if rules else 0, targets, weighted)
        return MonthWork(scope, month, known.get(month), rules, targets, editions.get(month, []), mark, of_month)

    works = [await work(month) for month in sorted({*known, *editions}, reverse=True)]
    return [one for one in works if _is_due(one, prints)]


def _is_due(work: MonthWork, prints: dict[str, str]) -> bool:
    if work.seen is None:
        return True
    if work.seen.closed_at is not None:
        return work.seen.asked is not None
    return prints.get(str(work.seen.run_id)) != work.fingerprint


async def _tell(context: JobContext, org_id: str, state: JobState, done: int, total: int, began: datetime) -> None:
    progress = JobProgress(
        kind=JobKind.ALLOCATION,
        id=org_id,
        subject=f"Organization:{org_id}",
        state=state,
        step="Months worked out",
        done=done,
        total=total,
        problem="A month could not be worked out; it is tried again." if state is JobState.FAILED else None,
        started_at=began,
        ended_at=None if state is JobState.RUNNING else context.now(),
    )

    async def change(tx: Transaction) -> None:
        announce_job(tx, PydanticObjectId(org_id), progress)

    await context.writer.commit(change)


async def allocate_missed(ctx: dict[str, Any]) -> int:
    """Ask for every organization with costs: bills from before there were rules, and asks that were lost."""
    context: JobContext = ctx["context"]
    org_ids = await billed_organizations()

    async def change(tx: Transaction) -> None:
        for org_id in org_ids:
            ask_allocation(tx, org_id)

    if org_ids:
        await context.writer.commit(change)
    return len(org_ids)


async def clear_replaced_runs(ctx: dict[str, Any]) -> int:
    """Delete runs that were replaced, and those of workers that died; returns how many."""
    context: JobContext = ctx["context"]
    now = context.now()
    return await clear_runs(staged_before=now - _DEAD_AFTER, retired_before=now - _KEPT_FOR_READERS)
