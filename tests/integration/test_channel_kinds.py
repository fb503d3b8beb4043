"""Each kind of channel against servers: those of the vendors' own descriptions, and recording ones that misbehave."""

import asyncio
import hashlib
import hmac
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import jsonschema
import pytest
from pydantic import SecretStr

from connectors.channels.channel import Message, Outlet, Sent
from connectors.channels.kinds import webhook as webhook_kind
from connectors.channels.mail import SmtpPost
from connectors.channels.registry import channels
from connectors.channels.smtp_url import parse_smtp_url
from connectors.channels.web import translate
from connectors.guard import Guard
from domain.errors import CredentialsRejected, ProviderError, Rejected, Throttled, Unavailable
from domain.facts.channel import ChannelKind
from domain.facts.channel_settings import (
    ChannelSettings,
    EmailSettings,
    PagerdutySettings,
    SlackBotSettings,
    SlackWebhookSettings,
    TeamsSettings,
    WebhookSettings,
)
from domain.facts.notice import NoticeKind
from tests.factories.notices import AT, KEY, make_message, make_notice
from tests.fakes.adaptive_card import MESSAGE
from tests.fakes.mail_server import MailServer, html_of, mail_server, text_of
from tests.fakes.message_server import MessageServer, Ordered, message_server
from tests.fakes.node import NoPeer
from tests.fakes.prism import prism, refused_requests

SECRET, OLD_SECRET = "n" * 43, "o" * 43
ROUTING_KEY = "0123456789abcdef0123456789abcdef"
SLACK_OK = Ordered(body={"ok": True, "channel": "C0123456789", "ts": "1700000000.000100"})


@pytest.fixture
def server() -> Iterator[MessageServer]:
    with message_server() as running:
        yield running


@pytest.fixture(scope="module")
def mails() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


def outlet(*, within: float = 5, mails: MailServer | None = None, allow_private: bool = True) -> Outlet:
    guard = Guard(concurrency=1, time_limit=timedelta(seconds=within), translate=translate)
    url, tls = ("smtp://localhost:9", None) if mails is None else (mails.url, mails.tls)
    post = SmtpPost(parse_smtp_url(url), sender="cloudwatcher@example.com", tls=tls)
    return Outlet(guard=guard, post=post, allow_private=allow_private, public_url="https://cloud.example.com")


def settings_at(kind: ChannelKind, url: str) -> ChannelSettings:
    return {
        ChannelKind.SLACK_WEBHOOK: SlackWebhookSettings(url=SecretStr(f"{url}/services/T/B/hush-path")),
        ChannelKind.SLACK_BOT: SlackBotSettings(token=SecretStr("xoxb-hush"), channel="#alerts", endpoint_url=url),
        ChannelKind.TEAMS: TeamsSettings(url=SecretStr(f"{url}/workflows/x?sig=hush-sig")),
        ChannelKind.PAGERDUTY: PagerdutySettings(routing_key=SecretStr(ROUTING_KEY), endpoint_url=url),
        ChannelKind.WEBHOOK: WebhookSettings(url=f"{url}/in", secret=SecretStr(SECRET)),
    }[kind]


OVER_HTTP = [kind for kind in ChannelKind if kind is not ChannelKind.EMAIL]


async def sent(kind: ChannelKind, url: str, message: Message | None = None, **options: Any) -> Sent:
    return await channels()[kind].send(message or make_message(), settings_at(kind, url), outlet(**options))


def usual_of(kind: ChannelKind) -> Ordered:
    return SLACK_OK if kind is ChannelKind.SLACK_BOT else Ordered(202)


@pytest.mark.parametrize("kind", OVER_HTTP)
async def test_a_throttled_message_is_for_later_and_says_when(kind: ChannelKind, server: MessageServer) -> None:
    server.usual = Ordered(429, headers={"retry-after": "7"})

    with pytest.raises(Throttled) as error:
        await sent(kind, server.url)

    assert error.value.retry_after == timedelta(seconds=7)


