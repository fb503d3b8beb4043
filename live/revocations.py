"""Tells every process which sessions have ended, so that what they hold open is closed at once."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass

import orjson
from broadcaster import Broadcast

from live.backend import GAP, WakeBackend
from live.outage import Count, count_nothing

CHANNEL = "revocations"


@dataclass(frozen=True, slots=True)
class Revocation:
    """What has ended for `actor` (user:<id> or service:<id>): these sessions, or everything when None."""

    actor: str
    sessions: frozenset[str] | None = None

    def concerns(self, actor: str, session_id: str) -> bool:
        """Whether what this actor holds open in this session is to be closed."""
        return actor == self.actor and (self.sessions is None or session_id in self.sessions)


# Called with a revocation, or with None when some may have been missed. Must not block or raise.
Heard = Callable[[Revocation | None], None]


class Revocations:
    """One per process; `url` as redis-py reads it. What is lost with Redis, the database still knows."""

    def __init__(self, url: str, *, count: Count = count_nothing) -> None:
        self._backend = WakeBackend(url, count=count)
        self._broadcast = Broadcast(backend=self._backend)
        self._sending: set[asyncio.Task[None]] = set()
        self._heard: list[Heard] = []
        self._listener: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Get ready to announce, and to listen. Succeeds while Redis is down."""
        await self._broadcast.connect()

    async def disconnect(self) -> None:
        """Send what is waiting, for a second at most, and stop."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=1)
        tasks = [*self._sending, *([self._listener] if self._listener else [])]
        for task in tasks:
            task.cancel()
        # Whatever broadcaster makes of being stopped in the middle of subscribing, the connection is closed next.
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._broadcast.disconnect()

    def hear(self, heard: Heard) -> None:
        """Call `heard` from now on, also for what this process announces itself. Listening begins with the first."""
        self._heard.append(heard)
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen())

    def announce(self, actor: str, sessions: Collection[str] | None = None) -> None:
        """Tell every process, this one at once. Returns without waiting for Redis."""
        revocation = Revocation(actor, None if sessions is None else frozenset(sessions))
        self._tell(revocation)
        listed = None if sessions is None else sorted(sessions)
        message = orjson.dumps({"actor": actor, "sessions": listed})
        task = asyncio.create_task(self._broadcast.publish(CHANNEL, message))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _listen(self) -> None:
        async with self._broadcast.subscribe(CHANNEL) as subscriber:
            while True:
                event = await subscriber.get()
                self._tell(None if event.message == GAP else _revocation(event.message))

    def _tell(self, revocation: Revocation | None) -> None:
        for heard in self._heard:
            heard(revocation)


def _revocation(message: str) -> Revocation | None:
    """None for anything unreadable, which means "some may have been missed"."""
    try:
        body = orjson.loads(message)
        sessions = body["sessions"]
        return Revocation(str(body["actor"]), None if sessions is None else frozenset(map(str, sessions)))
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
