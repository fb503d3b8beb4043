"""Sealed segments of the audit log: what vouches for a stretch of entries, also when their time is over."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, ClassVar

from bson import ObjectId
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

from documents.audit import AuditEntry
from documents.audit_key import AuditKey
from documents.base import TenantDocument
from domain.audit.seal import gone_members, segment_members

Segment = dict[str, Any]


class AuditSegment(TenantDocument):
    """Entries `first_seq` to `last_seq` of a chain; `domain.audit.seal.segment_members` says what is signed of them.

    Once the retention is over, `gone_at` is set and signed, and the entries are deleted; the segment stays for good.
    """

    noun: ClassVar[str] = "segment"

    number: int
    first_seq: int
    last_seq: int
    first_at: datetime
    last_at: datetime
    prev_hash: str
    last_hash: str
    root: str
    previous: str | None
    key_id: str
    signature: str
    gone_at: datetime | None = None
    gone_key_id: str | None = None
    gone_signature: str | None = None

    class Settings:
        name = "audit_segments"
        indexes = [IndexModel([("org_id", ASCENDING), ("number", ASCENDING)], unique=True, name="org_number")]


async def segments_of(org_id: ObjectId) -> list[Segment]:
    """All segments of a chain in order, as stored."""
    return await AuditSegment.rows().find({"org_id": org_id}, sort=[("number", ASCENDING)]).to_list()


async def last_segment(org_id: ObjectId) -> Segment | None:
    """The newest segment of a chain as stored."""
    return await AuditSegment.rows().find_one({"org_id": org_id}, sort=[("number", -1)])


async def anchored_until(org_id: ObjectId, at: datetime) -> datetime | None:
    """Until when everything is sealed: `at` where nothing is left to seal, else the time of the first such entry.

    None without a log.
    """
    last = await last_segment(org_id)
    query = {"org_id": org_id, "seq": {"$gt": last["last_seq"] if last else 0}}
    first = await AuditEntry.rows().find_one(query, {"at": 1}, sort=[("seq", ASCENDING)])
    if first is None:
        return at if last else None
    began: datetime = first["at"]
    return began


async def store_segment(segment: Segment, key: AuditKey) -> Segment:
    """Sign and store a new segment. Raises DuplicateKeyError when another process has sealed that stretch."""
    signed = {**segment, "key_id": key.id, "signature": key.sign(segment_members(segment)), "gone_at": None}
    await AuditSegment.rows().insert_one(signed)
    return signed


async def ripe_segments(org_id: ObjectId, before: datetime) -> list[Segment]:
    """The oldest segments of a chain, in order, that end before this and whose entries are not gone yet."""
    rows = AuditSegment.rows().find({"org_id": org_id, "gone_at": None}, sort=[("number", ASCENDING)])
    ripe = []
    async for segment in rows:
        if segment["last_at"] >= before:
            break
        ripe.append(segment)
    return ripe


async def mark_gone(segment: Segment, at: datetime, key: AuditKey, session: AsyncClientSession) -> None:
    """Sign that the entries of the segment are deleted because their time is over. Delete them afterwards."""
    signature = key.sign(gone_members({**segment, "gone_at": at}))
    gone = {"gone_at": at, "gone_key_id": key.id, "gone_signature": signature}
    await AuditSegment.rows().update_one({"_id": segment["_id"], "gone_at": None}, {"$set": gone}, session=session)


async def delete_gone(entries: AsyncCollection[dict[str, Any]], org_id: ObjectId) -> int:
    """Delete the entries of all segments that are marked gone; returns how many went.

    `entries` is the collection of the log under a database user who may delete from it.
    """
    marked = {"org_id": org_id, "gone_at": {"$ne": None}}
    newest = await AuditSegment.rows().find_one(marked, sort=[("number", -1)])
    if newest is None:
        return 0
    result = await entries.delete_many({"org_id": org_id, "seq": {"$lte": newest["last_seq"]}})
    return result.deleted_count


async def seqs_between(org_id: ObjectId, at_from: datetime, at_before: datetime) -> tuple[int, int]:
    """The first and the last seq of the stored entries of that time; (1, 0) when there are none."""
    within = {"org_id": org_id, "at": {"$gte": at_from, "$lt": at_before}}
    ends = [
        await AuditEntry.rows().find_one(within, sort=[("at", order), ("seq", order)], projection={"seq": 1})
        for order in (1, -1)
    ]
    first, last = (end["seq"] if end else 0 for end in ends)
    return (first, last) if last else (1, 0)


async def entry_batches(org_id: ObjectId, first_seq: int, last_seq: int, size: int) -> AsyncIterator[list[Segment]]:
    """Stored entries of a chain from one seq to another, in order, in lists of at most `size`."""
    query = {"org_id": org_id, "seq": {"$gte": first_seq, "$lte": last_seq}}
    cursor = AuditEntry.rows().find(query, sort=[("seq", ASCENDING)], batch_size=size)
    async with cursor:
        while batch := await cursor.to_list(size):
            yield batch
