"""Tells people of alerts: decides by the rules of the organization who hears of what happened, when and how."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId

from documents.alert import AlertSource, AlertState, Cause, raise_alert, resolve_alerts
from documents.delivery import add_delivery
from documents.escalation import plan_escalations, stop_escalations
from documents.hold import cancel_holds
from documents.maintenance_window import mark_muted
from documents.routing import alert_facts, load_routing, told_channels
from documents.routing_rule import rule_fingerprint
from documents.transaction import Transaction
from domain.alerting.noise import telling_count
from domain.alerting.route import HoldReason, Route, Routing, route, tell_again
from domain.alerting.rule import Rule
from domain.facts import topic
from domain.facts.event import LoggedEvent
from domain.facts.notice import NoticeKind
from domain.facts.severity import Severity
from jobs.consumer import Consumer
from jobs.context import JobContext
from jobs.notices import Teller, teller_of
from jobs.telling import key_of, tell, version_of

# News of yesterday wakes nobody; the alert stands in the list.
STALE_AFTER = timedelta(hours=24)
NO_CHANNEL = "channels:none"
# Somebody has it: what was to wake people is not told, what is to be read stays.
_TAKEN_ON = (HoldReason.DELAY, HoldReason.QUIET, HoldReason.MAINTENANCE)
_FOLLOW_UPS = {
    "AlertAcknowledged": (NoticeKind.ACKNOWLEDGED, _TAKEN_ON, "It was acknowledged before it was told."),
    "AlertSnoozed": (NoticeKind.SNOOZED, _TAKEN_ON, "It was snoozed before it was told."),
    "AlertResolved": (NoticeKind.RESOLVED, tuple(HoldReason), "It was resolved before it was told."),
}
_RAISES = ("AlertRaised", "AlertReopened")


@dataclass(frozen=True)
class Desk:
    """What one batch is worked on with."""

    tx: Transaction
    context: JobContext
    org_id: PydanticObjectId
    routing: Routing
    teller: Teller
    now: datetime


def wants(event: LoggedEvent) -> bool:
    """What happens to alerts, and channels that begin or cease to work."""
    return event.type in _HANDLERS or event.topic == topic.channels(event.org_id)


async def take(tx: Transaction, context: JobContext, org_id: ObjectId, events: Sequence[LoggedEvent]) -> None:
    """What is to be told of these events, in their order."""
    now = context.now()
    fresh = [event for event in events if event.type in _HANDLERS and event.at > now - STALE_AFTER]
    begin = min((event.at for event in fresh), default=now)
    routing = await load_routing(org_id, begin, tx.session)
    teller = await teller_of(context, org_id, [event.payload for event in fresh])
    desk = Desk(tx, context, PydanticObjectId(org_id), routing, teller, now)
    for event in fresh:
        await _HANDLERS[event.type](desk, event)
    await _say_that_channels_work(desk)


CONSUMER = Consumer(name="notices", order=20, wants=wants, take=take)


async def _raised(desk: Desk, event: LoggedEvent) -> None:
    raw, tx = event.payload, desk.tx
    plan = route(alert_facts(raw, event.at), desk.routing, desk.now)
    window_id = None if plan.muted_by is None else ObjectId(plan.muted_by.id)
    if window_id != raw.get("muted_by"):
        await mark_muted(raw["_id"], window_id, tx.session)
    steps = plan.escalations if raw["state"] == AlertState.OPEN else ()
    await plan_escalations(desk.org_id, raw["_id"], steps, desk.now, tx.session)
    await _tell_all(desk, raw, plan, window_id)
    await _say_that_nobody_hears(desk, raw, plan)


async def _worsened(desk: Desk, event: LoggedEvent) -> None:
    """Told anew as what it is now, also to those who have taken it on: it is not what they knew."""
    because = "It became more severe, and is told of anew."
    await cancel_holds(desk.tx, desk.org_id, f"alert:{event.payload['_id']}", tuple(HoldReason), because)
    await _raised(desk, event)


async def _tell_all(desk: Desk, raw: Mapping[str, Any], plan: Route, window_id: ObjectId | None) -> None:
    kind = NoticeKind.RAISED
    notice = desk.teller.alert(kind, raw, desk.now)
    for telling in plan.tellings:
        if telling.is_told:
            channel = desk.routing.channels[telling.channel_id]
            key = key_of(raw, channel.id, version_of(kind, raw))
            await tell(desk.tx, desk.org_id, channel, key, notice, desk.now, telling, window_id)


async def _repeated(desk: Desk, event: LoggedEvent) -> None:
    """Those who were told hear of it again when it has come ten times as often as when they last did."""
    raw = event.payload
    count = telling_count(raw.get("occurrences", 1))
    if count is None or raw["state"] != AlertState.OPEN:
        return
    notice = desk.teller.alert(NoticeKind.REPEATED, raw, desk.now)
    for channel_id in sorted(await _told(desk, raw)):
        channel = desk.routing.channels[str(channel_id)]
        telling = tell_again(alert_facts(raw, event.at), channel, desk.routing.windows, desk.now)
        key = key_of(raw, channel_id, f"repeated-{raw.get('times_raised', 1)}-{count}")
        await tell(desk.tx, desk.org_id, channel, key, notice, desk.now, telling)


async def _followed_up(desk: Desk, event: LoggedEvent) -> None:
    """Whoever was told of the alert hears at once what became of it; what was to be told yet is not told any more."""
    raw, tx = event.payload, desk.tx
    kind, reasons, because = _FOLLOW_UPS[event.type]
    await stop_escalations(desk.org_id, raw["_id"], tx.session)
    await cancel_holds(tx, desk.org_id, f"alert:{raw['_id']}", reasons, because)
    notice = desk.teller.alert(kind, raw, desk.now)
    for channel_id in sorted(await _told(desk, raw)):
        await add_delivery(tx, desk.org_id, channel_id, key_of(raw, channel_id, version_of(kind, raw)), notice)


async def _told(desk: Desk, raw: Mapping[str, Any]) -> set[ObjectId]:
    usable = [ObjectId(channel.id) for channel in desk.routing.channels.values() if channel.is_usable]
    return await told_channels(desk.org_id, f"alert:{raw['_id']}", usable, raw["raised_at"], desk.tx.session)


_HANDLERS: dict[str, Callable[[Desk, LoggedEvent], Awaitable[None]]] = {
    **dict.fromkeys(_RAISES, _raised),
    **dict.fromkeys(_FOLLOW_UPS, _followed_up),
    "AlertRepeated": _repeated,
    "AlertWorsened": _worsened,
}


async def _say_that_nobody_hears(desk: Desk, raw: Mapping[str, Any], plan: Route) -> None:
    """An alert that no channel can be told of is itself something to see. Who has set up nothing expects nothing."""
    if str(raw["fingerprint"]).startswith("channels:"):
        return
    if not desk.routing.has_usable_channel:
        if desk.routing.rules or desk.routing.channels:
            await raise_alert(desk.tx, desk.org_id, _no_channel(), desk.now)
        return
    for rule in _mute_rules(desk.routing):
        if any(verdict.is_match and verdict.rule_id == rule.id for verdict in plan.verdicts):
            await raise_alert(desk.tx, desk.org_id, _mute_rule(rule), desk.now)


async def _say_that_channels_work(desk: Desk) -> None:
    if desk.routing.has_usable_channel:
        mute = {rule.id for rule in _mute_rules(desk.routing)}
        sound = [rule_fingerprint(rule.id) for rule in desk.routing.rules if rule.id not in mute]
        await resolve_alerts(desk.tx, desk.org_id, [NO_CHANNEL, *sound], desk.now)


def _mute_rules(routing: Routing) -> list[Rule]:
    """Rules that name channels of which none can be used."""
    usable = {channel.id for channel in routing.channels.values() if channel.is_usable}
    return [
        rule for rule in routing.rules if rule.is_enabled and rule.channel_ids and usable.isdisjoint(rule.channel_ids)
    ]


def _no_channel() -> Cause:
    return Cause(
        fingerprint=NO_CHANNEL,
        source=AlertSource.INTEGRATION,
        severity=Severity.HIGH,
        title="Nobody is told of alerts: the organization has no usable channel",
        message="Send a test through a channel, or set one up. Until then alerts are only shown here.",
    )


def _mute_rule(rule: Rule) -> Cause:
    return Cause(
        fingerprint=rule_fingerprint(rule.id),
        source=AlertSource.INTEGRATION,
        severity=Severity.HIGH,
        title=f"The routing rule {rule.name} tells nobody: none of its channels can be used",
        message="Send a test through one of its channels, or give the rule another one.",
    )
