"""Fetches events from queues of customers. A message is deleted there once the transaction that stored it is committed.

One job reads one queue for a while and asks for the next; a tick asks for queues that nobody reads.
"""

import asyncio
import uuid
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import orjson
import structlog
from beanie import PydanticObjectId
from pymongo.errors import DuplicateKeyError, PyMongoError

from auth.scope import scope_of_job
from connectors.intake.pulled import Pulled, Queue
from connectors.intake.receiver import TakenMessage
from documents.account import Account
from documents.alert import AlertSource, Cause, raise_alert, resolve_alerts
from documents.intake_endpoint import IntakeEndpoint
from documents.intake_reading import count_pulled, find_unread, keep_reading, leave_reading, take_reading
from documents.received_event import store_received
from documents.transaction import Transaction
from domain.errors import Invalid, ProviderError
from domain.facts.severity import Severity
from jobs import event_queue
from jobs.context import JobContext
from jobs.queue import PULL_EVENTS, ask_pull

log = structlog.get_logger()

# Short, so that one whose worker has died is soon read by another.
READ_FOR = timedelta(seconds=50)
# A queue that cannot be read is tried again after this.
PAUSE = timedelta(seconds=60)
# What has come so often and could not be taken is left to the dead-letter queue. Source: the redrive policy we advise.
POISONED = 5
# Pub/Sub may say at once that there is nothing; then it is not asked all the time.
LEAST_SECONDS = 1.0


async def pull_events(ctx: dict[str, Any], *, org_id: str, endpoint_id: str) -> int:
    """How many events were new. Returns at once when the queue is not to be read, or another worker reads it."""
    context: JobContext = ctx["context"]
    scope = scope_of_job(PULL_EVENTS, org_id)
    endpoint = await IntakeEndpoint.find_in(scope, {"_id": PydanticObjectId(endpoint_id)})
    account = endpoint and await Account.find_in(scope, {"_id": endpoint.account_id})
    if endpoint is None or account is None or not account.is_connected or not endpoint.way.is_pulled:
        return 0
    reading = _Reading(context, endpoint, account)
    if not await take_reading(reading.id, reading.reader, context.now()):
        return 0
    try:
        await reading.run()
    except (ProviderError, Invalid) as error:
        await reading.tell(error)
        await leave_reading(reading.id, reading.reader, context.now() + PAUSE)
        return reading.stored
    except BaseException:  # a worker that stops lets another go on at once; it goes on
        with suppress(PyMongoError):
            await leave_reading(reading.id, reading.reader)
        raise
    await leave_reading(reading.id, reading.reader)
    await _ask(context, [endpoint])
    return reading.stored


async def ask_for_unread(ctx: dict[str, Any]) -> int:
    """Ask for every queue that nobody reads; returns how many."""
    context: JobContext = ctx["context"]
    endpoints = await find_unread(context.now())
    await _ask(context, endpoints)
    return len(endpoints)


async def _ask(context: JobContext, endpoints: list[IntakeEndpoint]) -> None:
    async def change(tx: Transaction) -> None:
        for endpoint in endpoints:
            ask_pull(tx, endpoint)

    if endpoints:
        await context.writer.commit(change)


class _Reading:
    """One queue that is read by this job. `stored` counts what was new."""

    def __init__(self, context: JobContext, endpoint: IntakeEndpoint, account: Account) -> None:
        self._context, self._endpoint, self._account = context, endpoint, account
        self.id = PydanticObjectId(endpoint.id)
        self.reader = uuid.uuid4().hex
        self.stored = 0
        self._fingerprint = f"intake:{endpoint.id}"

    async def run(self) -> None:
        """Raises ProviderError and Invalid when the queue cannot be read."""
        loop, is_first = asyncio.get_running_loop(), True
        async with event_queue.opened(self._context, self._endpoint, self._account) as queue:
            end = loop.time() + READ_FOR.total_seconds()
            while loop.time() < end and await keep_reading(self.id, self.reader, self._context.now()):
                began = loop.time()
                pulled = await queue.pull()
                if is_first:
                    await self._mended()
                    is_first = False
                await self._take(queue, pulled)
                if not pulled:
                    await asyncio.sleep(max(0.0, began + LEAST_SECONDS - loop.time()))

    async def tell(self, error: ProviderError | Invalid) -> None:
        """Raise the alert that the queue cannot be read."""
        advice = error.advice if isinstance(error, ProviderError) else ""
        cause = Cause(
            fingerprint=self._fingerprint,
            source=AlertSource.INTEGRATION,
            severity=Severity.HIGH,
            title=f"Events of {self._account.name} cannot be fetched",
            message=f"{error.message} {advice}".strip(),
            account_id=self._account.id,
        )

        async def change(tx: Transaction) -> None:
            await raise_alert(tx, self._endpoint.org_id, cause, self._context.now())

        await self._context.writer.commit(change)

    async def _mended(self) -> None:
        async def change(tx: Transaction) -> None:
            await resolve_alerts(tx, self._endpoint.org_id, [self._fingerprint], self._context.now())

        await self._context.writer.commit(change)

    async def _take(self, queue: Queue, pulled: Sequence[Pulled]) -> None:
        """Store, then delete. What must not come in stays, until the queue itself puts it aside."""
        if not pulled:
            return
        try:
            self.stored += await self._store(pulled)
        except DuplicateKeyError:  # another reader was faster with one of them, and now it is seen
            self.stored += await self._store(pulled)
        await queue.done([one.receipt for one in pulled if one.message is not None])

    async def _store(self, pulled: Sequence[Pulled]) -> int:
        drafts = [_draft(one.message) for one in pulled if one.message is not None]
        refusals = [one.refusal for one in pulled if one.refusal is not None and one.receives == POISONED]
        for refusal in refusals:
            log.warning("intake.poison", endpoint_id=str(self.id), reason=refusal)

        async def change(tx: Transaction) -> int:
            at = self._context.now()
            fresh = await store_received(tx, self._endpoint, drafts)
            await count_pulled(self.id, at, received=len(drafts), refusals=refusals, session=tx.session)
            return fresh

        return await self._context.writer.commit(change)


def _draft(message: TakenMessage) -> dict[str, Any]:
    body = orjson.dumps(message.body).decode()
    return {"event_id": message.id, "kind": message.kind, "body": body, "sent_at": message.sent_at}
