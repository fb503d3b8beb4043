"""A subscriber that stalls and drops its connection now and then, and keeps every message it was given."""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field

import orjson
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidHandshake, WebSocketException

from tests.factories.graph import socket, subscribe

FEED = """
subscription($after: Cursor) {
  alertRaised(after: $after) {
    ... on AlertRaised { cursor alert { title } }
    ... on StreamReset { cursor reason }
  }
}
"""
# Of each message: how likely it is that the subscriber stops reading for a while, or hangs up.
STALLS, LONGEST_STALL = 0.002, 3.0
DROPS, LONGEST_ABSENCE = 0.001, 1.0


@dataclass
class Subscriber:
    """`titles` are those of the alerts received, in order. `after` is the cursor of the last one."""

    address: str
    token: str
    after: str
    chance: random.Random
    titles: list[str] = field(default_factory=list)
    resets: list[str] = field(default_factory=list)
    stalls: int = 0
    connections: int = 0

    async def run(self) -> None:
        """Until cancelled: connects, reads, and connects again from its cursor when the connection ends."""
        while True:
            # Killed, drained, or not up again yet.
            with suppress(OSError, WebSocketException, InvalidHandshake, AssertionError, TimeoutError):
                await self._connected()
            await asyncio.sleep(self.chance.uniform(0.1, LONGEST_ABSENCE))

    async def _connected(self) -> None:
        async with socket(self.address, self.token) as opened:
            self.connections += 1
            await subscribe(opened, FEED, after=self.after)
            async for frame in opened:
                if await self._told(opened, orjson.loads(frame)):
                    return

    async def _told(self, opened: ClientConnection, message: dict[str, object]) -> bool:
        """Whether the subscriber hangs up after this message."""
        if message["type"] == "ping":
            await opened.send('{"type":"pong"}')
            return False
        if message["type"] != "next":
            return True
        payload: dict[str, dict[str, dict[str, dict[str, str]]]] = message["payload"]  # type: ignore[assignment]  # the shape of this query
        item = payload["data"]["alertRaised"]
        self.after = str(item["cursor"])
        if "alert" not in item:
            self.resets.append(str(item["reason"]))
            return False
        self.titles.append(item["alert"]["title"])
        return await self._behave()

    async def _behave(self) -> bool:
        luck = self.chance.random()
        if luck < DROPS:
            return True
        if luck < DROPS + STALLS:
            self.stalls += 1
            await asyncio.sleep(self.chance.uniform(0.1, LONGEST_STALL))
        return False