@pytest.mark.parametrize("kind", OVER_HTTP)
@pytest.mark.parametrize("status", [500, 502, 503, 408])
async def test_trouble_of_the_server_is_for_later(kind: ChannelKind, status: int, server: MessageServer) -> None:
    server.usual = Ordered(status)

    with pytest.raises(Unavailable):
        await sent(kind, server.url)


@pytest.mark.parametrize("kind", OVER_HTTP)
@pytest.mark.parametrize(
    ("status", "meaning"),
    [(400, Rejected), (404, Rejected), (410, Rejected), (401, CredentialsRejected), (403, CredentialsRejected)],
)
async def test_refusals_are_final(
    kind: ChannelKind, status: int, meaning: type[ProviderError], server: MessageServer
) -> None:
    server.usual = Ordered(status, body={"message": "no"})

    with pytest.raises(meaning) as error:
        await sent(kind, server.url)

    assert not error.value.is_retryable


@pytest.mark.parametrize("kind", OVER_HTTP)
async def test_a_server_that_hangs_is_given_up_and_tried_later(kind: ChannelKind, server: MessageServer) -> None:
    server.usual = Ordered(delay=1)

    with pytest.raises(Unavailable):
        await sent(kind, server.url, within=0.2)


@pytest.mark.parametrize("kind", OVER_HTTP)
async def test_redirects_are_not_followed(kind: ChannelKind, server: MessageServer) -> None:
    server.usual = Ordered(307, headers={"location": f"{server.url}/elsewhere"})

    with pytest.raises(Rejected, match="redirect"):
        await sent(kind, server.url)

    assert len(server.got) == 1


@pytest.mark.parametrize("kind", OVER_HTTP)
async def test_addresses_inside_are_not_called_whatever_is_stored(kind: ChannelKind, server: MessageServer) -> None:
    with pytest.raises(Rejected, match="not allowed"):
        await sent(kind, server.url.replace("http:", "https:"), allow_private=False)

    assert server.got == []


@pytest.mark.parametrize("kind", OVER_HTTP)
async def test_no_secret_is_in_what_goes_wrong(kind: ChannelKind, server: MessageServer) -> None:
    told = []
    for ordered in (Ordered(400, body={"message": "no"}), Ordered(503), Ordered(401), Ordered(delay=0.5)):
        server.usual = ordered
        with pytest.raises(ProviderError) as error:
            await sent(kind, server.url, within=0.2)
        told.append(f"{error.value} {error.value!r}")
    with pytest.raises(Unavailable) as away:
        await sent(kind, "http://127.0.0.1:9")
    text = " ".join([*told, str(away.value), repr(settings_at(kind, server.url))])

    assert not any(secret in text for secret in ("hush", ROUTING_KEY, SECRET))


async def test_slack_webhooks_and_teams_are_sent_what_they_take(server: MessageServer) -> None:
    server.usual = Ordered(202)

    await sent(ChannelKind.SLACK_WEBHOOK, server.url)
    await sent(ChannelKind.TEAMS, server.url)

    slack, teams = server.got
    assert slack.path == "/services/T/B/hush-path"
    assert slack.json["blocks"][0]["type"] == "header"
    assert teams.path == "/workflows/x?sig=hush-sig"
    jsonschema.Draft202012Validator(MESSAGE).validate(teams.json)


async def test_a_bot_keeps_one_thread_for_a_subject_and_its_first_message_up_to_date(server: MessageServer) -> None:
    server.usual = SLACK_OK

    first = await sent(ChannelKind.SLACK_BOT, server.url)
    resolved = make_message(make_notice(NoticeKind.RESOLVED, actions={}), reference=first.reference)
    second = await sent(ChannelKind.SLACK_BOT, server.url, resolved)

    assert first.reference == second.reference == "C0123456789:1700000000.000100"
    posted, updated, replied = server.got
    assert (posted.path, posted.json["channel"]) == ("/chat.postMessage", "#alerts")
    assert (updated.path, updated.json["ts"]) == ("/chat.update", "1700000000.000100")
    assert not any(one.get("action_id") == "acknowledge" for one in updated.json["blocks"][3].get("elements", []))
    assert (replied.path, replied.json["thread_ts"]) == ("/chat.postMessage", "1700000000.000100")
    assert posted.headers["authorization"] == "Bearer xoxb-hush"


