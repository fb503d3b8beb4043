"""Tickets in Jira: made for alerts that a rule takes, closed when the cause is verified gone, opened again when not."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from bson import ObjectId

from documents.alert_author import email_of_member, late_comments
from documents.jira_task import JiraTask, ask_ticket, change_task, find_task, subject_of, tell
from documents.ticket_making import make_ticket
from documents.ticket_rule import TicketRule, active_rules
from documents.transaction import Transaction
from domain.facts.event import LoggedEvent
from domain.facts.ticket import TicketState
from jobs.consumer import Consumer
from jobs.context import JobContext

# Who is told a day late is told nothing new; what closes or opens a ticket is done however late.
TOO_OLD = timedelta(hours=24)
GONE = "CloudWatcher verified that the cause is gone, and closes this ticket."
CLOSED = "Closed in CloudWatcher: {reason}"
BACK = "CloudWatcher sees the cause again, and opens this ticket again."


async def take(tx: Transaction, context: JobContext, org_id: ObjectId, events: Sequence[LoggedEvent]) -> None:
    """One event after another: a ticket that one of them makes is there for the next."""
    rules = await active_rules(org_id, tx.session)
    for event in events:
        task = await find_task(org_id, subject_of(event.payload["_id"]), tx.session)
        if event.type == "AlertRaised":
            await _raised(tx, context, event, task, rules)
        elif task is not None:
            await FOLLOWS[event.type](tx, task, event.payload)


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
    if task.is_over:  # by whoever closed the ticket, which needs no comment then
        return
    await change_task(tx, task, {"is_over": True})
    if task.issue_id is not None or task.creating_at is not None:
        reason = alert.get("resolution")
        text = CLOSED.format(reason=reason) if reason else GONE
        await tell(tx, task, f"resolved:{alert.get('times_raised', 1)}", text)
    ask_ticket(tx, task)


async def _assigned(tx: Transaction, task: JiraTask, alert: Mapping[str, Any]) -> None:
    """To nobody is no wish that Jira would be told of."""
    email = await email_of_member(task.org_id, alert.get("assignee_id"), tx.session)
    if email is not None:
        await change_task(tx, task, {"assign_to": email})
        ask_ticket(tx, task)


async def _commented(tx: Transaction, task: JiraTask, alert: Mapping[str, Any]) -> None:
    """What people wrote in CloudWatcher; what came from Jira stands there already."""
    has_said = False
    for comment in await late_comments(task.org_id, alert["_id"], tx.session):
        if not (comment.actor or "").startswith("jira:"):
            text = f"{comment.author} in CloudWatcher: {comment.text}"
            has_said |= await tell(tx, task, f"comment:{comment.id}", text)
    if has_said:
        ask_ticket(tx, task)


FOLLOWS = {"AlertResolved": _resolved, "AlertAssigned": _assigned, "AlertCommented": _commented}
WANTED = frozenset({"AlertRaised", *FOLLOWS})
CONSUMER = Consumer(name="tickets", order=40, wants=lambda event: event.type in WANTED, take=take)
