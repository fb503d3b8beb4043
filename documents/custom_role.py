"""A role that an organization made itself out of the permissions there are."""

from collections.abc import Collection
from typing import ClassVar

from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument


class CustomRole(TenantDocument):
    """`permissions` are values of auth.permission.Permission, sorted."""

    noun: ClassVar[str] = "role"

    name: str
    description: str = ""
    permissions: list[str] = Field(default_factory=list)
    version: int = 1

    class Settings:
        name = "custom_roles"
        indexes = [IndexModel([("org_id", ASCENDING), ("name", ASCENDING)], unique=True, name="org_name")]


async def permissions_of_roles(ids: Collection[ObjectId]) -> dict[ObjectId, tuple[ObjectId, frozenset[str]]]:
    """Role id to (organization id, permissions). For working out what members hold, hence not scoped."""
    rows = CustomRole.rows().find({"_id": {"$in": list(ids)}}, {"org_id": 1, "permissions": 1})
    return {raw["_id"]: (raw["org_id"], frozenset(raw["permissions"])) async for raw in rows}
