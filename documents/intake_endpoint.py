"""An address that a provider sends events of an organization to, or a queue we fetch them from."""

from datetime import datetime
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument
from domain.facts.intake import IntakeWay


class IntakeEndpoint(TenantDocument):
    """`settings` are public (topics, audience, queue); `secret` is shared with the provider, sealed.

    `confirmed_at` is when the provider proved that it sends here; `received` and `refused` count what came.
    `reader` fetches from a queue at the moment, until `read_until` unless it says anew that it does.
    """

    noun: ClassVar[str] = "event endpoint"
    sealed: ClassVar[tuple[str, ...]] = ("secret",)

    account_id: PydanticObjectId
    way: IntakeWay
    settings: dict[str, Any] = Field(default_factory=dict)
    secret: bytes | None = Field(default=None, repr=False)
    is_paused: bool = False
    confirmed_at: datetime | None = None
    received: int = 0
    refused: int = 0
    last_received_at: datetime | None = None
    last_refused_at: datetime | None = None
    last_refusal: str | None = None
    reader: str | None = None
    read_until: datetime | None = None
    version: int = 1

    class Settings:
        name = "intake_endpoints"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("created_at", ASCENDING), ("_id", ASCENDING)], name="org_created"),
            IndexModel([("account_id", ASCENDING)], name="account"),
            IndexModel([("way", ASCENDING)], name="way"),
        ]


async def find_endpoint(id: str) -> IntakeEndpoint | None:
    """The endpoint with this id (24 hex digits), of whichever tenant: whoever calls it has proven nothing yet."""
    if not ObjectId.is_valid(id):
        return None
    raw = await IntakeEndpoint.rows().find_one({"_id": ObjectId(id)})
    return None if raw is None else IntakeEndpoint.stored(raw)
