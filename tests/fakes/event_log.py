"""An event log in memory: what live.event_log.EventLog promises, with faults on demand."""

import asyncio
from bisect import bisect_right
from datetime import UTC, datetime
from itertools import islice
from operator import attrgetter

from domain.facts.event import LogBounds, LoggedEvent

EPOCH = "epoch-1"


class FakeEventLog:
    """`failures` reads to come raise. `latency` is in seconds; a read sees what is there halfway.

    Hidden events are committed but not yet readable.
    """

    def __init__(self) -> None:
        self.rows: dict[str, list[LoggedEvent]] = {}
        self.epoch: dict[str, str] = {}
        self.failures = 0
        self.latency = 0.0
        self.hidden: set[tuple[str, int]] = set()
        self.fetches = 0
        self.bounds_reads = 0
        self._last: dict[str, int] = {}

    def append(self, org_id: str, count: int = 1, *, topic: str = "alerts") -> int:
        for _ in range(count):
            seq = self._last[org_id] = self._last.get(org_id, 0) + 1
            payload = {"epoch": self.epoch.get(org_id, EPOCH)}
            event = LoggedEvent(org_id, seq, topic, "Happened", payload, datetime(2026, 1, 1, tzinfo=UTC))
            self.rows.setdefault(org_id, []).append(event)
        return self._last[org_id]

    def trim(self, org_id: str, *, keep: int) -> None:
        self.rows[org_id] = self.rows[org_id][-keep:] if keep else []

    def lose(self, org_id: str, seq: int) -> None:
        self.rows[org_id] = [event for event in self.rows[org_id] if event.seq != seq]

    def remake(self, org_id: str, *, epoch: str, last: int) -> None:
        self.rows[org_id], self._last[org_id] = [], 0
        self.epoch[org_id] = epoch
        self.append(org_id, last)

    def last(self, org_id: str) -> int:
        return self._last.get(org_id, 0)

    def seqs(self, org_id: str, after: int = 0) -> list[int]:
        return [event.seq for event in self.rows.get(org_id, []) if event.seq > after]

    async def fetch(self, org_id: str, after: int, limit: int) -> list[LoggedEvent]:
        self.fetches += 1
        await self._arrive()
        rows = self.rows.get(org_id, [])
        newer = islice(rows, bisect_right(rows, after, key=attrgetter("seq")), None)
        found = list(islice((event for event in newer if (org_id, event.seq) not in self.hidden), limit))
        await asyncio.sleep(self.latency / 2)
        return found

    async def bounds(self, org_id: str) -> LogBounds:
        self.bounds_reads += 1
        await self._arrive()
        rows, last = self.rows.get(org_id, []), self.last(org_id)
        found = LogBounds(self.epoch.get(org_id, EPOCH), rows[0].seq if rows else last + 1, last)
        await asyncio.sleep(self.latency / 2)
        return found

    async def _arrive(self) -> None:
        await asyncio.sleep(self.latency / 2)
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the database is away")
