"""Counts what comes to endpoints, and writes it down every few seconds: a flood of forgeries is no flood of writes."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

import structlog
from bson import ObjectId
from pymongo.errors import PyMongoError

from documents.intake_endpoint import Traffic, add_traffic

log = structlog.get_logger(__name__)

WRITTEN_EVERY = timedelta(seconds=2)
Write = Callable[[Mapping[ObjectId, Traffic]], Awaitable[None]]


class IntakeCounts:
    """One per process. Only endpoints that exist are counted, so what is kept in between is bounded by them."""

    def __init__(self, write: Write = add_traffic, every: timedelta = WRITTEN_EVERY) -> None:
        self._write = write
        self._every = every
        self._found: dict[ObjectId, Traffic] = {}
        self._writing: asyncio.Task[None] | None = None

    def received(self, id: ObjectId, events: int, at: datetime) -> None:
        """Count events that were taken."""
        traffic = self._of(id)
        traffic.received += events
        traffic.received_at = at

    def refused(self, id: ObjectId, reason: str, at: datetime) -> None:
        """Count a request that was refused."""
        traffic = self._of(id)
        traffic.refused += 1
        traffic.refused_at, traffic.refusal = at, reason

    async def settle(self) -> None:
        """Write down what is counted now."""
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None
        await self._store()

    def _of(self, id: ObjectId) -> Traffic:
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._later())
        return self._found.setdefault(id, Traffic())

    async def _later(self) -> None:
        await asyncio.sleep(self._every.total_seconds())
        # From here on counts start anew, and a task of their own.
        self._writing = None
        await self._store()

    async def _store(self) -> None:
        found, self._found = self._found, {}
        if not found:
            return
        try:
            await self._write(found)
        except (PyMongoError, OSError) as error:
            log.warning("intake.not_counted", endpoints=len(found), error=type(error).__name__)
