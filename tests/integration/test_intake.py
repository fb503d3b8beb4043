"""Events come in over HTTP: genuine ones are stored once and acknowledged, all others are refused and leave nothing."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import orjson
import pytest
from bson import ObjectId
from pymongo.errors import ServerSelectionTimeoutError

import documents
from app.intake import endpoint as intake_endpoint
from app.web import Web, serving
from app.wiring import Backend
from connectors.intake.ways import github_webhook
from documents import ReceivedState
from documents.base import utc_now
from documents.intake_endpoint import OVERLAP
from documents.outbox import OutboxJob
from documents.received_event import PROCESS_EVENTS
from documents.vault import VaultUnavailable
from domain.facts.intake import IntakeWay
from tests.factories.event_endpoint import make_endpoint, path_of, send, stored_events
from tests.factories.tenant import Tenant, make_tenant
from tests.fakes.genuine import (
    github_request,
    jira_request,
    okta_event,
    okta_request,
    pressed,
    slack_request,
)

EVENT = {"action": "publicized", "repository": {"full_name": "octo/secret"}}


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


@pytest.fixture
async def http(address: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=address, timeout=30) as client:
        yield client


@pytest.fixture
async def github(backend: Backend, tenant: Tenant) -> documents.IntakeEndpoint:
    return await make_endpoint(backend, tenant, IntakeWay.GITHUB_WEBHOOK)


def event(number: int) -> dict[str, Any]:
    return {**EVENT, "number": number}


async def test_a_genuine_event_is_stored_and_its_job_asked_for_before_it_is_acknowledged(
    http: httpx2.AsyncClient, github: documents.IntakeEndpoint, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing() -> int:
        return 0

    monkeypatch.setattr(backend.queue, "relay", nothing)  # the outbox stays as it was committed

    answer = await send(http, path_of(github), github_request(EVENT, "repository"))

    (stored,) = await stored_events(github.id)
    assert (answer.status_code, answer.content) == (202, b"")
    assert (stored.kind, orjson.loads(stored.body), stored.state) == ("repository", EVENT, ReceivedState.WAITING)
    assert (stored.org_id, stored.account_id) == (github.org_id, github.account_id)
    job = await OutboxJob.get_pymongo_collection().find_one({"_id": f"{PROCESS_EVENTS}:{github.org_id}"})
    assert job is not None
    assert job["args"] == {"org_id": str(github.org_id)}


async def test_what_comes_again_is_acknowledged_and_stored_once(
    http: httpx2.AsyncClient, github: documents.IntakeEndpoint
) -> None:
    request = github_request(EVENT, "repository")

    answers = [await send(http, path_of(github), request) for _ in range(2)]
    answers += [await send(http, path_of(github), request, **{"x-github-delivery": "another"})]

    assert [answer.status_code for answer in answers] == [202, 202, 202]
    assert len(await stored_events(github.id)) == 1


async def test_events_that_come_at_once_are_each_stored_once(
    backend: Backend, address: str, github: documents.IntakeEndpoint
) -> None:
    requests = [github_request(event(number), "push") for number in range(60)]

    # Two processes, each event at both.
    async with serving(Web(backend)) as other, httpx2.AsyncClient(timeout=60) as http:
        answers = await asyncio.gather(
            *(send(http, f"{base}{path_of(github)}", request) for request in requests for base in (address, other))
        )

    assert {answer.status_code for answer in answers} == {202}
    assert len({stored.event_id for stored in await stored_events(github.id)}) == 60
    assert len(await stored_events(github.id)) == 60


@pytest.mark.parametrize("kind", ["unknown", "malformed", "other provider", "paused", "pulled"])
async def test_all_that_is_no_endpoint_looks_alike(
    http: httpx2.AsyncClient, backend: Backend, tenant: Tenant, github: documents.IntakeEndpoint, kind: str
) -> None:
    paused = await make_endpoint(backend, tenant, IntakeWay.GITHUB_WEBHOOK, is_paused=True)
    pulled = await make_endpoint(backend, tenant, IntakeWay.AWS_SQS, settings={"queue_url": "https://sqs.example.com"})
    paths = {
        "unknown": f"/events/github/{ObjectId()}",
        "malformed": "/events/github/nothing",
        "other provider": path_of(github).replace("github", "jira"),
        "paused": path_of(paused),
        "pulled": f"/events/aws/{pulled.id}",
    }

    answer = await send(http, paths[kind], github_request(EVENT, "repository"))

    assert (answer.status_code, answer.text) == (404, "There is no event endpoint here, or it is paused.\n")
    assert not await stored_events(paused.id)


async def test_an_event_of_one_tenant_is_refused_by_the_endpoint_of_another(
    http: httpx2.AsyncClient, backend: Backend, github: documents.IntakeEndpoint
) -> None:
    other = await make_endpoint(backend, await make_tenant(backend), IntakeWay.GITHUB_WEBHOOK, secret="of another one")

    answer = await send(http, path_of(other), github_request(EVENT, "repository"))

    assert answer.status_code == 401
    assert not await stored_events(other.id)
    assert not await stored_events(github.id)


async def test_a_forged_event_is_refused_without_saying_why(
    http: httpx2.AsyncClient, github: documents.IntakeEndpoint
) -> None:
    request = github_request(EVENT, "repository")

    answers = [
        await send(http, path_of(github), github_request(EVENT, "repository", secret="guessed")),
        await send(http, path_of(github), request, **{"x-hub-signature-256": "sha256=00"}),
        await http.post(path_of(github), content=request.body),
    ]

    assert {(answer.status_code, answer.text) for answer in answers} == {
        (401, "Nothing proves that this comes from the provider. Check the secret or signature that is set there.\n")
    }
    assert not await stored_events(github.id)


async def test_other_methods_are_refused(http: httpx2.AsyncClient, github: documents.IntakeEndpoint) -> None:
    answers = [await http.request(method, path_of(github)) for method in ("GET", "OPTIONS", "PUT", "DELETE", "HEAD")]

    assert {answer.status_code for answer in answers} == {405}
    assert {answer.headers["allow"] for answer in answers} == {"GET, OPTIONS, POST"}


async def test_an_event_that_turns_out_to_be_too_large_is_refused(
    http: httpx2.AsyncClient, github: documents.IntakeEndpoint
) -> None:
    large = github_request({"text": "x" * (github_webhook.MOST_BYTES + 1)}, "push")

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(large.body), 65_536):
            yield large.body[start : start + 65_536]

    headers = {name: value for name, value in large.headers.items() if name != "host"}
    answer = await http.post(path_of(github), content=chunks(), headers=headers)

    assert (answer.status_code, answer.text) == (413, "The event is larger than is taken here.\n")
    assert not await stored_events(github.id)


async def test_what_is_said_to_be_too_large_is_refused_before_it_is_sent(
    address: str, github: documents.IntakeEndpoint
) -> None:
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST {path_of(github)} HTTP/1.1\r\nhost: h\r\ncontent-length: {github_webhook.MOST_BYTES + 1}\r\n\r\n"
    writer.write(head.encode())

    status = await asyncio.wait_for(reader.readline(), 5)

    assert b"413" in status
    writer.close()


async def test_a_body_in_chunks_is_taken(http: httpx2.AsyncClient, github: documents.IntakeEndpoint) -> None:
    request = github_request({"text": "x" * 2_000_000}, "push")

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(request.body), 1000):
            yield request.body[start : start + 1000]

    headers = {name: value for name, value in request.headers.items() if name != "host"}
    answer = await http.post(path_of(github), content=chunks(), headers=headers)

    assert answer.status_code == 202
    assert len((await stored_events(github.id))[0].body) == len(request.body)


async def test_every_way_is_answered_as_its_provider_wants(
    http: httpx2.AsyncClient, backend: Backend, tenant: Tenant
) -> None:
    now = utc_now()
    jira = await make_endpoint(backend, tenant, IntakeWay.JIRA_WEBHOOK)
    okta = await make_endpoint(backend, tenant, IntakeWay.OKTA_EVENT_HOOK)
    slack = await make_endpoint(backend, tenant, IntakeWay.SLACK_INTERACTION, settings={"team_id": "T0001"})
    issue = {"webhookEvent": "jira:issue_created", "timestamp": int(now.timestamp() * 1000)}
    command = {"command": "/cloudwatcher", "team_id": "T0001"}

    asked = await http.get(path_of(okta), headers={"x-okta-verification-challenge": "Kj1"})
    answers = [
        await send(http, path_of(jira), jira_request(issue)),
        await send(http, path_of(okta), okta_request(okta_event(1, now.isoformat()), okta_event(2, now.isoformat()))),
        await send(http, path_of(slack), slack_request(pressed(1), at=now)),
        await send(http, path_of(slack), slack_request(command, at=now)),
    ]

    assert (asked.status_code, asked.json()) == (200, {"verification": "Kj1"})
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200]
    assert answers[2].content == b""
    assert answers[3].json()["response_type"] == "ephemeral"
    counts = [len(await stored_events(endpoint.id)) for endpoint in (jira, okta, slack)]
    assert counts == [1, 2, 2]


async def test_a_stale_interaction_is_refused(http: httpx2.AsyncClient, backend: Backend, tenant: Tenant) -> None:
    slack = await make_endpoint(backend, tenant, IntakeWay.SLACK_INTERACTION, settings={"team_id": "T0001"})

    answer = await send(http, path_of(slack), slack_request(pressed(1)))

    assert answer.status_code == 401
    assert not await stored_events(slack.id)


async def test_the_secret_before_the_present_one_is_taken_for_a_day(
    http: httpx2.AsyncClient, backend: Backend, tenant: Tenant
) -> None:
    before = await backend.vault.seal(tenant.org_id, "the one before")
    endpoints = [
        await make_endpoint(
            backend, tenant, IntakeWay.GITHUB_WEBHOOK, previous_secret=before, previous_until=utc_now() + left
        )
        for left in (OVERLAP, -OVERLAP)
    ]
    request = github_request(EVENT, "push", secret="the one before")

    answers = [await send(http, path_of(endpoint), request) for endpoint in endpoints]

    assert [answer.status_code for answer in answers] == [202, 401]


async def test_what_comes_is_counted_and_confirms_the_endpoint(backend: Backend, tenant: Tenant) -> None:
    github = await make_endpoint(backend, tenant, IntakeWay.GITHUB_WEBHOOK)

    async with serving(Web(backend)) as url, httpx2.AsyncClient(base_url=url, timeout=30) as http:
        for number in range(3):
            await send(http, path_of(github), github_request(event(number), "push"))
        for _ in range(2):
            await send(http, path_of(github), github_request(EVENT, "push", secret="guessed"))

    raw = await documents.IntakeEndpoint.rows().find_one({"_id": github.id})  # the process wrote it down as it ended
    assert raw is not None
    found = documents.IntakeEndpoint.stored(raw)
    assert (found.received, found.refused, found.last_refusal) == (3, 2, "the signature is wrong")
    assert found.last_received_at is not None
    assert found.last_refused_at is not None
    assert found.confirmed_at is not None
    assert found.version == 1


async def test_without_the_key_of_its_secret_it_is_to_come_again(
    http: httpx2.AsyncClient, github: documents.IntakeEndpoint, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: bytes) -> str:
        raise VaultUnavailable("away")

    monkeypatch.setattr(backend.vault, "open", away)

    answer = await send(http, path_of(github), github_request(EVENT, "push"))

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


async def test_what_cannot_be_stored_is_not_acknowledged(
    http: httpx2.AsyncClient, github: documents.IntakeEndpoint, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: Any) -> None:
        raise ServerSelectionTimeoutError("away")

    monkeypatch.setattr(backend.writer, "commit", away)

    answer = await send(http, path_of(github), github_request(EVENT, "push"))

    assert answer.status_code == 503
    assert not await stored_events(github.id)


async def test_neither_query_nor_body_nor_secret_is_logged_whatever_happens(
    http: httpx2.AsyncClient,
    github: documents.IntakeEndpoint,
    backend: Backend,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(_: Any) -> None:
        raise RuntimeError("told-by-a-bug")

    path = f"{path_of(github)}?code=told-in-the-query"
    body = {"text": "told-in-the-body"}
    await send(http, path, github_request(body, "push"))
    await send(http, path, github_request(body, "push", secret="told-as-secret"))
    monkeypatch.setattr(backend.writer, "commit", broken)
    answer = await send(http, path, github_request({**body, "more": 1}, "push"))

    logged = caplog.text + capfd.readouterr().err
    assert answer.status_code == 500
    assert "intake.broken" in logged
    assert "told-" not in logged + answer.text


async def test_a_body_that_does_not_come_is_not_waited_for(
    address: str, github: documents.IntakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_endpoint, "BODY_WITHIN", timedelta(milliseconds=50))
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"POST {path_of(github)} HTTP/1.1\r\nhost: h\r\ncontent-length: 100\r\n\r\n{{".encode())

    status = await asyncio.wait_for(reader.readline(), 5)

    assert b"408" in status
    writer.close()


async def test_one_who_leaves_in_the_middle_leaves_nothing(
    address: str, http: httpx2.AsyncClient, github: documents.IntakeEndpoint
) -> None:
    host, port = address.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"POST {path_of(github)} HTTP/1.1\r\nhost: h\r\ncontent-length: 100\r\n\r\n{{".encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()

    answer = await send(http, path_of(github), github_request(EVENT, "push"))

    assert answer.status_code == 202
    assert len(await stored_events(github.id)) == 1
