"""Brings one ticket in Jira to what it is to be. Run twice, the second run finds nothing to do."""

import random
from datetime import timedelta
from typing import Any

import structlog
from arq import Retry

from connectors.ticketing.jira import JiraTickets, TicketDraft
from documents.jira_task import SETTLED_AFTER, JiraTask, add_comments, change_task, claim_creation
from documents.transaction import Transaction
from domain.errors import Invalid, NotFound, ProviderError
from domain.facts.ticket import SeenTicket, TicketState
from domain.ticketing.ownership import wanted_categories
from jobs.context import JobContext
from jobs.ticket_news import take_in
from jobs.ticketing import jira_of, note_deleted, note_problem, scope_of

log = structlog.get_logger()

# With these pauses the last try is about a day after the first.
MAX_TRIES = 30
FIRST_RETRY_SECONDS = 15
LONGEST_RETRY_SECONDS = 3600


async def sync_ticket(ctx: dict[str, Any], *, org_id: str, task_id: str) -> str:
    """Returns where the ticket stands. A Jira that is away or busy is tried again."""
    context: JobContext = ctx["context"]
    try:
        task = await JiraTask.get_in(scope_of(org_id), task_id)
    except NotFound:
        return "GONE"
    if task.state is TicketState.FAILED:
        return task.state.value
    try:
        async with jira_of(context, org_id, task.account_id) as jira:
            await _bring(context, jira, task)
    except ProviderError as error:
        if error.is_retryable and ctx["job_try"] < MAX_TRIES:
            log.warning("ticket_waits", task_id=task_id, problem=error.message)
            await note_problem(context, await _again(task), error.message, is_final=False)
            raise Retry(defer=_pause(ctx["job_try"], error.retry_after)) from error
        await note_problem(context, await _again(task), error.message, is_final=True)
    except (Invalid, NotFound) as error:
        await note_problem(context, await _again(task), error.message, is_final=True)
    return (await _again(task)).state.value


async def _again(task: JiraTask) -> JiraTask:
    return await JiraTask.get_in(scope_of(task.org_id), str(task.id))


def _pause(tries: int, asked: timedelta | None) -> float:
    pause: float = FIRST_RETRY_SECONDS * 2 ** (tries - 1) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, not a secret
    least = asked.total_seconds() if asked else 0.0
    return max(least, min(pause, LONGEST_RETRY_SECONDS))


async def _bring(context: JobContext, jira: JiraTickets, task: JiraTask) -> None:
    if task.issue_id is None:
        if task.is_over and task.creating_at is None:
            await _drop(context, task)
            return
        await _make(context, jira, task)
        task = await _again(task)
        if task.issue_id is None:
            return
    seen = await _look(context, jira, task)
    if seen is None:
        return
    task = await _again(task)
    await _speak(context, jira, task, seen)
    was_moved, was_assigned = await _move(jira, task), await _assign(context, jira, task)
    if (was_moved or was_assigned) and await _look(context, jira, task) is None:
        return
    await note_problem(context, await _again(task), None, is_final=False)


async def _look(context: JobContext, jira: JiraTickets, task: JiraTask) -> SeenTicket | None:
    """What Jira says of it now, taken over; None when it was deleted."""
    assert task.issue_id is not None  # noqa: S101 - it was made; this tells the type checker
    seen = await jira.get(task.issue_id)
    if seen is None:
        await note_deleted(context, task)
    else:
        await take_in(context, task.id, task.org_id, seen)
    return seen


async def _drop(context: JobContext, task: JiraTask) -> None:
    """The cause was gone before there was a ticket: none is made."""

    async def change(tx: Transaction) -> None:
        await change_task(tx, task, {"state": TicketState.DONE.value, "problem": None, "outbox": []})

    await context.writer.commit(change)


async def _make(context: JobContext, jira: JiraTickets, task: JiraTask) -> None:
    """Make the ticket, or find the one that was made by somebody who died before writing it down.

    Jira finds a new ticket by search only after a while, so what was just begun is waited for.
    """
    if not await claim_creation(task, context.now()):
        raise Retry(defer=SETTLED_AFTER)
    robot = await jira.robot()
    found = await jira.find(task.subject)
    if found is None and task.is_over:
        await _drop(context, task)
        return
    if found is None:
        issue_id, key = await jira.create(TicketDraft(subject=task.subject, **task.draft))
    else:
        issue_id, key = found.id, found.key
    made = {"issue_id": issue_id, "issue_key": key, "url": jira.link(key), "robot": robot, "problem": None}

    async def change(tx: Transaction) -> None:
        await change_task(tx, task, {**made, "state": TicketState.OPEN.value})

    await context.writer.commit(change)


async def _speak(context: JobContext, jira: JiraTickets, task: JiraTask, seen: SeenTicket) -> None:
    """Write what is to be said and does not stand there yet."""
    there = {one.key: one for one in seen.comments if one.key is not None}
    for entry in task.outbox:
        comment = there.get(entry["key"]) or await jira.comment(seen.id, entry["text"], entry["key"])

        async def change(tx: Transaction, comment: Any = comment) -> None:
            await add_comments(tx, task, [comment], are_ours=True)

        await context.writer.commit(change)


async def _move(jira: JiraTickets, task: JiraTask) -> bool:
    """Close it or open it again, where that is called for; whether it was."""
    assert task.issue_id is not None  # noqa: S101 - it was made; this tells the type checker
    wanted = () if task.category is None else wanted_categories(task.category, is_over=task.is_over)
    if wanted:
        await jira.move(task.issue_id, wanted)
    return bool(wanted)


async def _assign(context: JobContext, jira: JiraTickets, task: JiraTask) -> bool:
    """Assign it to whom the alert was assigned to last; once, because from then on Jira decides."""
    if task.assign_to is None:
        return False
    assert task.issue_id is not None  # noqa: S101 - it was made; this tells the type checker
    is_done = await jira.assign(task.issue_id, task.issue_key or "", task.assign_to)

    async def change(tx: Transaction) -> None:
        await change_task(tx, task, {"assign_to": None})

    await context.writer.commit(change)
    return is_done
