"""From a wish to tell a channel to what became of it: once, again, never; and what that makes of the channel."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from pydantic import SecretStr

import documents
from app.wiring import Backend
from connectors.channels.mail import SmtpPost
from connectors.channels.smtp_url import parse_smtp_url
from documents.delivery_run import LEASE, due_deliveries
from domain.facts.channel import ChannelKind, ChannelState, DeliveryState
from domain.facts.channel_settings import (
    EmailSettings,
    PagerdutySettings,
    SlackBotSettings,
    SlackWebhookSettings,
    WebhookSettings,
)
from domain.facts.notice import NoticeKind
from jobs.channel_sending import message_key
from jobs.tasks import deliver as task
from tests.factories.backlog import forget_job, is_asked
from tests.factories.notices import make_notice
from tests.fakes.mail_server import mail_server, text_of
from tests.fakes.message_server import MessageServer, Ordered, message_server
from tests.integration.channel_house import House, open_house

pytestmark = pytest.mark.usefixtures("backend")
SENT, WAITING, FAILED, EXPIRED = "SENT", "WAITING", "FAILED", "EXPIRED"


@pytest.fixture
def server() -> Iterator[MessageServer]:
    with message_server() as running:
        yield running


@pytest.fixture
async def house(backend: Backend) -> House:
    return await open_house(backend)


def slack(server: MessageServer) -> SlackWebhookSettings:
    return SlackWebhookSettings(url=SecretStr(f"{server.url}/services/T/B/hush"))


async def slack_channel(
    house: House, server: MessageServer, state: ChannelState = ChannelState.VERIFIED
) -> documents.Channel:
    return await house.channel(slack(server), ChannelKind.SLACK_WEBHOOK, state)


async def test_what_was_sent_is_noted_and_a_second_run_sends_nothing(house: House, server: MessageServer) -> None:
    channel = await slack_channel(house, server)
    id = await house.ask(channel, make_notice())

    first, second = await house.run(id), await house.run(id)

    assert (first, second) == (SENT, task.NOTHING)
    assert len(server.got) == 1
    delivery = await house.delivery(id)
    assert (delivery.state, delivery.tries, delivery.answer) == (DeliveryState.SENT, 1, "200")


async def test_the_same_key_is_asked_for_once(house: House, server: MessageServer) -> None:
    channel = await slack_channel(house, server)

    first, second = await house.ask(channel, make_notice()), await house.ask(channel, make_notice())

    assert second == "None"
    assert await house.run(first) == SENT


async def test_two_workers_at_once_send_it_once(house: House, server: MessageServer) -> None:
    server.usual = Ordered(delay=0.2)
    channel = await slack_channel(house, server)
    id = await house.ask(channel, make_notice())

    ended = await asyncio.gather(*(house.run(id) for _ in range(4)))

    assert sorted(ended) == sorted([SENT, *[task.NOTHING] * 3])
    assert len(server.got) == 1


async def test_a_throttled_message_waits_for_as_long_as_it_was_asked_to(house: House, server: MessageServer) -> None:
    server.answers = [Ordered(429, headers={"retry-after": "120"})]
    channel = await slack_channel(house, server)
    id = await house.ask(channel, make_notice())

    first = await house.run(id)
    early = await house.run(id)
    delivery = await house.delivery(id)
    house.later(timedelta(seconds=121))
    last = await house.run(id)

    assert (first, early, last) == (WAITING, task.NOTHING, SENT)
    assert delivery.due_at >= house.now() - timedelta(seconds=121) + timedelta(seconds=110)
    assert (await house.seen(channel)).state is ChannelState.VERIFIED


async def test_pauses_double_up_to_an_hour_with_half_of_them_up_to_chance() -> None:
    for tries, most in ((1, 10), (2, 20), (5, 160), (10, 3600), (500, 3600)):
        pauses = {task.pause_after(tries).total_seconds() for _ in range(50)}
        assert most / 2 <= min(pauses) <= max(pauses) <= most
        assert len(pauses) > 1


async def test_what_was_not_taken_within_a_day_expires(house: House, server: MessageServer) -> None:
    server.usual = Ordered(503)
    channel = await slack_channel(house, server)
    id = await house.ask(channel, make_notice())

    ended, tries = await house.run(id), 1
    while ended == WAITING and tries < 200:
        house.later(timedelta(hours=1, seconds=1))
        ended, tries = await house.run(id), tries + 1

    assert ended == EXPIRED
    assert 20 <= tries <= 30
    assert "503" in str((await house.delivery(id)).problem)


async def test_a_refusal_is_final_and_makes_the_channel_failing_with_an_alert(
    house: House, server: MessageServer
) -> None:
    server.answers = [Ordered(404)]
    channel = await slack_channel(house, server)
    id = await house.ask(channel, make_notice())

    ended = await house.run(id)

    assert ended == FAILED
    seen = await house.seen(channel)
    assert seen.state is ChannelState.FAILING
    assert "404" in str(seen.problem)
    (alert,) = await house.alerts(channel)
    assert (alert.state.value, alert.source.value) == ("OPEN", "INTEGRATION")


async def test_three_failures_in_a_row_make_it_failing_and_the_next_success_mends_it(
    house: House, server: MessageServer
) -> None:
    server.answers = [Ordered(500), Ordered(502), Ordered(503)]
    channel = await slack_channel(house, server)
    id = await house.ask(channel, make_notice())
    states = []

    for _ in range(4):
        await house.run(id)
        states.append((await house.seen(channel)).state.value)
        house.later(timedelta(hours=2))

    assert states == ["VERIFIED", "VERIFIED", "FAILING", "VERIFIED"]
    (alert,) = await house.alerts(channel)
    assert alert.state.value == "RESOLVED"
    assert (await house.seen(channel)).failures == 0


async def test_one_failure_and_a_success_leave_no_trace_on_the_channel(house: House, server: MessageServer) -> None:
    server.answers = [Ordered(500)]
    channel = await slack_channel(house, server)
    id = await house.ask(channel, make_notice())

    await house.run(id)
    house.later(timedelta(minutes=1))
    await house.run(id)

    assert (await house.seen(channel)).failures == 0
    assert await house.alerts(channel) == []


async def test_a_test_that_is_delivered_verifies_the_channel(house: House, server: MessageServer) -> None:
    channel = await slack_channel(house, server, ChannelState.UNVERIFIED)
    id = await house.ask(channel, make_notice(NoticeKind.TEST))

    ended = await house.run(id)

    seen = await house.seen(channel)
    assert ended == SENT
    assert (seen.state, seen.proven_version) == (ChannelState.VERIFIED, 1)
    assert seen.verified_at is not None


async def test_a_test_is_not_tried_for_a_day(house: House, server: MessageServer) -> None:
    server.usual = Ordered(503)
    channel = await slack_channel(house, server, ChannelState.UNVERIFIED)
    id = await house.ask(channel, make_notice(NoticeKind.TEST))

    first = await house.run(id)
    house.later(timedelta(minutes=1))
    second = await house.run(id)

    assert (first, second) == (WAITING, EXPIRED)
    seen = await house.seen(channel)
    assert seen.state is ChannelState.UNVERIFIED
    assert "503" in str(seen.problem)


async def test_a_test_sent_with_older_settings_verifies_nothing(
    house: House, server: MessageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = await slack_channel(house, server, ChannelState.UNVERIFIED)
    id = await house.ask(channel, make_notice(NoticeKind.TEST))
    send = task.send_message

    async def changed_meanwhile(*arguments: object) -> object:
        await documents.Channel.rows().update_one({"_id": channel.id}, {"$inc": {"settings_version": 1}})
        return await send(*arguments)  # type: ignore[arg-type]  # passed on as they are

    monkeypatch.setattr(task, "send_message", changed_meanwhile)
    await house.run(id)

    assert (await house.seen(channel)).state is ChannelState.UNVERIFIED


async def test_messages_wait_while_the_channel_is_unverified(house: House, server: MessageServer) -> None:
    channel = await slack_channel(house, server, ChannelState.UNVERIFIED)
    id = await house.ask(channel, make_notice())

    ended = await house.run(id)

    assert ended == WAITING
    assert server.got == []


@pytest.mark.parametrize("gone", [True, False])
async def test_what_is_for_a_disabled_or_deleted_channel_ends(house: House, server: MessageServer, gone: bool) -> None:
    channel = await slack_channel(house, server, ChannelState.DISABLED)
    id = await house.ask(channel, make_notice())
    if gone:
        await documents.Channel.rows().delete_one({"_id": channel.id})

    assert await house.run(id) == FAILED
    assert server.got == []


async def test_a_worker_killed_before_it_could_note_it_has_it_sent_again_with_the_same_key(
    house: House, server: MessageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = WebhookSettings(url=f"{server.url}/in", secret=SecretStr("s" * 43))
    channel = await house.channel(settings, ChannelKind.WEBHOOK)
    id = await house.ask(channel, make_notice(), sequence=7)

    async def killed(*_: object) -> str:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(task, "_sent", killed)
        with pytest.raises(asyncio.CancelledError):
            await house.run(id)
    at_once = await house.run(id)
    house.later(LEASE + timedelta(seconds=5))
    org_and_id = (house.org_id, (await house.delivery(id)).id)
    found = await due_deliveries(house.now(), limit=100_000)
    again = await house.run(id)

    assert at_once == task.NOTHING
    assert org_and_id in found
    assert again == SENT
    first, second = server.got
    assert first.headers["cloudwatcher-id"] == second.headers["cloudwatcher-id"]
    assert first.headers["cloudwatcher-id"] == message_key(house.org_id, "key")
    assert first.body == second.body


async def test_one_that_was_slower_than_its_lease_changes_nothing_any_more(
    house: House, server: MessageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = await slack_channel(house, server, ChannelState.UNVERIFIED)
    id = await house.ask(channel, make_notice(NoticeKind.TEST))
    send = task.send_message

    async def slow(*arguments: object) -> object:
        sent = await send(*arguments)  # type: ignore[arg-type]  # passed on as they are
        await documents.Delivery.rows().update_one({"key": "key", "org_id": house.org_id}, {"$inc": {"tries": 1}})
        return sent

    monkeypatch.setattr(task, "send_message", slow)
    await house.run(id)

    assert (await house.delivery(id)).state is DeliveryState.WAITING
    assert (await house.seen(channel)).state is ChannelState.UNVERIFIED


async def test_the_sweep_asks_for_what_is_due(house: House, server: MessageServer, backend: Backend) -> None:
    channel = await slack_channel(house, server)
    id = await house.ask(channel, make_notice())
    await forget_job(backend, f"deliver:{id}")
    await documents.Delivery.rows().update_many(
        {"state": WAITING, "key": {"$ne": "key"}}, {"$set": {"due_at": house.now() + timedelta(days=2)}}
    )

    early = [one for _, one in await due_deliveries(house.now(), limit=100_000)]
    house.later(timedelta(seconds=10))
    asked = await task.deliver_due({"context": house.context})

    assert (await house.delivery(id)).id not in early
    assert asked >= 1
    assert await is_asked(backend, f"deliver:{id}")


async def test_what_is_told_of_one_thing_is_told_in_order(house: House, server: MessageServer) -> None:
    server.answers = [Ordered(503)]
    settings = PagerdutySettings(routing_key=SecretStr("k" * 32), endpoint_url=server.url)
    channel = await house.channel(settings, ChannelKind.PAGERDUTY)
    raised = await house.ask(channel, make_notice(), "raised")
    resolved = await house.ask(channel, make_notice(NoticeKind.RESOLVED), "resolved")
    other = await house.ask(channel, make_notice(subject="alert:other"), "other")

    failed = await house.run(raised)
    held_back = await house.run(resolved)
    unrelated = await house.run(other)
    house.later(timedelta(minutes=2))
    now_raised, now_resolved = await house.run(raised), await house.run(resolved)

    assert (failed, held_back, unrelated) == (WAITING, task.NOTHING, SENT)
    assert (now_raised, now_resolved) == (SENT, SENT)
    told = [(one.json["event_action"], one.json["dedup_key"]) for one in server.got]
    subject = make_notice().subject
    assert told == [("trigger", subject), ("trigger", "alert:other"), ("trigger", subject), ("resolve", subject)]


async def test_what_waits_behind_a_refused_message_goes_out_at_once(house: House, server: MessageServer) -> None:
    server.answers = [Ordered(400)]
    settings = PagerdutySettings(routing_key=SecretStr("k" * 32), endpoint_url=server.url)
    channel = await house.channel(settings, ChannelKind.PAGERDUTY)
    raised = await house.ask(channel, make_notice(), "raised")
    resolved = await house.ask(channel, make_notice(NoticeKind.RESOLVED), "resolved")

    behind = await house.run(resolved)
    refused = await house.run(raised)
    following = await house.run(resolved)

    assert (behind, refused, following) == (task.NOTHING, DeliveryState.FAILED.value, SENT)


async def test_a_later_message_goes_into_the_thread_of_the_first(house: House, server: MessageServer) -> None:
    server.usual = Ordered(body={"ok": True, "channel": "C0123456789", "ts": "17.1"})
    settings = SlackBotSettings(token=SecretStr("xoxb-hush"), channel="#alerts", endpoint_url=server.url)
    channel = await house.channel(settings, ChannelKind.SLACK_BOT)
    first = await house.ask(channel, make_notice(), "raised")
    second = await house.ask(channel, make_notice(NoticeKind.ACKNOWLEDGED), "acknowledged")

    await house.run(first)
    await house.run(second)

    assert [one.path for one in server.got] == ["/chat.postMessage", "/chat.update", "/chat.postMessage"]
    assert server.got[2].json["thread_ts"] == "17.1"


async def test_an_organizations_own_words_are_used(house: House, server: MessageServer) -> None:
    channel = await house.channel(
        slack(server), ChannelKind.SLACK_WEBHOOK, templates={"RAISED": "Ours: {{ title | upper }}"}
    )
    id = await house.ask(channel, make_notice())

    await house.run(id)

    (got,) = server.got
    assert got.json["blocks"][1]["text"]["text"] == "Ours: TRAIL IS STOPPED: CEDAR-EU-AUDIT"
    assert (await house.delivery(id)).problem is None


async def test_words_that_fail_are_replaced_by_ours_and_the_log_says_so(house: House, server: MessageServer) -> None:
    channel = await house.channel(slack(server), ChannelKind.SLACK_WEBHOOK, templates={"RAISED": "{{ nothing }}"})
    id = await house.ask(channel, make_notice())

    ended = await house.run(id)

    assert ended == SENT
    assert server.got[0].json["blocks"][1]["text"]["text"] == make_notice().message
    assert "cannot be filled in" in str((await house.delivery(id)).problem)


async def test_settings_whose_key_is_gone_end_it_and_say_what_to_do(house: House, server: MessageServer) -> None:
    channel = await slack_channel(house, server)
    id = await house.ask(channel, make_notice())
    await house.backend.vault.shred(house.tenant.org_id)

    ended = await house.run(id)

    assert ended == FAILED
    assert "give them again" in str((await house.delivery(id)).problem)


async def test_a_channel_that_does_not_answer_is_left_alone_for_a_while(house: House, server: MessageServer) -> None:
    server.usual = Ordered(500)
    channel = await slack_channel(house, server)
    ids = [await house.ask(channel, make_notice(subject=f"alert:{n}"), f"key {n}") for n in range(7)]

    for id in ids:
        await house.run(id)

    assert len(server.got) == 5
    assert "left alone" in str((await house.delivery(ids[-1])).problem)


async def test_a_mail_is_delivered_to_a_real_server_and_replies_stand_in_its_thread(house: House) -> None:
    with mail_server() as mails:
        post = SmtpPost(parse_smtp_url(mails.url), sender="cloudwatcher@example.com", tls=mails.tls)
        house.with_post(post)
        mails.answers.append("451 later")
        channel = await house.channel(EmailSettings(addresses=["on-call@example.com"]), ChannelKind.EMAIL)
        first = await house.ask(channel, make_notice(), "raised")
        second = await house.ask(channel, make_notice(NoticeKind.RESOLVED), "resolved")

        put_off = await house.run(first)
        house.later(timedelta(minutes=1))
        await house.run(first)
        await house.run(second)

        assert put_off == WAITING
        one, two = mails.to("on-call@example.com")
        assert two["In-Reply-To"] == one["Message-ID"]
        assert one["Message-ID"].startswith(f"<{message_key(house.org_id, 'raised')}@")
        assert "leaves no trace" in text_of(one)


async def test_no_secret_is_in_what_is_stored_or_logged(
    house: House, server: MessageServer, capsys: pytest.CaptureFixture[str]
) -> None:
    channel = await slack_channel(house, server)
    for number, ordered in enumerate((Ordered(400, body={"message": "no"}), Ordered(503), Ordered(200))):
        server.usual = ordered
        await house.run(await house.ask(channel, make_notice(subject=f"alert:{number}"), f"key {number}"))

    rows = await documents.Delivery.rows().find({"org_id": house.org_id}).to_list()
    events = await documents.Event.rows().find({"org_id": house.org_id}).to_list()
    text = f"{rows} {events} {await house.seen(channel)!r} {capsys.readouterr()}"
    assert "hush" not in text
    assert len(rows) == 3
