"""A person as the directory of an organization describes them. Who signs in is documents/user.py."""

from collections.abc import Collection
from typing import Any, ClassVar

from beanie import PydanticObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.scim_record import ScimRecord


class ScimUser(ScimRecord):
    """`attributes` is the record as the directory sent it, `emails` its addresses as (value, type) in lower case.

    `user_id` is None until the directory names an address. `is_own`: the person was made by this directory, which
    therefore leads in their name and address. `has_group_role`: a group gave them the role they have.
    """

    noun: ClassVar[str] = "user"

    user_id: PydanticObjectId | None = None
    user_name_key: str
    emails: list[dict[str, str]] = Field(default_factory=list)
    active: bool = True
    attributes: dict[str, Any]
    is_own: bool = False
    has_group_role: bool = False

    class Settings:
        name = "scim_users"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("user_name_key", ASCENDING)], unique=True, name="org_user_name"),
            IndexModel(
                [("org_id", ASCENDING), ("user_id", ASCENDING)],
                unique=True,
                partialFilterExpression={"user_id": {"$type": "objectId"}},
                name="org_user",
            ),
            IndexModel([("user_id", ASCENDING)], name="user"),
            IndexModel([("org_id", ASCENDING), ("external_id", ASCENDING)], name="org_external"),
            IndexModel([("org_id", ASCENDING), ("emails.value", ASCENDING)], name="org_email"),
            IndexModel([("org_id", ASCENDING), ("active", ASCENDING), ("_id", ASCENDING)], name="org_active"),
            IndexModel([("org_id", ASCENDING), ("_id", ASCENDING)], name="org_id"),
        ]


async def users_of(
    org_id: PydanticObjectId, ids: Collection[PydanticObjectId], session: AsyncClientSession
) -> list[ScimUser]:
    """Those of these records that are the organization's."""
    rows = ScimUser.rows().find({"_id": {"$in": list(ids)}, "org_id": org_id}, session=session)
    return [ScimUser.stored(raw) async for raw in rows]


async def records_of_person(user_id: PydanticObjectId, session: AsyncClientSession) -> list[ScimUser]:
    """What all directories keep of a person. For when the person has proven their address, hence not scoped."""
    rows = ScimUser.rows().find({"user_id": user_id}, session=session)
    return [ScimUser.stored(raw) async for raw in rows]
