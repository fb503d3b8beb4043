"""Messages as Slack's Block Kit: what webhooks and bots share. Nothing a tenant's data says becomes markup.

Limits: shared by "Reference: blocks" and "Reference: block elements" of Slack's documentation.
"""

from typing import Any

from connectors.channels.channel import Message
from connectors.channels.text import escaped
from connectors.channels.wording import OPEN, body, buttons, heading
from domain.facts.notice import Notice, NoticeLine

HEADER, SECTION, FIELD, TEXT, URL = 150, 3000, 2000, 4000, 3000
FIELDS_AT_ONCE, MOST_LINES = 10, 100
# Of a button's value.
VALUE = 2000
# One button for each time: what jobs/chat_act.py knows by the ends of their names, and an hour without one.
SNOOZES = {"snooze": "Snooze 1 hour", "snooze_4h": "Snooze 4 hours", "snooze_1d": "Snooze 1 day"}
STYLES = {"acknowledge": "primary", "approve": "primary", "decline": "danger"}
# One press too many must not change an account. Limits: "Confirmation dialog object".
ASKED_FIRST = {
    "title": {"type": "plain_text", "text": "Approve this plan?"},
    "text": {"type": "plain_text", "text": "It is done with the last approval it needs, as it is described here."},
    "confirm": {"type": "plain_text", "text": "Approve"},
    "deny": {"type": "plain_text", "text": "Back"},
}
# Of a labelled line; what is longer would be another address when cut.
LINK = 700


def escape(text: str) -> str:
    """The three characters that begin links, mentions and entities, as Slack asks for. `<!channel>` is then a text.

    Source: "Formatting text for app surfaces", escaping text.
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fallback(message: Message) -> str:
    """What notifications and screen readers get."""
    return escaped(f"{heading(message.notice)}\n{body(message)}", TEXT, escape)


def blocks(message: Message) -> list[dict[str, Any]]:
    """Header, text, labelled lines in columns, and buttons: 50 blocks at most."""
    notice = message.notice
    made: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": _cut_header(notice), "emoji": False}}
    ]
    if text := body(message):
        made.append({"type": "section", "text": _mrkdwn(text, SECTION)})
    lines = notice.lines[:MOST_LINES]
    parts = (lines[start : start + FIELDS_AT_ONCE] for start in range(0, len(lines), FIELDS_AT_ONCE))
    made += [{"type": "section", "fields": [_field(line) for line in part]} for part in parts]
    if elements := [*_buttons(notice), *_open(notice)]:
        made.append({"type": "actions", "elements": elements})
    made.append({"type": "context", "elements": [_mrkdwn(f"{notice.organization} · {notice.subject}", FIELD)]})
    return made


def _cut_header(notice: Notice) -> str:
    return escaped(heading(notice), HEADER, str)


def _mrkdwn(text: str, most: int) -> dict[str, Any]:
    # Verbatim: names of channels and people, and addresses, in it are no links either.
    return {"type": "mrkdwn", "text": escaped(text, most, escape), "verbatim": True}


def _field(line: NoticeLine) -> dict[str, Any]:
    label = escaped(line.label, 200, escape)
    text = escaped(line.text, 800, escape)
    linked = f"<{_address(line.link)}|{text}>" if line.link and len(line.link) <= LINK else text
    return {"type": "mrkdwn", "text": f"*{label}*\n{linked}", "verbatim": True}


def _address(link: str) -> str:
    return link.replace("|", "%7C").replace(">", "%3E").replace("<", "%3C")


def _buttons(notice: Notice) -> list[dict[str, Any]]:
    """Of what the notice offers; a value that Slack would refuse, and with it the message, is left out."""
    return [
        _button(action_id, shown, value)
        for name, label, value in buttons(notice)
        for action_id, shown in (SNOOZES if name == "snooze" else {name: label}).items()
        if len(value) <= VALUE
    ]


def _button(name: str, label: str, value: str) -> dict[str, Any]:
    made = {"type": "button", "action_id": name, "text": {"type": "plain_text", "text": label}, "value": value}
    style = {"style": STYLES[name]} if name in STYLES else {}
    return {**made, **style, **({"confirm": ASKED_FIRST} if name == "approve" else {})}


def _open(notice: Notice) -> list[dict[str, Any]]:
    if notice.link is None or len(notice.link) > URL:
        return []
    return [{"type": "button", "action_id": "open", "text": {"type": "plain_text", "text": OPEN}, "url": notice.link}]