async def test_a_thread_goes_on_when_its_first_message_is_gone(server: MessageServer) -> None:
    server.answers = [Ordered(body={"ok": False, "error": "message_not_found"}), SLACK_OK]

    answered = await sent(ChannelKind.SLACK_BOT, server.url, make_message(reference="C0123456789:1.2"))

    assert answered.reference == "C0123456789:1.2"
    assert [one.path for one in server.got] == ["/chat.update", "/chat.postMessage"]


async def test_a_test_of_pagerduty_wakes_nobody_for_long(server: MessageServer) -> None:
    server.usual = Ordered(202)

    await sent(ChannelKind.PAGERDUTY, server.url, make_message(make_notice(NoticeKind.TEST)))

    assert [one.json["event_action"] for one in server.got] == ["trigger", "resolve"]
    assert len({one.json["dedup_key"] for one in server.got}) == 1


async def test_a_webhook_says_which_message_it_is_and_is_signed(server: MessageServer) -> None:
    event = make_notice(NoticeKind.EVENT, payload={"type": "AlertRaised", "data": {"id": "x"}})

    await sent(ChannelKind.WEBHOOK, server.url, make_message(event, sequence=5))

    (got,) = server.got
    assert got.json == {
        "id": KEY,
        "sequence": 5,
        "type": "AlertRaised",
        "organizationId": "f" * 24,
        "at": "2026-11-26T12:30:00+00:00",
        "data": {"id": "x"},
    }
    assert (got.headers["cloudwatcher-id"], got.headers["cloudwatcher-sequence"]) == (KEY, "5")
    # Worked out here by the words of the guide, not by the code that signs.
    timestamp = str(int(AT.timestamp()))
    assert got.headers["cloudwatcher-timestamp"] == timestamp
    expected = hmac.new(SECRET.encode(), timestamp.encode() + b"." + got.body, hashlib.sha256).hexdigest()
    assert got.headers["cloudwatcher-signature"] == f"v1={expected}"


async def test_a_webhook_is_signed_with_both_secrets_while_they_overlap(server: MessageServer) -> None:
    both = WebhookSettings(
        url=f"{server.url}/in",
        secret=SecretStr(SECRET),
        previous_secret=SecretStr(OLD_SECRET),
        previous_until=AT + timedelta(hours=1),
    )

    await webhook_kind.send(make_message(sequence=1), both, outlet())

    (got,) = server.got
    signed = got.headers["cloudwatcher-timestamp"].encode() + b"." + got.body
    expected = [hmac.new(one.encode(), signed, hashlib.sha256).hexdigest() for one in (SECRET, OLD_SECRET)]
    assert got.headers["cloudwatcher-signature"] == f"v1={expected[0]},v1={expected[1]}"


async def test_what_a_webhook_answers_is_not_shown_beyond_its_status(server: MessageServer) -> None:
    server.usual = Ordered(400, body={"message": "inside-of-a-network"})

    with pytest.raises(Rejected) as error:
        await sent(ChannelKind.WEBHOOK, server.url)

    assert "inside" not in error.value.message
    assert "400" in error.value.message


async def test_an_answer_without_end_is_cut_off(server: MessageServer) -> None:
    server.usual = Ordered(200, body="x" * 200_000)

    with pytest.raises(Unavailable):
        await sent(ChannelKind.SLACK_WEBHOOK, server.url)


def mailed(*addresses: str) -> EmailSettings:
    return EmailSettings(addresses=list(addresses))


