"""Who is told of an alert: by rule, now or later, once, and what becomes of it."""

from datetime import timedelta
from typing import Any

import pytest

from app.wiring import Backend
from documents.base import utc_now
from documents.hold import Hold
from documents.maintenance_window import MaintenanceWindow
from domain.alerting.hours import WeeklyHours
from domain.alerting.quiet import NoiseLimit, QuietHours
from domain.alerting.rule import Afterwards, Timing
from domain.facts.channel import ChannelKind, ChannelState
from domain.facts.event import LoggedEvent
from domain.facts.severity import Severity
from jobs.consumers.notices import CONSUMER
from tests.factories.tenant import make_tenant
from tests.factories.told import Desk, make_channel, make_rule


@pytest.fixture
async def desk(backend: Backend) -> Desk:
    return Desk(backend, await make_tenant(backend))


def always_quiet_but(severity: Severity | None) -> QuietHours:
    """Quiet for the next ten hours or so, whenever the test runs."""
    hour = utc_now().hour
    hours = WeeklyHours(begins=f"{(hour - 1) % 24:02d}:00", ends=f"{(hour + 10) % 24:02d}:00")
    return QuietHours(hours=(hours,), breaks_through=severity)


async def hold_reasons(desk: Desk) -> list[str]:
    return [raw["reason"] async for raw in Hold.rows().find({"org_id": desk.org_id})]


async def test_without_rules_what_is_high_is_told_at_once_and_the_rest_waits_for_the_daily_digest(desk: Desk) -> None:
    await make_channel(desk.tenant)

    await desk.raised("bad")
    await desk.raised("mild", severity=Severity.MEDIUM)
    await desk.dispatched()

    assert await desk.told() == [("RAISED", "Title of bad", "WAITING"), ("RAISED", "Title of mild", "HELD")]
    assert await hold_reasons(desk) == ["DIGEST"]


async def test_real_repeats_are_told_at_the_tenth(desk: Desk) -> None:
    await make_channel(desk.tenant)
    for _ in range(12):
        await desk.raised("again")

    await desk.dispatched()

    assert [one[:2] for one in await desk.told()] == [
        ("RAISED", "Title of again"),
        ("REPEATED", "Title of again, seen 10 times"),
    ]


async def test_a_second_run_tells_nothing_twice(desk: Desk) -> None:
    await make_channel(desk.tenant)
    await desk.raised("bad")

    await desk.dispatched()
    await desk.dispatched()

    assert len(await desk.deliveries()) == 1


async def test_a_notice_says_what_is_known_and_can_be_acted_on(desk: Desk) -> None:
    await make_channel(desk.tenant)
    await desk.raised(
        "bad", resource_native_id="arn:aws:s3:::bucket", region="eu-west-1", principal="mallory", tags={"team": "shop"}
    )

    await desk.dispatched()

    alert, (sent,) = await desk.alert("bad"), await desk.deliveries()
    notice: dict[str, Any] = sent["notice"]
    context = desk.ctx()["context"]
    assert sent["subject"] == notice["subject"] == f"alert:{alert.id}"
    assert [(line["label"], line["text"]) for line in notice["lines"]] == [
        ("Severity", "HIGH"),
        ("Resource", "arn:aws:s3:::bucket"),
        ("Region", "eu-west-1"),
        ("Principal", "mallory"),
        ("Times seen", "1"),
    ]
    assert notice["organization"] == desk.tenant.organization.name
    assert notice["payload"]["tags"] == {"team": "shop"}
    assert notice["values"]["link"] == notice["link"]
    action = context.actions.open(notice["actions"]["acknowledge"], utc_now())
    assert (action.name, action.subject, action.org_id) == ("acknowledge", f"alert:{alert.id}", str(desk.org_id))


async def test_rules_are_followed_in_order_until_one_stops(desk: Desk) -> None:
    first, second, third = [await make_channel(desk.tenant, name) for name in ("first", "second", "third")]
    await make_rule(desk.tenant, "b", second, position=1)
    await make_rule(desk.tenant, "a", first, position=0, afterwards=Afterwards.CONTINUE)
    await make_rule(desk.tenant, "c", third, position=2)

    await desk.raised("bad")
    await desk.dispatched()

    assert [one["channel_id"] for one in await desk.deliveries()] == [first, second]


async def test_only_channels_that_have_passed_their_test_are_used(desk: Desk) -> None:
    await make_channel(desk.tenant, "new", state=ChannelState.UNVERIFIED)
    await make_channel(desk.tenant, "off", state=ChannelState.DISABLED)
    shaky = await make_channel(desk.tenant, "shaky", state=ChannelState.FAILING)

    await desk.raised("bad")
    await desk.dispatched()

    assert [one["channel_id"] for one in await desk.deliveries()] == [shaky]


