"""When servers behind us fail, callers hear one sentence and an id: no driver's words, no addresses, no code."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from redis.asyncio import Redis

from app.graphql import admission
from app.web import Web, serving
from app.wiring import Backend
from tests.factories.graph import messages, socket, subscribe
from tests.factories.tenant import Tenant, make_tenant

SECRET_WORDS = re.compile(
    r"mongo|pymongo|beanie|redis|valkey|traceback|\.py\b|/site-packages|/app/|127\.0\.0\.1:\d|localhost|"
    r"OperationFailure|ServerSelection|failpoint|errmsg|codeName|Exception|0x[0-9a-f]{6}|line \d",
    re.IGNORECASE,
)
ALERTS = "{ alerts { nodes { id title } } }"
SIGN_IN = 'mutation { signIn(input: {email: "nobody@example.com", password: "wrong wrong wrong"}) { __typename } }'


@asynccontextmanager
async def failing(backend: Backend, *commands: str, **how: Any) -> AsyncIterator[None]:
    """Within, MongoDB fails these commands of ours."""
    data = {"failCommands": list(commands), "appName": "cloudwatcher", **(how or {"errorCode": 8000})}
    await backend.client.admin.command({"configureFailPoint": "failCommand", "mode": "alwaysOn", "data": data})
    try:
        yield
    finally:
        await backend.client.admin.command({"configureFailPoint": "failCommand", "mode": "off"})


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


async def post(address: str, query: str, token: str | None = None, path: str = "/graphql") -> httpx2.Response:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    async with httpx2.AsyncClient(timeout=60) as client:
        return await client.post(f"{address}{path}", json={"query": query}, headers=headers)


def hold(response: httpx2.Response) -> None:
    """Masked, with an id to ask about, and nothing else said in body or headers."""
    (error,) = response.json()["errors"]
    request_id = error["extensions"]["requestId"]
    assert (
        error["message"]
        == f"Something went wrong on our side. Tell us the request id {request_id} if it happens again."
    )
    assert error["extensions"]["code"] == "INTERNAL"
    assert response.headers["x-request-id"] == request_id
    nothing_told(response.text + str(response.headers.multi_items()).replace(str(response.url), ""))


def nothing_told(text: str) -> None:
    assert SECRET_WORDS.findall(text) == []


@pytest.mark.parametrize("how", [{"errorCode": 8000}, {"closeConnection": True}], ids=["an error", "a cut connection"])
async def test_a_list_that_cannot_be_read(address: str, backend: Backend, tenant: Tenant, how: dict[str, Any]) -> None:
    await post(address, ALERTS, tenant.token)  # the viewer is known for a second
    async with failing(backend, "find", "aggregate", **how):
        hold(await post(address, ALERTS, tenant.token))


async def test_a_viewer_that_cannot_be_read(address: str, backend: Backend, tenant: Tenant) -> None:
    async with failing(backend, "find", "aggregate"):
        hold(await post(address, ALERTS, tenant.token))


async def test_a_sign_in_that_cannot_be_looked_up(address: str, backend: Backend) -> None:
    async with failing(backend, "find", "aggregate"):
        hold(await post(address, SIGN_IN))


async def test_a_change_that_cannot_be_stored(address: str, backend: Backend) -> None:
    register = (
        'mutation { register(input: {email: "masked@example.com", password: "correct horse battery staple", '
        'name: "M", organizationName: "M"}) { __typename } }'
    )
    async with failing(backend, "insert", "update", "commitTransaction", "findAndModify"):
        hold(await post(address, register))


async def test_a_stream_that_cannot_be_read(address: str, backend: Backend, tenant: Tenant) -> None:
    async with failing(backend, "find", "aggregate"):
        response = await post(address, ALERTS, tenant.token, "/graphql/stream")

    assert "Something went wrong on our side" in response.text
    nothing_told(response.text)


async def test_a_socket_over_which_nothing_can_be_read(address: str, backend: Backend, tenant: Tenant) -> None:
    async with socket(address, tenant.token) as opened, failing(backend, "find", "aggregate"):
        await subscribe(opened, ALERTS)
        async with asyncio.timeout(30):
            message = await anext(messages(opened))

    assert "Something went wrong on our side" in str(message)
    nothing_told(str(message))


async def test_readiness_says_what_is_missing_and_nothing_of_it(address: str, backend: Backend) -> None:
    async with failing(backend, "ping"), httpx2.AsyncClient() as client:
        response = await client.get(f"{address}/readyz")

    assert response.status_code == 503
    assert response.json() == {"ready": False, "mongodb": False, "redis": True, "live": True}


async def test_an_operation_that_takes_too_long_is_stopped(
    address: str, backend: Backend, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "TIME_LIMIT", timedelta(milliseconds=300))
    await post(address, ALERTS, tenant.token)
    alerts = f"{backend.settings.mongodb_database}.alerts"
    async with failing(backend, "find", "aggregate", namespace=alerts, blockConnection=True, blockTimeMS=3_000):
        began = asyncio.get_running_loop().time()
        response = await post(address, ALERTS, tenant.token)
        took = asyncio.get_running_loop().time() - began

    (error,) = response.json()["errors"]
    assert took < 3
    assert "took longer than 0.3 seconds" in error["message"]
    nothing_told(response.text)


@pytest.mark.parametrize("path", ["/graphql", "/graphql/stream"])
async def test_finding_out_who_asks_has_a_time_limit_too(
    address: str, backend: Backend, tenant: Tenant, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(admission, "TIME_LIMIT", timedelta(milliseconds=300))
    users = f"{backend.settings.mongodb_database}.users"
    async with failing(backend, "find", "aggregate", namespace=users, blockConnection=True, blockTimeMS=3_000):
        began = asyncio.get_running_loop().time()
        response = await post(address, ALERTS, tenant.token, path)
        took = asyncio.get_running_loop().time() - began

    (error,) = response.json()["errors"]
    assert took < 3
    assert "took longer than 0.3 seconds" in error["message"]


async def test_without_redis_reads_work_and_nothing_of_it_is_told(
    backend: Backend, tenant: Tenant, unused_tcp_port: int
) -> None:
    nowhere = Redis(port=unused_tcp_port)
    async with serving(Web(replace(backend, redis=nowhere))) as address, nowhere:  # type: ignore[arg-type]
        answered = await post(address, ALERTS, tenant.token)
        async with httpx2.AsyncClient() as client:
            ready = await client.get(f"{address}/readyz")

    assert answered.json()["data"] == {"alerts": {"nodes": []}}
    assert ready.json()["redis"] is False
    nothing_told(answered.text)
