"""Takes what has happened in an organization to everything that follows from it: incidents, channels, tickets."""

from datetime import datetime, timedelta
from typing import Any

import structlog
from bson import ObjectId
from pymongo.errors import PyMongoError

from documents.event import EventLog
from documents.log_reader import Place, move_place, organizations_behind, place_of
from documents.transaction import Transaction
from jobs.consumer import Consumer, consumers
from jobs.context import JobContext
from jobs.queue import ask_dispatch

log = structlog.get_logger()

# Events of one transaction; small enough to be quick when it must be tried again.
BATCH = 200
# Well before the time limit of quick jobs, so that a long log is no failure. The sweep asks for the rest.
LONGEST_RUN = timedelta(seconds=40)


async def dispatch_events(ctx: dict[str, Any], *, org_id: str) -> int:
    """Until the end of the log; returns how many events were passed. A second run finds nothing left to do.

    What one consumer cannot do keeps its place and is tried again; the others go on. A run that takes long ends before
    it is cut off. Raises ExceptionGroup of what failed.
    """
    context: JobContext = ctx["context"]
    until = context.now() + LONGEST_RUN
    passed, failed = 0, []
    for consumer in consumers():
        try:
            passed += await _run(context, consumer, org_id, until)
        except (PyMongoError, OSError):  # the others would fare no better
            raise
        except Exception as error:  # a defect in one must not silence the others
            log.exception("consumer_failed", consumer=consumer.name)
            failed.append(error)
    if failed:
        raise ExceptionGroup("consumers of the event log", failed)
    return passed


async def _run(context: JobContext, consumer: Consumer, org_id: str, until: datetime) -> int:
    """One batch at least, so that every run comes further."""
    passed = 0
    while taken := await _take(context, consumer, org_id):
        passed += taken
        if context.now() >= until:
            break
    return passed


async def _take(context: JobContext, consumer: Consumer, org_id: str) -> int:
    """One batch; returns how many events it was, 0 at the end of the log."""
    org, event_log = ObjectId(org_id), EventLog()
    was, bounds = await place_of(org, consumer.name), await event_log.bounds(org_id)
    begin = was.seq if was.epoch == bounds.epoch and was.seq <= bounds.last else 0
    if begin + 1 < bounds.first:
        log.warning("events_missed", consumer=consumer.name, first=begin + 1, last=bounds.first - 1)
    events = await event_log.fetch(org_id, begin, BATCH)
    if not events:
        return 0
    wanted = [event for event in events if consumer.wants(event)]

    async def change(tx: Transaction) -> None:
        # Another worker that was faster has done all of this batch, or the beginning of it.
        if await move_place(org, consumer.name, was, Place(bounds.epoch, events[-1].seq), tx.session) and wanted:
            await consumer.take(tx, context, org, wanted)

    await context.writer.commit(change)
    return len(events)


async def dispatch_lost(ctx: dict[str, Any]) -> int:
    """Ask again for organizations whose events wait although no job is on its way; returns how many."""
    context: JobContext = ctx["context"]
    behind = await organizations_behind([consumer.name for consumer in consumers()])

    async def change(tx: Transaction) -> None:
        for org_id in behind:
            ask_dispatch(tx, org_id)

    if behind:
        await context.writer.commit(change)
    return len(behind)
