"""What every minute tells: held messages, digests, summaries and escalations, each once, by however many workers."""

import asyncio
from datetime import timedelta

import pytest
from bson import ObjectId

from app.wiring import Backend
from documents.base import utc_now
from documents.escalation import Escalation
from documents.hold import Hold
from documents.maintenance_window import MaintenanceWindow
from domain.alerting.gathering import MOST_LINES
from domain.alerting.hours import WeeklyHours
from domain.alerting.quiet import NoiseLimit, QuietHours
from domain.alerting.rule import EscalationStep, Timing
from domain.facts.severity import Severity
from jobs.tasks.tell_later import tell_later
from tests.factories.tenant import make_tenant
from tests.factories.told import Desk, make_channel, make_rule


@pytest.fixture
async def desk(backend: Backend) -> Desk:
    return Desk(backend, await make_tenant(backend))


async def tick(desk: Desk, **later: float) -> None:
    await tell_later(desk.ctx(utc_now() + timedelta(**later)))


def quiet_now(limit: NoiseLimit | None = None) -> QuietHours:
    hour = utc_now().hour
    hours = WeeklyHours(begins=f"{(hour - 1) % 24:02d}:00", ends=f"{(hour + 2) % 24:02d}:00")
    return QuietHours(hours=(hours,), limit=limit)


async def holds_of(desk: Desk) -> int:
    return await Hold.rows().count_documents({"org_id": desk.org_id})


async def test_what_quiet_hours_held_is_told_at_their_end_and_not_before(desk: Desk) -> None:
    await make_channel(desk.tenant, quiet=quiet_now())
    await desk.raised("bad")
    await desk.dispatched()

    await tick(desk, minutes=30)
    early = [one[2] for one in await desk.told()]
    await tick(desk, hours=3)

    (sent,) = await desk.deliveries()
    assert early == ["HELD"]
    assert sent["state"] == "WAITING"
    assert await desk.is_asked(sent["_id"])
    assert await holds_of(desk) == 0


async def test_a_delay_passes_before_anybody_is_told(desk: Desk) -> None:
    channel = await make_channel(desk.tenant)
    await make_rule(desk.tenant, "patient", channel, delay_minutes=10)
    await desk.raised("bad")
    await desk.dispatched()

    await tick(desk, minutes=9)
    early = [one[2] for one in await desk.told()]
    await tick(desk, minutes=11)

    assert early == ["HELD"]
    assert [one[2] for one in await desk.told()] == ["WAITING"]


async def test_a_digest_stands_for_all_that_was_held_for_it(desk: Desk) -> None:
    channel = await make_channel(desk.tenant)
    await make_rule(desk.tenant, "calm", channel, timing=Timing.HOURLY)
    await desk.raised("a", "b", severity=Severity.LOW)
    await desk.raised("worst", severity=Severity.CRITICAL)
    await desk.raised("gone")
    await desk.dispatched()
    await desk.resolved("gone")
    await desk.dispatched()

    await tick(desk, hours=1, minutes=1)

    (digest,) = await desk.deliveries(kind="DIGEST")
    folded = await desk.deliveries(folded_into=digest["_id"])
    assert digest["title"] == "3 alerts in this digest: 1 CRITICAL, 2 LOW"
    assert [line["text"] for line in digest["notice"]["lines"]] == ["Title of worst", "Title of a", "Title of b"]
    assert digest["notice"]["lines"][0]["link"] == folded[2]["notice"]["link"]
    assert {one["state"] for one in folded} == {"FOLDED"}
    assert len(folded) == 3


async def test_two_workers_at_once_make_one_digest(desk: Desk) -> None:
    channel = await make_channel(desk.tenant)
    await make_rule(desk.tenant, "calm", channel, timing=Timing.HOURLY)
    await desk.raised(*(f"a {number}" for number in range(20)))
    await desk.dispatched()

    await asyncio.gather(*(tick(desk, hours=1, minutes=1) for _ in range(4)))

    (digest,) = await desk.deliveries(kind="DIGEST")
    assert len(await desk.deliveries(folded_into=digest["_id"])) == 20


