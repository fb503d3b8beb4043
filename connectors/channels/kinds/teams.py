"""Microsoft Teams by a workflow's webhook: an Adaptive Card 1.4. Texts are text runs, which know no markdown.

A workflow answers 202 when it has taken the card, before it is posted; more cannot be learned there.
"""

from typing import Any

import orjson

from connectors.channels.channel import Channel, Message, Outlet, Sent
from connectors.channels.text import cut
from connectors.channels.web import by_status, post, request_of
from connectors.channels.wording import OPEN, body, heading
from domain.facts.channel import ChannelKind
from domain.facts.channel_settings import TeamsSettings
from domain.facts.notice import Notice, NoticeLine
from domain.facts.severity import Severity

SAYS = "Microsoft Teams"
# Source: "Limits and specifications for Microsoft Teams", message size of webhooks. What wraps the card counts.
MOST_BYTES = 28 * 1024
TITLE, TEXT, LINES, LINK = 300, 6000, 40, 1000
COLOURS = {Severity.CRITICAL: "attention", Severity.HIGH: "attention", Severity.MEDIUM: "warning"}


async def send(message: Message, settings: TeamsSettings, outlet: Outlet) -> Sent:
    """Hand the card to the workflow."""
    reply = await post(outlet, request_of(settings.url.get_secret_value(), payload(message), SAYS), by_status)
    return Sent(answer=f"{reply.status}: taken by the workflow")


def payload(message: Message) -> dict[str, Any]:
    """The message, with as many lines and as much text as fit."""
    lines, most = LINES, TEXT
    while len(orjson.dumps(made := _wrapped(_card(message, lines, most)))) > MOST_BYTES:
        lines, most = lines // 2, most // 2
    return made


def _wrapped(card: dict[str, Any]) -> dict[str, Any]:
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "contentUrl": None, "content": card}]}


def _card(message: Message, lines: int, most: int) -> dict[str, Any]:
    notice = message.notice
    text = body(message)
    blocks = [_text(_run(cut(heading(notice), TITLE), size="medium", weight="bolder", **_colour(notice)))]
    if text:
        blocks.append(_text(_run(cut(text, most))))
    blocks += [_line(line) for line in notice.lines[:lines]]
    blocks.append(_text(_run(cut(f"{notice.organization} · {notice.subject}", TITLE), isSubtle=True, size="small")))
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": cut(heading(notice), TITLE),
        "body": blocks,
    }
    # Other buttons do nothing in a card that came by webhook.
    return card if notice.link is None or len(notice.link) > LINK else {**card, "actions": [_open(notice.link)]}


def _colour(notice: Notice) -> dict[str, str]:
    colour = COLOURS.get(notice.severity) if notice.severity else None
    return {"color": colour} if colour else {}


def _run(text: str, **style: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **style}


def _text(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs)}


def _line(line: NoticeLine) -> dict[str, Any]:
    is_linked = line.link is not None and len(line.link) <= LINK
    link = {"selectAction": {"type": "Action.OpenUrl", "url": line.link}} if is_linked else {}
    return _text(_run(f"{cut(line.label, 100)}: ", weight="bolder"), _run(cut(line.text, 500), **link))


def _open(link: str) -> dict[str, Any]:
    return {"type": "Action.OpenUrl", "title": OPEN, "url": link}


CHANNEL = Channel(
    kind=ChannelKind.TEAMS,
    name="Microsoft Teams",
    settings=TeamsSettings,
    send=send,
    # About four a second. Source: "Create incoming webhooks", rate limiting for connectors.
    per_minute=240,
)
