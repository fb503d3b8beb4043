"""A stay of a provider's administrator in client organizations: for a reason, for a time, and on record."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from beanie import Document, PydanticObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel

from documents.base import utc_now


class ClientAccess(Document):
    """`client_ids` is None for every client of the provider, later ones included."""

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
            IndexModel([("msp_id", ASCENDING), ("created_at", ASCENDING)], name="msp_created"),
        ]


async def accesses_of_many(user_ids: Collection[PydanticObjectId]) -> list[dict[str, Any]]:
    """(user_id, msp_id, client_ids) of the stays of these people that are under way."""
    query = {"user_id": {"$in": list(user_ids)}, "expires_at": {"$gt": utc_now()}, "ended_at": None}
    fields = {"_id": 0, "user_id": 1, "msp_id": 1, "client_ids": 1}
    return await ClientAccess.get_pymongo_collection().find(query, fields).to_list()