async def test_what_became_of_an_alert_is_told_to_those_who_were_told_of_it_also_in_quiet_hours(desk: Desk) -> None:
    channel = await make_channel(desk.tenant, quiet=always_quiet_but(Severity.CRITICAL))
    await make_channel(desk.tenant, "deaf", state=ChannelState.UNVERIFIED)
    await desk.raised("bad", severity=Severity.CRITICAL)
    await desk.dispatched()

    await desk.acknowledged("bad")
    await desk.dispatched()
    await desk.resolved("bad")
    await desk.dispatched()

    assert await desk.told(channel_id=channel) == [
        ("RAISED", "Title of bad", "WAITING"),
        ("ACKNOWLEDGED", "Acknowledged: Title of bad", "WAITING"),
        ("RESOLVED", "Resolved: Title of bad", "WAITING"),
    ]
    assert len(await desk.deliveries()) == 3


async def test_quiet_hours_hold_what_does_not_break_through(desk: Desk) -> None:
    await make_channel(desk.tenant, quiet=always_quiet_but(Severity.CRITICAL))

    await desk.raised("bad")
    await desk.dispatched()

    (held,) = await desk.deliveries()
    assert held["state"] == "HELD"
    assert held["due_at"] > utc_now() + timedelta(hours=9)
    assert not await desk.is_asked(held["_id"])


async def test_what_is_resolved_before_it_was_told_is_not_told_at_all(desk: Desk) -> None:
    await make_channel(desk.tenant, quiet=always_quiet_but(None))
    await desk.raised("bad")
    await desk.dispatched()

    await desk.resolved("bad")
    await desk.dispatched()

    (folded,) = await desk.deliveries()
    assert (folded["state"], folded["problem"]) == ("FOLDED", "It was resolved before it was told.")
    assert await hold_reasons(desk) == []


async def test_acknowledging_cancels_what_would_wake_people_and_leaves_the_digest(desk: Desk) -> None:
    slow, daily = await make_channel(desk.tenant, "slow"), await make_channel(desk.tenant, "daily")
    await make_rule(desk.tenant, "slow", slow, delay_minutes=10, afterwards=Afterwards.CONTINUE)
    await make_rule(desk.tenant, "daily", daily, timing=Timing.DAILY, position=1)
    await desk.raised("bad")
    await desk.dispatched()
    assert sorted(await hold_reasons(desk)) == ["DELAY", "DIGEST"]

    await desk.acknowledged("bad")
    await desk.dispatched()

    assert await hold_reasons(desk) == ["DIGEST"]
    assert [one[2] for one in await desk.told(channel_id=slow)] == ["FOLDED"]


async def test_what_a_channel_cannot_take_is_held_and_none_of_it_is_lost(desk: Desk) -> None:
    await make_channel(desk.tenant, quiet=QuietHours(limit=NoiseLimit(messages=2, minutes=10)))

    await desk.raised(*(f"bad {number}" for number in range(5)))
    await desk.dispatched()

    assert [one[2] for one in await desk.told()] == ["WAITING", "WAITING", "HELD", "HELD", "HELD"]
    assert await hold_reasons(desk) == ["NOISE"] * 3


async def test_what_is_worked_on_is_held_and_shown_with_its_window(desk: Desk) -> None:
    await make_channel(desk.tenant)
    now = utc_now()
    window = MaintenanceWindow(
        org_id=desk.org_id, name="move", tags=["env=test"], starts_at=now, ends_at=now + timedelta(hours=2)
    )
    await window.insert()

    await desk.raised("inside", tags={"env": "test"})
    await desk.raised("outside", tags={"env": "live"})
    await desk.dispatched()

    stored = await desk.backend.database["alerts"].find_one({"org_id": desk.org_id, "fingerprint": "inside"})
    assert stored is not None
    assert stored["muted_by"] == window.id
    assert await desk.told() == [("RAISED", "Title of inside", "HELD"), ("RAISED", "Title of outside", "WAITING")]
    assert await hold_reasons(desk) == ["MAINTENANCE"]


