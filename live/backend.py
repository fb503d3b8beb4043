"""The Redis backend of our broadcaster: unlike the stock one it survives every way a connection can die.

It carries wake-ups only, so it keeps no queue: a message lost with a connection is made good by the gap signal.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

from broadcaster import BroadcastBackend, Event
from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from live.outage import Count, Outage, count_nothing, persist

# The message of an Event that says: something may have been published here that you were not told of.
GAP = "gap"

CONNECT_TIMEOUT = timedelta(seconds=2)


class WakeBackend(BroadcastBackend):
    """Publish and subscribe through one Redis; `url` as redis-py reads it.

    After every subscription that Redis confirms, first or renewed, subscribers of the channel get one `GAP`.
    A connection silent for `silence` is asked for a sign of life and given up when none comes within `answer`:
    so a half-open socket is found too.
    """

    def __init__(
        self,
        url: str,
        *,
        count: Count = count_nothing,
        silence: timedelta = timedelta(seconds=5),
        answer: timedelta = timedelta(seconds=2),
    ) -> None:
        # The base class only says that it is abstract, by raising.
        timeout = CONNECT_TIMEOUT.total_seconds()
        self._client: Redis = Redis.from_url(url, socket_connect_timeout=timeout, socket_timeout=timeout)
        self._silence = silence.total_seconds()
        self._answer = answer.total_seconds()
        self._channels: set[str] = set()
        self._pubsub: PubSub | None = None
        self._turn = asyncio.Lock()
        self._listening = Outage("redis_listen_failed", count)
        self._publishing = Outage("redis_publish_failed", count)

    @property
    def is_connected(self) -> bool:
        """Whether the listening connection is believed to be up."""
        return self._pubsub is not None

    async def connect(self) -> None:
        """Nothing yet: the listener connects, so that a process starts while Redis is down."""

    async def disconnect(self) -> None:
        """Close every connection. The backend is not used afterwards."""
        self._channels.clear()
        await self._drop()
        await self._client.aclose()

    async def subscribe(self, group: str) -> None:
        """Listen on the channel `group`, now or as soon as Redis is back. Returns before Redis confirms it."""
        async with self._turn:
            self._channels.add(group)
            if self._pubsub is not None:
                # A broken connection is found and replaced by the listener, which then asks for every channel.
                with suppress(Exception):
                    await self._pubsub.subscribe(group)

    async def unsubscribe(self, group: str) -> None:
        """Stop listening on the channel `group`."""
        async with self._turn:
            self._channels.discard(group)
            if self._pubsub is not None:
                with suppress(Exception):
                    await self._pubsub.unsubscribe(group)

    async def publish(self, channel: str, message: Any) -> None:
        """Hand `message` to Redis, waiting as long as Redis is down. Raises nothing but cancellation."""
        await persist(lambda: self._client.publish(channel, message), self._publishing)

    async def next_published(self) -> Event:
        """The next message or gap of any channel subscribed to. Raises nothing but cancellation."""
        return await persist(self._next, self._listening)

    async def _next(self) -> Event:
        try:
            pubsub = self._pubsub or await self._open()
            while True:
                event = _event_of(await self._read(pubsub))
                if event is not None:
                    return event
        except Exception:
            await self._drop()
            raise

    async def _open(self) -> PubSub:
        async with self._turn:
            pubsub: PubSub = self._client.pubsub()
            self._pubsub = pubsub
            await pubsub.connect()  # type: ignore[no-untyped-call]  # redis-py 5 leaves it unannotated
            if self._channels:
                await pubsub.subscribe(*self._channels)
        self._listening.ended()
        return pubsub

    async def _read(self, pubsub: PubSub) -> dict[str, Any]:
        message = await pubsub.get_message(timeout=self._silence)
        if message is None:
            await pubsub.ping()
            message = await pubsub.get_message(timeout=self._answer)
        if message is None:
            raise TimeoutError("Redis does not answer on the subscribed connection.")
        return dict(message)

    async def _drop(self) -> None:
        async with self._turn:
            pubsub, self._pubsub = self._pubsub, None
            if pubsub is None:
                return
            # Closing politely waits for a peer that may be gone; whatever goes wrong, the connection is given up.
            with suppress(Exception):
                if pubsub.connection is not None:
                    await pubsub.connection.disconnect(nowait=True)
                await pubsub.aclose()  # type: ignore[no-untyped-call]  # the same


def _event_of(message: dict[str, Any]) -> Event | None:
    """The broadcaster's event for a message as redis-py parses it; None for one of no concern (pong, unsubscribe)."""
    if message["type"] == "subscribe":
        return Event(_text(message["channel"]), GAP)
    if message["type"] == "message":
        return Event(_text(message["channel"]), _text(message["data"]))
    return None


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode(errors="replace")
