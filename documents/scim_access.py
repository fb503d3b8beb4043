"""What follows from a directory for access: who is a member with which role, and that it ends when they leave."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import utc_now
from documents.scim_group import GroupRole, group_roles, groups_with
from documents.scim_person import people_of
from documents.scim_user import ScimUser, records_of_person
from documents.session import SessionEnd, end_sessions
from documents.user import Membership, Role, User
from domain.errors import Conflict

LAST_ADMIN = "This is the last administrator of the organization: make somebody else administrator first."
ADMINS = [Role.ADMIN.value, Role.MSP_ADMIN.value]
# Of several groups the strongest role counts; a custom role stands between those of users and of administrators.
_RANK = {Role.CLIENT_VIEWER: 0, Role.USER: 1, Role.ADMIN: 3, Role.MSP_ADMIN: 4}
_RANK_OF_CUSTOM = 2

# (role, custom_role_id) as stored in a membership, None for none.
Held = tuple[str, ObjectId | None]
DEFAULT: Held = (Role.USER.value, None)


@dataclass(frozen=True, slots=True)
class Change:
    """A membership that began, changed or ended. `ended` are sessions that reached nothing any more."""

    user_id: PydanticObjectId
    before: Held | None
    after: Held | None
    ended: list[ObjectId] = field(default_factory=list)


async def settle(org_id: PydanticObjectId, records: Sequence[ScimUser], session: AsyncClientSession) -> list[Change]:
    """Make the memberships of these people what the directory says; returns what changed.

    Active people are members with the strongest role that their groups give, else with what they had, else as USER.
    Somebody whom this directory did not make and who has not proven their address waits: whoever registered it first
    may be somebody else. Raises Conflict when no administrator would be left.
    """
    linked = {record.user_id: record for record in records if record.user_id is not None}
    granted = await _granted(org_id, [record.id for record in linked.values() if record.id is not None], session)
    present = await _memberships(org_id, list(linked), session)
    people = await people_of(list(linked), session)
    changes = []
    for user_id, record in linked.items():
        before = present.get(user_id)
        may_come = record.is_own or people[user_id] if user_id in people else False
        after = _wanted(record, granted.get(record.id), before) if may_come else None
        if before != after:
            changes.append(await _applied(org_id, Change(user_id, before, after), session))
    await _note_origin(linked.values(), granted, session)
    if any(_is_admin(change.before) and not _is_admin(change.after) for change in changes):
        await _require_admin(org_id, session)
    return changes


async def admit(user_id: PydanticObjectId, session: AsyncClientSession) -> dict[PydanticObjectId, list[Change]]:
    """Let a person who has just proven their address into the organizations whose directories wait for that."""
    records = await records_of_person(user_id, session)
    return {record.org_id: await settle(record.org_id, [record], session) for record in records}


def _wanted(record: ScimUser, granted: Held | None, before: Held | None) -> Held | None:
    if not record.active:
        return None
    if granted is not None:
        return granted
    return DEFAULT if before is None or record.has_group_role else before


async def _granted(
    org_id: PydanticObjectId, record_ids: Collection[PydanticObjectId], session: AsyncClientSession
) -> dict[PydanticObjectId | None, Held]:
    """Record id to the strongest role that its groups give."""
    rules = await group_roles(org_id, session)
    if not rules or not record_ids:
        return {}
    best: dict[PydanticObjectId | None, GroupRole] = {}
    for group in await groups_with(org_id, record_ids, session):
        for rule in (rule for rule in rules if rule.is_of(group)):
            for id in group.member_ids:
                if id not in best or _rank(rule) > _rank(best[id]):
                    best[id] = rule
    return {id: (rule.role.value, rule.custom_role_id) for id, rule in best.items()}


def _rank(rule: GroupRole) -> int:
    return _RANK_OF_CUSTOM if rule.custom_role_id is not None else _RANK[rule.role]


async def _memberships(
    org_id: PydanticObjectId, user_ids: list[PydanticObjectId], session: AsyncClientSession
) -> dict[PydanticObjectId, Held]:
    query = {"org_id": org_id, "user_id": {"$in": user_ids}}
    rows = Membership.get_pymongo_collection().find(query, session=session)
    return {raw["user_id"]: (raw["role"], raw.get("custom_role_id")) async for raw in rows}


async def _applied(org_id: PydanticObjectId, change: Change, session: AsyncClientSession) -> Change:
    memberships, key = Membership.get_pymongo_collection(), {"user_id": change.user_id, "org_id": org_id}
    if change.after is not None:
        role, custom_role_id = change.after
        update = {"$set": {"role": role, "custom_role_id": custom_role_id}, "$setOnInsert": {"created_at": utc_now()}}
        await memberships.update_one(key, update, upsert=True, session=session)
        return change
    await memberships.delete_one(key, session=session)
    if await memberships.find_one({"user_id": change.user_id}, {"_id": 1}, session=session):
        return change
    ended = await end_sessions(change.user_id, SessionEnd.DEACTIVATED, session=session)
    return Change(change.user_id, change.before, None, ended)


async def _note_origin(records: Collection[ScimUser], granted: Mapping[Any, Held], session: AsyncClientSession) -> None:
    for is_granted in (True, False):
        ids = [one.id for one in records if (one.id in granted) is is_granted and one.has_group_role is not is_granted]
        if ids:
            change = {"$set": {"has_group_role": is_granted}}
            await ScimUser.rows().update_many({"_id": {"$in": ids}}, change, session=session)


def _is_admin(held: Held | None) -> bool:
    return held is not None and held[0] in ADMINS and held[1] is None


async def _require_admin(org_id: PydanticObjectId, session: AsyncClientSession) -> None:
    query = {"org_id": org_id, "role": {"$in": ADMINS}, "custom_role_id": None, "deactivated_at": None}
    rows = Membership.get_pymongo_collection().find(query, {"user_id": 1}, session=session)
    ids = [raw["user_id"] async for raw in rows]
    left = {"_id": {"$in": ids}, "deactivated_at": None}
    if await User.get_pymongo_collection().find_one(left, {"_id": 1}, session=session) is None:
        raise Conflict(LAST_ADMIN)
