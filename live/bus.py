"""Wake-ups between processes: "the log of this organization has grown to seq". Never the events themselves."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from datetime import timedelta

import orjson
from broadcaster import Broadcast

from live.backend import WakeBackend
from live.outage import Count, count_nothing, heed_cancellation
from live.topics import wake_channel

# Called with the newest seq heard of, or with None when wake-ups may have been lost. Must not block or raise.
Heard = Callable[[int | None], None]

# What a stopping process gives its last wake-ups; readers elsewhere find what is left by their tick.
FLUSH_TIMEOUT = timedelta(seconds=1)


class Bus:
    """One per process. Holds one number per organization in either direction, so it cannot grow with traffic.

    `count` is told of failures by name, see live.outage.
    """

    def __init__(self, url: str, *, count: Count = count_nothing) -> None:
        self._backend = WakeBackend(url, count=count)
        self._broadcast = Broadcast(backend=self._backend)
        self._watched: dict[str, Heard] = {}
        self._watch_changed = asyncio.Event()
        self._listening: dict[str, AsyncExitStack] = {}
        self._unsent: dict[str, int] = {}
        self._has_unsent = asyncio.Event()
        self._all_sent = asyncio.Event()
        self._all_sent.set()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_connected(self) -> bool:
        """Whether the connection that hears wake-ups is believed to be up. Without it only the tick delivers."""
        return self._backend.is_connected

    async def connect(self) -> None:
        """Start sending and listening. Succeeds while Redis is down; what was to be sent goes out when it is back."""
        await self._broadcast.connect()
        self._tasks = [asyncio.create_task(self._send()), asyncio.create_task(self._keep_listening())]

    async def disconnect(self) -> None:
        """Send what is waiting, for one second at most, and stop."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_TIMEOUT.total_seconds()):
                await self._all_sent.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._broadcast.disconnect()
        for stack in self._listening.values():
            await stack.aclose()
        self._listening.clear()

    async def wake(self, org_id: str, seq: int) -> None:
        """Tell every process, this one included, that `seq` is committed. Returns at once and never raises.

        Of several wake-ups waiting for one organization only the highest is sent.
        """
        self._unsent[org_id] = max(seq, self._unsent.get(org_id, 0))
        self._all_sent.clear()
        self._has_unsent.set()
        if heard := self._watched.get(org_id):
            heard(seq)

    def watch(self, org_id: str, heard: Heard) -> None:
        """Call `heard` for the organization from now on, in place of an earlier one.

        It is called with None once Redis has confirmed the subscription, and after every reconnection: read the log
        then, since wake-ups before that moment were not heard.
        """
        self._watched[org_id] = heard
        self._watch_changed.set()

    def unwatch(self, org_id: str) -> None:
        """Stop calling for the organization."""
        self._watched.pop(org_id, None)
        self._watch_changed.set()

    async def _send(self) -> None:
        while True:
            await self._has_unsent.wait()
            org_id = next(iter(self._unsent))
            message = orjson.dumps({"org": org_id, "seq": self._unsent.pop(org_id)})
            await self._broadcast.publish(wake_channel(org_id), message)
            if not self._unsent:
                self._has_unsent.clear()
                self._all_sent.set()

    async def _keep_listening(self) -> None:
        # The only task that subscribes and unsubscribes: broadcaster loses subscribers when two do so at once.
        while True:
            await self._watch_changed.wait()
            self._watch_changed.clear()
            for org_id in self._watched.keys() - self._listening.keys():
                await self._listen(org_id)
            for org_id in self._listening.keys() - self._watched.keys():
                await self._listening.pop(org_id).aclose()
            heed_cancellation()

    async def _listen(self, org_id: str) -> None:
        stack = AsyncExitStack()
        subscriber = await stack.enter_async_context(self._broadcast.subscribe(wake_channel(org_id)))

        async def drain() -> None:
            # broadcaster's queue has no bound, so it is emptied here at once, into a call that keeps one number.
            while True:
                self._hear(org_id, (await subscriber.get()).message)

        stack.callback(asyncio.create_task(drain()).cancel)
        self._listening[org_id] = stack

    def _hear(self, org_id: str, message: str) -> None:
        if heard := self._watched.get(org_id):
            heard(_seq_of(message))


def _seq_of(message: str) -> int | None:
    """The seq a wake-up names; None for the gap signal and for anything unreadable, which both mean "read the log"."""
    try:
        seq = orjson.loads(message)["seq"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return seq if isinstance(seq, int) else None
