"""A person who signs in, and the memberships that say where with which role. Not tenant things: they span tenants."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from beanie import Document, PydanticObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel

from documents.base import utc_now


class Role(StrEnum):
    USER = "USER"
    ADMIN = "ADMIN"
    MSP_ADMIN = "MSP_ADMIN"
    CLIENT_VIEWER = "CLIENT_VIEWER"


class User(Document):
    """`email` is stored in lower case; `password_hash` carries its scheme in front, e.g. v1$…"""

    email: str
    name: str
    password_hash: str = Field(repr=False)
    created_at: datetime = Field(default_factory=utc_now)

    class Settings:
        name = "users"
        indexes = [IndexModel([("email", ASCENDING)], unique=True, name="email")]


class Membership(Document):
    user_id: PydanticObjectId
    org_id: PydanticObjectId
    role: Role
    created_at: datetime = Field(default_factory=utc_now)

    class Settings:
        name = "memberships"
        indexes = [
            IndexModel([("user_id", ASCENDING), ("org_id", ASCENDING)], unique=True, name="user_org"),
            IndexModel([("org_id", ASCENDING)], name="org"),
        ]


async def find_user(email: str) -> User | None:
    """The user with this address, in whatever case it is written."""
    raw = await User.get_pymongo_collection().find_one({"email": email.strip().lower()})
    return None if raw is None else User.model_validate(raw)


async def memberships_of(user_id: PydanticObjectId) -> dict[PydanticObjectId, Role]:
    """Organization id to role, as stored now."""
    rows = Membership.get_pymongo_collection().find({"user_id": user_id}, projection={"org_id": 1, "role": 1})
    return {raw["org_id"]: Role(raw["role"]) async for raw in rows}


async def memberships_of_many(
    user_ids: Collection[PydanticObjectId],
) -> dict[PydanticObjectId, dict[PydanticObjectId, Role]]:
    """User id to what `memberships_of` says of that user; who has no membership is left out."""
    held: dict[PydanticObjectId, dict[PydanticObjectId, Role]] = {}
    rows = Membership.get_pymongo_collection().find(
        {"user_id": {"$in": list(user_ids)}}, projection={"_id": 0, "user_id": 1, "org_id": 1, "role": 1}
    )
    async for raw in rows:
        held.setdefault(raw["user_id"], {})[raw["org_id"]] = Role(raw["role"])
    return held
