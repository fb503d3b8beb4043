"""What everybody who has a feed open holds, read for all of them at once and only when something is to be told."""

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from auth.authentication import Subject
from auth.standing import Standings
from auth.standings import load_standings_of
from live.outage import Count, Outage, count_nothing, persist

Load = Callable[[Collection[Subject]], Awaitable[dict[Subject, Standings]]]

# After a membership or a session ends, an open feed delivers nothing later than this plus the time of the read.
MAX_AGE = timedelta(seconds=1)


@dataclass(slots=True, eq=False)
class _Watcher:
    """`since` is when `standings` were read; `hear` is called with others, once they are."""

    standings: Standings
    since: float
    hear: Callable[[Standings], None]


class RoleWatch:
    """One per process. `clock` tells seconds as `time.monotonic` does."""

    def __init__(
        self,
        load: Load = load_standings_of,
        *,
        clock: Callable[[], float] = time.monotonic,
        count: Count = count_nothing,
    ) -> None:
        self._load = load
        self._clock = clock
        self._outage = Outage("roles_read_failed", count)
        self._watchers: defaultdict[Subject, set[_Watcher]] = defaultdict(set)
        self._turn = asyncio.Lock()
        # When the oldest of all known standings were read, and the oldest of those who came since the last read began.
        self._known_since = math.inf
        self._newcomers_since = math.inf

    @contextmanager
    def watching(
        self, subject: Subject, standings: Standings, hear: Callable[[Standings], None], *, since: float
    ) -> Iterator[None]:
        """Call `hear` when the subject no longer holds `standings`, which were read at `since` on the clock.

        It is called in the middle of a `refresh`, must not block, and is called again with each further change.
        """
        watcher = _Watcher(standings, since, hear)
        self._watchers[subject].add(watcher)
        self._known_since = min(self._known_since, since)
        self._newcomers_since = min(self._newcomers_since, since)
        try:
            yield
        finally:
            self._watchers[subject].discard(watcher)
            if not self._watchers[subject]:
                del self._watchers[subject]

    async def refresh(self) -> None:
        """Return when everything known is at most a second old, and everybody who holds something else has been told.

        Waits while the database is away: without an answer nobody may be told anything.
        """
        called = self._clock()
        if not self._is_fresh():
            async with self._turn:
                await self._read(called)

    def _is_fresh(self) -> bool:
        return self._clock() - self._known_since < MAX_AGE.total_seconds()

    async def _read(self, called: float) -> None:
        """Unless another caller has read since: one read does for all who waited, however long it took."""
        if self._known_since >= called or self._is_fresh():
            return
        started = self._clock()
        self._newcomers_since = math.inf
        found = await persist(lambda: self._load(list(self._watchers)), self._outage)
        self._known_since = min(started, self._newcomers_since)
        for subject, standings in found.items():
            for watcher in list(self._watchers.get(subject, ())):
                if watcher.since <= started and watcher.standings != standings:
                    watcher.standings = standings
                    watcher.hear(standings)
