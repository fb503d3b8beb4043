"""Notes when API keys were used last, beside the request and at most once a minute each."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog
from bson import ObjectId
from pymongo.errors import PyMongoError

from documents.api_key import USE_NOTED_EVERY, note_use

log = structlog.get_logger(__name__)

MOST_KEYS = 10_000
Note = Callable[[ObjectId, datetime, str], Awaitable[None]]


class KeyUses:
    """One per process; `write` is what stores a use."""

    def __init__(self, write: Note = note_use) -> None:
        self._write = write
        self._noted: OrderedDict[str, datetime] = OrderedDict()
        self._writing: set[asyncio.Task[None]] = set()

    def note(self, key_id: str, at: datetime, address: str) -> None:
        """Note that the key was used. Returns without waiting for the database."""
        noted = self._noted.get(key_id)
        if noted is not None and at - noted < USE_NOTED_EVERY:
            return
        self._noted[key_id] = at
        self._noted.move_to_end(key_id)
        if len(self._noted) > MOST_KEYS:
            self._noted.popitem(last=False)
        task = asyncio.create_task(self._store(key_id, at, address))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def settled(self) -> None:
        """Wait for what is being written."""
        await asyncio.gather(*self._writing)

    async def _store(self, key_id: str, at: datetime, address: str) -> None:
        try:
            await self._write(ObjectId(key_id), at, address)
        except (PyMongoError, OSError) as error:
            log.warning("key_use_not_noted", key_id=key_id, error=type(error).__name__)
