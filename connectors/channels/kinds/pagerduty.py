"""PagerDuty by its Events API v2: an incident is triggered, acknowledged and resolved as its alert is."""

import hashlib
from typing import Any

from connectors.channels.channel import Channel, Message, Outlet, Sent
from connectors.channels.text import cut
from connectors.channels.web import by_status, post, request_of
from connectors.channels.wording import OPEN, body
from domain.facts.channel import ChannelKind
from domain.facts.channel_settings import PagerdutyRegion, PagerdutySettings
from domain.facts.notice import Notice, NoticeKind
from domain.facts.severity import Severity

SAYS = "PagerDuty"
HOSTS = {
    PagerdutyRegion.US: "https://events.pagerduty.com/v2",
    PagerdutyRegion.EU: "https://events.eu.pagerduty.com/v2",
}
SUMMARY, DEDUP_KEY, TEXT, LINES = 1024, 255, 8000, 100
SEVERITIES = {
    Severity.CRITICAL: "critical",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "info",
    Severity.INFORMATIONAL: "info",
}
# Everything else triggers: PagerDuty adds it to the incident that is open for the same key.
ACTIONS = {
    NoticeKind.ACKNOWLEDGED: "acknowledge",
    NoticeKind.SNOOZED: "acknowledge",
    NoticeKind.RESOLVED: "resolve",
    NoticeKind.DECIDED: "resolve",
}


async def send(message: Message, settings: PagerdutySettings, outlet: Outlet) -> Sent:
    """Send the event. A test is resolved again at once, so that it wakes nobody for long."""
    answered = await _enqueue(event(message, settings.routing_key.get_secret_value()), settings, outlet)
    if message.notice.kind is NoticeKind.TEST:
        key = settings.routing_key.get_secret_value()
        await _enqueue(_ended(message, key, "resolve"), settings, outlet)
    return Sent(reference=dedup_key(message.notice), answer=answered)


def event(message: Message, routing_key: str) -> dict[str, Any]:
    """The event as PagerDuty takes it."""
    notice = message.notice
    if action := ACTIONS.get(notice.kind):
        return _ended(message, routing_key, action)
    made: dict[str, Any] = {
        "routing_key": routing_key,
        "event_action": "trigger",
        "dedup_key": dedup_key(notice),
        "client": "CloudWatcher",
        "payload": _payload(message),
    }
    if notice.link is not None:
        made |= {"client_url": notice.link, "links": [{"href": notice.link, "text": OPEN}]}
    return made


def dedup_key(notice: Notice) -> str:
    """The subject: what is told of one alert belongs to one incident."""
    subject = notice.subject
    return subject if len(subject) <= DEDUP_KEY else hashlib.sha256(subject.encode()).hexdigest()


def _payload(message: Message) -> dict[str, Any]:
    notice = message.notice
    return {
        "summary": cut(notice.title, SUMMARY),
        "source": cut(notice.organization, SUMMARY),
        "severity": SEVERITIES[notice.severity] if notice.severity else "info",
        "timestamp": notice.at.isoformat(),
        "class": notice.kind.value,
        "custom_details": {
            "message": cut(body(message), TEXT),
            **{cut(line.label, 200): cut(line.text, 1000) for line in notice.lines[:LINES]},
        },
    }


def _ended(message: Message, routing_key: str, action: str) -> dict[str, Any]:
    return {"routing_key": routing_key, "event_action": action, "dedup_key": dedup_key(message.notice)}


async def _enqueue(sent: dict[str, Any], settings: PagerdutySettings, outlet: Outlet) -> str:
    url = f"{(settings.endpoint_url or HOSTS[settings.region]).rstrip('/')}/enqueue"
    reply = await post(outlet, request_of(url, sent, SAYS), by_status)
    return f"{reply.status}: {sent['event_action']}"


CHANNEL = Channel(
    kind=ChannelKind.PAGERDUTY,
    name="PagerDuty",
    settings=PagerdutySettings,
    send=send,
    # 120 a minute for each integration. Source: PagerDuty, "Events API v2", rate limiting.
    per_minute=120,
)
