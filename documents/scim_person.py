"""Which person a record of a directory means, and how far the directory leads in who they are."""

from datetime import datetime
from typing import Any

from beanie import PydanticObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import utc_now
from documents.one_time_token import end_tokens, subject_of
from documents.scim_user import ScimUser
from documents.user import Membership, User
from documents.verified_domain import owner_of_domain
from domain.errors import Conflict
from domain.identity.identity import domain_of

LONGEST_NAME = 100


async def attach_person(record: ScimUser, address: str | None, name: str, session: AsyncClientSession) -> None:
    """Find or make the person of a record by their address (lower case), and have an own one follow the record.

    A person who is there already is linked as they are, never changed: they may belong to others. With a proven address
    they are linked only as `_may_link` says; else the record stands by itself and gives nothing. One who is made has no
    password, and an address that counts as proven in a domain that is proven to be the organization's. Raises Conflict
    when the address is somebody else's.
    """
    if address is None:
        return
    if record.user_id is None:
        await _find_or_make(record, address, name, session)
    elif record.is_own and not await _belongs_elsewhere(record, session):
        await _follow(record, address, name, session)


async def _find_or_make(record: ScimUser, address: str, name: str, session: AsyncClientSession) -> None:
    fields = {"email_verified_at": 1}
    found = await User.get_pymongo_collection().find_one({"email": address}, fields, session=session)
    if found is not None:
        if found.get("email_verified_at") is None or await _may_link(record, address, found["_id"], session):
            record.user_id = found["_id"]
        return
    verified_at = await _verified_at(record, address, session)
    person = User(email=address, name=name[:LONGEST_NAME], email_verified_at=verified_at)
    await person.insert(session=session)
    record.user_id, record.is_own = person.id, True


async def _may_link(record: ScimUser, address: str, user_id: PydanticObjectId, session: AsyncClientSession) -> bool:
    """Whether the organization may take a person in without asking them: a member, or one of its own domain.

    Others it would learn of by naming them: they have to be invited.
    """
    if await owner_of_domain(domain_of(address), session) == record.org_id:
        return True
    query = {"user_id": user_id, "org_id": record.org_id}
    return await Membership.get_pymongo_collection().find_one(query, {"_id": 1}, session=session) is not None


async def _verified_at(record: ScimUser, address: str, session: AsyncClientSession) -> datetime | None:
    """Now in a domain of the organization: whoever rules its mail could read any that proves the address."""
    owner = await owner_of_domain(domain_of(address), session)
    return utc_now() if owner == record.org_id else None


async def _follow(record: ScimUser, address: str, name: str, session: AsyncClientSession) -> None:
    users, user_id = User.get_pymongo_collection(), record.user_id
    if await users.find_one({"email": address, "_id": {"$ne": user_id}}, {"_id": 1}, session=session):
        raise Conflict("This address belongs to another person.")
    changes: dict[str, Any] = {"name": name[:LONGEST_NAME]}
    await users.update_one({"_id": user_id}, {"$set": changes}, session=session)
    moved = {"$set": {"email": address, "email_verified_at": await _verified_at(record, address, session)}}
    done = await users.update_one({"_id": user_id, "email": {"$ne": address}}, moved, session=session)
    if done.modified_count:
        # What went to the address of before proves nothing of this one.
        await end_tokens(subject_of(user_id), session)


async def _belongs_elsewhere(record: ScimUser, session: AsyncClientSession) -> bool:
    query = {"user_id": record.user_id, "org_id": {"$ne": record.org_id}}
    return await Membership.get_pymongo_collection().find_one(query, {"_id": 1}, session=session) is not None


async def people_of(user_ids: list[PydanticObjectId], session: AsyncClientSession) -> dict[PydanticObjectId, bool]:
    """Those of these people who have an account, and whether they have proven that their address is theirs."""
    rows = User.get_pymongo_collection().find({"_id": {"$in": user_ids}}, {"email_verified_at": 1}, session=session)
    return {raw["_id"]: raw.get("email_verified_at") is not None async for raw in rows}