async def test_a_storm_becomes_a_few_messages_and_a_summary_that_counts_the_rest(desk: Desk) -> None:
    await make_channel(desk.tenant, quiet=QuietHours(limit=NoiseLimit(messages=3, minutes=10)))
    count = 3 + MOST_LINES + 7
    await desk.raised(*(f"bad {number}" for number in range(count)))
    await desk.dispatched()

    await tick(desk, minutes=9)
    early = len(await desk.deliveries(kind="SUMMARY"))
    await tick(desk, minutes=11)

    (summary,) = await desk.deliveries(kind="SUMMARY")
    lines = summary["notice"]["lines"]
    assert early == 0
    assert summary["title"] == f"{count - 3} alerts more in a short while: {count - 3} HIGH"
    assert len(lines) == MOST_LINES + 1
    assert (lines[-1]["text"], lines[-1]["link"]) == ("7 more", summary["notice"]["link"])
    assert len(await desk.deliveries(folded_into=summary["_id"])) == count - 3
    assert len(await desk.deliveries(state="WAITING")) == 3 + 1


async def test_the_morning_is_no_storm_either_and_the_worst_comes_first(desk: Desk) -> None:
    await make_channel(desk.tenant, quiet=quiet_now(NoiseLimit(messages=1, minutes=10)))
    await desk.raised("first", severity=Severity.HIGH)
    await desk.dispatched()
    await desk.raised("second", severity=Severity.HIGH)
    await desk.dispatched()
    worst = await desk.alert("second")
    await Hold.rows().update_one(
        {"org_id": desk.org_id, "subject": f"alert:{worst.id}"}, {"$set": {"severity": "CRITICAL"}}
    )

    await tick(desk, hours=3)
    await tick(desk, hours=3, minutes=11)

    assert await desk.told() == [
        ("RAISED", "Title of first", "FOLDED"),
        ("RAISED", "Title of second", "WAITING"),
        ("SUMMARY", "1 alert more in a short while: 1 HIGH", "WAITING"),
    ]


async def test_at_the_end_of_maintenance_one_summary_tells_what_is_still_open(desk: Desk) -> None:
    await make_channel(desk.tenant)
    now = utc_now()
    window = MaintenanceWindow(org_id=desk.org_id, name="move", starts_at=now, ends_at=now + timedelta(hours=2))
    await window.insert()
    await desk.raised("stays", "mended", "taken")
    await desk.dispatched()
    await desk.resolved("mended")
    await desk.acknowledged("taken")
    await desk.dispatched()

    await tick(desk, hours=1)
    during = await desk.deliveries(state="WAITING")
    await tick(desk, hours=2, minutes=1)

    (summary,) = await desk.deliveries(state="WAITING")
    assert during == []
    assert summary["title"] == "1 alert still open after maintenance: 1 HIGH"
    assert [line["text"] for line in summary["notice"]["lines"]] == ["Title of stays"]


async def test_what_is_due_for_a_channel_that_is_gone_is_not_lost_without_a_word(desk: Desk) -> None:
    channel = await make_channel(desk.tenant)
    await make_rule(desk.tenant, "patient", channel, delay_minutes=10)
    await desk.raised("bad")
    await desk.dispatched()
    await desk.backend.database["channels"].delete_one({"_id": channel})

    await tick(desk, minutes=11)

    (failed,) = await desk.deliveries()
    assert (failed["state"], failed["problem"]) == ("FAILED", "The channel cannot be used any more.")


async def escalating(desk: Desk, *, quiet: QuietHours | None = None) -> ObjectId:
    """An alert that goes to a team, and after 15 minutes to its chief, twice more every 5 minutes."""
    team, chief = await make_channel(desk.tenant, "team"), await make_channel(desk.tenant, "chief", quiet=quiet)
    step = EscalationStep(after_minutes=15, channel_ids=(str(chief),), repeat_times=2, repeat_minutes=5)
    await make_rule(desk.tenant, "chain", team, escalations=[step])
    await desk.raised("bad")
    await desk.dispatched()
    return chief


