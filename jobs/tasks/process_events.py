"""Reads what providers have sent to an organization, and does what follows from it: once, whatever dies in between."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import structlog
from bson import ObjectId
from pymongo.errors import PyMongoError

from auth.scope import scope_of_job
from documents.event_inbox import organizations_waiting, place_after, waiting_events
from documents.received_event import ReceivedEvent, ask_processing
from documents.transaction import Transaction
from domain.errors import CloudWatcherError, ProviderError, Refused
from domain.facts.scope import Scope
from jobs.context import JobContext
from jobs.event_alerts import take_messages
from jobs.event_owner import Owners, owners_in
from jobs.event_reading import DEFECT, NO_JSON, Read, read_message
from jobs.incoming_of import Handle, handler_of
from jobs.queue import PROCESS_EVENTS

log = structlog.get_logger()

# Messages that are looked at in one go, and events of them that are judged in one transaction: far from the minute
# after which MongoDB ends one, even where each is an alert and the machine is busy.
BATCH = 100
EVENTS_AT_ONCE = 50
# Time enough for the relay; asking for a job that is still there does nothing.
LATE_AFTER = timedelta(minutes=1)
# Well before the time limit of quick jobs, so that a long queue is no failure.
LONGEST_RUN = timedelta(seconds=40)


async def process_events(ctx: dict[str, Any], *, org_id: str) -> int:
    """Until none waits; returns how many messages were looked at. A second run finds nothing left to do.

    A message that must be tried again stays where it is, and the sweep asks for it; the others go on. A run that takes
    long asks for another one and ends before it is cut off.
    """
    context: JobContext = ctx["context"]
    scope = scope_of_job(PROCESS_EVENTS, org_id)
    until = context.now() + LONGEST_RUN
    looked_at = 0
    async for batch in _batches(scope):
        await _process(context, scope, batch)
        looked_at += len(batch)
        if context.now() > until:
            await _ask([ObjectId(org_id)], context)
            break
    return looked_at


async def process_late_events(ctx: dict[str, Any]) -> int:
    """Ask again for organizations whose events wait for long: Redis may have lost their job. Returns how many."""
    context: JobContext = ctx["context"]
    late = await organizations_waiting(context.now() - LATE_AFTER)
    if late:
        await _ask(late, context)
    return len(late)


def chunks(reads: Sequence[Read]) -> Iterator[list[Read]]:
    """In order, with at most EVENTS_AT_ONCE events each, but at least one message."""
    chunk: list[Read] = []
    for read in reads:
        if chunk and sum(len(one.events) for one in (*chunk, read)) > EVENTS_AT_ONCE:
            yield chunk
            chunk = []
        chunk.append(read)
    if chunk:
        yield chunk


async def _ask(org_ids: Sequence[ObjectId], context: JobContext) -> None:
    async def change(tx: Transaction) -> None:
        for org_id in org_ids:
            ask_processing(tx, org_id)

    await context.writer.commit(change)


async def _process(context: JobContext, scope: Scope, batch: Sequence[ReceivedEvent]) -> None:
    owners = await owners_in(scope)
    judged: list[Read] = []
    for received in batch:
        handle = handler_of(received.provider)
        if handle is None:
            judged.append(read_message(received))
        else:
            await _hand_over(context, handle, received)
    for chunk in chunks(judged):
        await _take(context, chunk, owners)


async def _batches(scope: Scope) -> AsyncIterator[list[ReceivedEvent]]:
    """Everything that waits, each message once in a run."""
    place = None
    while batch := await waiting_events(scope, place, BATCH):
        yield batch
        place = place_after(batch[-1])


async def _take(context: JobContext, reads: list[Read], owners: Owners) -> None:
    """All of them in one transaction; when one of them is more than we can do, each in its own."""

    async def change(tx: Transaction) -> int:
        return await take_messages(tx, reads, owners, context.now())

    try:
        await context.writer.commit(change)
    except PyMongoError:
        raise
    except Exception:  # one message must never hold up the others
        log.exception("events_failed", messages=len(reads))
        if len(reads) == 1 and not reads[0].events:
            raise
        again = reads if len(reads) > 1 else [replace(reads[0], events=(), problem=DEFECT)]
        for read in again:
            await _take(context, [read], owners)


async def _hand_over(context: JobContext, handle: Handle, received: ReceivedEvent) -> None:
    """To the provider's own handler, which changes nothing when it is told twice."""
    try:
        await handle(context, received, orjson.loads(received.body))
        problem = None
    except orjson.JSONDecodeError:
        problem = NO_JSON
    except (PyMongoError, OSError) as error:
        log.warning("event_waits", received=str(received.id), reason=str(error))
        return
    except CloudWatcherError as error:
        if isinstance(error, ProviderError) and error.is_retryable:
            log.warning("event_waits", received=str(received.id), reason=error.message)
            return
        problem = error.message if isinstance(error, ProviderError | Refused) else DEFECT
    except Exception:  # one message must never hold up the others
        log.exception("event_unhandled", received=str(received.id))
        problem = DEFECT
    await _take(context, [Read(received, problem=problem)], Owners(()))
