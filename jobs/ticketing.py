"""What happens to our tickets between the event log and Jira, whichever way the news comes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import orjson

from auth.scope import scope_of_job
from connectors.reading.source import Reach
from connectors.ticketing.jira import JiraTickets, open_tickets
from documents.account import Account
from documents.alert import Alert, AlertState, acknowledge_alert
from documents.audit import Act, acting
from documents.jira_task import JiraTask, add_comments, ask_ticket, change_task, tell
from documents.transaction import Transaction
from domain.errors import Conflict, Invalid
from domain.facts.credentials import JiraCredentials
from domain.facts.provider import Provider
from domain.facts.scope import Scope
from domain.facts.ticket import SeenTicket, TicketState
from domain.ticketing.ownership import Absorbed, absorb, is_ours, state_of
from jobs.context import JobContext

JOB = "tickets"
# A minute of Jira's clock and ours may not be the same, and a job may start late.
OVERLAP = timedelta(minutes=5)
STILL_THERE = (
    "CloudWatcher opened this ticket again: its cause is still there. CloudWatcher closes it by itself once the cause "
    "is verified to be gone."
)


def scope_of(org_id: object) -> Scope:
    """What jobs about tickets of this organization may touch."""
    return scope_of_job(JOB, str(org_id))


@asynccontextmanager
async def jira_of(context: JobContext, org_id: object, account_id: object) -> AsyncIterator[JiraTickets]:
    """The way into the connected Jira of an account. Raises NotFound, Invalid when it is not connected any more."""
    account = await Account.get_in(scope_of(org_id), str(account_id))
    if account.provider is not Provider.JIRA or not account.is_connected or account.credentials is None:
        raise Invalid(f"{account.name} is no connected Jira account: connect it again.")
    credentials = JiraCredentials.model_validate(orjson.loads(await context.vault.open(account.credentials)))
    reach = Reach(
        guard=context.guards.of(Provider.JIRA, str(account.id)),
        allow_private_endpoint=context.allow_private_endpoints,
        now=context.now,
    )
    async with open_tickets(credentials, reach) as jira:
        yield jira


async def take_in(context: JobContext, task_id: object, org_id: object, seen: SeenTicket) -> None:
    """Take over what Jira says of a ticket. The same report a second time changes nothing.

    What somebody has begun to work on is acknowledged first: dying in between, it would be done again.
    """
    task = await JiraTask.get_in(scope_of(org_id), str(task_id))
    found = absorb(task.known, seen)
    if found.has_started:
        await _acknowledge(context, task, seen)

    async def change(tx: Transaction) -> None:
        fresh = await JiraTask.get_in(scope_of(org_id), str(task_id), session=tx.session)
        await _record(tx, context, fresh, seen, absorb(fresh.known, seen))

    await context.writer.commit(change)


async def _record(tx: Transaction, context: JobContext, task: JiraTask, seen: SeenTicket, found: Absorbed) -> None:
    changes = _changes(task, seen, found)
    if changes:
        await change_task(tx, task, changes | {"seen_at": context.now()})
    ours = [one for one in seen.comments if is_ours(one, task.robot) and one.id not in task.comment_ids]
    await add_comments(tx, task, ours, are_ours=True)
    await add_comments(tx, task, found.fresh, are_ours=False)
    if found.is_closed_early:
        await tell(tx, task, f"closed:{seen.updated_at:%Y-%m-%dT%H:%M:%S.%f}", STILL_THERE)
    if found.is_closed_early or (found.is_newer and task.is_over and state_of(seen.category) is TicketState.OPEN):
        ask_ticket(tx, task)


def _changes(task: JiraTask, seen: SeenTicket, found: Absorbed) -> dict[str, Any]:
    """The stored fields that differ by now."""
    if not found.is_newer:
        return {}
    told = {
        "issue_key": seen.key,
        "status": seen.status,
        "category": seen.category.value if seen.category else None,
        "assignee": seen.assignee,
        "priority": seen.priority,
        "summary": seen.summary,
        "updated_at": seen.updated_at,
        "state": state_of(seen.category).value,
    }
    if task.url and task.issue_key:
        told["url"] = task.url.removesuffix(task.issue_key) + seen.key
    return {name: value for name, value in told.items() if value != getattr(task, name)}


async def _acknowledge(context: JobContext, task: JiraTask, seen: SeenTicket) -> None:
    """Whoever begins to work on the ticket has taken the alert on."""
    scope = scope_of(task.org_id)
    is_open = {"_id": task.alert_id, "state": AlertState.OPEN.value}
    alert = await Alert.find_in(scope, is_open)
    if alert is None:
        return

    async def change(tx: Transaction) -> None:
        taken = await acknowledge_alert(tx, scope, str(alert.id), at=context.now(), expected_version=None)
        before = {"state": AlertState.OPEN, "version": taken.version - 1}
        after = {"state": taken.state, "version": taken.version}
        tx.audit(taken.org_id, target=f"alert:{taken.id}", before=before, after=after)

    actor = f"jira:{seen.assignee_id or 'unassigned'}"
    with acting(Act(action="alert.acknowledge", actor=actor, acting_for=f"account:{task.account_id}")):
        try:
            await context.writer.commit(change)
        except Conflict:  # somebody was faster
            return


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
