"""A stay of a provider's administrator in client organizations: for a reason, for a time, and on record."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from beanie import Document, PydanticObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import utc_now
from domain.errors import NotFound


class ClientAccess(Document):
    """`client_ids` is None for every client of the provider, later ones included.

    What a client sees of it are its own `documents.provider_visit.ProviderVisit`s.
    """

    user_id: PydanticObjectId
    msp_id: PydanticObjectId
    client_ids: list[PydanticObjectId] | None
    reason: str
    created_at: datetime = Field(default_factory=utc_now)
    expires_at: datetime
    ended_at: datetime | None = None

    class Settings:
        name = "client_accesses"
        indexes = [
            IndexModel([("user_id", ASCENDING), ("expires_at", ASCENDING)], name="user_expiry"),
            IndexModel([("msp_id", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)], name="msp_newest"),
            IndexModel([("msp_id", ASCENDING), ("expires_at", ASCENDING)], name="msp_expiry"),
        ]


async def accesses_of_many(user_ids: Collection[PydanticObjectId]) -> list[dict[str, Any]]:
    """(user_id, msp_id, client_ids) of the stays of these people that are under way."""
    query = {"user_id": {"$in": list(user_ids)}, "expires_at": {"$gt": utc_now()}, "ended_at": None}
    fields = {"_id": 0, "user_id": 1, "msp_id": 1, "client_ids": 1}
    return await ClientAccess.get_pymongo_collection().find(query, fields).to_list()


async def open_accesses(msp_ids: Collection[PydanticObjectId], at: datetime) -> list[ClientAccess]:
    """The stays of these providers' people that are under way."""
    query = {"msp_id": {"$in": list(msp_ids)}, "expires_at": {"$gt": at}, "ended_at": None}
    return [ClientAccess.model_validate(raw) async for raw in ClientAccess.get_pymongo_collection().find(query)]


async def find_access(id: PydanticObjectId, session: AsyncClientSession | None = None) -> ClientAccess:
    """The stay with this id. Raises NotFound without one."""
    raw = await ClientAccess.get_pymongo_collection().find_one({"_id": id}, session=session)
    if raw is None:
        raise NotFound.of("access")
    access: ClientAccess = ClientAccess.model_validate(raw)
    return access


async def end_access(access: ClientAccess, at: datetime, session: AsyncClientSession) -> ClientAccess:
    """The stay, over now; one that was over before stays as it was."""
    raw = await ClientAccess.get_pymongo_collection().find_one_and_update(
        {"_id": access.id, "ended_at": None},
        {"$set": {"ended_at": at}},
        session=session,
        return_document=ReturnDocument.AFTER,
    )
    ended: ClientAccess = access if raw is None else ClientAccess.model_validate(raw)
    return ended
