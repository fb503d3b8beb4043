"""The event log of each organization: what subscribers are fed from, and the counter that orders it."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar, cast

from beanie import Document, PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.read_concern import ReadConcern

from documents.base import TenantDocument, utc_now
from domain.facts.event import LogBounds, LoggedEvent
from domain.facts.scope import Scope


class EventCounter(Document):
    """One row per organization, `_id` is the organization's. `last` is the newest seq, `first` the oldest stored.

    `read_from`: what stands up to it is nothing that readers inside the system make something of.

    `tally` counts what is open in the organization, see `documents.tally`; it changes only together with `last`. Until
    `is_tallied` it holds changes of what was not counted yet.
    """

    id: PydanticObjectId
    epoch: str
    first: int = 1
    last: int = 0
    read_from: int = 0
    is_tallied: bool = False
    tally: dict[str, dict[str, int | Decimal]] = Field(default_factory=dict)

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
    # An organization that begins has nothing to count.
    counter = {"_id": org_id, **new_counter(), "last": 0, "is_tallied": True, "tally": {}}
    await EventCounter.get_pymongo_collection().insert_one(counter, session=session)


def new_counter() -> dict[str, Any]:
    """What a counter row begins with, `last` aside."""
    return {"epoch": secrets.token_hex(4), "first": 1, "read_from": 0}


async def append(
    drafts: Sequence[dict[str, Any]],
    org_id: ObjectId,
    session: AsyncClientSession,
    counts: Mapping[str, int | Decimal] = MappingProxyType({}),
) -> int:
    """Write drafts {topic, type, payload} under the next sequence numbers; returns the last one.

    `counts` are changes of the tally by their place in it, e.g. open_alerts.HIGH. The counter row is locked until the
    transaction commits, so commit order is sequence order.
    """
    changes = {f"tally.{place}": change for place, change in counts.items() if change}
    counter = await EventCounter.get_pymongo_collection().find_one_and_update(
        {"_id": org_id},
        {"$inc": {"last": len(drafts), **changes}, "$setOnInsert": new_counter()},
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


async def log_ends(scope: Scope) -> list[tuple[str, str, int]]:
    """(organization, epoch, last seq) of each organization in scope, in order; those without a log are left out.

    Majority-committed: what is named here has happened for good, and whoever reads after this sees it.
    """
    counters = EventCounter.get_pymongo_collection().with_options(read_concern=ReadConcern("majority"))
    wanted = {"_id": {"$in": [ObjectId(org_id) for org_id in sorted(scope.org_ids)]}}
    rows = counters.find(wanted, projection={"epoch": 1, "last": 1})
    return sorted([(str(raw["_id"]), raw["epoch"], raw["last"]) async for raw in rows])


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
