"""A tenant: one company, or a managed service provider (MSP) with client companies."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from operator import itemgetter
from typing import Any

from beanie import Document, PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import utc_now
from documents.event import open_log
from domain.audit.retention import DEFAULT_DAYS, DEFAULT_EVIDENCE_DAYS, check_retention
from domain.errors import NotFound

# Longer than any job runs that may still write for an organization which is deleted.
LOOKED_AT_AGAIN = timedelta(days=1)


class OrganizationKind(StrEnum):
    COMPANY = "COMPANY"
    MSP = "MSP"


class Organization(Document):
    """`msp_id` names the provider that manages this company, if any, `provider_name` its name.

    Sessions whose sign-in is older than `sessions_valid_from` hold nothing here, nor do those without a second factor
    where one is required.
    `frameworks` are the ids of those it must meet; they may demand that the audit log is kept for longer than
    `audit_retention_days`, and evidence than `evidence_retention_days`. `evidence_channel_id` names the channel that is
    sent where the chain of evidence ends, once a day. `members_version` rises with every change of who belongs to it
    and what they may do.
    `erased_at`: when nothing of a deleted one was left but this row and the audit log.
    """

    name: str
    kind: OrganizationKind
    msp_id: PydanticObjectId | None = None
    provider_name: str | None = None
    sessions_valid_from: datetime | None = None
    requires_second_factor: bool = False
    members_version: int = 0
    deleted_at: datetime | None = None
    erased_at: datetime | None = None
    created_at: datetime = Field(default_factory=utc_now)
    frameworks: list[str] = Field(default_factory=list)
    audit_retention_days: int = DEFAULT_DAYS
    evidence_retention_days: int = DEFAULT_EVIDENCE_DAYS
    evidence_channel_id: PydanticObjectId | None = None

    class Settings:
        name = "organizations"
        indexes = [
            # The order in which a provider lists its clients.
            IndexModel([("msp_id", ASCENDING), ("name", ASCENDING), ("_id", ASCENDING)], name="msp_name_id"),
            IndexModel(
                [("deleted_at", ASCENDING)], partialFilterExpression={"deleted_at": {"$type": "date"}}, name="deleted"
            ),
        ]


async def open_organization(
    name: str, kind: OrganizationKind, *, msp_id: PydanticObjectId | None, session: AsyncClientSession
) -> Organization:
    """Store a new organization together with its empty event log."""
    provider = (
        await Organization.get_pymongo_collection().find_one({"_id": msp_id}, session=session) if msp_id else None
    )
    provider_name = provider["name"] if provider else None
    organization = Organization(name=name, kind=kind, msp_id=msp_id, provider_name=provider_name)
    await organization.insert(session=session)
    assert organization.id is not None  # noqa: S101 - insert sets it; this tells the type checker
    await open_log(organization.id, session)
    return organization


async def clients_by_provider(
    msp_ids: Collection[PydanticObjectId],
) -> dict[PydanticObjectId, list[PydanticObjectId]]:
    """Provider id to the ids of the companies it manages; a provider without any is left out."""
    clients: dict[PydanticObjectId, list[PydanticObjectId]] = {}
    query = {"msp_id": {"$in": list(msp_ids)}}
    rows = Organization.get_pymongo_collection().find(query, projection={"msp_id": 1})
    async for raw in rows:
        clients.setdefault(raw["msp_id"], []).append(raw["_id"])
    return clients


async def guarded(ids: Collection[PydanticObjectId]) -> dict[PydanticObjectId, dict[str, Any]]:
    """Of these organizations those that ask for more than a membership, with what they ask; see Organization."""
    asks = [{"sessions_valid_from": {"$ne": None}}, {"requires_second_factor": True}, {"deleted_at": {"$ne": None}}]
    fields = {"sessions_valid_from": 1, "requires_second_factor": 1, "deleted_at": 1}
    rows = Organization.get_pymongo_collection().find({"_id": {"$in": list(ids)}, "$or": asks}, fields)
    return {raw["_id"]: raw async for raw in rows}


async def require_second_factor(org_id: str, is_required: bool, session: AsyncClientSession) -> Organization:
    """Whether sessions without a second factor hold nothing in the organization from now on."""
    raw = await Organization.get_pymongo_collection().find_one_and_update(
        {"_id": ObjectId(org_id)},
        {"$set": {"requires_second_factor": is_required}},
        session=session,
        return_document=ReturnDocument.AFTER,
    )
    organization: Organization = Organization.model_validate(raw)
    return organization


async def load_organizations(ids: Sequence[str]) -> list[Organization]:
    """The organizations with these ids (24 hex digits), by name. The caller has checked that they are in reach."""
    wanted = [ObjectId(id) for id in ids]
    raws = await Organization.get_pymongo_collection().find({"_id": {"$in": wanted}}).to_list()
    return [Organization.model_validate(raw) for raw in sorted(raws, key=itemgetter("name"))]


async def audit_retention(org_id: ObjectId) -> tuple[int, list[str]]:
    """(days that were chosen for the audit log, ids of the frameworks the organization must meet)."""
    fields = {"audit_retention_days": 1, "frameworks": 1}
    raw = await Organization.get_pymongo_collection().find_one({"_id": org_id}, projection=fields) or {}
    return raw.get("audit_retention_days", DEFAULT_DAYS), raw.get("frameworks", [])


async def evidence_retention(org_id: ObjectId) -> tuple[int, list[str]]:
    """(days that were chosen for evidence, ids of the frameworks the organization must meet)."""
    fields = {"evidence_retention_days": 1, "frameworks": 1}
    raw = await Organization.get_pymongo_collection().find_one({"_id": org_id}, projection=fields) or {}
    return raw.get("evidence_retention_days", DEFAULT_EVIDENCE_DAYS), raw.get("frameworks", [])


async def frameworks_in_use() -> set[str]:
    """Ids of the frameworks that any organization must meet."""
    return set(await Organization.get_pymongo_collection().distinct("frameworks"))


async def set_audit_retention(
    org_id: ObjectId, days: int, session: AsyncClientSession
) -> tuple[Organization, Organization]:
    """Choose how long the audit log is kept; returns the organization as it was and as it is.

    Raises NotFound for an organization that is gone, Invalid for fewer days than its frameworks demand.
    """
    before, after = await _chosen(org_id, {"audit_retention_days": days}, session)
    check_retention(days, before.frameworks)
    return before, after


async def set_evidence_retention(
    org_id: ObjectId, days: int, session: AsyncClientSession
) -> tuple[Organization, Organization]:
    """Choose how long raw answers that a record names are kept; returns the organization as it was and as it is.

    Raises NotFound for an organization that is gone, Invalid for fewer days than its frameworks demand.
    """
    before, after = await _chosen(org_id, {"evidence_retention_days": days}, session)
    check_retention(days, before.frameworks, what="evidence")
    return before, after


async def set_evidence_channel(
    org_id: ObjectId, channel_id: PydanticObjectId | None, session: AsyncClientSession
) -> tuple[Organization, Organization]:
    """Choose where heads of evidence are sent, None for nowhere; returns the organization as it was and as it is.

    Raises NotFound for an organization that is gone.
    """
    return await _chosen(org_id, {"evidence_channel_id": channel_id}, session)


async def _chosen(
    org_id: ObjectId, changes: dict[str, Any], session: AsyncClientSession
) -> tuple[Organization, Organization]:
    rows = Organization.get_pymongo_collection()
    raw = await rows.find_one_and_update(
        {"_id": org_id}, {"$set": changes}, return_document=ReturnDocument.BEFORE, session=session
    )
    if raw is None:
        raise NotFound.of("organization")
    before: Organization = Organization.model_validate(raw)
    return before, before.model_copy(update=changes)


async def find_organizations(named: str | None, *, limit: int = 50) -> list[Organization]:
    """Organizations with this id or name, all when None; for the person at the server's own command line."""
    query: dict[str, Any] = {}
    if named is not None:
        query = {"_id": ObjectId(named)} if ObjectId.is_valid(named) else {"name": named}
    rows = Organization.get_pymongo_collection().find(query, sort=[("name", ASCENDING)], limit=limit)
    return [Organization.model_validate(raw) async for raw in rows]


