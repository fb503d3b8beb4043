"""Holds a run while it is worked on: says again and again that this worker is on it, and looks whether it is to end."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from documents.sync_run import LEASE, SyncRun, drop_lease, is_cancel_asked, keep_lease, take_lease
from jobs.context import JobContext

T = TypeVar("T")
# Whoever cancels a sync sees it end within two seconds.
LOOK_EVERY = timedelta(seconds=1)
RENEW_EVERY = LEASE / 3


class LeaseLost(Exception):
    """The run has ended, or another worker is on it."""


class CancelAsked(Exception):
    """Somebody wants the run to end."""


class CalledAside(Exception):
    """Something else is to be read first."""


async def nobody_calls() -> bool:
    return False


class Lease:
    """`on_renew` is called with each renewal, for what else must be told that the work goes on. `is_called_aside` is
    asked again and again whether something else is to be read first.
    """

    def __init__(
        self,
        context: JobContext,
        run: SyncRun,
        on_renew: Callable[[], Awaitable[None]],
        is_called_aside: Callable[[], Awaitable[bool]] = nobody_calls,
    ) -> None:
        self._context, self._run, self._on_renew, self._is_called_aside = context, run, on_renew, is_called_aside
        self._holder = uuid.uuid4().hex
        self._is_ending = False

    async def take(self) -> SyncRun:
        """The run as it is now. Raises LeaseLost when it is not to be had."""
        run = await take_lease(self._run, self._holder, self._context.now())
        if run is None:
            raise LeaseLost
        return run

    async def keep(self, session: AsyncClientSession) -> None:
        """Make sure, within the transaction that ends it, that the run is still ours. Raises LeaseLost."""
        self._is_ending = True
        if not await keep_lease(self._run, self._holder, self._context.now(), session):
            raise LeaseLost

    async def drop(self) -> None:
        """Let the next attempt begin at once; should that fail, it begins when the lease is over."""
        with suppress(PyMongoError):
            await drop_lease(self._run, self._holder)

    async def during(self, work: Coroutine[Any, Any, T]) -> T:
        """What the work gives. When it is to stop it is cancelled, and CancelAsked, CalledAside or LeaseLost raised."""
        working, watching = asyncio.create_task(work), asyncio.create_task(self._watch())
        try:
            await asyncio.wait((working, watching), return_when=asyncio.FIRST_COMPLETED)
            if watching.done() and not working.done():
                watching.result()
            return await working
        finally:
            working.cancel()
            watching.cancel()
            await asyncio.gather(working, watching, return_exceptions=True)

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        renewed = loop.time()
        while True:
            await asyncio.sleep(LOOK_EVERY.total_seconds())
            if self._is_ending:
                return
            if await is_cancel_asked(self._run):
                raise CancelAsked
            if await self._is_called_aside():
                raise CalledAside
            if loop.time() - renewed >= RENEW_EVERY.total_seconds():
                if not await keep_lease(self._run, self._holder, self._context.now()):
                    raise LeaseLost
                renewed = loop.time()
                await self._on_renew()
