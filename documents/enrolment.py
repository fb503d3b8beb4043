"""Which second factors a person has set up, noted with the person in the transaction that changes them."""

from collections import defaultdict

from beanie import PydanticObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import utc_now
from documents.client_access import ClientAccess
from documents.organization import Organization
from documents.passkey import Passkey
from documents.recovery_code import remove_codes
from documents.session import SECOND_FACTORS, AuthMethod, Session
from documents.totp_factor import TotpFactor
from documents.user import Membership, User


async def factors_of(user_id: PydanticObjectId) -> list[AuthMethod]:
    """The kinds the person has set up, as stored now; none for one who is gone."""
    raw = await User.get_pymongo_collection().find_one({"_id": user_id}, {"factors": 1})
    return [] if raw is None else [AuthMethod(kind) for kind in raw.get("factors", [])]


async def note_factors(user_id: PydanticObjectId, session: AsyncClientSession) -> list[AuthMethod]:
    """Write down with the person what is stored of their factors; without any, recovery codes go too.

    Two changes at once are made one after the other: each raises `factor_changes`, so one of them is tried again.
    """
    users = User.get_pymongo_collection()
    await users.update_one({"_id": user_id}, {"$inc": {"factor_changes": 1}}, session=session)
    stored = {
        AuthMethod.TOTP: (TotpFactor, {"user_id": user_id, "pending_until": None}),
        AuthMethod.PASSKEY: (Passkey, {"user_id": user_id}),
    }
    kinds = [
        kind
        for kind, (document, query) in stored.items()
        if await document.get_pymongo_collection().find_one(query, {"_id": 1}, session=session)
    ]
    await users.update_one({"_id": user_id}, {"$set": {"factors": kinds}}, session=session)
    if not kinds:
        await remove_codes(user_id, session)
    return kinds


async def sessions_without_factor(organization: Organization) -> dict[PydanticObjectId, list[str]]:
    """Person to their open sessions without a second factor: members, and the provider's people who work there."""
    now = utc_now()
    stays = {"msp_id": organization.msp_id, "expires_at": {"$gt": now}, "client_ids": {"$in": [None, organization.id]}}
    sources = ((Membership, {"org_id": organization.id}), (ClientAccess, stays))
    people = [
        raw["user_id"]
        for document, query in sources
        for raw in await document.get_pymongo_collection().find(query, {"user_id": 1}).to_list()
    ]
    found: defaultdict[PydanticObjectId, list[str]] = defaultdict(list)
    query = {
        "user_id": {"$in": people},
        "ended_at": None,
        "expires_at": {"$gt": now},
        "methods": {"$nin": sorted(SECOND_FACTORS)},
    }
    async for raw in Session.get_pymongo_collection().find(query, {"user_id": 1}):
        found[raw["user_id"]].append(str(raw["_id"]))
    return dict(found)
