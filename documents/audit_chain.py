"""Where each chain ends, and how entries are hung onto it: one at a time, in the transaction they tell of."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from beanie import Document, PydanticObjectId
from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.audit import AuditEntry
from documents.audit_key import AuditKey
from documents.chain import Chain, append_links
from documents.organization import Organization
from domain.audit.canonical import AUDIT_LINK


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


AUDIT = Chain(AUDIT_LINK, AuditEntry.rows, AuditHead.get_pymongo_collection)


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
    """Hang drafts onto the organization's audit log, in their order, and sign its new end."""
    await append_links(AUDIT, drafts, org_id, session, key)
