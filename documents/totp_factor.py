"""The authenticator app of a person: its seed, sealed, and how far its codes have been used up."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from beanie import Document, PydanticObjectId
from bson import Binary
from pydantic import Field
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import utc_now
from documents.vault import Vault

BSON_BINARY_ENCRYPTED = 6
# How long a seed waits for the first code.
PENDING_FOR = timedelta(minutes=15)


class TotpFactor(Document):
    """At most one for each person. `pending_until` is set until a first code has shown that the app has the seed.

    `last_step` is the newest time step whose code was accepted: it and older ones never are again.
    """

    sealed: ClassVar[tuple[str, ...]] = ("seed",)

    user_id: PydanticObjectId
    seed: bytes = Field(repr=False)
    pending_until: datetime | None
    last_step: int = -1
    created_at: datetime = Field(default_factory=utc_now)

    class Settings:
        name = "totp_factors"
        indexes = [
            IndexModel([("user_id", ASCENDING)], unique=True, name="user"),
            IndexModel([("pending_until", ASCENDING)], name="pending", expireAfterSeconds=0),
        ]


def vault_key_of(user_id: PydanticObjectId) -> str:
    """The name of the person's own data key: once it is shredded, their seed is unreadable in every backup too."""
    return f"user:{user_id}"


async def seal_seed(vault: Vault, user_id: PydanticObjectId, seed: str) -> Binary:
    """The seed as it is stored."""
    return Binary(await vault.seal(vault_key_of(user_id), seed), BSON_BINARY_ENCRYPTED)


async def put_pending(user_id: PydanticObjectId, seed: Binary, at: datetime, session: AsyncClientSession) -> datetime:
    """Have this seed wait for its first code, in place of one that waits already; until when it does.

    Raises DuplicateKeyError when the person has a confirmed one.
    """
    until = at + PENDING_FOR
    await TotpFactor.get_pymongo_collection().replace_one(
        {"user_id": user_id, "pending_until": {"$ne": None}},
        {
            "user_id": user_id,
            "seed": seed,
            "pending_until": until,
            "last_step": -1,
            "created_at": at,
        },
        upsert=True,
        session=session,
    )
    return until


async def find_pending(user_id: PydanticObjectId, at: datetime) -> TotpFactor | None:
    """What waits for its first code."""
    return await _found({"user_id": user_id, "pending_until": {"$gt": at}})


async def find_confirmed(user_id: PydanticObjectId) -> TotpFactor | None:
    """The person's authenticator app."""
    return await _found({"user_id": user_id, "pending_until": None})


async def _found(query: dict[str, Any]) -> TotpFactor | None:
    raw = await TotpFactor.get_pymongo_collection().find_one(query)
    return None if raw is None else TotpFactor.model_validate(raw)


async def confirm(factor: TotpFactor, step: int, session: AsyncClientSession) -> bool:
    """Make a pending one count, with the code of this step used up. False when something else stands there by now."""
    result = await TotpFactor.get_pymongo_collection().update_one(
        {"_id": factor.id, "seed": Binary(factor.seed, BSON_BINARY_ENCRYPTED), "pending_until": {"$ne": None}},
        {"$set": {"pending_until": None, "last_step": step}},
        session=session,
    )
    return result.modified_count == 1


async def use_step(user_id: PydanticObjectId, step: int, session: AsyncClientSession) -> bool:
    """Use up the code of a step. False when it, or a newer one, was used before, by whatever process."""
    result = await TotpFactor.get_pymongo_collection().update_one(
        {"user_id": user_id, "pending_until": None, "last_step": {"$lt": step}},
        {"$set": {"last_step": step}},
        session=session,
    )
    return result.modified_count == 1


async def remove_totp(user_id: PydanticObjectId, session: AsyncClientSession) -> bool:
    """Whether there was a confirmed one to remove."""
    result = await TotpFactor.get_pymongo_collection().delete_one(
        {"user_id": user_id, "pending_until": None}, session=session
    )
    return result.deleted_count == 1
