"""Syncs, messages, checks and the chain of evidence as the application leaves them, judged as our own records."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from beanie import PydanticObjectId
from pydantic import SecretStr

import documents
from app.wiring import Backend
from connectors.guarding.samples import GuardReport
from documents.base import utc_now
from documents.evidence_chain import append_records
from domain.compliance.naming import fingerprint_of
from domain.facts.channel import ChannelKind
from domain.facts.channel_settings import SlackWebhookSettings
from domain.facts.compliance import CheckStatus, Frequency
from domain.facts.health import Tally
from jobs.health import record_health
from jobs.tasks.judge_controls import judge_asked, judge_controls
from jobs.tasks.seal_evidence import seal_evidence
from schema.node import global_id
from tests.factories.aws import loose_volume, volume
from tests.factories.graph import Graph
from tests.factories.notices import make_notice
from tests.factories.platform_house import FAIL, PASS, WARNING, House, open_house, said
from tests.factories.synthetic_account import LONG, a_vendor, connect, context_of, register, sync
from tests.factories.tickets import TicketHouse, make_ticket_house
from tests.fakes.control_reading import CONTROLS
from tests.fakes.jira_site import jira_site
from tests.fakes.message_server import MessageServer, Ordered, message_server
from tests.fakes.synthetic import Synthetic, item_of
from tests.integration import channel_house

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
ALIVE, READ, REACHED, ENDED = "CW-GOV-04", "CW-LOG-06", "CW-LOG-05", "CW-PIN-02"
DELIVERED = "alert delivery"


@pytest.fixture
async def house(backend: Backend, graph: Graph) -> House:
    return await open_house(backend, graph)


@pytest.fixture(scope="module")
def server() -> Iterator[MessageServer]:
    with message_server() as running:
        yield running


@pytest.fixture
async def vendor(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Synthetic]:
    register(monkeypatch)
    async with a_vendor() as running:
        yield running


async def channel_of(house: House, server: MessageServer) -> tuple[channel_house.House, documents.Channel]:
    """A channel that sends to the server, with the job that does it."""
    sending = channel_house.House(house.backend, house.tenant, context_of(house.backend))
    url = SecretStr(f"{server.url}/services/T/B/hush")
    return sending, await sending.channel(SlackWebhookSettings(url=url), ChannelKind.SLACK_WEBHOOK)


async def escalates(house: House, channel: documents.Channel) -> None:
    """From now on somebody else is told when nobody answers."""
    told = [global_id("Channel", channel.id)]
    step = {"afterMinutes": 15, "channelIds": told}
    await house.do("CreateRoutingRule", "rule { id }", name="All", channelIds=told, escalations=[step])


async def tell(house: House, server: MessageServer, *answers: int) -> documents.Channel:
    """Alerts that the channel has answered so."""
    sending, channel = await channel_of(house, server)
    for number, status in enumerate(answers):
        server.answers = [Ordered(status)]
        await sending.run(await sending.ask(channel, make_notice(), f"key-{number}"))
    return channel


@pytest.mark.parametrize(
    ("answers", "verdict", "seen"),
    [
        ((200,), PASS, "1 of 1 delivered, 1 steps of escalation"),
        ((), WARNING, "0 of 0 delivered, 1 steps of escalation"),
        ((200, 404), FAIL, "1 of 2 delivered, 1 steps of escalation"),
    ],
    ids=["reached", "nothing to tell", "refused"],
)
async def test_whether_alerts_reach_a_person(
    house: House, server: MessageServer, answers: tuple[int, ...], verdict: Any, seen: str
) -> None:
    await escalates(house, await tell(house, server, *answers))

    check = await house.check(REACHED)

    assert said(check) == [(DELIVERED, verdict, seen)]


async def test_alerts_that_go_no_further_when_nobody_answers_fail(house: House, server: MessageServer) -> None:
    await tell(house, server, 200)

    check = await house.check(REACHED)

    assert said(check) == [(DELIVERED, FAIL, "1 of 1 delivered, 0 steps of escalation")]


async def often(house: House, times: int) -> None:
    """As if the message that was sent had been one of so many more."""
    rows = documents.Delivery.rows()
    (sent,) = await rows.find({"org_id": house.org_id, "state": "SENT"}).to_list()
    await rows.insert_many([{**sent, "_id": PydanticObjectId(), "key": f"copy-{one}"} for one in range(times)])


@pytest.mark.parametrize(
    ("answers", "times", "verdict", "seen"),
    [
        ((200,), 0, PASS, "1 queued, 1 of 1 succeeded in 24 h, 0 dead"),
        ((200, 404), 98, WARNING, "100 queued, 99 of 100 succeeded in 24 h, 1 dead"),
        ((200, 404), 97, FAIL, "99 queued, 98 of 99 succeeded in 24 h, 1 dead"),
    ],
    ids=["all", "all but one in a hundred", "fewer"],
)
async def test_whether_what_was_asked_for_comes_to_an_end(
    house: House, server: MessageServer, answers: tuple[int, ...], times: int, verdict: Any, seen: str
) -> None:
    await tell(house, server, *answers)
    if times:
        await often(house, times)

    check = await house.check(ENDED)

    assert said(check) == [("jobs", verdict, seen)]


async def test_a_message_whose_state_is_damaged_is_an_error(house: House, server: MessageServer) -> None:
    await tell(house, server, 200)
    await documents.Delivery.rows().update_many({"org_id": house.org_id}, {"$set": {"state": ["SENT"]}})

    check = await house.check(ENDED)

    assert (check.status, check.items) == (CheckStatus.ERROR, [])
    assert "platform:job_runs: what is kept of it is not as it was stored" in (check.problem or "")


async def test_a_sync_that_nobody_works_on_is_no_good_end(house: House, vendor: Synthetic) -> None:
    await documents.SyncRun(
        org_id=house.org_id, account_id=(await connect(house.backend, vendor, house.tenant)).id
    ).insert()

    check = await house.check(ENDED)

    assert said(check) == [("jobs", FAIL, "1 queued, 0 of 0 succeeded in 24 h, 0 dead")]


@pytest.fixture
async def tickets(backend: Backend) -> AsyncIterator[TicketHouse]:
    with jira_site() as site:
        yield await make_ticket_house(backend, site)


async def ticketed(tickets: TicketHouse, graph: Graph) -> House:
    """An organization in which a control fails, and a ticket was opened for that in Jira."""
    house = House(tickets.backend, graph, tickets.tenant, tickets.tenant)
    await house.check("CW-INC-02")
    await tickets.settle(fingerprint_of("CW-INC-02", "PLATFORM", None))
    return house


async def test_a_failure_that_has_its_ticket_is_followed(tickets: TicketHouse, graph: Graph) -> None:
    house = await ticketed(tickets, graph)

    check = await house.check("CW-INC-01", at=utc_now() + DAY)

    assert said(check) == [("CW-INC-02", PASS, "OPS-1")]


async def test_a_ticket_that_is_damaged_is_an_error(tickets: TicketHouse, graph: Graph) -> None:
    house = await ticketed(tickets, graph)
    await documents.JiraTask.rows().update_many({"org_id": house.org_id}, {"$unset": {"created_at": ""}})

    check = await house.check("CW-INC-01")

    assert (check.status, check.items) == (CheckStatus.ERROR, [])
    assert "platform:control_results: what is kept of it is not as it was stored" in (check.problem or "")


async def with_baseline(house: House, vendor: Synthetic) -> documents.Account:
    """An account that was read, and of which it is said that it is as it should be."""
    account = await connect(house.backend, vendor, house.tenant)
    await sync(house.backend, account)
    asked = {"accountId": global_id("Account", account.id), "reason": "As approved in March.", "tags": []}
    await house.do("DeclareBaseline", "baseline { id }", **asked)
    return account


@pytest.mark.parametrize(
    ("later", "verdict"),
    [(10 * MINUTE, PASS), (45 * MINUTE, WARNING), (2 * HOUR, FAIL)],
    ids=["on time", "late", "too late"],
)
async def test_whether_an_account_is_read_as_often_as_it_should_be(
    house: House, vendor: Synthetic, later: timedelta, verdict: Any
) -> None:
    account = await with_baseline(house, vendor)

    check = await house.check(READ, at=utc_now() + later)

    ((resource, found, seen),) = said(check)
    assert (resource, found) == (str(account.id), verdict)
    assert seen.startswith(f"read {later / MINUTE:.0f} minutes ago")


@pytest.mark.parametrize(("days", "verdict"), [(6, PASS), (8, FAIL)])
async def test_whether_a_drift_is_settled_in_time(house: House, vendor: Synthetic, days: int, verdict: Any) -> None:
    account = await with_baseline(house, vendor)
    vendor.lists["volumes"] = [item_of(volume("vol-0", age=LONG, Size=777)), item_of(loose_volume("vol-1", age=LONG))]
    await sync(house.backend, account)

    check = await house.check(READ, at=utc_now() + days * DAY)

    assert ("vol-0", verdict, f"differs since {days} days") in said(check)


async def test_a_drift_that_is_damaged_is_an_error(house: House, vendor: Synthetic) -> None:
    account = await with_baseline(house, vendor)
    vendor.lists["volumes"] = []
    await sync(house.backend, account)
    await documents.Drift.rows().update_many({"org_id": house.org_id}, {"$set": {"opened_at": "lately"}})

    check = await house.check(READ)

    assert (check.status, check.items) == (CheckStatus.ERROR, [])
    assert "platform:drift_events: what is kept of it is not as it was stored" in (check.problem or "")


async def test_a_message_that_is_damaged_is_an_error(house: House, server: MessageServer) -> None:
    await escalates(house, await tell(house, server, 200))
    await documents.Delivery.rows().update_many({"org_id": house.org_id}, {"$unset": {"first_tried_at": ""}})

    check = await house.check(REACHED)

    assert (check.status, check.items) == (CheckStatus.ERROR, [])
    assert "platform:alert_deliveries: what is kept of it is not as it was stored" in (check.problem or "")


async def test_without_a_baseline_it_is_not_known_what_is_to_be_settled(house: House, vendor: Synthetic) -> None:
    await sync(house.backend, await connect(house.backend, vendor, house.tenant))

    check = await house.check(READ)

    assert (check.status, check.items) == (CheckStatus.NOT_ASSESSED, [])


async def judge(house: House, at: datetime, *control_ids: str) -> None:
    """One round of the job over everything that is due, or over what a person asks for."""
    if not control_ids:
        await judge_controls(house.job(at), org_id=house.tenant.org_id)
        return
    asked = {"org_id": house.tenant.org_id, "control_ids": list(control_ids), "account_id": None}
    await judge_asked(house.job(at), request_id="round", **asked)


async def about(house: House, thing: str, at: datetime | None = None) -> tuple[Any, str]:
    """What is said of one thing that monitoring lives by."""
    (found,) = [(verdict, seen) for name, verdict, seen in said(await house.check(ALIVE, at=at)) if name == thing]
    return found


async def test_checks_that_are_made_are_alive(house: House) -> None:
    now = utc_now()
    await judge(house, now, "CW-INC-02")

    check = await house.check(ALIVE, at=now)

    assert check.status is CheckStatus.PASS
    assert ("checks", PASS, "1 of 1 checks in 24 h completed, 0 late, 0 with an error") in said(check)


async def test_one_check_in_many_that_is_missed_is_a_warning_and_several_are_a_failure(house: House) -> None:
    begin = utc_now()
    await judge(house, begin)
    every = {raw["control_id"] async for raw in documents.Check.rows().find({"org_id": house.org_id})} - {ALIVE}
    often = (Frequency.DAILY, Frequency.HALF_HOURLY)
    first, second, *_ = sorted(id for id in every if CONTROLS[id].frequency in often)
    later = begin + DAY + HOUR
    await judge(house, later, *(every - {first, second}))

    some, _ = await about(house, "checks", later)
    await judge(house, later, first)
    one, _ = await about(house, "checks", later)

    assert (some, one) == (FAIL, WARNING)


@pytest.mark.parametrize(
    ("later", "verdict", "seen"),
    [
        (20 * HOUR, PASS, "1 to 1 verified, sealed until"),
        (30 * HOUR, WARNING, "1 to 1 verified, sealed until"),
        (50 * HOUR, FAIL, "sealed until"),
    ],
)
async def test_evidence_is_sealed_every_day(house: House, later: timedelta, verdict: Any, seen: str) -> None:
    now = utc_now()
    await judge(house, now, "CW-INC-02")
    await seal_evidence(house.job(now))

    found, observed = await about(house, "evidence chain", now + later)

    assert found is verdict
    assert observed.startswith(seen)


async def test_a_record_of_evidence_that_was_changed_breaks_the_chain(house: House) -> None:
    await judge(house, utc_now(), "CW-INC-02")
    await documents.EvidenceRecord.rows().update_one(
        {"org_id": house.org_id, "seq": 1}, {"$set": {"record.status": "PASS"}}
    )

    assert await about(house, "evidence chain") == (FAIL, "broken at 1")


async def test_evidence_whose_answers_lie_where_nobody_can_look_is_not_judged(house: House) -> None:
    far = documents.EvidencePack(
        org_id=house.org_id, sha256="0" * 64, place="in/a/bucket", size=1, expires_at=utc_now() + 9 * DAY
    )
    await far.insert()
    record = {"control_id": "CW-INC-02", "evidence": [far.sha256]}
    await house.backend.writer.commit(lambda tx: append_records(tx, house.org_id, [record]))

    check = await house.check(ALIVE)

    assert check.status is CheckStatus.ERROR
    assert "lies in a bucket, and none is set" in (check.problem or "")


async def reported(house: House, account: documents.Account, unavailable: int, at: datetime) -> None:
    """What a sync saw at that time: so many of a hundred calls had no answer."""
    tally = Tally(service="ec2", at=at, calls=100, unavailable=unavailable)
    await record_health(context_of(house.backend, now=lambda: at), account, GuardReport(str(at), (tally,), ()), ())


@pytest.mark.parametrize(
    ("unavailable", "hours", "verdict", "seen"),
    [(0, 0, PASS, "healthy"), (100, 3, WARNING, "down"), (100, 5, FAIL, "down"), (None, 0, WARNING, "degraded")],
    ids=["healthy", "down", "down for long", "never asked"],
)
async def test_integrations_that_do_not_answer_are_told_of_since_they_do_not(
    house: House, vendor: Synthetic, unavailable: int | None, hours: int, verdict: Any, seen: str
) -> None:
    account, now = await connect(house.backend, vendor, house.tenant), utc_now()
    await documents.Account.rows().update_one({"_id": account.id}, {"$set": {"state": "CONNECTED"}})
    await judge(house, now, "CW-INC-02")
    for back in range(hours, -1, -1) if unavailable is not None else ():
        await reported(house, account, unavailable, now - back * HOUR)

    found, observed = await about(house, f"DIGITALOCEAN {account.id}", now)

    assert found is verdict
    assert observed.startswith(f"{seen} since")