async def living_organizations() -> list[PydanticObjectId]:
    """The ids of all that are not deleted, for jobs that look after every one."""
    rows = Organization.get_pymongo_collection().find({"deleted_at": None}, {"_id": 1}, sort=[("_id", ASCENDING)])
    return [PydanticObjectId(raw["_id"]) async for raw in rows]


async def cut_off_sessions(org_id: str, at: datetime, session: AsyncClientSession) -> Organization:
    """Sessions whose sign-in is older than `at` hold nothing in the organization from now on."""
    raw = await Organization.get_pymongo_collection().find_one_and_update(
        {"_id": ObjectId(org_id)},
        {"$set": {"sessions_valid_from": at}},
        session=session,
        return_document=ReturnDocument.AFTER,
    )
    organization: Organization = Organization.model_validate(raw)
    return organization


async def lock_members(org_id: PydanticObjectId, session: AsyncClientSession) -> Organization:
    """Begin a change of who belongs to the organization or what they may do; of two at once, one waits for the other.

    What such a change rests upon (that an administrator is left) is read from several rows, which do not conflict by
    themselves: both would see the other's administrator. Raises NotFound for an organization that is deleted.
    """
    return await _changed(org_id, {"$inc": {"members_version": 1}}, session)


async def rename_organization(org_id: PydanticObjectId, name: str, session: AsyncClientSession) -> Organization:
    """Call the organization so, with its clients too. Raises NotFound for one that is deleted."""
    organizations = Organization.get_pymongo_collection()
    await organizations.update_many({"msp_id": org_id}, {"$set": {"provider_name": name}}, session=session)
    return await _changed(org_id, {"$set": {"name": name}}, session)


