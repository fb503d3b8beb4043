"""A tenant: one company, or a managed service provider (MSP) with client companies."""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from operator import itemgetter
from typing import Any

from beanie import Document, PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import utc_now
from documents.event import open_log


class OrganizationKind(StrEnum):
    COMPANY = "COMPANY"
    MSP = "MSP"


class Organization(Document):
    """`msp_id` names the provider that manages this company, if any."""

    name: str
    kind: OrganizationKind
    msp_id: PydanticObjectId | None = None
    created_at: datetime = Field(default_factory=utc_now)

    class Settings:
        name = "organizations"
        indexes = [IndexModel([("msp_id", ASCENDING)], name="msp")]


async def open_organization(
    name: str, kind: OrganizationKind, *, msp_id: PydanticObjectId | None, session: AsyncClientSession
) -> Organization:
    """Store a new organization together with its empty event log."""
    organization = Organization(name=name, kind=kind, msp_id=msp_id)
    await organization.insert(session=session)
    assert organization.id is not None  # noqa: S101 - insert sets it; this tells the type checker
    await open_log(organization.id, session)
    return organization


async def clients_of(msp_ids: list[PydanticObjectId]) -> list[PydanticObjectId]:
    """Ids of the companies these providers manage."""
    rows = Organization.get_pymongo_collection().find({"msp_id": {"$in": msp_ids}}, projection={"_id": 1})
    return [raw["_id"] async for raw in rows]


async def clients_by_provider(
    msp_ids: Collection[PydanticObjectId],
) -> dict[PydanticObjectId, list[PydanticObjectId]]:
    """Provider id to the ids of the companies it manages; a provider without any is left out."""
    clients: dict[PydanticObjectId, list[PydanticObjectId]] = {}
    rows = Organization.get_pymongo_collection().find({"msp_id": {"$in": list(msp_ids)}}, projection={"msp_id": 1})
    async for raw in rows:
        clients.setdefault(raw["msp_id"], []).append(raw["_id"])
    return clients


async def load_organizations(ids: Sequence[str]) -> list[Organization]:
    """The organizations with these ids (24 hex digits), by name. The caller has checked that they are in reach."""
    wanted = [ObjectId(id) for id in ids]
    raws = await Organization.get_pymongo_collection().find({"_id": {"$in": wanted}}).to_list()
    return [Organization.model_validate(raw) for raw in sorted(raws, key=itemgetter("name"))]


async def find_organizations(named: str | None, *, limit: int = 50) -> list[Organization]:
    """Organizations with this id or name, all when None; for the person at the server's own command line."""
    query: dict[str, Any] = {}
    if named is not None:
        query = {"_id": ObjectId(named)} if ObjectId.is_valid(named) else {"name": named}
    rows = Organization.get_pymongo_collection().find(query, sort=[("name", ASCENDING)], limit=limit)
    return [Organization.model_validate(raw) async for raw in rows]
