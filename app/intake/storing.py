"""Stores what was taken; requests of one endpoint that come together share a transaction.

Each alone would ask for the same job of its organization, and their transactions would abort each other.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

import orjson
from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from connectors.intake.receiver import Refusal, TakenMessage
from documents.intake_endpoint import IntakeEndpoint
from documents.received_event import store_received
from documents.transaction import Transaction
from jobs.writer import Writer

# Of one transaction: so that it stays short.
MOST_EVENTS = 200
MOST_BYTES = 8 * 1024 * 1024
# A document of MongoDB holds 16 MB.
LARGEST_BODY = 15 * 1024 * 1024


@dataclass(slots=True, eq=False)
class _Batch:
    drafts: list[dict[str, Any]] = field(default_factory=list)
    size: int = 0
    task: "asyncio.Task[None] | None" = None


class IntakeStore:
    """One per process."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._open: dict[ObjectId, _Batch] = {}
        self._turns: WeakValueDictionary[ObjectId, asyncio.Lock] = WeakValueDictionary()

    async def keep(self, endpoint: IntakeEndpoint, messages: Sequence[TakenMessage]) -> None:
        """Returns once all of them are committed, each once by its id. Raises PyMongoError when they are not, and
        Refusal for one that is too large to be kept.
        """
        drafts = [_draft(message) for message in messages]
        batch = self._batch(endpoint, sum(len(draft["body"]) for draft in drafts))
        batch.drafts += drafts
        if batch.task is None:
            batch.task = asyncio.create_task(self._commit(endpoint, batch))
            batch.task.add_done_callback(_heard)
        # One who leaves must not take the transaction from the others.
        await asyncio.shield(batch.task)

    def _batch(self, endpoint: IntakeEndpoint, size: int) -> _Batch:
        assert endpoint.id is not None  # noqa: S101 - it was just read; this tells the type checker
        batch = self._open.get(endpoint.id)
        if batch is None or len(batch.drafts) >= MOST_EVENTS or batch.size + size > MOST_BYTES:
            batch = self._open[endpoint.id] = _Batch()
        batch.size += size
        return batch

    async def _commit(self, endpoint: IntakeEndpoint, batch: _Batch) -> None:
        async with self._turn(endpoint.org_id):
            if self._open.get(endpoint.id) is batch:  # type: ignore[arg-type]  # it was just read
                del self._open[endpoint.id]  # type: ignore[arg-type]  # the same
            try:
                await self._store(endpoint, batch.drafts)
            except DuplicateKeyError:  # another process was faster with one of them, and now it is seen
                await self._store(endpoint, batch.drafts)

    async def _store(self, endpoint: IntakeEndpoint, drafts: list[dict[str, Any]]) -> None:
        async def change(tx: Transaction) -> int:
            return await store_received(tx, endpoint, drafts)

        await self._writer.commit(change)

    def _turn(self, org_id: ObjectId) -> asyncio.Lock:
        turn = self._turns.get(org_id)
        if turn is None:
            turn = self._turns[org_id] = asyncio.Lock()
        return turn


def _draft(message: TakenMessage) -> dict[str, Any]:
    body = orjson.dumps(message.body)
    if len(body) > LARGEST_BODY:
        raise Refusal(413, f"the event has more than {LARGEST_BODY} bytes")
    return {"event_id": message.id, "kind": message.kind, "body": body.decode(), "sent_at": message.sent_at}


def _heard(task: "asyncio.Task[None]") -> None:
    """All who waited may have left: then nobody else asks how it ended."""
    if not task.cancelled():
        task.exception()
