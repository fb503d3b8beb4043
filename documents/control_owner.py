"""Who answers for a control, who stands in, and who signs off its evidence: one row for each control and role."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from documents.user import Membership
from domain.errors import NotFound
from domain.facts.governance import OwnerRole
from domain.facts.scope import Scope


class ControlOwner(TenantDocument):
    """`user_id` stays when the person leaves: that a control has lost its owner is what must be seen."""

    noun: ClassVar[str] = "owner of a control"

    control_id: str
    role: OwnerRole
    user_id: PydanticObjectId
    since: datetime

    class Settings:
        name = "control_owners"
        indexes = [
            IndexModel(
                [("org_id", ASCENDING), ("control_id", ASCENDING), ("role", ASCENDING)], unique=True, name="natural"
            ),
            IndexModel([("org_id", ASCENDING), ("control_id", ASCENDING), ("_id", ASCENDING)], name="org_control"),
            IndexModel(
                [("org_id", ASCENDING), ("user_id", ASCENDING), ("control_id", ASCENDING), ("_id", ASCENDING)],
                name="org_person_control",
            ),
        ]


async def active_member(scope: Scope, id: ObjectId, session: AsyncClientSession) -> PydanticObjectId:
    """The id of the person whose membership this is. Raises NotFound for one that is not in force."""
    member = await Membership.find_in(scope, {"_id": id, "deactivated_at": None}, session=session)
    if member is None:
        raise NotFound.of(Membership.noun)
    return member.user_id


async def owners_of(
    org_id: ObjectId, control_ids: Sequence[str], role: OwnerRole, session: AsyncClientSession | None = None
) -> dict[str, str]:
    """Who has this role for each of these controls, by control."""
    query = {"org_id": org_id, "control_id": {"$in": list(control_ids)}, "role": role.value}
    rows = ControlOwner.rows().find(query, session=session)
    return {raw["control_id"]: str(raw["user_id"]) async for raw in rows}


async def set_owner(
    org_id: ObjectId,
    control_ids: Sequence[str],
    role: OwnerRole,
    user_id: ObjectId | None,
    at: datetime,
    session: AsyncClientSession,
) -> None:
    """Give the role for these controls to this person, and to nobody else; None: to nobody."""
    rows, keys = ControlOwner.rows(), {"org_id": org_id, "role": role.value}
    if user_id is None:
        await rows.delete_many({**keys, "control_id": {"$in": list(control_ids)}}, session=session)
        return
    for control_id in control_ids:
        change: dict[str, Any] = {"$set": {"user_id": user_id, "since": at}, "$setOnInsert": {"created_at": at}}
        await rows.update_one({**keys, "control_id": control_id}, change, upsert=True, session=session)


async def list_owners(org_id: ObjectId, control_ids: Sequence[str], session: AsyncClientSession) -> list[ControlOwner]:
    """Everybody who has a role for these controls, by control and role."""
    query = {"org_id": org_id, "control_id": {"$in": list(control_ids)}}
    rows = ControlOwner.rows().find(query, session=session).sort([("control_id", 1), ("role", 1)])
    return [ControlOwner.stored(raw) async for raw in rows]
