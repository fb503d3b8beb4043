"""What one subscriber follows: the logs of one or many organizations, each from its own position, nothing lost."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Protocol

from domain.facts.event import LoggedEvent
from live.bus import Heard
from live.event_log import EventLog
from live.log_reader import LogReader, ReaderOptions
from live.outage import Count, count_nothing
from live.position import Position, Reset, ResetReason

Wants = Callable[[LoggedEvent], bool]


class Wakes(Protocol):
    """Where wake-ups are heard; see live.bus.Bus."""

    def watch(self, org_id: str, heard: Heard) -> None: ...

    def unwatch(self, org_id: str) -> None: ...


class Follower:
    """One subscriber's place in the logs it follows, made by `Feed.follow`. Iterated by one task.

    Yields lists of events of one organization, in order, and `Reset`. It holds positions, never events, so that a
    subscriber that stalls costs no memory and finds what it missed when it goes on.
    """

    def __init__(
        self, readers: Mapping[str, LogReader], wants: Wants | None, until: Mapping[str, Position] | None = None
    ) -> None:
        self._readers = readers
        self._wants = wants
        self._until = until
        self._positions: dict[str, Position] = {}
        self._stirred: dict[str, None] = {}
        self._news = asyncio.Event()
        self._is_closed = False

    async def start(self, positions: Mapping[str, Position | None]) -> None:
        """Stand at `positions`; None is after everything committed now."""
        tickets = {org_id: reader.ask() for org_id, reader in self._readers.items()}
        for org_id, ticket in tickets.items():
            await self._readers[org_id].answered(ticket)
        for org_id, reader in self._readers.items():
            self._positions[org_id] = positions[org_id] or reader.now
            self.stir(org_id)

    @property
    def positions(self) -> dict[str, Position]:
        """After everything that was yielded or passed over, per organization id."""
        return dict(self._positions)

    def positions_at(self, event: LoggedEvent) -> dict[str, Position]:
        """After `event`, one of the list yielded last: what its cursor carries."""
        return self.positions | {event.org_id: Position(self._positions[event.org_id].epoch, event.seq)}

    def stir(self, org_id: str) -> None:
        """There may be something new in this organization's log."""
        self._stirred[org_id] = None
        self._news.set()

    def close(self) -> None:
        """End the iteration, at once if it waits."""
        self._is_closed = True
        self._news.set()

    def __aiter__(self) -> AsyncIterator[list[LoggedEvent] | Reset]:
        return self

    async def __anext__(self) -> list[LoggedEvent] | Reset:
        while not self._is_closed:
            org_id = next(iter(self._stirred), None)
            if org_id is None and self._until is not None:
                break
            if org_id is None:
                self._news.clear()
                await self._news.wait()
            elif taken := await self._take(org_id):
                return taken
        raise StopAsyncIteration

    async def _take(self, org_id: str) -> list[LoggedEvent] | Reset | None:
        reader, position = self._readers[org_id], self._positions[org_id]
        if reason := reader.refuses(position):
            return self._reset(org_id, reason)
        if self._is_there(org_id):
            del self._stirred[org_id]
            return None
        events = reader.in_memory(position.seq)
        if events is None:
            events = await reader.page_after(position)
            if not events:
                return self._reset(org_id, reader.refuses(position) or ResetReason.EXPIRED)
        elif not events:
            del self._stirred[org_id]
        return self._pass_over(org_id, self._bounded(org_id, events)) if events else None

    def _is_there(self, org_id: str) -> bool:
        if self._until is None:
            return False
        stand, goal = self._positions[org_id], self._until[org_id]
        return stand.epoch != goal.epoch or stand.seq >= goal.seq

    def _bounded(self, org_id: str, events: list[LoggedEvent]) -> list[LoggedEvent]:
        if self._until is None:
            return events
        return events[: self._until[org_id].seq - self._positions[org_id].seq]

    def _pass_over(self, org_id: str, events: list[LoggedEvent]) -> list[LoggedEvent]:
        self._positions[org_id] = Position(self._positions[org_id].epoch, events[-1].seq)
        # To the back of the queue: a busy organization does not keep the others waiting.
        del self._stirred[org_id]
        self._stirred[org_id] = None
        return [event for event in events if self._wants(event)] if self._wants else events

    def _reset(self, org_id: str, reason: ResetReason) -> Reset:
        self._positions[org_id] = self._readers[org_id].now
        return Reset(org_id=org_id, position=self._positions[org_id], reason=reason)


class Feed:
    """Everybody who follows something in this process. One per process, on one event loop."""

    def __init__(
        self, log: EventLog, wakes: Wakes, options: ReaderOptions | None = None, count: Count = count_nothing
    ) -> None:
        self._log = log
        self._wakes = wakes
        self._options = options or ReaderOptions()
        self._count = count
        self._readers: dict[str, LogReader] = {}
        self._retiring: dict[str, asyncio.TimerHandle] = {}
        self._stopping: set[asyncio.Task[None]] = set()
        self._followers: set[Follower] = set()

    @property
    def followers(self) -> int:
        """How many follow something now."""
        return len(self._followers)

    @asynccontextmanager
    async def follow(
        self,
        positions: Mapping[str, Position | None],
        *,
        wants: Wants | None = None,
        until: Mapping[str, Position] | None = None,
    ) -> AsyncIterator[Follower]:
        """Follow the organizations `positions` names, each from its position, or from now when it is None.

        What "now" is, is settled before the block is entered: nothing committed after that is missed. A position the
        log cannot continue from gives one `Reset` and goes on from now. `wants` picks events; a list left empty is not
        yielded. `until` names a position per organization, none of them later than what another follower of this feed
        has reached: the iteration goes no further and ends there, or at once where the log is another one.
        """
        readers = {org_id: self._reader(org_id) for org_id in positions}
        follower = Follower(readers, wants, until)
        for reader in readers.values():
            reader.listeners.add(follower.stir)
        self._followers.add(follower)
        try:
            await follower.start(positions)
            yield follower
        finally:
            self._leave(follower, readers)

    async def close(self) -> None:
        """End every iteration and stop every reader. The feed is not used afterwards."""
        for follower in self._followers:
            follower.close()
        for timer in self._retiring.values():
            timer.cancel()
        for org_id in list(self._readers):
            self._retire(org_id)
        await asyncio.gather(*self._stopping)

    def _reader(self, org_id: str) -> LogReader:
        if timer := self._retiring.pop(org_id, None):
            timer.cancel()
        if org_id not in self._readers:
            reader = self._readers[org_id] = LogReader(org_id, self._log, self._options, self._count)
            self._wakes.watch(org_id, reader.stir)
            reader.start()
        return self._readers[org_id]

    def _leave(self, follower: Follower, readers: Mapping[str, LogReader]) -> None:
        self._followers.discard(follower)
        follower.close()
        for org_id, reader in readers.items():
            reader.listeners.discard(follower.stir)
            if not reader.listeners and self._readers.get(org_id) is reader:
                grace = self._options.grace.total_seconds()
                self._retiring[org_id] = asyncio.get_running_loop().call_later(grace, self._retire, org_id)

    def _retire(self, org_id: str) -> None:
        self._retiring.pop(org_id, None)
        self._wakes.unwatch(org_id)
        task = asyncio.create_task(self._readers.pop(org_id).stop())
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)
