"""An API key of a service account. The key itself is stored nowhere, only its SHA-256."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument, utc_now
from domain.errors import Conflict

LIFETIME = timedelta(days=90)
LONGEST_LIFETIME = timedelta(days=365)
OVERLAP = timedelta(days=1)
LONGEST_OVERLAP = timedelta(days=7)
# Time to rotate a key at leisure.
SOON = timedelta(days=14)
# When an alert tells of its end, and how long after the end that is looked after.
ENDING, LOOKED_AFTER = timedelta(days=7), timedelta(days=30)
# Last use is for people who look for keys that nobody needs; a minute more or less says them nothing.
USE_NOTED_EVERY = timedelta(minutes=1)


class ApiKey(TenantDocument):
    """`prefix` is the part of the key that is shown in lists. `scopes` narrow what the service account may do; None
    leaves it all. A key that was rotated ends at `overlap_until`, which is then also its `expires_at`.
    """

    noun: ClassVar[str] = "API key"

    service_account_id: PydanticObjectId
    name: str
    prefix: str
    sha256: str = Field(repr=False)
    scopes: list[str] | None = None
    created_by: str
    expires_at: datetime
    last_used_at: datetime | None = None
    last_used_address: str | None = None
    revoked_at: datetime | None = None
    rotated_from_id: PydanticObjectId | None = None
    overlap_until: datetime | None = None

    class Settings:
        name = "api_keys"
        indexes = [
            IndexModel([("sha256", ASCENDING)], unique=True, name="sha256"),
            IndexModel(
                [
                    ("org_id", ASCENDING),
                    ("service_account_id", ASCENDING),
                    ("created_at", DESCENDING),
                    ("_id", DESCENDING),
                ],
                name="org_account_newest",
            ),
            IndexModel([("expires_at", ASCENDING)], name="expires"),
        ]

    def must_be_replaced(self, at: datetime) -> bool:
        """Whether it ends within a week and nothing follows it. What was made for a week or less ends as it should."""
        is_in_use = self.revoked_at is None and self.overlap_until is None and self.expires_at > at
        return is_in_use and self.expires_at - at <= ENDING < self.expires_at - self.created_at

    async def fresh(self, session: AsyncClientSession) -> "ApiKey | None":
        """The key as it is stored now; None when it is gone."""
        raw = await ApiKey.rows().find_one(_only(self), session=session)
        return None if raw is None else ApiKey.stored(raw)


def fingerprint(id: object) -> str:
    """Of the alert about the end of the key with this id."""
    return f"api-key:{id}"


async def ending_keys(at: datetime) -> list[ApiKey]:
    """Keys of all organizations that end within a week or have ended within a month, replaced ones included."""
    rows = ApiKey.rows().find({"expires_at": {"$gt": at - LOOKED_AFTER, "$lte": at + ENDING}}, sort=[("expires_at", 1)])
    return [ApiKey.stored(raw) async for raw in rows]


async def find_key(sha256: str) -> dict[str, Any] | None:
    """(_id, org_id, service_account_id, scopes, expires_at) of the key with this hash, unless revoked or expired."""
    return await ApiKey.rows().find_one(_valid({"sha256": sha256}), _READ)


async def open_keys(ids: Collection[ObjectId]) -> dict[ObjectId, dict[str, Any]]:
    """Key id to what `find_key` gives, of those that are neither revoked nor expired."""
    rows = ApiKey.rows().find(_valid({"_id": {"$in": list(ids)}}), _READ)
    return {raw["_id"]: raw async for raw in rows}


_READ = {"org_id": 1, "service_account_id": 1, "scopes": 1, "expires_at": 1}


def _valid(query: Mapping[str, Any]) -> dict[str, Any]:
    return {**query, "revoked_at": None, "expires_at": {"$gt": utc_now()}}


async def revoke_key(key: ApiKey, at: datetime, session: AsyncClientSession) -> ApiKey:
    """The key, revoked. Revoking twice keeps the first time."""
    await ApiKey.rows().update_one(_only(key, revoked_at=None), {"$set": {"revoked_at": at}}, session=session)
    raw = await ApiKey.rows().find_one(_only(key), session=session)
    return key if raw is None else ApiKey.stored(raw)


async def retire_key(key: ApiKey, until: datetime, session: AsyncClientSession) -> ApiKey:
    """The key, which ends at `until` because another one follows. Raises Conflict when it has ended or was rotated."""
    raw = await ApiKey.rows().find_one_and_update(
        _only(key, overlap_until=None, revoked_at=None, expires_at={"$gt": utc_now()}),
        [{"$set": {"overlap_until": until, "expires_at": {"$min": ["$expires_at", until]}}}],
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    if raw is None:
        raise Conflict("This key has ended or was rotated already: create a new one instead.")
    return ApiKey.stored(raw)


async def remove_keys(account_id: ObjectId, org_id: ObjectId, session: AsyncClientSession) -> list[ObjectId]:
    """Remove every key of a service account; returns their ids."""
    query = {"org_id": org_id, "service_account_id": account_id}
    ids = [raw["_id"] async for raw in ApiKey.rows().find(query, {"_id": 1}, session=session)]
    await ApiKey.rows().delete_many(query, session=session)
    return ids


async def note_use(id: ObjectId, at: datetime, address: str) -> None:
    """Note when and from where the key was used, unless that was noted less than a minute before."""
    stale = {"$or": [{"last_used_at": None}, {"last_used_at": {"$lte": at - USE_NOTED_EVERY}}]}
    await ApiKey.rows().update_one({"_id": id, **stale}, {"$set": {"last_used_at": at, "last_used_address": address}})


def _only(key: ApiKey, **more: Any) -> dict[str, Any]:
    return {"_id": key.id, "org_id": key.org_id, **more}
