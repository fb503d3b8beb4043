"""A person as an identity provider knows them, and the account here that they are."""

from datetime import datetime
from typing import Any

from beanie import Document, PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import utc_now
from documents.user import User
from domain.identity.identity import Identity


class ExternalIdentity(Document):
    """(issuer, subject) is one person for ever. `provider` is the key it was linked by; `email` what it said then."""

    user_id: PydanticObjectId
    provider: str
    issuer: str
    subject: str
    email: str | None = None
    linked_at: datetime = Field(default_factory=utc_now)
    used_at: datetime = Field(default_factory=utc_now)

    class Settings:
        name = "external_identities"
        indexes = [
            IndexModel([("issuer", ASCENDING), ("subject", ASCENDING)], unique=True, name="issuer_subject"),
            IndexModel([("user_id", ASCENDING), ("linked_at", ASCENDING)], name="user_linked"),
        ]


async def find_identity(
    issuer: str, subject: str, session: AsyncClientSession | None = None
) -> ExternalIdentity | None:
    """The link of this identity, whoever it belongs to."""
    query = {"issuer": issuer, "subject": subject}
    raw = await ExternalIdentity.get_pymongo_collection().find_one(query, session=session)
    return None if raw is None else _stored(raw)


async def link(user_id: Any, provider: str, identity: Identity, session: AsyncClientSession) -> ExternalIdentity:
    """Note that this identity is the person's. Raises DuplicateKeyError when it is somebody's already."""
    made = ExternalIdentity(
        user_id=user_id,
        provider=provider,
        issuer=identity.issuer,
        subject=identity.subject,
        email=identity.email,
    )
    await made.insert(session=session)
    return made


async def identities_of(user_id: PydanticObjectId, session: AsyncClientSession | None = None) -> list[ExternalIdentity]:
    """The identities of a person, in the order they were linked."""
    rows = ExternalIdentity.get_pymongo_collection().find(
        {"user_id": user_id}, sort=[("linked_at", ASCENDING)], limit=50, session=session
    )
    return [_stored(raw) async for raw in rows]


async def has_identity(user_id: PydanticObjectId) -> bool:
    """Whether the person comes in through any identity provider."""
    return await ExternalIdentity.get_pymongo_collection().find_one({"user_id": user_id}, {"_id": 1}) is not None


async def note_used(identity: ExternalIdentity, at: datetime, session: AsyncClientSession) -> None:
    """Note that the person has come in by it."""
    await ExternalIdentity.get_pymongo_collection().update_one(
        {"_id": identity.id}, {"$set": {"used_at": at}}, session=session
    )


async def unlink(id: ObjectId, session: AsyncClientSession) -> None:
    """Forget that it is anybody's."""
    await ExternalIdentity.get_pymongo_collection().delete_one({"_id": id}, session=session)


async def account_by_id(id: PydanticObjectId, session: AsyncClientSession) -> User | None:
    """The account, deactivated or not."""
    raw = await User.get_pymongo_collection().find_one({"_id": id}, session=session)
    return None if raw is None else User.model_validate(raw)


async def account_by_email(email: str, session: AsyncClientSession) -> User | None:
    """The account with this address, deactivated or not."""
    raw = await User.get_pymongo_collection().find_one({"email": email}, session=session)
    return None if raw is None else User.model_validate(raw)


def _stored(raw: dict[str, Any]) -> ExternalIdentity:
    identity: ExternalIdentity = ExternalIdentity.model_validate(raw)
    return identity
