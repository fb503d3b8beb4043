"""What every check rested on: records that follow on each other, one chain for each organization, never changed."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from beanie import Document, PydanticObjectId
from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.base import TenantDocument, utc_now
from documents.chain import Chain
from documents.evidence import keep_packs_until
from documents.organization import evidence_retention
from documents.transaction import Transaction
from domain.audit.retention import kept_days
from domain.evidence.record import EVIDENCE_LINK, plain_record

_NEWEST_FIRST = (("at", DESCENDING), ("seq", DESCENDING), ("_id", DESCENDING))


class EvidenceRecord(TenantDocument):
    """One link of the chain; `seq` counts from 1 without gaps. `record` is what was judged, of JSON types only.

    It holds `control_id`, `integration`, `account`, `status`, `counts`, `items_sha256`, `evidence` (hashes of packs),
    `pages`, `items`, `window`, `request_ids`, `version`, `parameters`, `judged_at`, `redactions`, where they are known.
    `hash` is SHA-256 over the canonical JSON of the fields of `domain.evidence.record.EVIDENCE_LINK`.
    """

    noun: ClassVar[str] = "record of evidence"

    seq: int
    at: datetime
    record: dict[str, Any]
    prev_hash: str
    hash: str

    class Settings:
        name = "evidence_records"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("seq", ASCENDING)], unique=True, name="org_seq"),
            IndexModel([("org_id", ASCENDING), *_NEWEST_FIRST], name="org_newest"),
            IndexModel([("org_id", ASCENDING), ("record.control_id", ASCENDING), *_NEWEST_FIRST], name="org_control"),
            IndexModel([("org_id", ASCENDING), ("record.account", ASCENDING), *_NEWEST_FIRST], name="org_account"),
        ]


class EvidenceHead(Document):
    """One row per chain, `_id` is the organization's; see `documents.chain.Chain`."""

    id: PydanticObjectId
    last: int
    hash: str
    key_id: str
    signature: str
    at: datetime

    class Settings:
        name = "evidence_heads"


EVIDENCE = Chain(EVIDENCE_LINK, EvidenceRecord.rows, EvidenceHead.get_pymongo_collection)


async def append_records(tx: Transaction, org_id: ObjectId, records: Sequence[Mapping[str, Any]]) -> None:
    """Hang records onto the organization's chain in the transaction that stores what they prove.

    The packs that they name (`evidence`) are kept for as long as the organization keeps evidence, from now on. Raises
    Invalid for a record that cannot be kept as it is.
    """
    plain = [plain_record(record) for record in records]
    named = {str(sha256) for record in plain for sha256 in record.get("evidence") or ()}
    if named:
        days = kept_days(*await evidence_retention(org_id))
        await keep_packs_until(org_id, named, utc_now() + timedelta(days=days), tx.session)
    tx.link(EVIDENCE, org_id, [{"record": record} for record in plain])


async def evidence_heads() -> dict[PydanticObjectId, dict[str, Any]]:
    """Organization to the head of its chain, of all that have begun."""
    rows = EvidenceHead.get_pymongo_collection().find({})
    return {PydanticObjectId(raw["_id"]): raw async for raw in rows}


async def evidence_head(org_id: ObjectId) -> dict[str, Any] | None:
    """The head of this chain as stored; None before its first record."""
    return await EvidenceHead.get_pymongo_collection().find_one({"_id": org_id})


async def record_batches(
    org_id: ObjectId, first_seq: int, last_seq: int, size: int = 1000
) -> AsyncIterator[list[dict[str, Any]]]:
    """Stored records from one seq to another, in order, in lists of at most `size`."""
    query = {"org_id": org_id, "seq": {"$gte": first_seq, "$lte": last_seq}}
    cursor = EvidenceRecord.rows().find(query, sort=[("seq", ASCENDING)], batch_size=size)
    async with cursor:
        while batch := await cursor.to_list(size):
            yield batch


async def control_records(
    org_id: ObjectId, control_id: str, at_from: datetime, at_before: datetime, size: int = 1000
) -> AsyncIterator[list[dict[str, Any]]]:
    """Stored records of one control and time, in order, in lists of at most `size`."""
    query = {"org_id": org_id, "record.control_id": control_id, "at": {"$gte": at_from, "$lt": at_before}}
    order = [("at", ASCENDING), ("seq", ASCENDING), ("_id", ASCENDING)]
    async with EvidenceRecord.rows().find(query, sort=order, batch_size=size) as cursor:
        while batch := await cursor.to_list(size):
            yield batch


async def record_seqs(org_id: ObjectId, at_from: datetime, at_before: datetime) -> tuple[int, int]:
    """The first and the last seq of the records of that time; (1, 0) when there are none."""
    within = {"org_id": org_id, "at": {"$gte": at_from, "$lt": at_before}}
    ends = [
        await EvidenceRecord.rows().find_one(within, {"seq": 1}, sort=[("at", order), ("seq", order), ("_id", order)])
        for order in (1, -1)
    ]
    first, last = (end["seq"] if end else 0 for end in ends)
    return (first, last) if last else (1, 0)


async def newest_seq(org_id: ObjectId) -> int:
    """Of all stored records; 0 when there are none."""
    newest = await EvidenceRecord.rows().find_one({"org_id": org_id}, {"seq": 1}, sort=[("seq", DESCENDING)])
    return int(newest["seq"]) if newest else 0


async def began_at(org_id: ObjectId) -> datetime | None:
    """When the oldest stored record was written; None when there are none."""
    oldest = await EvidenceRecord.rows().find_one({"org_id": org_id}, {"at": 1}, sort=[("seq", ASCENDING)])
    return oldest["at"] if oldest else None
