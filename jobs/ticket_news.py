"""What follows from how a ticket was seen in Jira, whether a webhook told of it or we asked.

Everything can be done twice: an alert is moved and a comment is taken over before the ticket is noted as seen so.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from documents.alert import Alert, AlertState
from documents.alert_change import CLOSED_BY_PEOPLE, acknowledge_alert, close_alert, comment_alert
from documents.audit import Act, acting
from documents.jira_task import JiraTask, add_comments, ask_ticket, change_task, tell
from documents.transaction import Transaction
from domain.errors import Conflict
from domain.facts.ticket import SeenComment, SeenTicket, TicketState
from domain.ticketing.ownership import Absorbed, absorb, is_ours, state_of
from jobs.context import JobContext
from jobs.ticketing import scope_of

NOBODY = "unassigned"
STILL_THERE = (
    "CloudWatcher opened this ticket again: its cause is still there. CloudWatcher closes it by itself once the cause "
    "is verified to be gone."
)
Change = Callable[[Transaction], Awaitable[None]]


async def take_in(context: JobContext, task_id: object, org_id: object, seen: SeenTicket) -> None:
    """Take over what Jira says of a ticket. The same report a second time changes nothing."""
    scope = scope_of(org_id)
    task = await JiraTask.get_in(scope, str(task_id))
    found = absorb(task.known, seen)
    alert = await Alert.find_in(scope, {"_id": task.alert_id})
    if found.has_started and alert is not None and alert.state is AlertState.OPEN:
        await _acknowledge(context, task, alert, seen)
    if found.is_closed_early and alert is not None and _ends_by_word(alert):
        await _close(context, task, alert, seen)
    for comment in found.fresh:
        await _take_comment(context, task, comment, has_alert=alert is not None)
    is_there = alert is not None and alert.state is not AlertState.RESOLVED and not _ends_by_word(alert)

    async def change(tx: Transaction) -> None:
        fresh = await JiraTask.get_in(scope, str(task_id), session=tx.session)
        await _record(tx, context, fresh, seen, absorb(fresh.known, seen), is_there=is_there)

    await context.writer.commit(change)


def _ends_by_word(alert: Alert) -> bool:
    """Nobody watches whether it is over, so people say it: in CloudWatcher, or by closing the ticket."""
    return alert.source in CLOSED_BY_PEOPLE and alert.state is not AlertState.RESOLVED


async def _record(
    tx: Transaction, context: JobContext, task: JiraTask, seen: SeenTicket, found: Absorbed, *, is_there: bool
) -> None:
    changes = _changes(task, seen, found)
    if found.is_closed_early and not is_there:
        changes["is_over"] = True
    if changes:
        await change_task(tx, task, changes | {"seen_at": context.now()})
    ours = [one for one in seen.comments if is_ours(one, task.robot) and one.id not in task.comment_ids]
    await add_comments(tx, task, ours, are_ours=True)
    if found.is_closed_early and is_there:
        await tell(tx, task, f"closed:{seen.updated_at:%Y-%m-%dT%H:%M:%S.%f}", STILL_THERE)
        ask_ticket(tx, task)
    if found.is_newer and task.is_over and state_of(seen.category) is TicketState.OPEN:
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


async def _acknowledge(context: JobContext, task: JiraTask, alert: Alert, seen: SeenTicket) -> None:
    """Whoever begins to work on the ticket has taken the alert on."""
    scope = scope_of(task.org_id)

    async def change(tx: Transaction) -> None:
        taken = await acknowledge_alert(tx, scope, str(alert.id), at=context.now(), expected_version=None)
        tx.audit(taken.org_id, target=f"alert:{taken.id}", before=_told(alert), after=_told(taken))

    await _as_somebody(context, task, "alert.acknowledge", seen.assignee_id, change)


async def _close(context: JobContext, task: JiraTask, alert: Alert, seen: SeenTicket) -> None:
    """Whoever closes the ticket of what happened once says that it is dealt with."""
    scope = scope_of(task.org_id)

    async def change(tx: Transaction) -> None:
        reason = f"Closed in Jira as {seen.key}."
        closed = await close_alert(tx, scope, str(alert.id), reason=reason, at=context.now())
        tx.audit(closed.org_id, target=f"alert:{closed.id}", before=_told(alert), after=_told(closed))

    await _as_somebody(context, task, "alert.resolve", seen.assignee_id, change)


async def _take_comment(context: JobContext, task: JiraTask, comment: SeenComment, *, has_alert: bool) -> None:
    """Into the ticket and the history of the alert, together and once."""
    scope = scope_of(task.org_id)

    async def change(tx: Transaction) -> None:
        fresh = await JiraTask.get_in(scope, str(task.id), session=tx.session)
        target, after = f"jira_task:{task.id}", {"comment": comment.id}
        tx.audit(task.org_id, target=target, after=after)
        if comment.id in fresh.comment_ids:
            return
        await add_comments(tx, task, [comment], are_ours=False)
        if has_alert and comment.text:
            text = f"{comment.author} in Jira: {comment.text}"
            await comment_alert(tx, scope, str(task.alert_id), text=text, at=context.now())

    await _as_somebody(context, task, "alert.comment", comment.author_id, change)


async def _as_somebody(context: JobContext, task: JiraTask, action: str, who: str | None, change: Change) -> None:
    """Commit as the person in Jira; what somebody else has done meanwhile stays."""
    with acting(Act(action=action, actor=f"jira:{who or NOBODY}", acting_for=f"account:{task.account_id}")):
        try:
            await context.writer.commit(change)
        except Conflict:
            return


def _told(alert: Alert) -> dict[str, Any]:
    return {"state": alert.state, "version": alert.version}
