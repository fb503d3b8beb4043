"""Interactions and slash commands of Slack: signed with their time, for five minutes."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from pydantic import SecretStr

from connectors.intake.receiver import Incoming, Taken
from domain.facts.intake import IntakeWay
from domain.facts.intake_settings import SlackSettings
from tests.fakes.genuine import NOW, later, posted, pressed, signature, slack_request
from tests.fakes.taking import genuine_of, refused, sent, take, with_headers

GENUINE = genuine_of(IntakeWay.SLACK_INTERACTION)
COMMAND = {"token": "an-older-proof", "team_id": "T0001", "command": "/cloudwatcher", "text": "status", "user_id": "U1"}
# Source: Slack API documentation, "Verifying requests from Slack".
PUBLISHED_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
PUBLISHED_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
    b"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack."
    b"com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc"
    b"887a14d10d2c447fce8b6703c"
)
PUBLISHED = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"


def signed(content: bytes, content_type: str) -> Incoming:
    seconds = str(int(NOW.timestamp()))
    headers = {
        "content-type": content_type,
        "x-slack-request-timestamp": seconds,
        "x-slack-signature": f"v0={signature(b'v0:' + seconds.encode() + b':' + content)}",
    }
    return posted(IntakeWay.SLACK_INTERACTION, content, headers)


async def test_the_published_example_is_taken_at_its_time() -> None:
    headers = {"x-slack-request-timestamp": "1531420618", "x-slack-signature": PUBLISHED, "content-type": "form"}
    endpoint = replace(
        GENUINE.endpoint, secret=SecretStr(PUBLISHED_SECRET), settings=SlackSettings(team_id="T1DC2JH3J")
    )
    example = replace(GENUINE, endpoint=endpoint, incoming=posted(endpoint.way, PUBLISHED_BODY, headers))
    around = replace(GENUINE.around, now=NOW.fromtimestamp(1531420618, NOW.tzinfo))

    taken = await take(replace(example, around=around))

    assert taken.messages[0].body["command"] == "/webhook-collect"


async def test_a_pressed_button_is_stored_without_its_token_and_answered_with_nothing() -> None:
    taken = await take(GENUINE)

    (message,) = taken.messages
    assert (taken.status, taken.body) == (200, None)
    assert (message.kind, message.body["actions"][0]["action_id"], message.sent_at) == (
        "interaction",
        "acknowledge",
        NOW,
    )
    assert "token" not in message.body


async def test_a_command_is_answered_for_who_gave_it_alone() -> None:
    taken = await take(sent(GENUINE, slack_request(COMMAND)))

    (message,) = taken.messages
    assert (message.kind, message.body["text"]) == ("command", "status")
    assert "token" not in message.body
    assert taken.body["response_type"] == "ephemeral"


@pytest.mark.parametrize("away", [timedelta(minutes=5), -timedelta(minutes=5)])
async def test_five_minutes_are_the_most(away: timedelta) -> None:
    assert len((await take(later(GENUINE, NOW + away))).messages) == 1

    assert (await refused(later(GENUINE, NOW + away + away / 300)))[0] == 401


async def test_another_time_needs_another_signature() -> None:
    newer = with_headers(GENUINE, x_slack_request_timestamp=str(int(NOW.timestamp()) + 600))

    assert await refused(later(newer, NOW + timedelta(minutes=10))) == (401, "the signature is wrong")


@pytest.mark.parametrize("fields", [pressed(1, team="T0002"), {**COMMAND, "team_id": "T0002"}, {"command": "/x"}])
async def test_another_workspace_is_refused(fields: dict[str, str]) -> None:
    assert await refused(sent(GENUINE, slack_request(fields))) == (403, "it comes from another workspace")


async def test_an_interaction_without_a_workspace_is_refused() -> None:
    assert (await refused(sent(GENUINE, slack_request({"payload": '{"team":null}'}))))[0] == 403


async def test_the_address_is_confirmed_when_slack_asks_signed() -> None:
    asked = signed(orjson.dumps({"type": "url_verification", "challenge": "3eZbrw1a"}), "application/json")

    assert await take(sent(GENUINE, asked)) == Taken(status=200, body={"challenge": "3eZbrw1a"})


@pytest.mark.parametrize(
    "body", [{"type": "event_callback"}, {"type": "url_verification", "challenge": 1}, {"challenge": "x" * 501}]
)
async def test_other_json_is_refused(body: dict[str, Any]) -> None:
    assert (await refused(sent(GENUINE, signed(orjson.dumps(body), "application/json"))))[0] == 400


async def test_a_look_at_the_certificate_is_answered() -> None:
    assert await take(sent(GENUINE, slack_request({"ssl_check": "1"}))) == Taken(status=200)


@pytest.mark.parametrize("content", [b"\xff\xfe=%ff", b"a=1&" * 200, b"x=1", b"payload=no-json"])
async def test_what_is_neither_is_refused(content: bytes) -> None:
    assert (await refused(sent(GENUINE, signed(content, "application/x-www-form-urlencoded"))))[0] == 400


async def test_a_time_that_is_none_is_refused() -> None:
    odd = signature(b"v0:soon:" + GENUINE.incoming.body)
    request = with_headers(GENUINE, x_slack_request_timestamp="soon", x_slack_signature=f"v0={odd}")

    assert await refused(request) == (400, "the timestamp is no time")
