"""Health, readiness, metrics, and how the web process stops."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from app.web import Web, serving
from app.wiring import Backend
from tests.factories.graph import messages, socket, subscribe
from tests.factories.tenant import PASSWORD, make_tenant


async def get(url: str, **headers: str) -> httpx2.Response:
    async with httpx2.AsyncClient() as client:
        return await client.get(url, headers=headers)


async def test_a_serving_process_is_healthy_and_ready(address: str) -> None:
    assert (await get(f"{address}/healthz")).text == "ok\n"
    ready = await get(f"{address}/readyz")
    assert ready.status_code == 200
    assert ready.json() == {"ready": True, "mongodb": True, "redis": True, "live": True}


async def test_metrics_count_operations(address: str) -> None:
    async with httpx2.AsyncClient() as client:
        await client.post(f"{address}/graphql", json={"query": "query Counted { __typename }"})

    page = (await get(f"{address}/metrics")).text

    assert 'cloudwatcher_graphql_operations_total{operation="Counted"' in page


async def test_metrics_ask_for_their_token_where_one_is_set(backend: Backend) -> None:
    settings = backend.settings.model_copy(update={"metrics_token": SecretStr("s3cret")})
    guarded = Backend(**{**vars_of(backend), "settings": settings})
    async with serving(Web(guarded)) as address:
        without = await get(f"{address}/metrics")
        wrong = await get(f"{address}/metrics", authorization="Bearer wrong")
        right = await get(f"{address}/metrics", authorization="Bearer s3cret")

    assert (without.status_code, wrong.status_code, right.status_code) == (401, 401, 200)


def vars_of(backend: Backend) -> dict[str, object]:
    return {name: getattr(backend, name) for name in backend.__dataclass_fields__}


async def test_a_stopping_process_sends_its_streams_elsewhere(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    web = Web(backend)
    feed = "subscription { alertRaised { __typename } }"

    async with serving(web) as address, socket(address, tenant.token) as opened:
        await subscribe(opened, feed)
        await asyncio.sleep(0.2)
        await web.drain()
        with pytest.raises(ConnectionClosedError):
            await all_of(opened)
        assert opened.close_code == 1012
        assert (await get(f"{address}/readyz")).status_code == 503


async def all_of(opened: ClientConnection) -> list[dict[str, Any]]:
    return [message async for message in messages(opened)]


async def test_an_unknown_path_is_not_found(address: str) -> None:
    assert (await get(f"{address}/nothing")).status_code == 404


async def test_another_origin_may_not_open_a_socket_with_a_browser(address: str) -> None:
    url = address.replace("http", "ws", 1) + "/graphql"

    with pytest.raises(InvalidStatus) as refused:
        async with connect(url, subprotocols=["graphql-transport-ws"], origin="https://evil.example"):  # type: ignore[arg-type,list-item]
            pass

    assert refused.value.response.status_code == 403


async def test_a_page_of_an_allowed_origin_is_answered_with_cors_headers(backend: Backend) -> None:
    settings = backend.settings.model_copy(update={"allowed_origins": ["https://app.example"]})
    allowing = Backend(**{**vars_of(backend), "settings": settings})
    async with serving(Web(allowing)) as address, httpx2.AsyncClient() as client:
        query = {"query": "{ __typename }"}
        page = await client.post(f"{address}/graphql", json=query, headers={"origin": "https://app.example"})
        other = await client.post(f"{address}/graphql", json=query, headers={"origin": "https://evil.example"})
        program = await client.post(f"{address}/graphql", json=query)

    assert page.headers["access-control-allow-origin"] == "https://app.example"
    assert "access-control-allow-origin" not in other.headers
    assert page.json()["data"] == program.json()["data"] == {"__typename": "Query"}


async def test_a_session_names_the_client_and_not_the_proxy(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    settings = backend.settings.model_copy(update={"trusted_proxies": ["127.0.0.0/8"]})
    sign_in = (
        "mutation($input: SignInInput!) { signIn(input: $input) { ... on SignInSuccess { session { accessToken } } } }"
    )
    fields = {"email": tenant.user.email, "password": PASSWORD}
    body = {"query": sign_in, "variables": {"input": fields}}
    behind = {"x-forwarded-for": "203.0.113.5, 198.51.100.90"}

    async with serving(Web(replace(backend, settings=settings))) as address, httpx2.AsyncClient() as client:
        answer = await client.post(f"{address}/graphql", json=body, headers=behind)
        token = answer.json()["data"]["signIn"]["session"]["accessToken"]
        listed = await client.post(
            f"{address}/graphql",
            json={"query": "{ sessions { address } }"},
            headers={"authorization": f"Bearer {token}"},
        )

    assert "198.51.100.90" in [session["address"] for session in listed.json()["data"]["sessions"]]
