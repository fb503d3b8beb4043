"""A flood of forgeries is slowed down, costs the database next to nothing, and keeps nothing genuine out."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest

import documents
from app.web import Web, serving
from app.wiring import Backend
from domain.facts.intake import IntakeWay
from tests.factories.event_endpoint import make_endpoint, path_of, send, stored_events
from tests.factories.tenant import make_tenant
from tests.fakes.genuine import github_request

FORGED = github_request({"action": "deleted"}, "repository", secret="guessed")
FORGER, PROVIDER = {"x-forwarded-for": "203.0.113.7"}, {"x-forwarded-for": "198.51.100.9"}


@pytest.fixture
async def web(backend: Backend) -> AsyncIterator[tuple[Web, httpx2.AsyncClient]]:
    """A process behind a proxy that takes sixty refused requests a minute of an address, twenty at once."""
    changes = {"trusted_proxies": ["127.0.0.1"], "refused_events_per_minute": 60, "events_per_minute": 6000}
    made = Web(replace(backend, settings=backend.settings.model_copy(update=changes)))
    async with serving(made) as url, httpx2.AsyncClient(base_url=url, timeout=60) as http:
        yield made, http


async def test_forgeries_are_limited_and_the_provider_is_not(
    web: tuple[Web, httpx2.AsyncClient], backend: Backend
) -> None:
    _, http = web
    github = await make_endpoint(backend, await make_tenant(backend), IntakeWay.GITHUB_WEBHOOK)

    flood = await asyncio.gather(*(send(http, path_of(github), FORGED, **FORGER) for _ in range(200)))
    genuine = [
        await send(http, path_of(github), github_request({"number": number}, "push"), **PROVIDER)
        for number in range(100)
    ]

    told = Counter(answer.status_code for answer in flood)
    assert told.keys() == {401, 429}
    # Twenty at once, and one a second while it lasts.
    assert 20 <= told[401] <= 40
    assert {answer.headers["retry-after"] for answer in flood if answer.status_code == 429} == {"1"}
    assert {answer.status_code for answer in genuine} == {202}
    assert len(await stored_events(github.id)) == 100


async def test_the_same_address_may_send_to_others_meanwhile(
    web: tuple[Web, httpx2.AsyncClient], backend: Backend
) -> None:
    _, http = web
    flooded, other = [
        await make_endpoint(backend, await make_tenant(backend), IntakeWay.GITHUB_WEBHOOK) for _ in range(2)
    ]

    # As when somebody has a provider's own servers send forgeries.
    await asyncio.gather(*(send(http, path_of(flooded), FORGED, **FORGER) for _ in range(60)))
    answer = await send(http, path_of(other), github_request({"number": 1}, "push"), **FORGER)

    assert answer.status_code == 202


async def test_looking_for_endpoints_is_limited(web: tuple[Web, httpx2.AsyncClient]) -> None:
    _, http = web
    seeker = {"x-forwarded-for": "203.0.113.99"}

    answers = [await http.post(f"/events/github/{number:024x}", headers=seeker) for number in range(60)]

    assert {answer.status_code for answer in answers} == {404, 429}


async def test_a_flood_of_forgeries_is_no_flood_of_writes(
    web: tuple[Web, httpx2.AsyncClient], backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, http = web
    github = await make_endpoint(backend, await make_tenant(backend), IntakeWay.GITHUB_WEBHOOK)
    writes = []
    write = made._intake.counts._write

    async def counted(found: object) -> None:
        writes.append(found)
        await write(found)  # type: ignore[arg-type]  # passed on as it is

    monkeypatch.setattr(made._intake.counts, "_write", counted)

    for number in range(10):
        answers = await asyncio.gather(
            *(send(http, path_of(github), FORGED, **{"x-forwarded-for": f"203.0.113.{number}"}) for _ in range(15))
        )
        assert {answer.status_code for answer in answers} == {401}
    await made._intake.counts.settle()

    raw = await documents.IntakeEndpoint.rows().find_one({"_id": github.id})
    assert raw is not None
    assert raw["refused"] == 150
    assert len(writes) <= 5


async def test_an_endpoint_takes_no_more_than_its_share(backend: Backend) -> None:
    changes = {"events_per_minute": 60}
    github = await make_endpoint(backend, await make_tenant(backend), IntakeWay.GITHUB_WEBHOOK)

    async with (
        serving(Web(replace(backend, settings=backend.settings.model_copy(update=changes)))) as url,
        httpx2.AsyncClient(base_url=url, timeout=60) as http,
    ):
        answers = [
            await send(http, path_of(github), github_request({"number": number}, "push")) for number in range(60)
        ]

    assert {answer.status_code for answer in answers} == {202, 429}
