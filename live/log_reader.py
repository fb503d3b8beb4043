"""The one reader of one organization's log in this process. It feeds a ring that every subscriber here reads from."""

import asyncio
import random
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog

from domain.facts.event import LogBounds, LoggedEvent
from live.event_log import EventLog, contiguous
from live.outage import Count, Outage, count_nothing, persist
from live.position import Position, ResetReason
from live.ring import Ring

# Called with the organization's id when there may be something new to take.
Stir = Callable[[str], None]

log = structlog.get_logger(__name__)

# An event missing before a visible one is committed but not yet readable, which passes within moments. If it does not
# pass, the row is gone, and one honest reset is better than subscribers who wait for ever.
HOLE_PATIENCE = timedelta(seconds=30)

# Subscribers that come back together ask for the same few pages.
PAGES_KEPT = 4


@dataclass(frozen=True, slots=True)
class ReaderOptions:
    """`tick` is the longest a lost wake-up goes unnoticed, `grace` how long a reader outlives its last subscriber.

    `ring_size` and `page_size` count events: those in memory per organization, and those of one database read.
    """

    tick: timedelta = timedelta(seconds=15)
    grace: timedelta = timedelta(seconds=30)
    read_timeout: timedelta = timedelta(seconds=20)
    ring_size: int = 1024
    page_size: int = 256


class LogReader:
    """Reads forward on every stir, on every tick and when asked, for as long as it runs; failed reads are retried.

    The epoch and the first stored event are looked at on the tick and when a subscriber joins, not on every wake-up:
    a log made anew under running processes is noticed within a tick.
    """

    def __init__(self, org_id: str, log: EventLog, options: ReaderOptions, count: Count = count_nothing) -> None:
        self.listeners: set[Stir] = set()
        self._org_id = org_id
        self._log = log
        self._options = options
        self._outage = Outage("event_log_read_failed", count)
        self._ring = Ring(options.ring_size)
        self._epoch: str | None = None
        self._first = 1
        self._pages: OrderedDict[int, list[LoggedEvent]] = OrderedDict()
        self._paging = asyncio.Lock()
        self._stirred = asyncio.Event()
        self._turned = asyncio.Event()
        self._asked = 0
        self._answered = 0
        self._check_at = 0.0
        self._hole_since: float | None = None
        self._is_stopped = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to read. A reader is started once."""
        self._task = asyncio.create_task(self._run(), name=f"log reader {self._org_id}")

    async def stop(self) -> None:
        """Stop reading and let everybody who waits for an answer go on."""
        self._is_stopped = True
        self._turn()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def stir(self, seq: int | None) -> None:
        """The log is said to have reached `seq`; None when nobody knows. Fits `Bus.watch`."""
        if seq is None or seq > self._ring.last:
            self._stirred.set()

    def ask(self) -> int:
        """Ask for a look at the whole log that begins after this call; the ticket is for `answered`."""
        self._asked += 1
        self._stirred.set()
        return self._asked

    async def answered(self, ticket: int) -> None:
        """Wait until that look is done, or the reader is stopped."""
        while self._answered < ticket and not self._is_stopped:
            await self._turned.wait()

    @property
    def now(self) -> Position:
        """After the newest event read. Meaningful once `answered`."""
        return Position(self._epoch or "", self._ring.last)

    def refuses(self, position: Position) -> ResetReason | None:
        """Why the events after `position` cannot be given completely; None when they can."""
        if position.epoch != self._epoch:
            return ResetReason.REPLACED
        if position.seq > self._ring.last:
            return ResetReason.AHEAD
        if position.seq < self._first - 1 and not self._ring.holds_after(position.seq):
            return ResetReason.EXPIRED
        return None

    def in_memory(self, seq: int) -> list[LoggedEvent] | None:
        """The next page after `seq` from the ring; empty when there is nothing newer, None when `seq` is behind it."""
        return self._ring.after(seq, self._options.page_size) if self._ring.holds_after(seq) else None

    async def page_after(self, position: Position) -> list[LoggedEvent]:
        """The next page from the log, for a subscriber behind the ring; empty when those rows are gone.

        They cannot be merely invisible: the reader has seen later ones.
        """
        async with self._paging:
            page = self._pages.get(position.seq) or await self._load_page(position.seq)
        if not page:
            await self.answered(self.ask())
        # Nobody is told of more than the reader itself has seen, else it would seem to be ahead of the log.
        return [event for event in page if event.seq <= self._ring.last]

    async def _load_page(self, after: int) -> list[LoggedEvent]:
        pages = self._pages  # replaced when the log is made anew, so that a late answer is not kept for the new one
        page = contiguous(await persist(partial(self._fetch, after), self._outage), after=after)
        if page:
            pages[after] = page
        if len(pages) > PAGES_KEPT:
            pages.popitem(last=False)
        return page

    async def _run(self) -> None:
        while True:
            await persist(self._look, self._outage)
            await self._rest()

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._check_at):
                await self._stirred.wait()

    async def _look(self) -> None:
        """Read everything that is committed when this begins."""
        asked = self._asked
        self._stirred.clear()
        if asked > self._answered or asyncio.get_running_loop().time() >= self._check_at:
            await self._check_bounds()
        while await self._read_on():
            pass
        self._answered = asked
        self._turn()

    async def _check_bounds(self) -> None:
        async with asyncio.timeout(self._options.read_timeout.total_seconds()):
            bounds = await self._log.bounds(self._org_id)
        self._adopt(bounds)
        # Readers started together shall not tick together.
        pause = self._options.tick.total_seconds() * random.uniform(0.9, 1.1)  # noqa: S311 - no secret
        self._check_at = asyncio.get_running_loop().time() + pause

    def _adopt(self, bounds: LogBounds) -> None:
        self._first = bounds.first
        if bounds.epoch != self._epoch or bounds.last < self._ring.last:
            self._restart(bounds.epoch, bounds.last)
        elif bounds.first > self._ring.last + 1:
            self._restart(bounds.epoch, bounds.first - 1)

    def _restart(self, epoch: str | None, last: int) -> None:
        self._epoch = epoch
        self._ring.restart(last)
        self._pages = OrderedDict()
        self._tell()

    async def _read_on(self) -> bool:
        """Read one page into the ring and say whether there may be more."""
        events = await self._fetch(self._ring.last)
        fresh = contiguous(events, after=self._ring.last)
        for event in fresh:
            self._ring.append(event)
        if fresh:
            self._hole_since = None
            self._tell()
        elif events:
            self._meet_hole(events[0].seq)
        return len(fresh) < len(events) or len(events) == self._options.page_size

    def _meet_hole(self, next_seq: int) -> None:
        """Wait a while for the events before `next_seq` to show, then go on behind them."""
        now = asyncio.get_running_loop().time()
        self._hole_since = self._hole_since or now
        if now - self._hole_since < HOLE_PATIENCE.total_seconds():
            self._check_at = 0.0
            raise LookupError(f"Events {self._ring.last + 1} to {next_seq - 1} cannot be read yet.")
        log.error("event_log_hole", org_id=self._org_id, first=self._ring.last + 1, last=next_seq - 1)
        self._hole_since = None
        self._first = next_seq
        self._restart(self._epoch, next_seq - 1)

    async def _fetch(self, after: int) -> list[LoggedEvent]:
        async with asyncio.timeout(self._options.read_timeout.total_seconds()):
            return await self._log.fetch(self._org_id, after, self._options.page_size)

    def _tell(self) -> None:
        for stir in self.listeners:
            stir(self._org_id)

    def _turn(self) -> None:
        turned, self._turned = self._turned, asyncio.Event()
        turned.set()
