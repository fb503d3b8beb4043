"""What a notice says, whatever the channel: heading, text, and the names of its buttons."""

from connectors.channels.channel import Message
from connectors.channels.text import one_line
from domain.facts.notice import Notice, NoticeKind

# What the heading begins with; a first alert begins with its severity.
MARKS = {
    NoticeKind.REPEATED: "Again",
    NoticeKind.ACKNOWLEDGED: "Acknowledged",
    NoticeKind.SNOOZED: "Snoozed",
    NoticeKind.RESOLVED: "Resolved",
    NoticeKind.ESCALATED: "Escalated",
    NoticeKind.DIGEST: "Digest",
    NoticeKind.SUMMARY: "Summary",
    NoticeKind.STATUS: "Status",
    NoticeKind.APPROVAL: "Approval",
    NoticeKind.DECIDED: "Decided",
    NoticeKind.TEST: "Test",
}
# In this order; others that a notice may have are not offered.
BUTTONS = {"acknowledge": "Acknowledge", "snooze": "Snooze", "approve": "Approve", "decline": "Decline"}
OPEN = "Open in CloudWatcher"


def heading(notice: Notice) -> str:
    """One line: what happened, how bad it is, and to what."""
    parts = [MARKS.get(notice.kind), notice.severity.value if notice.severity else None]
    marks = [part for part in parts if part]
    return one_line(f"[{', '.join(marks)}] {notice.title}" if marks else notice.title)


def body(message: Message) -> str:
    """What the organization's own template says, else the notice's message."""
    return message.notice.message if message.text is None else message.text


def buttons(notice: Notice) -> list[tuple[str, str, str]]:
    """(action, label, signed value) of what may be done from the channel."""
    return [(name, label, notice.actions[name]) for name, label in BUTTONS.items() if name in notice.actions]
