"""A role that an organization made itself out of the permissions there are."""

from collections.abc import Collection
from typing import Any, ClassVar

from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from domain.errors import Conflict


class CustomRole(TenantDocument):
    """`permissions` are values of auth.permission.Permission, sorted."""

    noun: ClassVar[str] = "role"

    name: str
    description: str = ""
    permissions: list[str] = Field(default_factory=list)
    version: int = 1

    class Settings:
        name = "custom_roles"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING)], unique=True, name="org_name"),
            # The order of the list; MongoDB does not conclude from the unique one that no tie is left to break.
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING), ("_id", ASCENDING)], name="org_name_id"),
        ]


async def permissions_of_roles(ids: Collection[ObjectId]) -> dict[ObjectId, tuple[ObjectId, frozenset[str]]]:
    """Role id to (organization id, permissions). For working out what members hold, hence not scoped."""
    rows = CustomRole.rows().find({"_id": {"$in": list(ids)}}, {"org_id": 1, "permissions": 1})
    return {raw["_id"]: (raw["org_id"], frozenset(raw["permissions"])) async for raw in rows}


async def change_role(
    role: CustomRole, changes: dict[str, Any], expected_version: int | None, session: AsyncClientSession
) -> CustomRole:
    """The role with these fields changed. Raises Conflict when it is not in the version the caller worked from."""
    version = role.version if expected_version is None else expected_version
    raw = await CustomRole.rows().find_one_and_update(
        {"_id": role.id, "version": version},
        {"$set": changes, "$inc": {"version": 1}},
        session=session,
        return_document=ReturnDocument.AFTER,
    )
    if raw is None:
        raise Conflict(
            "The role was changed in the meantime: look at it again.", path=("input", "expectedVersion"), current=role
        )
    return CustomRole.stored(raw)


async def delete_role(role: CustomRole, session: AsyncClientSession) -> None:
    """Delete the role; whoever still had it would hold nothing."""
    await CustomRole.rows().delete_one({"_id": role.id}, session=session)
