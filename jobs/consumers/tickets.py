"""Tickets in Jira: made for alerts that a rule takes, closed when the cause is verified gone, opened again when not."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from bson import ObjectId

from documents.jira_task import JiraTask, ask_ticket, change_task, find_task, subject_of, tell
from documents.ticket_making import make_ticket
from documents.ticket_rule import TicketRule, active_rules
from documents.transaction import Transaction
from documents.user import users_by_id
from domain.facts.event import LoggedEvent
from domain.facts.ticket import TicketState
from jobs.consumer import Consumer
from jobs.context import JobContext

# Who is told a day late is told nothing new; what closes or opens a ticket is done however late.
TOO_OLD = timedelta(hours=24)
WANTED = frozenset({"AlertRaised", "AlertResolved", "AlertAssigned"})
GONE = "CloudWatcher verified that the cause is gone, and closes this ticket."
BACK = "CloudWatcher sees the cause again, and opens this ticket again."


async def take(tx: Transaction, context: JobContext, org_id: ObjectId, events: Sequence[LoggedEvent]) -> None:
    """One event after another: a ticket that one of them makes is there for the next."""
    rules = await active_rules(org_id, tx.session)
    for event in events:
        alert = event.payload
        task = await find_task(org_id, subject_of(alert["_id"]), tx.session)
        if event.type == "AlertRaised":
            await _raised(tx, context, event, task, rules)
        elif task is not None and event.type == "AlertResolved":
            await _resolved(tx, task, alert)
        elif task is not None:
            await _assigned(tx, task, alert)


async def _raised(
    tx: Transaction, context: JobContext, event: LoggedEvent, task: JiraTask | None, rules: Sequence[TicketRule]
) -> None:
    alert = event.payload
    if task is not None:
        await _reopened(tx, task, alert)
        return
    rule = next((rule for rule in rules if rule.match.takes(alert)), None)
    if rule is None or alert.get("muted_by") or context.now() - event.at > TOO_OLD:
        return
    await make_ticket(tx, context.public_url, rule, alert)


async def _reopened(tx: Transaction, task: JiraTask, alert: Mapping[str, Any]) -> None:
    """The cause is back. A ticket that was made says so; one that was not, or is gone, is made now."""
    changes: dict[str, Any] = {"is_over": False}
    if task.issue_id is None:
        changes |= {"state": TicketState.WAITING.value, "problem": None}
    await change_task(tx, task, changes)
    if task.issue_id is not None:
        await tell(tx, task, f"raised:{alert.get('times_raised', 1)}", BACK)
    ask_ticket(tx, task)


async def _resolved(tx: Transaction, task: JiraTask, alert: Mapping[str, Any]) -> None:
    await change_task(tx, task, {"is_over": True})
    if task.issue_id is not None or task.creating_at is not None:
        await tell(tx, task, f"resolved:{alert.get('times_raised', 1)}", GONE)
    ask_ticket(tx, task)


async def _assigned(tx: Transaction, task: JiraTask, alert: Mapping[str, Any]) -> None:
    assignee_id = alert.get("assignee_id")
    people = await users_by_id([assignee_id]) if assignee_id else {}
    if assignee_id in people:
        await change_task(tx, task, {"assign_to": people[assignee_id].email})
        ask_ticket(tx, task)


CONSUMER = Consumer(name="tickets", order=40, wants=lambda event: event.type in WANTED, take=take)
