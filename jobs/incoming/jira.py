"""Webhooks of Jira: what people do with our tickets there."""

from typing import Any

import structlog

from connectors.ticketing.parsing import parse_comment, parse_issue
from documents.jira_task import JiraTask, task_of_issue
from documents.received_event import ReceivedEvent
from domain.facts.ticket import SeenTicket
from jobs.context import JobContext
from jobs.ticket_news import take_in
from jobs.ticketing import note_deleted, scope_of

log = structlog.get_logger()

DELETED = "jira:issue_deleted"
CHANGED = frozenset({"jira:issue_created", "jira:issue_updated", "comment_created", "comment_updated"})


async def handle(context: JobContext, received: ReceivedEvent, body: Any) -> None:
    """Issues that are no ticket of ours are left alone. Only tickets of the account that the endpoint is for are found.

    Raises KeyError and ValueError for what is no webhook of Jira.
    """
    event = body.get("webhookEvent") or received.kind
    if event not in CHANGED | {DELETED} or not isinstance(body.get("issue"), dict):
        return
    task = await _task(received, str(body["issue"]["id"]))
    if task is None:
        return
    if event == DELETED:
        await note_deleted(context, task)
        return
    await take_in(context, task.id, received.org_id, _seen(body))


async def _task(received: ReceivedEvent, issue_id: str) -> JiraTask | None:
    return await task_of_issue(scope_of(received.org_id), received.account_id, issue_id)


def _seen(body: dict[str, Any]) -> SeenTicket:
    """The issue as it is told of, with the comment that the webhook is about."""
    seen = parse_issue(body["issue"])
    if not isinstance(body.get("comment"), dict):
        return seen
    comment = parse_comment(body["comment"])
    others = tuple(one for one in seen.comments if one.id != comment.id)
    return seen.model_copy(update={"comments": (*others, comment)})
