"""Where an alert goes, when and why."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.alerting.hours import WeeklyHours
from domain.alerting.maintenance import Window
from domain.alerting.quiet import QuietHours
from domain.alerting.route import HoldReason, KnownChannel, Routing, Telling, route, tell_again
from domain.alerting.rule import Afterwards, AlertFacts, EscalationStep, Rule, Timing
from domain.facts.alert import AlertCategory, AlertSource
from domain.facts.channel import ChannelKind, ChannelState
from domain.facts.severity import Severity

NOW = datetime(2026, 11, 26, 12, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
QUIET = QuietHours(hours=(WeeklyHours(begins="12:00", ends="15:30"),))


def alert(severity: Severity = Severity.HIGH, **fields: Any) -> AlertFacts:
    return AlertFacts(severity, AlertSource.FINDING, AlertCategory.SECOPS, **{"at": NOW, **fields})


def channel(id: str, kind: ChannelKind = ChannelKind.EMAIL, **fields: Any) -> KnownChannel:
    return KnownChannel(id, f"channel {id}", kind, **{"state": ChannelState.VERIFIED, **fields})


def rule(id: str, *channel_ids: str, **fields: Any) -> Rule:
    return Rule(id=id, name=f"rule {id}", channel_ids=channel_ids, **fields)


def routing(*rules: Rule, channels: tuple[KnownChannel, ...] = (), windows: tuple[Window, ...] = ()) -> Routing:
    return Routing(rules, {one.id: one for one in channels or (channel("a"), channel("b"))}, windows)


def only(tellings: tuple[Telling, ...]) -> tuple[HoldReason | None, datetime | None]:
    (telling,) = tellings
    assert telling.is_told
    return telling.hold, telling.until


def test_without_rules_high_or_worse_goes_to_everybody_at_once() -> None:
    channels = (
        channel("mail"),
        channel("pager", ChannelKind.PAGERDUTY, state=ChannelState.FAILING),
        channel("partner", ChannelKind.WEBHOOK),
        channel("new", state=ChannelState.UNVERIFIED),
    )

    plan = route(alert(), routing(channels=channels), NOW)

    assert [(one.channel_id, one.hold) for one in plan.tellings] == [("mail", None), ("pager", None)]


def test_without_rules_the_rest_goes_to_a_daily_digest_that_wakes_nobody() -> None:
    channels = (channel("mail"), channel("pager", ChannelKind.PAGERDUTY))

    plan = route(alert(Severity.MEDIUM), routing(channels=channels), NOW)

    assert [(one.channel_id, one.hold) for one in plan.tellings] == [("mail", HoldReason.DIGEST)]
    assert plan.tellings[0].until == datetime(2026, 11, 27, 8, tzinfo=UTC)


def test_rules_are_looked_at_in_order_until_one_stops() -> None:
    rules = (
        rule("1", "a", at_least=Severity.CRITICAL),
        rule("2", "a", afterwards=Afterwards.CONTINUE),
        rule("3", "b"),
        rule("4", "a", "b"),
    )

    plan = route(alert(), routing(*rules), NOW)

    assert [(one.rule_id, one.is_match, one.reason) for one in plan.verdicts] == [
        ("1", False, "HIGH is less than CRITICAL."),
        ("2", True, "Every condition holds."),
        ("3", True, "Every condition holds."),
        ("4", False, "rule 3 stops before it."),
    ]
    assert [(one.channel_id, one.rule_id) for one in plan.tellings] == [("a", "2"), ("b", "3")]


def test_the_first_rule_that_tells_a_channel_decides_when() -> None:
    rules = (rule("1", "a", timing=Timing.HOURLY, afterwards=Afterwards.CONTINUE), rule("2", "a"))

    assert only(route(alert(), routing(*rules), NOW).tellings) == (HoldReason.DIGEST, NOW.replace(hour=13, minute=0))


def test_a_channel_that_cannot_be_used_is_named_with_the_reason() -> None:
    channels = (channel("a", state=ChannelState.DISABLED),)

    plan = route(alert(), routing(rule("1", "a", "gone"), channels=channels), NOW)

    assert [(one.is_told, one.reason) for one in plan.tellings] == [
        (False, "channel a is DISABLED."),
        (False, "There is no such channel any more."),
    ]
    assert not routing(channels=channels).has_usable_channel


def test_a_delay_counts_from_the_raise() -> None:
    slow = routing(rule("1", "a", delay_minutes=10))

    assert only(route(alert(at=NOW - 4 * MINUTE), slow, NOW).tellings) == (HoldReason.DELAY, NOW + 6 * MINUTE)
    assert only(route(alert(at=NOW - 10 * MINUTE), slow, NOW).tellings) == (None, None)


def test_quiet_hours_hold_what_does_not_break_through() -> None:
    quiet = routing(rule("1", "a"), channels=(channel("a", quiet=QUIET),))
    end = NOW.replace(hour=15, minute=30)

    assert only(route(alert(), quiet, NOW).tellings) == (HoldReason.QUIET, end)
    assert only(route(alert(Severity.CRITICAL), quiet, NOW).tellings) == (None, None)


def test_a_delay_that_ends_in_quiet_hours_goes_on_to_their_end() -> None:
    slow = routing(rule("1", "a", delay_minutes=60), channels=(channel("a", quiet=QUIET),))
    before = NOW.replace(hour=11)

    assert only(route(alert(at=before), slow, before).tellings) == (HoldReason.QUIET, NOW.replace(hour=15, minute=30))


def test_a_digest_waits_for_the_end_of_quiet_hours_whatever_is_in_it() -> None:
    calm = routing(rule("1", "a", timing=Timing.HOURLY), channels=(channel("a", quiet=QUIET),))

    assert only(route(alert(Severity.CRITICAL), calm, NOW).tellings) == (
        HoldReason.DIGEST,
        NOW.replace(hour=15, minute=30),
    )


def test_a_daily_digest_comes_at_the_time_of_its_zone() -> None:
    # 18:00 in New York is 23:00 UTC in November.
    calm = routing(rule("1", "a", timing=Timing.DAILY, digest_at="18:00", zone="America/New_York"))

    assert only(route(alert(), calm, NOW).tellings) == (HoldReason.DIGEST, NOW.replace(hour=23, minute=0))


def test_maintenance_keeps_it_from_everybody_until_the_last_window_ends() -> None:
    short = Window(id="w1", name="short", ends_at=NOW + 10 * MINUTE)
    long = Window(id="w2", name="long", ends_at=NOW + 20 * MINUTE)
    other = Window(id="w3", name="other", ends_at=NOW + 30 * MINUTE, account_ids=("other",))
    over = Window(id="w4", name="over", ends_at=NOW)
    step = EscalationStep(after_minutes=5, channel_ids=("b",))
    channels = (channel("a"), channel("off", state=ChannelState.DISABLED))
    muted = routing(rule("1", "a", "off", escalations=(step,)), channels=channels, windows=(short, long, other, over))

    plan = route(alert(), muted, NOW)

    assert (plan.muted_by, plan.muted_until) == (long, NOW + 20 * MINUTE)
    assert [(one.is_told, one.hold, one.until) for one in plan.tellings] == [
        (True, HoldReason.MAINTENANCE, NOW + 20 * MINUTE),
        (False, None, None),
    ]
    assert [one.due_at for one in plan.escalations] == [NOW + 25 * MINUTE]


def test_escalations_count_from_the_raise() -> None:
    steps = (
        EscalationStep(after_minutes=15, channel_ids=("b",)),
        EscalationStep(after_minutes=60, channel_ids=("a",), repeat_times=2),
    )

    plan = route(alert(), routing(rule("1", "a", escalations=steps), rule("2", "b", escalations=steps)), NOW)

    assert [(one.rule_id, one.due_at) for one in plan.escalations] == [
        ("1", NOW + 15 * MINUTE),
        ("1", NOW + 60 * MINUTE),
    ]


def test_more_of_an_alert_waits_for_the_end_of_maintenance_and_of_quiet_hours() -> None:
    window = Window(id="w", name="move", ends_at=NOW + 10 * MINUTE)
    earlier = alert(at=NOW - 60 * MINUTE)

    muted = tell_again(earlier, channel("a", quiet=QUIET), (window,), NOW)
    quiet = tell_again(earlier, channel("a", quiet=QUIET), (), NOW)
    at_once = tell_again(earlier, channel("a"), (), NOW)

    assert (muted.hold, muted.until) == (HoldReason.MAINTENANCE, NOW + 10 * MINUTE)
    assert (quiet.hold, quiet.until) == (HoldReason.QUIET, NOW.replace(hour=15, minute=30))
    assert (at_once.hold, at_once.until) == (None, None)


RULES = st.builds(
    Rule,
    id=st.sampled_from("123456"),
    name=st.just("rule"),
    is_enabled=st.booleans(),
    at_least=st.none() | st.sampled_from(Severity),
    channel_ids=st.lists(st.sampled_from(["a", "b", "off", "gone"]), max_size=4).map(tuple),
    afterwards=st.sampled_from(Afterwards),
    timing=st.sampled_from(Timing),
    delay_minutes=st.integers(0, 1440),
)


@given(st.lists(RULES, max_size=6), st.sampled_from(Severity), st.booleans(), st.booleans())
def test_each_channel_is_named_once_with_a_time_to_come_or_a_reason(
    rules: list[Rule], severity: Severity, is_quiet: bool, is_muted: bool
) -> None:
    channels = (
        channel("a", quiet=QUIET if is_quiet else None),
        channel("b"),
        channel("off", state=ChannelState.DISABLED),
    )
    windows = (Window(id="w", name="w", ends_at=NOW + MINUTE),) if is_muted else ()

    plan = route(alert(severity), routing(*rules, channels=channels, windows=windows), NOW)

    named = [one.channel_id for one in plan.tellings]
    assert len(named) == len(set(named))
    assert len(plan.verdicts) == (len(rules) or 2)
    for telling in plan.tellings:
        assert telling.reason
        assert telling.is_told == (telling.channel_id in "ab")
        assert (telling.until is None) == (telling.hold is None)
        assert telling.until is None or telling.until > NOW
        assert not is_muted or telling.hold in (None, HoldReason.MAINTENANCE)
