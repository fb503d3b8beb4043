"""Notices and messages made to order."""

from datetime import UTC, datetime
from typing import Any

from connectors.channels.channel import Message
from domain.facts.notice import Notice, NoticeKind, NoticeLine
from domain.facts.severity import Severity

AT = datetime(2026, 11, 26, 12, 30, tzinfo=UTC)
KEY = "0123456789abcdef0123456789abcdef01234567"


def make_notice(kind: NoticeKind = NoticeKind.RAISED, **fields: Any) -> Notice:
    """A notice of an alert, with a line, a link and the buttons of an open one."""
    made: dict[str, Any] = {
        "kind": kind,
        "subject": "alert:66b0f1c2d3e4f5a6b7c8d9e0",
        "title": "Trail is stopped: cedar-eu-audit",
        "message": "What happens in the account leaves no trace.",
        "organization": "Example Company",
        "at": AT,
        "severity": Severity.CRITICAL,
        "link": "https://cloud.example.com/alerts/1",
        "lines": (NoticeLine(label="Account", text="production"),),
        "actions": {"acknowledge": "sealed-a", "snooze": "sealed-s"},
    }
    return Notice(**{**made, **fields})


def make_message(notice: Notice | None = None, **fields: Any) -> Message:
    """A message on its way now."""
    return Message(**{"key": KEY, "notice": notice or make_notice(), "at": AT, "org_id": "f" * 24, **fields})
