"""Where each chain ends, and how entries are hung onto it: one at a time, in the transaction they tell of."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from beanie import Document, PydanticObjectId
from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.audit import AuditEntry
from documents.audit_key import AuditKey
from documents.base import utc_now
from documents.organization import Organization
from domain.audit.canonical import GENESIS, entry_hash
from domain.audit.seal import head_members


class AuditHead(Document):
    """One row per chain, `_id` is the organization's. `last` is the newest seq, `hash` that entry's.

    `signature` is that of the key `key_id` under both.
    """

    id: PydanticObjectId
    last: int
    hash: str
    key_id: str
    signature: str
    at: datetime

    class Settings:
        name = "audit_heads"


async def chains(org_id: ObjectId | None = None) -> dict[PydanticObjectId, int]:
    """Organization to the newest seq of its chain, of all chains or of this one."""
    query = {} if org_id is None else {"_id": org_id}
    rows = AuditHead.get_pymongo_collection().find(query, projection={"last": 1})
    return {PydanticObjectId(raw["_id"]): raw["last"] async for raw in rows}


async def organizations_without_chain(session: AsyncClientSession | None = None) -> list[PydanticObjectId]:
    """Organizations whose log has not begun: those of before there was one, until the next migration.

    One that has entries and no head is not among them: it was tampered with, which a verification tells.
    """
    begun = {raw["_id"] async for raw in AuditHead.get_pymongo_collection().find({}, {"_id": 1}, session=session)}
    rows = Organization.get_pymongo_collection().find({}, projection={"_id": 1}, session=session)
    unknown = [PydanticObjectId(raw["_id"]) async for raw in rows if raw["_id"] not in begun]
    return [id for id in unknown if not await AuditEntry.rows().find_one({"org_id": id}, {"_id": 1}, session=session)]


async def append_entries(
    drafts: Sequence[dict[str, Any]], org_id: ObjectId, session: AsyncClientSession, key: AuditKey
) -> None:
    """Hang drafts onto the organization's chain, in their order, and sign its new end.

    The head row is locked until the transaction commits, so that no two commits take the same place.
    """
    heads = AuditHead.get_pymongo_collection()
    head = await heads.find_one_and_update(
        {"_id": org_id},
        {"$inc": {"last": len(drafts)}},
        upsert=True,
        return_document=ReturnDocument.BEFORE,
        session=session,
    )
    entries = _chained(drafts, org_id, *((head["last"], head["hash"]) if head else (0, GENESIS)))
    await AuditEntry.rows().insert_many(entries, session=session)
    last = entries[-1]
    signature = key.sign(head_members(org_id, last["seq"], last["hash"]))
    ending = {"hash": last["hash"], "key_id": key.id, "signature": signature, "at": last["at"]}
    await heads.update_one({"_id": org_id}, {"$set": ending}, session=session)


def _chained(drafts: Sequence[dict[str, Any]], org_id: ObjectId, last: int, hash: str) -> list[dict[str, Any]]:
    at = utc_now()
    entries = []
    for seq, draft in enumerate(drafts, start=last + 1):
        entry = {**draft, "org_id": org_id, "seq": seq, "at": at, "created_at": at, "prev_hash": hash}
        hash = entry_hash(entry)
        entries.append({"_id": ObjectId(hash[:24]), **entry, "hash": hash})
    return entries
