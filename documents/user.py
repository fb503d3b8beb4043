"""A person who signs in, and the memberships that say where with which role. Not tenant things: they span tenants."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from beanie import Document, PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument, utc_now
from documents.session import AuthMethod, last_seen_of
from domain.errors import NotFound


class Role(StrEnum):
    USER = "USER"
    ADMIN = "ADMIN"
    MSP_ADMIN = "MSP_ADMIN"
    CLIENT_VIEWER = "CLIENT_VIEWER"
    AUDITOR = "AUDITOR"


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


@dataclass(frozen=True, slots=True)
class Person:
    """What an organization sees of somebody who belongs to it. `last_seen_at`: when a session of theirs was used."""

    id: ObjectId
    email: str
    name: str
    has_second_factor: bool
    last_seen_at: datetime | None

    @classmethod
    def gone(cls, id: ObjectId) -> "Person":
        """In the place of one who is not there any more."""
        return cls(id, "", "Somebody who is gone", has_second_factor=False, last_seen_at=None)


class Membership(TenantDocument):
    """With a custom role its permissions are held instead of those of `role`.

    While `deactivated_at` is set nothing is held here. Sessions whose sign-in is older than `sessions_valid_from` hold
    nothing here either. From `until` on nothing is held here: an AUDITOR has one. `origin` is what made and keeps it,
    such as oidc:<id of an identity provider>; None for people.
    """

    noun: ClassVar[str] = "member"
    always_read: ClassVar[tuple[str, ...]] = ("org_id", "user_id")

    user_id: PydanticObjectId
    role: Role
    custom_role_id: PydanticObjectId | None = None
    origin: str | None = None
    deactivated_at: datetime | None = None
    sessions_valid_from: datetime | None = None
    until: datetime | None = None

    class Settings:
        name = "memberships"
        indexes = [
            IndexModel([("user_id", ASCENDING), ("org_id", ASCENDING)], unique=True, name="user_org"),
            IndexModel([("org_id", ASCENDING), ("created_at", ASCENDING), ("_id", ASCENDING)], name="org_joined"),
        ]

    def is_over(self, at: datetime) -> bool:
        """Whether its time has ended."""
        return self.until is not None and self.until <= at

    @classmethod
    async def complete(cls, rows: Sequence[Any]) -> None:
        """Each row has its `Person` in `user`."""
        await add_people(rows)


def normal_email(email: str) -> str:
    """The address as it is stored and compared."""
    return email.strip().lower()


async def add_people(rows: Sequence[Any]) -> None:
    """Put the `Person` whose id is under `user_id` into `user` of each row."""
    people = await people_by_id({row.user_id for row in rows})
    for row in rows:
        row.user = people.get(row.user_id) or Person.gone(row.user_id)


async def people_by_id(ids: Collection[ObjectId]) -> dict[ObjectId, Person]:
    """People by their id, deactivated ones included."""
    if not ids:
        return {}
    fields = {"email": 1, "name": 1, "factors": 1}
    raws = await User.get_pymongo_collection().find({"_id": {"$in": list(ids)}}, fields).to_list()
    seen = await last_seen_of([raw["_id"] for raw in raws])
    return {
        raw["_id"]: Person(raw["_id"], raw["email"], raw["name"], bool(raw.get("factors")), seen.get(raw["_id"]))
        for raw in raws
    }


async def find_user(email: str) -> User | None:
    """The user with this address, in whatever case it is written."""
    raw = await User.get_pymongo_collection().find_one({"email": normal_email(email)})
    return None if raw is None else User.model_validate(raw)


async def memberships_of_many(user_ids: Collection[PydanticObjectId]) -> list[dict[str, Any]]:
    """(user_id, org_id, role, custom_role_id, sessions_valid_from) of the memberships in force of these people."""
    fields = {"_id": 0, "user_id": 1, "org_id": 1, "role": 1, "custom_role_id": 1, "sessions_valid_from": 1}
    in_time = [{"until": None}, {"until": {"$gt": utc_now()}}]
    query = {"user_id": {"$in": list(user_ids)}, "deactivated_at": None, "$or": in_time}
    return await Membership.rows().find(query, fields).to_list()


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


async def mark_verified(user: User, at: datetime, session: AsyncClientSession) -> None:
    """Note that the person has shown that the address is theirs, unless they had before."""
    query = {"_id": user.id, "email_verified_at": None}
    await User.get_pymongo_collection().update_one(query, {"$set": {"email_verified_at": at}}, session=session)
