"""Asks Jira what has changed in our tickets, so that a webhook that was lost costs time and nothing else."""

from datetime import timedelta
from typing import Any

import structlog
from arq import Retry
from bson import ObjectId

from documents.jira_task import (
    accounts_with_tickets,
    ask_reconciliation,
    ask_ticket,
    earliest_look,
    note_reconciled,
    task_of_issue,
    unfinished_tasks,
)
from documents.transaction import Transaction
from domain.errors import Invalid, NotFound, ProviderError
from jobs.context import JobContext
from jobs.ticket_news import take_in
from jobs.ticketing import OVERLAP, jira_of, scope_of

log = structlog.get_logger()

# The tick comes again in a quarter of an hour; more tries than this are its business.
MAX_TRIES = 3
PAUSE_SECONDS = 60
# Of an account that was away for longer the older changes are not looked for.
LONGEST_LOOK = timedelta(days=30)


async def ask_for_reconciliation(ctx: dict[str, Any]) -> int:
    """Ask for a look at the tickets of every account that has some; returns how many accounts those are."""
    context: JobContext = ctx["context"]
    found = await accounts_with_tickets()

    async def change(tx: Transaction) -> None:
        for org_id, account_id in found:
            ask_reconciliation(tx, org_id, account_id)

    if found:
        await context.writer.commit(change)
    return len(found)


async def reconcile_tickets(ctx: dict[str, Any], *, org_id: str, account_id: str) -> int:
    """Returns how many of our tickets had changed. Takes them in the way a webhook does."""
    context: JobContext = ctx["context"]
    org, account = ObjectId(org_id), ObjectId(account_id)
    await _ask_again(context, org, account)
    since, at = await earliest_look(org, account), context.now()
    if since is None:
        return 0
    try:
        changed = await _take_changes(context, org, account, min(at - since + OVERLAP, LONGEST_LOOK))
    except ProviderError as error:
        if error.is_retryable and ctx["job_try"] < MAX_TRIES:
            raise Retry(defer=PAUSE_SECONDS) from error
        log.warning("tickets_not_reconciled", account_id=account_id, problem=error.message)
        return 0
    except (Invalid, NotFound) as error:
        log.warning("tickets_not_reconciled", account_id=account_id, problem=error.message)
        return 0
    await note_reconciled(org, account, at)
    return changed


async def _take_changes(context: JobContext, org: ObjectId, account: ObjectId, since: timedelta) -> int:
    changed = 0
    async with jira_of(context, org, account) as jira:
        async for seen in jira.changed(since):
            task = await task_of_issue(scope_of(org), account, seen.id)
            if task is not None:
                await take_in(context, task.id, org, seen)
                changed += 1
    return changed


async def _ask_again(context: JobContext, org: ObjectId, account: ObjectId) -> None:
    """Jobs that were lost are asked for again; arq refuses those it still has."""
    waiting = await unfinished_tasks(org, account)

    async def change(tx: Transaction) -> None:
        for task in waiting:
            ask_ticket(tx, task)

    if waiting:
        await context.writer.commit(change)
