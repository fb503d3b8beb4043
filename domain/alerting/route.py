"""Where an alert goes, when, and why: one answer, which jobs act on and people are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from domain.alerting.hours import next_time
from domain.alerting.maintenance import Window, muting
from domain.alerting.quiet import QuietHours, quiet_until
from domain.alerting.rule import Afterwards, AlertFacts, EscalationStep, Rule, Timing, mismatch
from domain.facts.channel import ChannelKind, ChannelState
from domain.facts.severity import Severity

USABLE = (ChannelState.VERIFIED, ChannelState.FAILING)
# A digest is nothing to wake somebody for, and partners' webhooks are told of every event as it is.
NOT_FOR_DIGESTS = (ChannelKind.PAGERDUTY, ChannelKind.WEBHOOK)
NOT_UNASKED = (ChannelKind.WEBHOOK,)


class HoldReason(StrEnum):
    """Why something is not told at once. NOISE: the channel was told too much in a short while."""

    DELAY = "DELAY"
    DIGEST = "DIGEST"
    MAINTENANCE = "MAINTENANCE"
    NOISE = "NOISE"
    QUIET = "QUIET"


@dataclass(frozen=True, slots=True)
class KnownChannel:
    id: str
    name: str
    kind: ChannelKind
    state: ChannelState
    quiet: QuietHours | None = None

    @property
    def is_usable(self) -> bool:
        return self.state in USABLE


@dataclass(frozen=True, slots=True)
class Routing:
    """What an organization has set up: its rules in their order, its channels by id, its maintenance windows."""

    rules: Sequence[Rule] = ()
    channels: Mapping[str, KnownChannel] = field(default_factory=dict)
    windows: Sequence[Window] = ()

    @property
    def has_usable_channel(self) -> bool:
        return any(channel.is_usable for channel in self.channels.values())


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says of an alert. `reason` is a sentence."""

    rule_id: str
    name: str
    is_match: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Telling:
    """A channel, and how it is told: at once, or held for a `hold` until `until`. Never, when `is_told` is false."""

    channel_id: str
    rule_id: str
    reason: str
    is_told: bool = True
    hold: HoldReason | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Escalation:
    """A step of a rule's, due when nobody has acknowledged by then."""

    rule_id: str
    step: EscalationStep
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Route:
    """`muted_by` is the maintenance window that keeps it from people, `muted_until` when that ends."""

    verdicts: tuple[Verdict, ...]
    tellings: tuple[Telling, ...]
    escalations: tuple[Escalation, ...]
    muted_by: Window | None = None
    muted_until: datetime | None = None


def default_rules(channels: Mapping[str, KnownChannel]) -> tuple[Rule, Rule]:
    """What holds while an organization has no rule: HIGH or worse at once to everybody, the rest once a day."""
    loud = [channel.id for channel in channels.values() if channel.is_usable and channel.kind not in NOT_UNASKED]
    calm = [id for id in loud if channels[id].kind not in NOT_FOR_DIGESTS]
    return (
        Rule(id="", name="Default: high or worse, at once", at_least=Severity.HIGH, channel_ids=tuple(loud)),
        Rule(id="", name="Default: the rest, daily", channel_ids=tuple(calm), timing=Timing.DAILY),
    )


def route(alert: AlertFacts, routing: Routing, now: datetime) -> Route:
    """Where the alert goes as things are set up at `now`. Rules are looked at in order until one says STOP.

    The first rule that tells a channel decides when; a channel that cannot be used is named with the reason.
    """
    verdicts, matched = _judged(alert, routing)
    muted_by, muted_until = muting(routing.windows, alert) or (None, None)
    tellings: dict[str, Telling] = {}
    for rule in matched:
        for channel_id in rule.channel_ids:
            if channel_id not in tellings:
                telling = _telling(alert, rule, channel_id, routing, now)
                tellings[channel_id] = telling if muted_by is None else _muffled(telling, muted_by, muted_until)
    begin = muted_until or alert.at
    escalations = tuple(
        Escalation(rule.id, step, begin + timedelta(minutes=step.after_minutes))
        for rule in matched
        for step in rule.escalations
    )
    return Route(tuple(verdicts), tuple(tellings.values()), escalations, muted_by, muted_until)


def tell_again(alert: AlertFacts, channel: KnownChannel, windows: Sequence[Window], now: datetime) -> Telling:
    """How a usable channel hears more of an alert that was raised before: at once, or when it may be told again."""
    mute = muting(windows, replace(alert, at=now))
    if mute is not None:
        return _muffled(Telling(channel.id, "", ""), *mute)
    end = quiet_until(channel.quiet, now, alert.severity)
    return Telling(channel.id, "", "", hold=HoldReason.QUIET if end else None, until=end)


def _judged(alert: AlertFacts, routing: Routing) -> tuple[list[Verdict], list[Rule]]:
    verdicts: list[Verdict] = []
    matched: list[Rule] = []
    stopped_by: Rule | None = None
    for rule in routing.rules or default_rules(routing.channels):
        reason = mismatch(rule, alert) if stopped_by is None else f"{stopped_by.name} stops before it."
        verdicts.append(Verdict(rule.id, rule.name, reason is None, reason or "Every condition holds."))
        if reason is None:
            matched.append(rule)
            stopped_by = rule if rule.afterwards is Afterwards.STOP else None
    return verdicts, matched


def _muffled(telling: Telling, window: Window, until: datetime | None) -> Telling:
    if not telling.is_told:
        return telling
    reason = f"Maintenance {window.name}: what is open at its end is told of then, in one summary."
    return replace(telling, reason=reason, hold=HoldReason.MAINTENANCE, until=until)


def _telling(alert: AlertFacts, rule: Rule, channel_id: str, routing: Routing, now: datetime) -> Telling:
    channel = routing.channels.get(channel_id)
    if channel is None:
        return Telling(channel_id, rule.id, "There is no such channel any more.", is_told=False)
    if not channel.is_usable:
        return Telling(channel_id, rule.id, f"{channel.name} is {channel.state}.", is_told=False)
    hold, due, reason = _waits(rule, alert, now)
    is_digest = hold is HoldReason.DIGEST
    quiet_end = quiet_until(channel.quiet, due, None if is_digest else alert.severity)
    if quiet_end is not None:
        hold, due, reason = hold if is_digest else HoldReason.QUIET, quiet_end, f"{reason} It is quiet then."
    return Telling(channel_id, rule.id, reason, hold=hold, until=due if hold else None)


def _waits(rule: Rule, alert: AlertFacts, now: datetime) -> tuple[HoldReason | None, datetime, str]:
    """(why it waits, when it is due, the same in words)."""
    if rule.timing is Timing.DAILY:
        return HoldReason.DIGEST, next_time(rule.digest_at, rule.zone, now), "In the next daily digest."
    if rule.timing is Timing.HOURLY:
        due = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        return HoldReason.DIGEST, due, "In the next hourly digest."
    due = alert.at + timedelta(minutes=rule.delay_minutes)
    if due > now:
        return HoldReason.DELAY, due, f"When nobody has taken it on within {rule.delay_minutes} minutes."
    return None, now, "At once."