async def test_an_organization_nobody_can_be_told_in_says_so_once_and_until_a_channel_works(desk: Desk) -> None:
    channel = await make_channel(desk.tenant, state=ChannelState.UNVERIFIED)
    await desk.raised("bad")
    await desk.dispatched()
    await desk.raised("worse")
    await desk.dispatched()
    silent = await desk.alert("channels:none")

    await desk.backend.database["channels"].update_one({"_id": channel}, {"$set": {"state": "VERIFIED"}})
    await desk.raised("next")
    await desk.dispatched()

    assert (silent.state, silent.times_raised) == ("OPEN", 1)
    assert (await desk.alert("channels:none")).state == "RESOLVED"


async def test_who_has_set_up_nothing_is_not_told_so(desk: Desk) -> None:
    await desk.raised("bad")
    await desk.dispatched()

    assert await desk.backend.database["alerts"].count_documents({"org_id": desk.org_id}) == 1


async def test_a_rule_whose_channels_cannot_be_used_is_an_alert_of_its_own(desk: Desk) -> None:
    good = await make_channel(desk.tenant, "good")
    bad = await make_channel(desk.tenant, "bad", state=ChannelState.DISABLED)
    rule = await make_rule(desk.tenant, "night watch", bad, at_least=Severity.CRITICAL)
    await make_rule(desk.tenant, "others", good, position=1)

    await desk.raised("worst", severity=Severity.CRITICAL)
    await desk.dispatched()

    raised = await desk.alert(f"channels:rule:{rule.id}")
    assert "night watch" in raised.title
    assert [one[1] for one in await desk.told()] == [raised.title]


async def test_news_of_yesterday_wakes_nobody(desk: Desk) -> None:
    await make_channel(desk.tenant)
    await desk.raised("bad")

    await desk.dispatched(now=utc_now() + timedelta(hours=25))

    assert await desk.deliveries() == []


@pytest.mark.parametrize(
    ("occurrences", "told"), [((2, 9), 1), ((10,), 2), ((10, 11, 99), 2), ((12, 100, 101, 1000), 4)]
)
async def test_repeats_are_told_at_powers_of_ten(desk: Desk, occurrences: tuple[int, ...], told: int) -> None:
    await make_channel(desk.tenant)
    await desk.raised("bad")
    await desk.dispatched()
    payload = await desk.backend.database["alerts"].find_one({"org_id": desk.org_id})
    assert payload is not None

    async def change(tx: Any) -> None:
        events = [event_of(desk, "AlertRepeated", {**payload, "occurrences": count}) for count in occurrences]
        await CONSUMER.take(tx, desk.ctx()["context"], desk.org_id, events)

    await desk.backend.writer.commit(change)

    assert len(await desk.deliveries()) == told


def event_of(desk: Desk, type: str, payload: dict[str, Any]) -> LoggedEvent:
    topic = f"tenant/{desk.org_id}/alerts"
    return LoggedEvent(org_id=str(desk.org_id), seq=1, topic=topic, type=type, payload=payload, at=utc_now())


async def test_an_alert_that_comes_back_from_its_snooze_is_told_again(desk: Desk) -> None:
    await make_channel(desk.tenant)
    await desk.raised("bad")
    await desk.snoozed("bad")
    await desk.reopened("bad")

    await desk.dispatched()

    assert [one[0] for one in await desk.told()] == ["RAISED", "SNOOZED", "RAISED"]


async def test_what_becomes_more_severe_is_told_anew_at_once_and_is_in_no_digest_any_more(desk: Desk) -> None:
    await make_channel(desk.tenant)
    await desk.raised("growing", severity=Severity.LOW)
    await desk.dispatched()

    await desk.raised("growing", severity=Severity.CRITICAL)
    await desk.dispatched()

    first, second = await desk.deliveries()
    assert (first["state"], first["problem"]) == ("FOLDED", "It became more severe, and is told of anew.")
    assert (second["state"], second["notice"]["severity"]) == ("WAITING", "CRITICAL")


async def test_another_organization_hears_nothing(desk: Desk) -> None:
    stranger = Desk(desk.backend, await make_tenant(desk.backend))
    await make_channel(desk.tenant)
    await make_channel(stranger.tenant)

    await desk.raised("bad")
    await desk.dispatched()
    await stranger.dispatched()

    assert len(await desk.deliveries()) == 1
    assert await stranger.deliveries() == []


@pytest.mark.parametrize("kind", [ChannelKind.WEBHOOK])
async def test_a_partners_webhook_is_told_only_by_a_rule(desk: Desk, kind: ChannelKind) -> None:
    channel = await make_channel(desk.tenant, kind=kind)
    await desk.raised("before")
    await desk.dispatched()
    await make_rule(desk.tenant, "all", channel)

    await desk.raised("after")
    await desk.dispatched()

    assert [one[1] for one in await desk.told()] == ["Title of after"]
