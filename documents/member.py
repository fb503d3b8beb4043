"""Who belongs to an organization: found by name, and changed so that an administrator is always left."""

import re
from collections.abc import Iterable
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import utc_now
from documents.custom_role import CustomRole
from documents.organization import Organization, find_organization, lock_members
from documents.user import Membership, Role, User
from domain.errors import Conflict
from domain.facts.scope import Scope

ADMINISTRATORS = (Role.ADMIN, Role.MSP_ADMIN)
LAST_ADMINISTRATOR = "This is the last administrator: make somebody else one first."


async def members_named(scope: Scope, text: str) -> list[ObjectId]:
    """Ids of the people in scope whose address begins with this text, or a word of whose name does, in any case."""
    rows = Membership.rows().find(Membership.within(scope), {"_id": 0, "user_id": 1})
    ids = [raw["user_id"] async for raw in rows]
    start = re.escape(text.strip())
    names = [{"email": {"$regex": f"^{start.lower()}"}}, {"name": {"$regex": rf"(^|\s){start}", "$options": "i"}}]
    users = User.get_pymongo_collection().find({"_id": {"$in": ids}, "$or": names}, {"_id": 1})
    return [raw["_id"] async for raw in users]


async def find_membership(
    org_id: PydanticObjectId, user_id: PydanticObjectId, session: AsyncClientSession | None = None
) -> Membership | None:
    """The membership of this person, in force or not."""
    raw = await Membership.rows().find_one({"user_id": user_id, "org_id": org_id}, session=session)
    return None if raw is None else Membership.stored(raw)


async def is_member(org_id: PydanticObjectId, email: str) -> bool:
    """Whether the person with this address (lower case) belongs to the organization; not who did for a time."""
    user = await User.get_pymongo_collection().find_one({"email": email}, {"_id": 1})
    found = None if user is None else await find_membership(org_id, user["_id"])
    return found is not None and not found.is_over(utc_now())


async def is_over(org_id: PydanticObjectId, user_id: PydanticObjectId) -> bool:
    """Whether this person belonged to the organization for a time that has ended."""
    found = await find_membership(org_id, user_id)
    return found is not None and found.is_over(utc_now())


async def change_member(member: Membership, changes: dict[str, Any], session: AsyncClientSession) -> Membership:
    """The member with these stored fields changed. Raises Conflict when no administrator would be left.

    Call `documents.organization.lock_members` before, in the same transaction.
    """
    await Membership.rows().update_one({"_id": member.id}, {"$set": changes}, session=session)
    await keep_administrator([member], session)
    raw = await Membership.rows().find_one({"_id": member.id}, session=session)
    assert raw is not None  # noqa: S101 - it was changed in this very transaction
    return Membership.stored(raw)


async def remove_member(member: Membership, session: AsyncClientSession) -> None:
    """Take the member out of the organization. Raises Conflict, and wants the lock, as `change_member` does."""
    await Membership.rows().delete_one({"_id": member.id}, session=session)
    await keep_administrator([member], session)


async def permissions_stored(member: Membership, session: AsyncClientSession) -> list[str] | None:
    """The stored permissions of the member's custom role, [] when it is gone; None for a member without one."""
    if member.custom_role_id is None:
        return None
    query = {"_id": member.custom_role_id, "org_id": member.org_id}
    raw = await CustomRole.rows().find_one(query, session=session)
    return [] if raw is None else list(raw["permissions"])


async def holders_of(role: CustomRole, session: AsyncClientSession) -> list[ObjectId]:
    """Ids of the people whose custom role this is."""
    query = {"org_id": role.org_id, "custom_role_id": role.id}
    rows = Membership.rows().find(query, {"_id": 0, "user_id": 1}, session=session)
    return [raw["user_id"] async for raw in rows]


async def replace_role(role: CustomRole, other_id: PydanticObjectId, session: AsyncClientSession) -> None:
    """Give everybody who has this custom role another one."""
    query = {"org_id": role.org_id, "custom_role_id": role.id}
    await Membership.rows().update_many(query, {"$set": {"custom_role_id": other_id}}, session=session)


async def user_ids_in(org_id: PydanticObjectId, session: AsyncClientSession | None = None) -> list[ObjectId]:
    """Ids of everybody who belongs to the organization."""
    rows = Membership.rows().find({"org_id": org_id}, {"_id": 0, "user_id": 1}, session=session)
    return [raw["user_id"] async for raw in rows]


def is_administrator(member: Membership) -> bool:
    """Whether the membership is in force and holds everything, so that others can be given their rights back."""
    return member.role in ADMINISTRATORS and member.custom_role_id is None and member.deactivated_at is None


async def has_administrator(
    org_id: PydanticObjectId, session: AsyncClientSession, *, but: PydanticObjectId | None = None
) -> bool:
    """Whether somebody who can sign in administers the organization, not counting `but`."""
    query = {
        "org_id": org_id,
        "role": {"$in": [role.value for role in ADMINISTRATORS]},
        "custom_role_id": None,
        "deactivated_at": None,
        "user_id": {"$ne": but},
    }
    rows = Membership.rows().find(query, {"_id": 0, "user_id": 1}, session=session)
    ids = [raw["user_id"] async for raw in rows]
    active = {"_id": {"$in": ids}, "deactivated_at": None}
    return await User.get_pymongo_collection().find_one(active, {"_id": 1}, session=session) is not None


async def keep_administrator(before: Iterable[Membership], session: AsyncClientSession) -> None:
    """Raises Conflict when these members of one organization, as they were, have left it without an administrator.

    Who was no administrator in force cannot have been the last one. Wants the lock, as `change_member` does.
    """
    lost = next((member for member in before if is_administrator(member)), None)
    if lost is not None and not await has_administrator(lost.org_id, session):
        raise Conflict(LAST_ADMINISTRATOR)


async def only_administrated_by(user_id: PydanticObjectId, session: AsyncClientSession) -> list[Organization]:
    """Organizations that would have no administrator left without this person; all they administer are locked."""
    rows = Membership.rows().find({"user_id": user_id, "deactivated_at": None}, session=session)
    own = [Membership.stored(raw) async for raw in rows]
    alone = []
    for org_id in [member.org_id for member in own if is_administrator(member)]:
        if await find_organization(org_id, session) is None:
            continue
        organization = await lock_members(org_id, session)
        if not await has_administrator(org_id, session, but=user_id):
            alone.append(organization)
    return alone


async def add_member(
    org_id: PydanticObjectId, user_id: PydanticObjectId | None, role: dict[str, Any], session: AsyncClientSession
) -> None:
    """Make the person a member with this `role`, `custom_role_id` and `until`; who is one already stays as they are."""
    if user_id is None:
        return
    current = await find_membership(org_id, user_id, session)
    if current is not None and current.is_over(utc_now()):
        await Membership.rows().delete_one({"_id": current.id}, session=session)
        current = None
    if current is None:
        await Membership(org_id=org_id, user_id=user_id, **role).insert(session=session)
