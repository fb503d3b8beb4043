"""Clients of a feed that note the cursors they are told and go on from the last one on another server."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import orjson
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.factories.graph import socket, subscribe


@dataclass
class Resuming:
    """`titles` are those of the alerts it was told of, `cursors` all places, `closes` how connections ended."""

    token: str
    query: str
    variables: dict[str, Any] = field(default_factory=dict)
    titles: list[str] = field(default_factory=list)
    cursors: list[str] = field(default_factory=list)
    closes: list[Any] = field(default_factory=list)

    def take(self, payload: dict[str, Any]) -> None:
        """Note a message. Its own cursor, where it was asked for, and the one beside it are the same."""
        assert "errors" not in payload, payload
        (message,) = payload["data"].values()
        assert message["cursor"] == payload["extensions"]["cursor"]
        self.titles.append((message.get("alert") or message.get("subject"))["title"])
        self.cursors.append(message["cursor"])

    @property
    def after(self) -> str | None:
        return self.cursors[-1] if self.cursors else None


class OverSocket(Resuming):
    async def follow(self, address: str) -> None:
        """Until the connection ends."""
        async with socket(address, self.token) as opened:
            await subscribe(opened, self.query, **self.variables, after=self.after)
            try:
                while True:
                    self._hear(orjson.loads(await opened.recv()))
            except ConnectionClosed:
                self.closes.append(opened.close_code)

    async def until_told_where(self, opened: ClientConnection) -> None:
        """Subscribe and note where the feed begins."""
        await subscribe(opened, self.query, **self.variables, after=self.after)
        self._hear(orjson.loads(await opened.recv()))

    def _hear(self, message: dict[str, Any]) -> None:
        if message["type"] == "ping":
            assert message["payload"]["id"] == "1"
            self.cursors.append(message["payload"]["cursor"])
        else:
            assert message["type"] == "next", message
            self.take(message["payload"])


class OverEvents(Resuming):
    """As a browser's EventSource: the last id of an event goes back in a header."""

    async def follow(self, address: str) -> None:
        """Until the response ends."""
        headers = {"accept": "text/event-stream", "authorization": f"Bearer {self.token}"}
        if self.after:
            headers["last-event-id"] = self.after
        body = {"query": self.query, "variables": self.variables}
        async with (
            httpx2.AsyncClient(timeout=60) as client,
            client.stream("POST", f"{address}/graphql/stream", json=body, headers=headers) as response,
        ):
            assert response.status_code == 200
            async for block in blocks(response):
                self._hear(block)
        self.closes.append("end")

    def _hear(self, block: dict[str, str]) -> None:
        if block.get("event") == "next":
            payload = orjson.loads(block["data"])
            self.take(payload)
            assert block["id"] == payload["extensions"]["cursor"]
        elif "id" in block:
            self.cursors.append(block["id"])
        elif "event" in block:
            raise AssertionError(block)


async def blocks(response: httpx2.Response) -> AsyncIterator[dict[str, str]]:
    """The fields of each block, comments left out."""
    block: dict[str, str] = {}
    async for line in response.aiter_lines():
        name, _, value = line.partition(":")
        if not line:
            yield block
            block = {}
        elif name:
            block[name] = value.strip()


async def until(condition: Any, within: float = 60) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - what is waited for is told by no event
            await asyncio.sleep(0.01)
