"""Refresh tokens: opaque, 256 bit, stored as hashes, used once. The one that comes twice gives a thief away."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from beanie import PydanticObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.session import RefreshToken, Session
from domain.errors import Unauthenticated

PREFIX = "cwr_"
SECRET_BYTES = 32
# Two tabs, or a client whose answer was lost, may come with the same token for this long, and get the same successor.
OVERLAP = timedelta(seconds=10)
IDLE_LIFETIME = timedelta(days=14)
SESSION_LIFETIME = timedelta(days=90)


class TokenReused(Unauthenticated):
    """Somebody came with a token that was exchanged before: it, or its successor, is in the wrong hands."""

    def __init__(self, session: Session) -> None:
        super().__init__("This session has ended. Sign in again.")
        self.session = session


@dataclass(frozen=True, slots=True)
class Exchanged:
    session: Session
    token: str


class RefreshTokens:
    """`key` makes the successor of a token; the same for every process of the installation."""

    def __init__(self, key: bytes) -> None:
        self._key = hmac.digest(key, b"refresh tokens", hashlib.sha256)

    async def first(self, session: Session, transaction: AsyncClientSession) -> str:
        """The first token of a new session."""
        token = PREFIX + _text(secrets.token_bytes(SECRET_BYTES))
        await RefreshToken.get_pymongo_collection().insert_one(_row(token, session), session=transaction)
        return token

    async def exchange(self, token: str, now: datetime) -> Exchanged:
        """The session of the token, used again now, and the next token.

        Raises Unauthenticated for a token that is unknown or over, TokenReused for one that was exchanged before.
        """
        tokens = RefreshToken.get_pymongo_collection()
        row = await tokens.find_one({"_id": hashed(token)})
        if row is None or row["expires_at"] <= now:
            raise Unauthenticated("This refresh token is not valid. Sign in again.")
        is_reused = row.get("used_at") is not None and now - row["used_at"] > OVERLAP
        session = await _touched(row["session_id"], now)
        if is_reused:
            raise TokenReused(session)
        successor = self._successor(token)
        # First the next one, then the mark: whoever is stopped in between can come again with the old one.
        next_row = _row(successor, session)
        await tokens.update_one({"_id": next_row.pop("_id")}, {"$setOnInsert": next_row}, upsert=True)
        await tokens.update_one({"_id": row["_id"], "used_at": None}, {"$set": {"used_at": now}})
        return Exchanged(session, successor)

    def _successor(self, token: str) -> str:
        return PREFIX + _text(hmac.digest(self._key, token.encode(), hashlib.sha256))


def hashed(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def session_end(created_at: datetime, now: datetime) -> datetime:
    """When a session that is used now ends by itself."""
    return min(created_at + SESSION_LIFETIME, now + IDLE_LIFETIME)


async def _touched(session_id: PydanticObjectId, now: datetime) -> Session:
    sessions = Session.get_pymongo_collection()
    raw = await sessions.find_one({"_id": session_id, "ended_at": None, "expires_at": {"$gt": now}})
    if raw is None:
        raise Unauthenticated("This session has ended. Sign in again.")
    raw |= {"used_at": now, "expires_at": session_end(raw["created_at"], now)}
    changes = {"used_at": raw["used_at"], "expires_at": raw["expires_at"]}
    await sessions.update_one({"_id": session_id, "ended_at": None}, {"$set": changes})
    session: Session = Session.model_validate(raw)
    return session


def _row(token: str, session: Session) -> dict[str, Any]:
    return {
        "_id": hashed(token),
        "session_id": session.id,
        "user_id": session.user_id,
        "expires_at": session.expires_at,
        "used_at": None,
    }


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