async def test_mails_about_one_thing_stand_in_one_thread(mails: MailServer) -> None:
    mails.received.clear()
    send = channels()[ChannelKind.EMAIL].send

    first = await send(make_message(), mailed("a@example.com", "b@example.com"), outlet(mails=mails))
    later = make_message(make_notice(NoticeKind.RESOLVED), key="other", reference=first.reference)
    await send(later, mailed("a@example.com"), outlet(mails=mails))

    one, two = mails.received
    assert one["Message-ID"] == f"<{KEY}@cloud.example.com>" == first.reference
    assert one["To"] == "a@example.com, b@example.com"
    assert one["Auto-Submitted"] == "auto-generated"
    assert one["In-Reply-To"] is None
    assert two["In-Reply-To"] == two["References"] == first.reference
    assert "What happens in the account leaves no trace." in text_of(one)
    assert "https://cloud.example.com/alerts/1" in html_of(one)


async def test_a_mail_put_off_by_the_server_is_sent_again_with_the_same_id(mails: MailServer) -> None:
    mails.received.clear()
    mails.answers.append("451 later")
    send = channels()[ChannelKind.EMAIL].send

    with pytest.raises(Throttled):
        await send(make_message(), mailed("a@example.com"), outlet(mails=mails))
    await send(make_message(), mailed("a@example.com"), outlet(mails=mails))

    (mail,) = mails.received
    assert mail["Message-ID"] == f"<{KEY}@cloud.example.com>"


async def test_a_mail_refused_for_good_is_final(mails: MailServer) -> None:
    mails.answers.append("550 never")

    with pytest.raises(Rejected):
        await channels()[ChannelKind.EMAIL].send(make_message(), mailed("a@example.com"), outlet(mails=mails))


async def test_one_address_that_is_refused_for_good_does_not_keep_the_mail_from_the_others(mails: MailServer) -> None:
    mails.received.clear()
    mails.recipient_answers.append("550 unknown")

    answered = await channels()[ChannelKind.EMAIL].send(
        make_message(), mailed("gone@example.com", "b@example.com"), outlet(mails=mails)
    )

    assert "gone@example.com" in answered.answer
    assert len(mails.received) == 1


async def test_one_address_that_is_put_off_is_reason_enough_to_come_again(mails: MailServer) -> None:
    mails.recipient_answers.append("451 later")

    with pytest.raises(Throttled):
        await channels()[ChannelKind.EMAIL].send(
            make_message(), mailed("a@example.com", "b@example.com"), outlet(mails=mails)
        )


async def test_a_mail_server_that_is_away_is_for_later() -> None:
    with pytest.raises(Unavailable):
        await channels()[ChannelKind.EMAIL].send(make_message(), mailed("a@example.com"), outlet())


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prism")


@pytest.fixture(scope="module", params=["slack", "pagerduty-events"])
def described(request: pytest.FixtureRequest, shared: Path, logs: Path) -> Iterator[tuple[str, str, Path]]:
    log = logs / request.param
    try:
        with prism(shared / "specs" / f"{request.param}.json", log) as url:
            yield request.param, url, log
    except NoPeer as missing:
        pytest.skip(f"needs Prism: {missing}")


async def test_what_is_sent_is_what_the_vendors_describe(described: tuple[str, str, Path]) -> None:
    vendor, url, log = described
    kind = ChannelKind.SLACK_BOT if vendor == "slack" else ChannelKind.PAGERDUTY

    kinds = ("RAISED", "ACKNOWLEDGED", "RESOLVED", "APPROVAL", "DECIDED", "TEST")
    for notice_kind in map(NoticeKind, kinds):
        actions = dict.fromkeys(("acknowledge", "snooze", "approve", "decline"), "sealed")
        notice = make_notice(notice_kind, actions=actions)
        message = make_message(notice, reference="C0123456789:1700000000.000100")
        await sent(kind, url, message, within=30)
    first = await sent(kind, url, within=30)

    await asyncio.sleep(0.2)
    assert first.reference
    assert refused_requests(log) == []
    assert "POST" in log.read_text().upper()


async def test_the_descriptions_refuse_what_is_wrong(described: tuple[str, str, Path]) -> None:
    vendor, url, _ = described
    path = "chat.postMessage" if vendor == "slack" else "enqueue"

    async with httpx2.AsyncClient() as http:
        answer = await http.post(
            f"{url}/{path}", json={"event_action": "explode"}, headers={"authorization": "Bearer x"}
        )

    assert 400 <= answer.status_code < 500
