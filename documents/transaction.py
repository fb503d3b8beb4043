"""One change: what it writes, the events that tell of it and the jobs it asks for, all or nothing."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import utc_now
from documents.event import EventCounter, append
from documents.idempotency import record_result
from documents.outbox import OutboxJob

T = TypeVar("T")
Announce = Callable[[str, int], Awaitable[None]]


class Transaction:
    """Handed to a change. Pass `session` to every read and write; what is announced is logged at the end."""

    def __init__(self, session: AsyncClientSession) -> None:
        self.session = session
        self._drafts: dict[ObjectId, list[dict[str, Any]]] = defaultdict(list)
        self._counts: dict[ObjectId, dict[str, int | Decimal]] = defaultdict(dict)
        self._jobs: list[dict[str, Any]] = []

    def announce(self, org_id: PydanticObjectId, topic: str, type: str, payload: dict[str, Any]) -> None:
        """Add one event to the organization's log. `payload` holds JSON types, datetimes and decimals."""
        self._drafts[org_id].append({"topic": topic, "type": type, "payload": payload})

    def count(self, org_id: PydanticObjectId, changes: Mapping[str, int | Decimal]) -> None:
        """Change the organization's tally by this much, place by place; see `documents.tally`."""
        counts = self._counts[org_id]
        for place, change in changes.items():
            counts[place] = counts.get(place, 0) + change

    def enqueue(self, function: str, *, queue: str, key: str, args: dict[str, Any]) -> None:
        """Ask for a background job. `key` makes the job id: a second ask with the same key is the same job."""
        self._jobs.append(
            {"_id": f"{function}:{key}", "function": function, "queue": queue, "args": args, "created_at": utc_now()}
        )

    async def flush(self) -> dict[str, int]:
        """Write events, tallies and jobs; returns the newest sequence per organization.

        Last, so that counters lock briefly. Raises RuntimeError for a tally that changes without an event: whoever
        keeps an answer until the next event would keep a wrong one.
        """
        if unannounced := self._counts.keys() - self._drafts.keys():
            raise RuntimeError(f"The tally of {unannounced} changes, and nothing is announced.")
        for job in self._jobs:
            await OutboxJob.get_pymongo_collection().replace_one(
                {"_id": job["_id"]}, job, upsert=True, session=self.session
            )
        return {
            str(org_id): await append(drafts, org_id, self.session, self._counts[org_id])
            for org_id, drafts in sorted(self._drafts.items())
        }


async def commit(change: Callable[[Transaction], Awaitable[T]], *, announce: Announce) -> T:
    """Run `change` in one transaction and, once it is committed, wake the readers of what it announced.

    `change` may run several times (the driver retries on conflicts), so it must not keep state outside.
    A wake-up that is lost here is repaired by the readers' tick; a job whose relay is lost, by the outbox sweep.
    """
    client = EventCounter.get_pymongo_collection().database.client
    woken: dict[str, int] = {}

    async def run(session: AsyncClientSession) -> T:
        transaction = Transaction(session)
        result = await change(transaction)
        await record_result(result, session)
        woken.clear()
        woken.update(await transaction.flush())
        return result

    async with client.start_session() as session:
        result = await session.with_transaction(run)
    for org_id, seq in woken.items():
        await announce(org_id, seq)
    return result
