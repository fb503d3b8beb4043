"""The event log of each organization: what subscribers are fed from, and the counter that orders it."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, cast

from beanie import Document, PydanticObjectId
from bson import ObjectId
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument, utc_now
from domain.facts.event import LogBounds, LoggedEvent


class EventCounter(Document):
    """One row per organization, `_id` is the organization's. `last` is the newest seq, `first` the oldest stored."""

    id: PydanticObjectId
    epoch: str
    first: int = 1
    last: int = 0

    class Settings:
        name = "event_counters"


class Event(TenantDocument):
    """One row of the log; written only by `documents.transaction`."""

    noun: ClassVar[str] = "event"

    seq: int
    topic: str
    type: str
    payload: dict[str, Any]
    at: datetime

    class Settings:
        name = "events"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("seq", ASCENDING)], unique=True, name="org_seq"),
            IndexModel([("org_id", ASCENDING), ("at", ASCENDING)], name="org_at"),
        ]


async def open_log(org_id: ObjectId, session: AsyncClientSession | None = None) -> None:
    """Start an organization's log. A new epoch tells cursors of an older log apart."""
    counter = {"_id": org_id, "epoch": secrets.token_hex(4), "first": 1, "last": 0}
    await EventCounter.get_pymongo_collection().insert_one(counter, session=session)


async def append(drafts: Sequence[dict[str, Any]], org_id: ObjectId, session: AsyncClientSession) -> int:
    """Write drafts {topic, type, payload} under the next sequence numbers; returns the last one.

    The counter row is locked until the transaction commits, so commit order is sequence order.
    """
    counter = await EventCounter.get_pymongo_collection().find_one_and_update(
        {"_id": org_id},
        {"$inc": {"last": len(drafts)}, "$setOnInsert": {"epoch": secrets.token_hex(4), "first": 1}},
        upsert=True,
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    last: int = cast("dict[str, Any]", counter)["last"]
    at = utc_now()
    first = last - len(drafts) + 1
    rows = [{**draft, "org_id": org_id, "seq": first + i, "at": at, "created_at": at} for i, draft in enumerate(drafts)]
    await Event.rows().insert_many(rows, session=session)
    return last


class EventLog:
    """The log as `live` reads it. Takes an organization, not a Scope: one reader serves every viewer of a process,
    and each subscription has narrowed its scope before it asks.
    """

    async def fetch(self, org_id: str, after: int, limit: int) -> list[LoggedEvent]:
        """At most `limit` events with seq above `after`, in order."""
        query = {"org_id": ObjectId(org_id), "seq": {"$gt": after}}
        cursor = Event.rows().find(query, sort=[("seq", ASCENDING)], limit=limit)
        return [
            LoggedEvent(
                org_id=org_id,
                seq=raw["seq"],
                topic=raw["topic"],
                type=raw["type"],
                payload=raw["payload"],
                at=raw["at"],
            )
            async for raw in cursor
        ]

    async def bounds(self, org_id: str) -> LogBounds:
        """What is stored now; an organization without a log yet has an empty one."""
        counter = await EventCounter.get_pymongo_collection().find_one({"_id": ObjectId(org_id)})
        if counter is None:
            return LogBounds(epoch="", first=1, last=0)
        return LogBounds(epoch=counter["epoch"], first=counter["first"], last=counter["last"])


async def prune_events(before: datetime) -> int:
    """Forget events older than `before`, oldest first and without holes; returns how many rows went."""
    gone = 0
    async for counter in EventCounter.get_pymongo_collection().find({}):
        newest_old = await Event.rows().find_one(
            {"org_id": counter["_id"], "at": {"$lt": before}}, sort=[("at", -1)], projection={"seq": 1}
        )
        if newest_old is None:
            continue
        keep_from = newest_old["seq"] + 1
        await EventCounter.get_pymongo_collection().update_one(
            {"_id": counter["_id"], "first": {"$lt": keep_from}}, {"$set": {"first": keep_from}}
        )
        result = await Event.rows().delete_many({"org_id": counter["_id"], "seq": {"$lt": keep_from}})
        gone += result.deleted_count
    return gone
