"""A session: one sign-in of a person on one device, and the refresh tokens that keep it going."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from beanie import Document, PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import utc_now
from domain.errors import NotFound

# Ended sessions are shown this long, so that their owner can look back at them.
KEPT_AFTER_END = timedelta(days=30)


class AuthMethod(StrEnum):
    PASSWORD = "PASSWORD"  # noqa: S105 - the name of a method
    OIDC = "OIDC"
    PASSKEY = "PASSKEY"
    TOTP = "TOTP"
    RECOVERY_CODE = "RECOVERY_CODE"


# Each is a second factor, or holds one: a passkey is something one has, opened by something one knows or is.
SECOND_FACTORS = frozenset({AuthMethod.TOTP, AuthMethod.RECOVERY_CODE, AuthMethod.PASSKEY})


class SessionEnd(StrEnum):
    SIGNED_OUT = "SIGNED_OUT"
    ENDED_ELSEWHERE = "ENDED_ELSEWHERE"
    TOKEN_REUSED = "TOKEN_REUSED"  # noqa: S105 - the name of a reason
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105 - the same
    FACTORS_CHANGED = "FACTORS_CHANGED"
    DEACTIVATED = "DEACTIVATED"


class Session(Document):
    """`methods` are those by which the person has shown in this session who they are: `authenticated_at` is when they
    did last, `factor_at` when they did with a second factor.
    """

    user_id: PydanticObjectId
    authenticated_at: datetime
    factor_at: datetime | None = None
    methods: list[AuthMethod]
    address: str
    user_agent: str
    created_at: datetime = Field(default_factory=utc_now)
    used_at: datetime = Field(default_factory=utc_now)
    expires_at: datetime
    ended_at: datetime | None = None
    end_reason: SessionEnd | None = None

    class Settings:
        name = "sessions"
        indexes = [
            IndexModel([("user_id", ASCENDING), ("used_at", DESCENDING)], name="user_used"),
            IndexModel(
                [("expires_at", ASCENDING)], name="expiry", expireAfterSeconds=int(KEPT_AFTER_END.total_seconds())
            ),
        ]


class RefreshToken(Document):
    """`id` is the SHA-256 of the token in hex; the token itself is stored nowhere. `used_at`: when it was exchanged."""

    id: str  # type: ignore[assignment]
    session_id: PydanticObjectId
    user_id: PydanticObjectId
    expires_at: datetime
    used_at: datetime | None = None

    class Settings:
        name = "refresh_tokens"
        indexes = [
            IndexModel([("session_id", ASCENDING)], name="session"),
            IndexModel([("expires_at", ASCENDING)], name="expiry", expireAfterSeconds=0),
        ]


async def open_sessions(ids: Collection[ObjectId]) -> dict[ObjectId, dict[str, Any]]:
    """Session id to (user_id, authenticated_at, factor_at, methods, expires_at) of those neither ended nor expired."""
    query = {"_id": {"$in": list(ids)}, "ended_at": None, "expires_at": {"$gt": utc_now()}}
    fields = dict.fromkeys(("user_id", "authenticated_at", "factor_at", "methods", "expires_at"), 1)
    return {raw["_id"]: raw async for raw in Session.get_pymongo_collection().find(query, fields)}


async def last_seen_of(user_ids: Collection[ObjectId]) -> dict[ObjectId, datetime]:
    """Person to when a session of theirs was used last; nothing for those without any of the last weeks."""
    pipeline: list[dict[str, Any]] = [
        {"$match": {"user_id": {"$in": list(user_ids)}}},
        {"$group": {"_id": "$user_id", "at": {"$max": "$used_at"}}},
    ]
    rows = await Session.get_pymongo_collection().aggregate(pipeline)
    return {raw["_id"]: raw["at"] async for raw in rows}


async def count_open_sessions(user_id: PydanticObjectId, since: datetime | None) -> int:
    """How many sessions of a person are open whose sign-in is not older than `since`."""
    query: dict[str, Any] = {"user_id": user_id, "ended_at": None, "expires_at": {"$gt": utc_now()}}
    if since is not None:
        query["authenticated_at"] = {"$gte": since}
    return await Session.get_pymongo_collection().count_documents(query)


async def has_signed_in_since(user_id: PydanticObjectId, since: datetime, *, with_factor: bool) -> bool:
    """Whether the person has shown since then, in an open session, who they are; `with_factor`: by a second factor."""
    shown = {"factor_at" if with_factor else "authenticated_at": {"$gte": since}}
    query = {"user_id": user_id, "ended_at": None, "expires_at": {"$gt": utc_now()}, **shown}
    return await Session.get_pymongo_collection().find_one(query, {"_id": 1}) is not None


async def sessions_of(user_id: PydanticObjectId) -> list[Session]:
    """The sessions of a person, those used last first: open ones, and those that ended lately."""
    rows = Session.get_pymongo_collection().find({"user_id": user_id}, sort=[("used_at", DESCENDING)], limit=200)
    return [Session.model_validate(raw) async for raw in rows]


async def end_sessions(
    user_id: PydanticObjectId,
    reason: SessionEnd,
    *,
    only: Collection[ObjectId] | None = None,
    but: ObjectId | None = None,
    session: AsyncClientSession,
) -> list[ObjectId]:
    """End open sessions of a person: all, `only` these, or all `but` one. Returns the ids of those that were open."""
    query: dict[str, Any] = {"user_id": user_id, "ended_at": None}
    if only is not None:
        query["_id"] = {"$in": list(only)}
    elif but is not None:
        query["_id"] = {"$ne": but}
    collection = Session.get_pymongo_collection()
    ended = [raw["_id"] async for raw in collection.find(query, {"_id": 1}, session=session)]
    if ended:
        change = {"$set": {"ended_at": utc_now(), "end_reason": reason.value}}
        await collection.update_many({"_id": {"$in": ended}, "ended_at": None}, change, session=session)
        await RefreshToken.get_pymongo_collection().delete_many({"session_id": {"$in": ended}}, session=session)
    return ended


async def renew_session(
    id: ObjectId, methods: Collection[AuthMethod], at: datetime, session: AsyncClientSession
) -> Session:
    """Note that the person has shown again, by these methods, who they are. Raises NotFound when it has ended.

    Earlier methods stay: an organization that requires a second factor goes on to know this session by it.
    """
    shown: dict[str, Any] = {"authenticated_at": at}
    if not SECOND_FACTORS.isdisjoint(methods):
        shown["factor_at"] = at
    raw = await Session.get_pymongo_collection().find_one_and_update(
        {"_id": id, "ended_at": None},
        {"$set": shown, "$addToSet": {"methods": {"$each": sorted(methods)}}},
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    if raw is None:
        raise NotFound.of("session")
    renewed: Session = Session.model_validate(raw)
    return renewed


async def forget_factors(id: ObjectId, session: AsyncClientSession) -> None:
    """Have a session count as one without a second factor: its person has none any more."""
    await Session.get_pymongo_collection().update_one(
        {"_id": id},
        {"$pull": {"methods": {"$in": sorted(SECOND_FACTORS)}}, "$set": {"factor_at": None}},
        session=session,
    )
