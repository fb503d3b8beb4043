"""Erasing a deleted organization: every row of every collection that belongs to it, but the audit log.

The audit log stays, whose segments go when their retention is over; so does the row of the organization itself, as
the name under which the log, and the provider, know it.
"""

from typing import Any

from beanie import Document, PydanticObjectId
from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase

from documents.attestation import erase_attestations
from documents.audit_chain import AuditHead
from documents.audit_pack import AuditPack
from documents.base import TenantDocument
from documents.cost_export import CostExport
from documents.event import EventCounter
from documents.every_document import ALL
from documents.evidence_chain import EvidenceHead, EvidenceRecord
from documents.evidence_checkpoint import EvidenceCheckpoint
from documents.file_export import erase_exports
from documents.organization import Organization

# Of each collection in one go: small enough to leave room for others.
AT_ONCE = 1000
# What tells of the past of an organization, deleted or not.
KEPT_PREFIX = "audit"


def erased_documents() -> list[type[Document]]:
    """The collections whose rows belong to an organization and go with it."""
    return [one for one in ALL if issubclass(one, TenantDocument) and not _is_kept(one)]


async def erase_some(org_id: PydanticObjectId, sealed: AsyncDatabase[dict[str, Any]] | None = None) -> int:
    """Delete some of what is left of an organization; returns how many rows, 0 when nothing is left.

    `sealed` is the database as a user sees it who may delete what the application may only append to.
    """
    erased = await erase_exports(CostExport, org_id) + await erase_exports(AuditPack, org_id)
    erased += await erase_attestations(org_id)
    for document in erased_documents():
        is_sealed = document in {EvidenceRecord, EvidenceCheckpoint}
        erased += await _erase(document, {"org_id": org_id}, sealed if is_sealed else None)
    return erased + await _erase(EventCounter, {"_id": org_id}) + await _erase(EvidenceHead, {"_id": org_id})


async def mark_erased(org_id: PydanticObjectId, at: Any) -> None:
    """Note that nothing is left."""
    await Organization.get_pymongo_collection().update_one({"_id": org_id}, {"$set": {"erased_at": at}})


async def is_deleted(org_id: PydanticObjectId) -> bool:
    """Whether the organization was deleted."""
    query = {"_id": org_id, "deleted_at": {"$type": "date"}}
    return await Organization.get_pymongo_collection().find_one(query, {"_id": 1}) is not None


async def _erase(
    document: type[Document], query: dict[str, Any], database: AsyncDatabase[dict[str, Any]] | None = None
) -> int:
    collection = document.get_pymongo_collection()
    if database is not None:
        collection = database[collection.name]
    ids: list[ObjectId] = [raw["_id"] async for raw in collection.find(query, {"_id": 1}, limit=AT_ONCE)]
    if not ids:
        return 0
    return (await collection.delete_many({"_id": {"$in": ids}})).deleted_count


def _is_kept(document: type[Document]) -> bool:
    return str(document.get_settings().name).startswith(KEPT_PREFIX) or document is AuditHead
