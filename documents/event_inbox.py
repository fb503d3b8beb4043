"""Events that wait to be read, and what becomes of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from bson import ObjectId
from pymongo import ASCENDING, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.received_event import ReceivedEvent, ReceivedState
from domain.facts.scope import Scope

# How many organizations one sweep asks for.
AT_ONCE = 1000


class InboxPlace(NamedTuple):
    """Where a reader of the events that wait has got to, in the order in which they were received."""

    received_at: datetime
    id: ObjectId


class Outcome(NamedTuple):
    """`problem` says why a message could not be read; `body` replaces what came where that held secrets."""

    problem: str | None = None
    body: str | None = None


def place_after(event: ReceivedEvent) -> InboxPlace:
    """The place behind an event."""
    return InboxPlace(event.received_at, ObjectId(event.id))


async def waiting_events(scope: Scope, after: InboxPlace | None, limit: int) -> list[ReceivedEvent]:
    """At most `limit` events of the scope that wait, in the order in which they were received."""
    query: dict[str, Any] = {**ReceivedEvent.within(scope), "state": ReceivedState.WAITING.value}
    if after is not None:
        same = {"received_at": after.received_at, "_id": {"$gt": after.id}}
        query["$or"] = [{"received_at": {"$gt": after.received_at}}, same]
    found = ReceivedEvent.rows().find(query).sort([("received_at", ASCENDING), ("_id", ASCENDING)]).limit(limit)
    return [ReceivedEvent.stored(raw) async for raw in found]


async def still_waiting(events: Sequence[ReceivedEvent], session: AsyncClientSession) -> set[ObjectId]:
    """The ids of those that no other worker has read meanwhile, as the transaction sees them."""
    query = {"_id": {"$in": [event.id for event in events]}, "state": ReceivedState.WAITING.value}
    return {raw["_id"] async for raw in ReceivedEvent.rows().find(query, {"_id": 1}, session=session)}


async def settle_events(outcomes: Mapping[ObjectId, Outcome], at: datetime, session: AsyncClientSession) -> None:
    """Note that these events were read, or why they could not be."""
    writes = [
        UpdateOne({"_id": id, "state": ReceivedState.WAITING.value}, {"$set": _settled(outcome, at)})
        for id, outcome in outcomes.items()
    ]
    if writes:
        await ReceivedEvent.rows().bulk_write(writes, session=session)


async def organizations_waiting(before: datetime) -> list[ObjectId]:
    """Organizations with an event that has waited since before this time. For the sweep, which serves every tenant."""
    pipeline: list[dict[str, Any]] = [
        {"$match": {"state": ReceivedState.WAITING.value, "received_at": {"$lt": before}}},
        {"$group": {"_id": "$org_id"}},
        {"$limit": AT_ONCE},
    ]
    return [raw["_id"] async for raw in await ReceivedEvent.rows().aggregate(pipeline)]


def _settled(outcome: Outcome, at: datetime) -> dict[str, Any]:
    state = ReceivedState.PROCESSED if outcome.problem is None else ReceivedState.UNREADABLE
    fields = {"state": state.value, "problem": outcome.problem, "processed_at": at}
    return fields if outcome.body is None else {**fields, "body": outcome.body}
