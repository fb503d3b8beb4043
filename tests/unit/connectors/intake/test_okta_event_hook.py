"""Event hooks of Okta: the challenge, then a shared secret."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from connectors.intake.receiver import Taken
from domain.facts.intake import IntakeWay
from domain.facts.intake_settings import OktaSettings
from tests.fakes.genuine import SECRET, okta_event, okta_request, posted
from tests.fakes.taking import genuine_of, refused, sent, take

GENUINE = genuine_of(IntakeWay.OKTA_EVENT_HOOK)


def challenged(challenge: str) -> Any:
    headers = {"x-okta-verification-challenge": challenge}
    return sent(GENUINE, replace(GENUINE.incoming, method="GET", headers=headers, body=b""))


async def test_the_challenge_is_answered_and_confirms_nothing() -> None:
    taken = await take(challenged("Kj1-_+/="))

    # Anybody can ask so: that Okta sends here is proven by the secret.
    assert taken == Taken(status=200, body={"verification": "Kj1-_+/="})


@pytest.mark.parametrize("challenge", ["", "x" * 501, "a\x00b", "é"])
async def test_a_challenge_that_okta_would_not_send_is_not_answered(challenge: str) -> None:
    assert (await refused(challenged(challenge)))[0] == 400


async def test_each_event_of_a_delivery_is_stored_by_its_own_id() -> None:
    taken = await take(sent(GENUINE, okta_request(okta_event(1), okta_event(2))))

    assert (taken.status, taken.is_confirmed) == (200, True)
    assert [message.id for message in taken.messages] == [
        "b5a188b9-0000-4636-b041-000000000001",
        "b5a188b9-0000-4636-b041-000000000002",
    ]
    assert taken.messages[0].kind == "system_log"
    assert taken.messages[0].body["eventType"] == "user.mfa.factor.deactivate"


async def test_the_secret_may_stand_in_a_header_of_its_own() -> None:
    endpoint = replace(GENUINE.endpoint, settings=OktaSettings(header="X-Watch-Secret"))
    headers = {"x-watch-secret": SECRET}

    taken = await take(replace(GENUINE, endpoint=endpoint, incoming=replace(GENUINE.incoming, headers=headers)))

    assert len(taken.messages) == 1


async def test_the_secret_in_another_header_is_not_enough() -> None:
    endpoint = replace(GENUINE.endpoint, settings=OktaSettings(header="X-Watch-Secret"))

    assert await refused(replace(GENUINE, endpoint=endpoint)) == (401, "there is no shared secret")


@pytest.mark.parametrize(
    "events",
    [
        [],
        ["no event"],
        [{"published": "2026-11-26T11:59:58Z"}],
        [okta_event(1, published="yesterday")],
        [okta_event(1, published="2026-11-25T11:59:58Z")],
        [okta_event(1), okta_event(2, published="2026-11-27T12:00:01Z")],
    ],
)
async def test_events_that_are_none_or_a_day_off_are_refused(events: list[Any]) -> None:
    assert (await refused(sent(GENUINE, okta_request(*events))))[0] == 400


@pytest.mark.parametrize("body", [{}, {"data": []}, {"data": {"events": {}}}])
async def test_a_delivery_without_events_is_refused(body: dict[str, Any]) -> None:
    request = posted(GENUINE.endpoint.way, orjson.dumps(body), {"authorization": SECRET})

    assert await refused(sent(GENUINE, request)) == (400, "there are no events")
