"""A person who signs in, and the memberships that say where with which role. Not tenant things: they span tenants."""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from beanie import Document, PydanticObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import utc_now
from documents.session import AuthMethod
from domain.errors import NotFound


class Role(StrEnum):
    USER = "USER"
    ADMIN = "ADMIN"
    MSP_ADMIN = "MSP_ADMIN"
    CLIENT_VIEWER = "CLIENT_VIEWER"


class User(Document):
    """`email` is stored in lower case; `password_hash` carries its scheme in front, e.g. v1$…"""

    email: str
    name: str
    # None for those who come in through an identity provider only.
    password_hash: str | None = Field(default=None, repr=False)
    email_verified_at: datetime | None = None
    deactivated_at: datetime | None = None
    # Whether they left by themselves, and may come back by themselves.
    has_left: bool = False
    # The second factors the person has set up.
    factors: list[AuthMethod] = Field(default_factory=list)
    # Raised with every change of them; see documents/enrolment.py.
    factor_changes: int = 0
    # Raised to end every token and session of the person at once.
    session_version: int = 0
    created_at: datetime = Field(default_factory=utc_now)

    @property
    def own_id(self) -> PydanticObjectId:
        """The id of a person who is stored."""
        assert self.id is not None  # noqa: S101 - this tells the type checker
        return self.id

    class Settings:
        name = "users"
        indexes = [IndexModel([("email", ASCENDING)], unique=True, name="email")]


class Membership(Document):
    """With a custom role its permissions are held instead of those of `role`.

    `origin` is what made and keeps it, such as oidc:<id of an identity provider>; None for people.
    """

    user_id: PydanticObjectId
    org_id: PydanticObjectId
    role: Role
    custom_role_id: PydanticObjectId | None = None
    origin: str | None = None
    created_at: datetime = Field(default_factory=utc_now)

    class Settings:
        name = "memberships"
        indexes = [
            IndexModel([("user_id", ASCENDING), ("org_id", ASCENDING)], unique=True, name="user_org"),
            IndexModel([("org_id", ASCENDING)], name="org"),
        ]


def normal_email(email: str) -> str:
    """The address as it is stored and compared."""
    return email.strip().lower()


async def find_user(email: str) -> User | None:
    """The user with this address, in whatever case it is written."""
    raw = await User.get_pymongo_collection().find_one({"email": normal_email(email)})
    return None if raw is None else User.model_validate(raw)


async def memberships_of_many(user_ids: Collection[PydanticObjectId]) -> list[dict[str, Any]]:
    """(user_id, org_id, role, custom_role_id) of every membership of these people."""
    fields = {"_id": 0, "user_id": 1, "org_id": 1, "role": 1, "custom_role_id": 1}
    query = {"user_id": {"$in": list(user_ids)}}
    return await Membership.get_pymongo_collection().find(query, fields).to_list()


async def users_by_id(ids: Collection[PydanticObjectId]) -> dict[PydanticObjectId, User]:
    """People by their id; who is gone or deactivated is left out."""
    query = {"_id": {"$in": list(ids)}, "deactivated_at": None}
    return {raw["_id"]: User.model_validate(raw) async for raw in User.get_pymongo_collection().find(query)}


async def find_user_by_id(id: PydanticObjectId) -> User | None:
    """The person, unless gone or deactivated."""
    return (await users_by_id([id])).get(id)


async def find_person(id: PydanticObjectId, session: AsyncClientSession) -> User:
    """The person, deactivated or not. Raises NotFound when gone."""
    raw = await User.get_pymongo_collection().find_one({"_id": id}, session=session)
    if raw is None:
        raise NotFound.of("person")
    person: User = User.model_validate(raw)
    return person


async def change_user(
    id: PydanticObjectId, changes: Mapping[str, Any], session: AsyncClientSession, **expected: Any
) -> User:
    """The person with these fields set. Raises NotFound when gone, or when a field is not as `expected` any more."""
    raw = await User.get_pymongo_collection().find_one_and_update(
        {"_id": id, **expected}, {"$set": dict(changes)}, session=session, return_document=ReturnDocument.AFTER
    )
    if raw is None:
        raise NotFound.of("person")
    changed: User = User.model_validate(raw)
    return changed


async def only_administrated_by(user_id: PydanticObjectId, session: AsyncClientSession) -> list[PydanticObjectId]:
    """Organizations that would have no administrator left without this person, who is one there."""
    members, administrators = Membership.get_pymongo_collection(), {"$in": [Role.ADMIN, Role.MSP_ADMIN]}
    own = await members.find({"user_id": user_id, "role": administrators}, session=session).to_list()
    alone = []
    for org_id in [raw["org_id"] for raw in own]:
        query = {"org_id": org_id, "role": administrators, "user_id": {"$ne": user_id}}
        others = [raw["user_id"] async for raw in members.find(query, {"user_id": 1}, session=session)]
        here = {"_id": {"$in": others}, "deactivated_at": None}
        if not await User.get_pymongo_collection().count_documents(here, limit=1, session=session):
            alone.append(org_id)
    return alone
