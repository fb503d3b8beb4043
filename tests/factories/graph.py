"""A small GraphQL client for tests: requests over HTTP, subscriptions over graphql-transport-ws."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import httpx2
import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed


class Graph:
    """`ask` returns the data and fails the test on errors; `refused` returns the errors."""

    def __init__(self, address: str, http: httpx2.AsyncClient) -> None:
        self.address = address
        self._http = http

    @classmethod
    @asynccontextmanager
    async def connected(cls, address: str) -> AsyncIterator[Self]:
        # Over plain HTTP; reading the system's authorities anew for each test would take longer than the test.
        async with httpx2.AsyncClient(timeout=30, verify=False) as http:
            yield cls(address, http)

    async def send(self, query: str, token: str | None = None, **variables: Any) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        answer = await self._http.post(
            f"{self.address}/graphql",
            content=orjson.dumps({"query": query, "variables": variables}),
            headers={"content-type": "application/json", **headers},
        )
        body: dict[str, Any] = answer.json()
        return body

    async def ask(self, query: str, token: str | None = None, **variables: Any) -> dict[str, Any]:
        body = await self.send(query, token, **variables)
        assert not body.get("errors"), body["errors"]
        data: dict[str, Any] = body["data"]
        return data

    async def refused(self, query: str, token: str | None = None, **variables: Any) -> list[dict[str, Any]]:
        body = await self.send(query, token, **variables)
        assert body.get("errors"), body
        errors: list[dict[str, Any]] = body["errors"]
        return errors


@asynccontextmanager
async def socket(address: str, token: str | None = None) -> AsyncIterator[ClientConnection]:
    """An initialised graphql-transport-ws connection."""
    url = address.replace("http", "ws", 1) + "/graphql"
    async with connect(url, subprotocols=["graphql-transport-ws"]) as opened:  # type: ignore[list-item]  # any text is one
        payload = {"accessToken": token} if token else {}
        await opened.send(orjson.dumps({"type": "connection_init", "payload": payload}).decode())
        assert orjson.loads(await opened.recv())["type"] == "connection_ack"
        yield opened


async def subscribe(opened: ClientConnection, query: str, *, id: str = "1", **variables: Any) -> None:
    """Start a subscription on an open socket."""
    frame = {"id": id, "type": "subscribe", "payload": {"query": query, "variables": variables}}
    await opened.send(orjson.dumps(frame).decode())


async def messages(opened: ClientConnection) -> AsyncIterator[dict[str, Any]]:
    """Frames as they come, pings answered."""
    async for frame in opened:
        message: dict[str, Any] = orjson.loads(frame)
        if message["type"] == "ping":
            await opened.send('{"type":"pong"}')
        else:
            yield message


async def seconds_until_closed(opened: ClientConnection) -> float:
    """How long it takes the server to close the socket because of who is on it; it may deliver no message before."""
    started = time.monotonic()
    with pytest.raises(ConnectionClosed, match="4403"):
        await asyncio.wait_for(frame_of(opened), 5)
    return time.monotonic() - started


async def frame_of(opened: ClientConnection) -> str | bytes:
    """The next frame, pings of the server passed over."""
    while orjson.loads(frame := await opened.recv())["type"] == "ping":
        pass
    return frame
