"""Passkeys: public keys of a person's devices and password managers, with which they sign in."""

from datetime import datetime
from typing import Any

from beanie import Document, PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import utc_now
from domain.errors import NotFound

# Nobody has more devices; it bounds lists that are sent to browsers.
MOST_PASSKEYS = 20


class Passkey(Document):
    """`key_id` names it at the authenticator, `public_key` is its COSE key.

    `sign_count` is what the authenticator said last; one that keeps no count always says 0.
    """

    user_id: PydanticObjectId
    key_id: bytes
    public_key: bytes = Field(repr=False)
    sign_count: int
    name: str
    is_synced: bool
    created_at: datetime = Field(default_factory=utc_now)
    used_at: datetime | None = None

    class Settings:
        name = "passkeys"
        indexes = [
            IndexModel([("key_id", ASCENDING)], unique=True, name="key"),
            IndexModel([("user_id", ASCENDING), ("created_at", ASCENDING)], name="user_created"),
        ]


async def passkeys_of(user_id: PydanticObjectId, session: AsyncClientSession | None = None) -> list[Passkey]:
    """The passkeys of a person, oldest first."""
    rows = Passkey.get_pymongo_collection().find(
        {"user_id": user_id}, sort=[("created_at", ASCENDING)], session=session
    )
    return [Passkey.model_validate(raw) async for raw in rows]


async def find_passkey(key_id: bytes) -> Passkey | None:
    """The passkey that the authenticator calls so."""
    raw = await Passkey.get_pymongo_collection().find_one({"key_id": key_id})
    return None if raw is None else Passkey.model_validate(raw)


async def note_use(id: PydanticObjectId, count: int, at: datetime, session: AsyncClientSession) -> bool:
    """Keep the authenticator's count. False when it has not gone up: there are two copies of the key, or the answer is
    an old one. Source: Web Authentication Level 3, 7.2, step 22.
    """
    expected: dict[str, Any] = {"$lt": count} if count else {"$eq": 0}
    result = await Passkey.get_pymongo_collection().update_one(
        {"_id": id, "sign_count": expected}, {"$set": {"sign_count": count, "used_at": at}}, session=session
    )
    return result.matched_count == 1


async def rename_passkey(id: str, user_id: PydanticObjectId, name: str, session: AsyncClientSession) -> Passkey:
    """Raises NotFound for one that is gone or somebody else's."""
    raw = await Passkey.get_pymongo_collection().find_one_and_update(
        _own(id, user_id), {"$set": {"name": name}}, session=session, return_document=ReturnDocument.AFTER
    )
    return _stored(raw)


async def remove_passkey(id: str, user_id: PydanticObjectId, session: AsyncClientSession) -> Passkey:
    """The passkey that was. Raises NotFound for one that is gone or somebody else's."""
    return _stored(await Passkey.get_pymongo_collection().find_one_and_delete(_own(id, user_id), session=session))


def _own(id: str, user_id: PydanticObjectId) -> dict[str, Any]:
    if not ObjectId.is_valid(id):
        raise NotFound.of("passkey")
    return {"_id": ObjectId(id), "user_id": user_id}


def _stored(raw: dict[str, Any] | None) -> Passkey:
    if raw is None:
        raise NotFound.of("passkey")
    passkey: Passkey = Passkey.model_validate(raw)
    return passkey
