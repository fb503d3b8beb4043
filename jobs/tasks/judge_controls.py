"""Judges the controls of an organization by what was read of its accounts. Run twice, the second run finds nothing due.

Rounds are asked for after every sync, when a check is due, and by people.
"""

from datetime import datetime
from typing import Any

import structlog
from arq import Retry
from beanie import PydanticObjectId
from pymongo.errors import PyMongoError

from auth.scope import scope_of_job
from documents.check import organizations_due
from documents.job_progress import announce_job
from documents.transaction import Transaction
from domain.errors import Unavailable
from domain.facts.job import JobKind, JobProgress, JobState
from jobs.checking.round import Round, Wanted, judge_round
from jobs.checking.storing import RoundLost
from jobs.context import JobContext
from jobs.queue import JUDGE_CONTROLS, ask_checks

log = structlog.get_logger()

RETRY_SECONDS = 15
# Whoever is on it says so every few seconds; another round begins when it has ended.
TAKEN_SECONDS = 3
# How often a round may be put off: by another worker that is on it, by a MongoDB that is away.
MAX_TRIES = 300


async def judge_controls(ctx: dict[str, Any], *, org_id: str) -> int:
    """Judge what is due or has other answers than when it was judged last; returns how much that was."""
    context: JobContext = ctx["context"]

    async def nobody_asks(_done: int, _total: int) -> None:
        pass

    found = await _round(context, org_id, None, nobody_asks)
    if not found.is_whole:
        await context.writer.commit(lambda tx: _ask(tx, org_id))
    return found.judged


async def judge_asked(
    ctx: dict[str, Any], *, org_id: str, request_id: str, control_ids: list[str], account_id: str | None
) -> int:
    """Judge what a person asks for, due or not; its progress is that of the job they were given."""
    context: JobContext = ctx["context"]
    began = context.now()

    async def tell(done: int, total: int, state: JobState = JobState.RUNNING, problem: str | None = None) -> None:
        at = None if state is JobState.RUNNING else context.now()
        progress = told(request_id, org_id, account_id, state, done, total, began, at, problem)

        async def change(tx: Transaction) -> None:
            announce_job(tx, PydanticObjectId(org_id), progress)

        await context.writer.commit(change)

    try:
        found = await _round(context, org_id, Wanted(frozenset(control_ids), account_id), tell)
    except Retry:
        raise
    except Exception:  # whatever broke, people see that the work has ended; it is raised again
        await tell(0, 0, JobState.FAILED, f"Something went wrong on our side; the log has it under {request_id}.")
        raise
    state = JobState.SUCCEEDED if found.is_whole else JobState.PARTIAL
    await tell(found.judged, found.judged, state, None if found.is_whole else "There was more than fits one run.")
    return found.judged


def told(
    request_id: str,
    org_id: str,
    account_id: str | None,
    state: JobState,
    done: int,
    total: int,
    began: datetime,
    ended_at: datetime | None,
    problem: str | None,
) -> JobProgress:
    """How far a round that a person asked for is."""
    return JobProgress(
        kind=JobKind.CHECKS,
        id=request_id,
        subject=f"Account:{account_id}" if account_id else f"Organization:{org_id}",
        state=state,
        step="Checks made",
        done=done,
        total=total,
        problem=problem,
        started_at=began,
        ended_at=ended_at,
    )


async def _round(context: JobContext, org_id: str, wanted: Wanted | None, on_progress: Any) -> Round:
    try:
        return await judge_round(context, scope_of_job(JUDGE_CONTROLS, org_id), wanted, on_progress)
    except RoundLost:
        raise Retry(defer=TAKEN_SECONDS) from None
    except (PyMongoError, Unavailable) as error:  # a primary that steps down, or evidence that cannot be read just now
        log.warning("checks_wait", problem=str(error))
        raise Retry(defer=RETRY_SECONDS) from error


async def _ask(tx: Transaction, org_id: str) -> None:
    ask_checks(tx, PydanticObjectId(org_id))


async def ask_due_checks(ctx: dict[str, Any]) -> int:
    """Ask for a round over every organization in which a check is due; returns how many."""
    context: JobContext = ctx["context"]
    due = await organizations_due(context.now())

    async def change(tx: Transaction) -> None:
        for org_id in due:
            ask_checks(tx, org_id)

    if due:
        await context.writer.commit(change)
    return len(due)
