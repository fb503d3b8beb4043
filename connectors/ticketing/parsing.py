"""Issues and comments of Jira, as its interface and its webhooks write them, in our words. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from domain.facts.ticket import CATEGORY_OF_KEY, SeenComment, SeenTicket, StatusCategory
from domain.ticketing.adf import text_of
from domain.ticketing.ownership import LONGEST_COMMENT, PROPERTY

SOMEBODY = "somebody in Jira"


def parse_issue(issue: Mapping[str, Any]) -> SeenTicket:
    """An issue of GET issue, of a search, or of a webhook. Raises KeyError and ValueError for what is none.

    Source: Jira Cloud REST API v3, "Get issue"; Jira Cloud platform, "Webhooks".
    """
    fields = issue.get("fields") or {}
    comments = fields.get("comment") or {}
    listed = comments.get("comments") or ()
    found = tuple(parse_comment(one) for one in listed)
    has_more = int(comments.get("total") or 0) > len(found)
    named = {"id": str(issue["id"]), "key": str(issue["key"]), "comments": found, "has_more_comments": has_more}
    # Webhooks about comments carry a part of the fields, without the time by which they could be told apart.
    if not fields.get("updated") or not isinstance(fields.get("status"), dict):
        return SeenTicket(**named)
    status, assignee = fields["status"], fields.get("assignee") or {}
    return SeenTicket(
        **named,
        updated_at=instant(fields["updated"]),
        category=CATEGORY_OF_KEY.get(str((status.get("statusCategory") or {}).get("key")), StatusCategory.TO_DO),
        status=_line(status.get("name")),
        assignee=_line(assignee.get("displayName")),
        assignee_id=_line(assignee.get("accountId")),
        priority=_line((fields.get("priority") or {}).get("name")),
        summary=_line(fields.get("summary")),
    )


def parse_comment(comment: Mapping[str, Any]) -> SeenComment:
    """A comment; its text is cut where it is too long to keep."""
    author = comment.get("author") or {}
    return SeenComment(
        id=str(comment["id"]),
        author_id=author.get("accountId"),
        author=_line(author.get("displayName")) or SOMEBODY,
        text=text_of(comment.get("body"))[:LONGEST_COMMENT],
        at=instant(comment["created"]),
        key=key_of(comment.get("properties") or ()),
    )


def parse_ways(body: Mapping[str, Any]) -> dict[StatusCategory, str]:
    """The first transition that leads to each category, of those that are open from where the issue is."""
    ways: dict[StatusCategory, str] = {}
    for one in body.get("transitions") or ():
        key = ((one.get("to") or {}).get("statusCategory") or {}).get("key")
        if key in CATEGORY_OF_KEY:
            ways.setdefault(CATEGORY_OF_KEY[key], str(one["id"]))
    return ways


def key_of(properties: Sequence[Mapping[str, Any]]) -> str | None:
    """Our own name for a comment, which stands in a property of it; None for comments of others."""
    for one in properties:
        value = one.get("value")
        if one.get("key") == PROPERTY and isinstance(value, dict) and value.get("key"):
            return str(value["key"])
    return None


def instant(text: str) -> datetime:
    """A moment as Jira writes it: 2026-11-26T15:04:05.123+0000."""
    return datetime.fromisoformat(text).astimezone(UTC)


def _line(value: Any) -> str | None:
    return None if value is None else " ".join(str(value).split())[:300]