async def mark_deleted(org_id: PydanticObjectId, at: datetime, session: AsyncClientSession) -> Organization:
    """From now on nobody holds anything in the organization. Raises NotFound for one that is deleted already."""
    return await _changed(org_id, {"$set": {"deleted_at": at}}, session)


async def count_clients(org_id: PydanticObjectId, session: AsyncClientSession) -> int:
    """How many companies that are not deleted this provider manages, counted no further than one."""
    query = {"msp_id": org_id, "deleted_at": None}
    return await Organization.get_pymongo_collection().count_documents(query, limit=1, session=session)


async def find_organization(org_id: PydanticObjectId, session: AsyncClientSession | None = None) -> Organization | None:
    """The organization, unless it is deleted."""
    query = {"_id": org_id, "deleted_at": None}
    raw = await Organization.get_pymongo_collection().find_one(query, session=session)
    return None if raw is None else Organization.model_validate(raw)


async def find_deleted(at: datetime, *, limit: int = 100) -> list[PydanticObjectId]:
    """Ids of deleted organizations of which something may be left: those never found empty, and those of today."""
    lately = {"erased_at": None}, {"deleted_at": {"$gt": at - LOOKED_AT_AGAIN}}
    query = {"deleted_at": {"$type": "date"}, "$or": list(lately)}
    rows = Organization.get_pymongo_collection().find(query, {"_id": 1}, sort=[("deleted_at", DESCENDING)], limit=limit)
    return [raw["_id"] async for raw in rows]


async def _changed(org_id: PydanticObjectId, change: dict[str, Any], session: AsyncClientSession) -> Organization:
    raw = await Organization.get_pymongo_collection().find_one_and_update(
        {"_id": org_id, "deleted_at": None}, change, session=session, return_document=ReturnDocument.AFTER
    )
    if raw is None:
        raise NotFound.of("organization")
    organization: Organization = Organization.model_validate(raw)
    return organization
