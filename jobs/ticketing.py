"""The way into the Jira of a ticket, and what is noted when a ticket is gone or does not work."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import orjson

from auth.scope import scope_of_job
from connectors.reading.source import Reach
from connectors.ticketing.jira import JiraTickets, open_tickets
from documents.account import Account
from documents.jira_task import JiraTask, change_task
from documents.transaction import Transaction
from domain.errors import Invalid
from domain.facts.credentials import JiraCredentials
from domain.facts.provider import Provider
from domain.facts.scope import Scope
from domain.facts.ticket import TicketState
from jobs.context import JobContext
from jobs.opened_secret import opened_secret

JOB = "tickets"
# A minute of Jira's clock and ours may not be the same, and a job may start late.
OVERLAP = timedelta(minutes=5)


def scope_of(org_id: object) -> Scope:
    """What jobs about tickets of this organization may touch."""
    return scope_of_job(JOB, str(org_id))


@asynccontextmanager
async def jira_of(context: JobContext, org_id: object, account_id: object) -> AsyncIterator[JiraTickets]:
    """The way into the connected Jira of an account. Raises NotFound, Invalid when it is not connected any more."""
    account = await Account.get_in(scope_of(org_id), str(account_id))
    if account.provider is not Provider.JIRA or not account.is_connected or account.credentials is None:
        raise Invalid(f"{account.name} is no connected Jira account: connect it again.")
    secret = await opened_secret(context.vault, account.credentials)
    credentials = JiraCredentials.model_validate(orjson.loads(secret))
    reach = Reach(
        guard=context.guards.of(Provider.JIRA, str(account.id)),
        allow_private_endpoint=context.allow_private_endpoints,
        now=context.now,
    )
    async with open_tickets(credentials, reach) as jira:
        yield jira


async def note_deleted(context: JobContext, task: JiraTask) -> None:
    """The ticket is gone in Jira. It is not made again before its cause comes back."""
    changes: dict[str, Any] = {
        "state": TicketState.FAILED.value,
        "problem": "The ticket was deleted in Jira. It is made anew when the alert is raised again.",
        "issue_id": None,
        "creating_at": None,
        "category": None,
        "outbox": [],
        "assign_to": None,
    }

    async def change(tx: Transaction) -> None:
        await change_task(tx, task, changes)

    await context.writer.commit(change)


async def note_problem(context: JobContext, task: JiraTask, problem: str | None, *, is_final: bool) -> None:
    """Note what is wrong with a ticket; a final problem of one that was not made ends it."""
    has_failed = is_final and task.issue_id is None

    async def change(tx: Transaction) -> None:
        state = {"state": TicketState.FAILED.value} if has_failed else {}
        await change_task(tx, task, {"problem": problem, **state})

    if problem != task.problem or has_failed:
        await context.writer.commit(change)