async def test_nobody_acknowledges_and_the_chief_is_told_and_told_again_as_often_as_was_said(desk: Desk) -> None:
    chief = await escalating(desk)

    counts = []
    for minutes in (14, 16, 17, 22, 28, 60):
        await tick(desk, minutes=minutes)
        counts.append(len(await desk.deliveries(channel_id=chief)))

    assert counts == [0, 1, 1, 2, 3, 3]
    assert {one[1] for one in await desk.told(channel_id=chief)} == {"Not acknowledged: Title of bad"}
    assert await Escalation.rows().count_documents({"org_id": desk.org_id}) == 0


async def test_two_workers_at_once_escalate_once(desk: Desk) -> None:
    chief = await escalating(desk)

    await asyncio.gather(*(tick(desk, minutes=16) for _ in range(4)))

    assert len(await desk.deliveries(channel_id=chief)) == 1


async def test_an_acknowledged_alert_goes_no_further(desk: Desk) -> None:
    chief = await escalating(desk)
    await desk.acknowledged("bad")
    await desk.dispatched()

    await tick(desk, minutes=16)

    assert await desk.deliveries(channel_id=chief) == []
    assert await Escalation.rows().count_documents({"org_id": desk.org_id}) == 0


async def test_an_alert_that_ended_a_moment_ago_goes_no_further_although_nobody_was_told_yet(desk: Desk) -> None:
    chief = await escalating(desk)
    await desk.resolved("bad")

    await tick(desk, minutes=16)

    assert await desk.deliveries(channel_id=chief) == []


async def test_the_chief_has_quiet_hours_too(desk: Desk) -> None:
    chief = await escalating(desk, quiet=quiet_now())

    await tick(desk, minutes=16)

    assert [one[2] for one in await desk.told(channel_id=chief)] == ["HELD"]


async def test_a_step_that_is_due_during_maintenance_is_told_of_at_its_end(desk: Desk) -> None:
    chief = await escalating(desk)
    now = utc_now()
    window = MaintenanceWindow(org_id=desk.org_id, name="move", starts_at=now, ends_at=now + timedelta(hours=2))
    await window.insert()

    await tick(desk, minutes=16)
    during = [one[2] for one in await desk.told(channel_id=chief)]
    await tick(desk, hours=2, minutes=1)

    assert during == ["HELD"]
    # The step itself, and its first repetition, which is due by now.
    assert [one[0] for one in await desk.told(channel_id=chief, state="WAITING")] == ["SUMMARY", "ESCALATED"]


async def test_the_trouble_of_one_organization_is_not_the_silence_of_another(desk: Desk) -> None:
    broken, sound = await make_channel(desk.tenant, "broken"), await make_channel(desk.tenant, "sound")
    await make_rule(desk.tenant, "patient", broken, sound, delay_minutes=10)
    await desk.raised("bad")
    await desk.dispatched()
    await desk.backend.database["channels"].update_one({"_id": broken}, {"$set": {"quiet": {"hours": "wrong"}}})
    stranger = Desk(desk.backend, await make_tenant(desk.backend))
    await make_rule(stranger.tenant, "patient", await make_channel(stranger.tenant), delay_minutes=10)
    await stranger.raised("bad")
    await stranger.dispatched()

    await tick(desk, minutes=11)

    assert [one[2] for one in await stranger.told()] == ["WAITING"]
    assert [one[2] for one in await desk.told()] == ["HELD", "HELD"]


async def test_who_was_told_by_escalation_hears_of_the_end(desk: Desk) -> None:
    chief = await escalating(desk)
    await tick(desk, minutes=16)

    await desk.resolved("bad")
    await desk.dispatched()

    assert [one[0] for one in await desk.told(channel_id=chief)] == ["ESCALATED", "RESOLVED"]
