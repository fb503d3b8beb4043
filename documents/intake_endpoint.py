"""An address that a provider sends events of an organization to, or a queue we fetch them from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from domain.errors import Conflict, NotFound
from domain.facts.intake import IntakeWay

# How long the old secret is taken beside the new one: time to change it at the provider.
OVERLAP = timedelta(hours=24)


class IntakeEndpoint(TenantDocument):
    """`settings` are public (topics, audience, queue); `secret` is shared with the provider, sealed.

    `confirmed_at` is when the provider proved that it sends here; `received` and `refused` count what came.
    `reader` fetches from a queue at the moment, until `read_until` unless it says anew that it does.
    """

    noun: ClassVar[str] = "event endpoint"
    sealed: ClassVar[tuple[str, ...]] = ("secret", "previous_secret")

    account_id: PydanticObjectId
    way: IntakeWay
    settings: dict[str, Any] = Field(default_factory=dict)
    secret: bytes | None = Field(default=None, repr=False)
    previous_secret: bytes | None = Field(default=None, repr=False)
    previous_until: datetime | None = None
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
            IndexModel([("org_id", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)], name="org_newest"),
            IndexModel([("account_id", ASCENDING)], name="account"),
            IndexModel([("way", ASCENDING)], name="way"),
        ]


async def find_endpoint(id: str) -> IntakeEndpoint | None:
    """The endpoint with this id (24 hex digits), of whichever tenant: whoever calls it has proven nothing yet."""
    if not ObjectId.is_valid(id):
        return None
    raw = await IntakeEndpoint.rows().find_one({"_id": ObjectId(id)})
    return None if raw is None else IntakeEndpoint.stored(raw)


async def change_endpoint(
    endpoint: IntakeEndpoint, changes: Mapping[str, Any], session: AsyncClientSession
) -> IntakeEndpoint:
    """The endpoint with other fields. Raises Conflict when somebody else has changed it, NotFound when it is gone."""
    rows = IntakeEndpoint.rows()
    raw = await rows.find_one_and_update(
        {"_id": endpoint.id, "version": endpoint.version},
        {"$set": dict(changes), "$inc": {"version": 1}},
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    if raw is not None:
        return IntakeEndpoint.stored(raw)
    current = await rows.find_one({"_id": endpoint.id}, session=session)
    if current is None:
        raise NotFound.of(IntakeEndpoint.noun)
    raise Conflict(
        "Somebody else has changed this event endpoint: look at it again.", current=IntakeEndpoint.stored(current)
    )


async def delete_endpoint(endpoint: IntakeEndpoint, session: AsyncClientSession) -> None:
    """Take it away. Raises NotFound when it is gone already. What it has received is kept until it expires."""
    gone = await IntakeEndpoint.rows().delete_one({"_id": endpoint.id}, session=session)
    if not gone.deleted_count:
        raise NotFound.of(IntakeEndpoint.noun)


async def delete_endpoints_of(account_ids: Iterable[ObjectId | None], session: AsyncClientSession) -> int:
    """Take away all endpoints of accounts; returns how many there were."""
    query = {"account_id": {"$in": list(account_ids)}}
    return (await IntakeEndpoint.rows().delete_many(query, session=session)).deleted_count


async def confirm_endpoint(id: ObjectId, at: datetime) -> None:
    """Note that the provider has proven that it sends here. The first time counts."""
    await IntakeEndpoint.rows().update_one({"_id": id, "confirmed_at": None}, {"$set": {"confirmed_at": at}})


@dataclass(slots=True)
class Traffic:
    """What came to an endpoint since it was last written down. `refusal` is why the last one was refused."""

    received: int = 0
    refused: int = 0
    received_at: datetime | None = None
    refused_at: datetime | None = None
    refusal: str | None = None


async def add_traffic(found: Mapping[ObjectId, Traffic]) -> None:
    """Add to the counts of endpoints. The version stays: nobody works from counts."""
    writes = [UpdateOne({"_id": id}, _counted(traffic)) for id, traffic in found.items()]
    await IntakeEndpoint.rows().bulk_write(writes, ordered=False)


def _counted(traffic: Traffic) -> dict[str, Any]:
    last = {
        "last_received_at": traffic.received_at,
        "last_refused_at": traffic.refused_at,
        "last_refusal": traffic.refusal,
    }
    known = {name: value for name, value in last.items() if value is not None}
    return {"$inc": {"received": traffic.received, "refused": traffic.refused}, "$set": known}
