"""A sign-in that waits for its second factor: the first one was right, and nothing is open yet."""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from beanie import Document, PydanticObjectId
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.session import AuthMethod
from documents.user import User

VALID_FOR = timedelta(minutes=5)
MOST_TRIES = 5
SECRET_BYTES = 32


class SignInChallenge(Document):
    """`id` is the SHA-256 of the text that the client holds. `methods` are those that were shown already.

    `session_version` is that of the person then: when theirs is raised, it is over, as every session is.
    """

    id: str  # type: ignore[assignment]
    user_id: PydanticObjectId
    methods: list[AuthMethod]
    session_version: int
    tries: int = 0
    expires_at: datetime

    class Settings:
        name = "sign_in_challenges"
        indexes = [
            IndexModel([("expires_at", ASCENDING)], name="expiry", expireAfterSeconds=0),
            IndexModel([("user_id", ASCENDING)], name="user"),
        ]


@dataclass(frozen=True, slots=True)
class Given:
    """What the client gets: the text is stored nowhere."""

    text: str
    expires_at: datetime


async def open_challenge(
    user: User, methods: Collection[AuthMethod], at: datetime, session: AsyncClientSession
) -> Given:
    """Let a person who has shown these methods come back with a second factor."""
    given = Given(secrets.token_urlsafe(SECRET_BYTES), at + VALID_FOR)
    challenge = SignInChallenge(
        id=_hashed(given.text),
        user_id=user.id,
        methods=sorted(methods),
        session_version=user.session_version,
        expires_at=given.expires_at,
    )
    await challenge.insert(session=session)
    return given


async def try_challenge(text: str, at: datetime) -> SignInChallenge | None:
    """The challenge, with one try counted before it is made; None when it is unknown, over, or was tried too often."""
    raw = await SignInChallenge.get_pymongo_collection().find_one_and_update(
        {"_id": _hashed(text), "expires_at": {"$gt": at}, "tries": {"$lt": MOST_TRIES}},
        {"$inc": {"tries": 1}},
        return_document=ReturnDocument.AFTER,
    )
    return None if raw is None else SignInChallenge.model_validate(raw)


async def close_challenge(challenge: SignInChallenge, session: AsyncClientSession) -> bool:
    """Use it up. False when another request was faster."""
    result = await SignInChallenge.get_pymongo_collection().delete_one({"_id": challenge.id}, session=session)
    return result.deleted_count == 1


async def end_challenges(user_id: PydanticObjectId, session: AsyncClientSession) -> None:
    """End every sign-in of the person that waits: what it was begun with counts no more."""
    await SignInChallenge.get_pymongo_collection().delete_many({"user_id": user_id}, session=session)


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
