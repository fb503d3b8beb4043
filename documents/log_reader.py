"""How far each reader of the event log inside the system has come: what it made of an event is committed with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from beanie import Document, PydanticObjectId
from bson import ObjectId
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.event import EventCounter


class LogReader(Document):
    """`_id` is <organization>:<reader>. `seq` is the last event it is done with, `epoch` that of the log it read."""

    id: str  # type: ignore[assignment]  # ours, not an ObjectId
    org_id: PydanticObjectId
    name: str
    epoch: str
    seq: int

    class Settings:
        name = "log_readers"
        indexes = [IndexModel([("org_id", ASCENDING)], name="org")]


@dataclass(frozen=True, slots=True)
class Place:
    """`is_new`: nothing is stored of it yet."""

    epoch: str
    seq: int
    is_new: bool = False


async def place_of(org_id: ObjectId, name: str) -> Place:
    """What a reader is done with. A new one, and one of a log that was made anew, begins where the log is read from."""
    raw = await LogReader.get_pymongo_collection().find_one({"_id": f"{org_id}:{name}"})
    counter = await EventCounter.get_pymongo_collection().find_one({"_id": org_id}) or {}
    if raw is None:
        return Place(counter.get("epoch", ""), counter.get("read_from", 0), is_new=True)
    return Place(raw["epoch"], raw["seq"])


async def move_place(org_id: ObjectId, name: str, was: Place, now: Place, session: AsyncClientSession) -> bool:
    """Note that a reader is done with `now`; False when another worker has moved it since `was`."""
    rows, id = LogReader.get_pymongo_collection(), f"{org_id}:{name}"
    fields = {"org_id": org_id, "name": name, "epoch": now.epoch, "seq": now.seq}
    if was.is_new:
        known = await rows.find_one({"_id": id}, {"_id": 1}, session=session)
        if known is None:
            await rows.insert_one({"_id": id, **fields}, session=session)
        return known is None
    moved = await rows.update_one({"_id": id, "epoch": was.epoch, "seq": was.seq}, {"$set": fields}, session=session)
    return moved.modified_count == 1


async def organizations_behind(names: Sequence[str], *, limit: int = 500) -> list[ObjectId]:
    """Organizations with events that one of these readers is not done with: their jobs were lost."""
    is_done = {
        "$and": [
            {"$in": ["$$this.name", list(names)]},
            {"$eq": ["$$this.epoch", "$epoch"]},
            {"$gte": ["$$this.seq", "$last"]},
        ]
    }
    done = {"$filter": {"input": "$readers", "cond": is_done}}
    has_unread = {"$gt": ["$last", {"$ifNull": ["$read_from", 0]}]}
    pipeline: list[dict[str, Any]] = [
        {"$match": {"$expr": has_unread}},
        {"$lookup": {"from": "log_readers", "localField": "_id", "foreignField": "org_id", "as": "readers"}},
        {"$match": {"$expr": {"$lt": [{"$size": done}, len(names)]}}},
        {"$limit": limit},
        {"$project": {"_id": 1}},
    ]
    return [raw["_id"] async for raw in await EventCounter.get_pymongo_collection().aggregate(pipeline)]


async def read_from_now_on() -> int:
    """Logs of before there were readers are read from where they end: nobody hears of what is long past.

    Returns how many there were.
    """
    counters = EventCounter.get_pymongo_collection()
    result = await counters.update_many({"read_from": {"$exists": False}}, [{"$set": {"read_from": "$last"}}])
    return result.modified_count
