"""A group of people as the directory of an organization keeps it, and the roles that groups give."""

from collections.abc import Collection
from typing import ClassVar

from beanie import PydanticObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from documents.scim_record import ScimRecord
from documents.user import Role

# One document holds all members: 12 bytes each, far from the 16 MB that MongoDB takes.
MOST_MEMBERS = 20_000
# All of them are read when somebody's role is worked out.
MOST_GROUP_ROLES = 200


class ScimGroup(ScimRecord):
    """`member_ids` are ids of ScimUser; `display_name_key` is the name in lower case."""

    noun: ClassVar[str] = "group"

    display_name: str
    display_name_key: str
    member_ids: list[PydanticObjectId] = Field(default_factory=list)

    class Settings:
        name = "scim_groups"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("display_name_key", ASCENDING)], name="org_display_name"),
            IndexModel([("org_id", ASCENDING), ("external_id", ASCENDING)], name="org_external"),
            IndexModel([("org_id", ASCENDING), ("member_ids", ASCENDING)], name="org_member"),
            IndexModel([("org_id", ASCENDING), ("_id", ASCENDING)], name="org_id"),
        ]


class GroupRole(TenantDocument):
    """Members of the group called `group`, by its name in any case or by the directory's own id, get this role."""

    noun: ClassVar[str] = "group role"

    group: str
    group_key: str
    role: Role
    custom_role_id: PydanticObjectId | None = None

    class Settings:
        name = "group_roles"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("group_key", ASCENDING)], unique=True, name="org_group"),
            # The order of the list; see documents/budget.py.
            IndexModel([("org_id", ASCENDING), ("group_key", ASCENDING), ("_id", ASCENDING)], name="org_group_id"),
        ]

    def is_of(self, group: ScimGroup) -> bool:
        """Whether the group gives this role."""
        return self.group_key == group.display_name_key or self.group == group.external_id


async def groups_with(
    org_id: PydanticObjectId, member_ids: Collection[PydanticObjectId], session: AsyncClientSession | None = None
) -> list[ScimGroup]:
    """The organization's groups that hold any of these members; `member_ids` of each are these members only."""
    wanted = list(member_ids)
    query = {"org_id": org_id, "member_ids": {"$in": wanted}}
    fields = {"$addFields": {"member_ids": {"$setIntersection": ["$member_ids", wanted]}}}
    rows = await ScimGroup.rows().aggregate([{"$match": query}, fields], session=session)
    return [ScimGroup.stored(raw) async for raw in rows]


async def forget_member(org_id: PydanticObjectId, member_id: PydanticObjectId, session: AsyncClientSession) -> None:
    """Take a person out of every group of the organization."""
    query = {"org_id": org_id, "member_ids": member_id}
    change = {"$pull": {"member_ids": member_id}, "$inc": {"version": 1}}
    await ScimGroup.rows().update_many(query, change, session=session)


async def group_roles(org_id: PydanticObjectId, session: AsyncClientSession | None = None) -> list[GroupRole]:
    """Which roles the organization's groups give."""
    rows = GroupRole.rows().find({"org_id": org_id}, session=session).limit(MOST_GROUP_ROLES)
    return [GroupRole.stored(raw) async for raw in rows]


async def members_of_role(rule: GroupRole, session: AsyncClientSession) -> set[PydanticObjectId]:
    """Ids of the records whose groups give this role."""
    names = [{"display_name_key": rule.group_key}, {"external_id": rule.group}]
    rows = ScimGroup.rows().find({"org_id": rule.org_id, "$or": names}, {"member_ids": 1}, session=session)
    return {id async for raw in rows for id in raw["member_ids"]}


async def put_group_role(wanted: GroupRole, session: AsyncClientSession) -> tuple[GroupRole | None, GroupRole]:
    """Store the rule in place of an earlier one for the group; returns that one and the stored one."""
    key = {"org_id": wanted.org_id, "group_key": wanted.group_key}
    raw = await GroupRole.rows().find_one(key, session=session)
    if raw is None:
        await wanted.insert(session=session)
        return None, wanted
    change = {"role": wanted.role.value, "custom_role_id": wanted.custom_role_id, "group": wanted.group}
    await GroupRole.rows().update_one({"_id": raw["_id"]}, {"$set": change}, session=session)
    return GroupRole.stored(raw), GroupRole.stored({**raw, **change})


async def remove_group_role(rule: GroupRole, session: AsyncClientSession) -> None:
    """Remove the rule; roles that it gave are the caller's to settle."""
    await GroupRole.rows().delete_one({"_id": rule.id, "org_id": rule.org_id}, session=session)
