"""Changes of memberships that come from outside: who joins through an identity provider, and with which role."""

from beanie import PydanticObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.user import Membership, Role

# Those who can give others their rights back.
_ADMINISTRATORS = [Role.ADMIN.value, Role.MSP_ADMIN.value]


async def membership_in(
    user_id: PydanticObjectId, org_id: PydanticObjectId, session: AsyncClientSession
) -> Membership | None:
    """The person's membership in the organization."""
    raw = await Membership.get_pymongo_collection().find_one({"user_id": user_id, "org_id": org_id}, session=session)
    return None if raw is None else Membership.model_validate(raw)


async def is_last_admin(membership: Membership, session: AsyncClientSession) -> bool:
    """Whether nobody would be left to administer the organization without this member."""
    if membership.role not in _ADMINISTRATORS or membership.custom_role_id is not None:
        return False
    others = {
        "org_id": membership.org_id,
        "role": {"$in": _ADMINISTRATORS},
        "custom_role_id": None,
        "deactivated_at": None,
        "_id": {"$ne": membership.id},
    }
    return await Membership.get_pymongo_collection().find_one(others, {"_id": 1}, session=session) is None


async def set_role(
    membership: Membership, role: Role, custom_role_id: PydanticObjectId | None, session: AsyncClientSession
) -> None:
    """Give the member another role."""
    changes = {"role": role.value, "custom_role_id": custom_role_id}
    await Membership.get_pymongo_collection().update_one({"_id": membership.id}, {"$set": changes}, session=session)
