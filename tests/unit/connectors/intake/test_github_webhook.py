"""Webhooks of GitHub: the signature is checked as GitHub's own documentation has it, and a ping confirms."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from connectors.intake.receiver import Taken
from domain.facts.intake import IntakeWay
from tests.fakes.genuine import github_request, posted, signature
from tests.fakes.taking import genuine_of, refused, sent, take, with_headers

GENUINE = genuine_of(IntakeWay.GITHUB_WEBHOOK)
# Source: GitHub docs, "Validating webhook deliveries", section "Testing the webhook payload validation".
PUBLISHED = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


async def test_the_published_example_has_the_published_signature() -> None:
    endpoint = replace(GENUINE.endpoint, secret=SecretStr("It's a Secret to Everybody"))
    headers = {"x-hub-signature-256": PUBLISHED, "x-github-event": "push"}
    example = replace(GENUINE, endpoint=endpoint, incoming=posted(endpoint.way, b"Hello, World!", headers))

    # Genuine, and only then found to be no JSON.
    assert await refused(example) == (400, "The body is not JSON.")


async def test_an_event_is_stored_by_its_kind() -> None:
    taken = await take(GENUINE)

    (message,) = taken.messages
    assert (taken.status, taken.is_confirmed) == (202, True)
    assert (message.kind, message.body["repository"]["id"]) == ("repository", 1)


async def test_another_delivery_id_is_the_same_event() -> None:
    replayed = with_headers(GENUINE, x_github_delivery="another")

    assert (await take(replayed)).messages[0].id == (await take(GENUINE)).messages[0].id


@pytest.mark.parametrize("kind", ["ping", "push"])
async def test_a_ping_confirms_and_is_not_stored_whatever_its_header_says(kind: str) -> None:
    ping = github_request({"zen": "Keep it logically awesome.", "hook_id": 42, "hook": {}}, kind)

    assert await take(sent(GENUINE, ping)) == Taken(is_confirmed=True)


@pytest.mark.parametrize("kind", ["", "Push", "push event", "p" * 61])
async def test_a_kind_that_is_none_is_refused(kind: str) -> None:
    assert (await refused(with_headers(GENUINE, x_github_event=kind)))[0] == 400


async def test_the_older_signature_is_not_enough() -> None:
    headers = {"x-hub-signature": f"sha1={signature(GENUINE.incoming.body)[:40]}", "x-github-event": "push"}

    older = sent(GENUINE, posted(GENUINE.endpoint.way, GENUINE.incoming.body, headers))

    assert await refused(older) == (401, "there is no signature")


async def test_a_list_is_no_event() -> None:
    headers = {"x-hub-signature-256": f"sha256={signature(b'[]')}", "x-github-event": "push"}

    assert await refused(sent(GENUINE, posted(GENUINE.endpoint.way, b"[]", headers))) == (
        400,
        "The body is not an object.",
    )
