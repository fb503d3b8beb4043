"""Links in mails that work once: 256 bit, kept as a hash. The secret is stored nowhere, not even until it is sent.

It is computed from a random number in the row and a key that is kept outside of the database, so the job that writes
the mail makes it anew, and whoever reads the database or Redis learns no link.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from beanie import Document, PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from domain.errors import Invalid

# How long a row is kept once it has expired.
KEPT = timedelta(days=7)
NONCE_BYTES = 32
NOBODY = "nobody"


class Purpose(StrEnum):
    """What a link is for; its value is the last part of the link's address."""

    VERIFY_EMAIL = "verify-email"
    RESET_PASSWORD = "reset-password"  # noqa: S105 - the name of a page
    CHANGE_EMAIL = "change-email"
    UNDO_EMAIL_CHANGE = "undo-email-change"
    REACTIVATE = "reactivate"
    INVITATION = "invitation"


class OneTimeToken(Document):
    """`subject` is whom it is about, e.g. user:<hex>; `details` what else its use needs, nothing secret."""

    purpose: Purpose
    subject: str
    details: dict[str, str] = Field(default_factory=dict)
    nonce: bytes = Field(repr=False)
    token_hash: str = Field(repr=False)
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None

    @property
    def is_for_nobody(self) -> bool:
        """Whether the address it would go to is unknown."""
        return self.subject.startswith(f"{NOBODY}:")

    class Settings:
        name = "one_time_tokens"
        indexes = [
            IndexModel([("token_hash", ASCENDING)], unique=True, name="token_hash"),
            IndexModel([("subject", ASCENDING), ("purpose", ASCENDING)], name="subject_purpose"),
            IndexModel([("expires_at", ASCENDING)], name="expiry", expireAfterSeconds=int(KEPT.total_seconds())),
        ]


class OneTimeTokens:
    """Makes them. `keys` are the installation's, from outside of the database, the newest first."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = keys

    async def issue(
        self,
        purpose: Purpose,
        subject: str,
        *,
        lifetime: timedelta,
        at: datetime,
        session: AsyncClientSession,
        details: dict[str, str] | None = None,
        replaces: bool = True,
    ) -> OneTimeToken:
        """A new one, which `replaces` earlier ones of its purpose. Put its id into the mail, see `Transaction.mail`."""
        if replaces:
            await end_tokens(subject, session, purpose=purpose)
        nonce = secrets.token_bytes(NONCE_BYTES)
        token = OneTimeToken(
            purpose=purpose,
            subject=subject,
            details=details or {},
            nonce=nonce,
            token_hash=_hash(_secret(self._keys[0], nonce)),
            created_at=at,
            expires_at=at + lifetime,
        )
        await token.insert(session=session)
        return token

    def secret_of(self, token: OneTimeToken) -> str | None:
        """What the link carries; None when the key it was made with is gone."""
        secrets_of_keys = (_secret(key, token.nonce) for key in self._keys)
        return next((one for one in secrets_of_keys if hmac.compare_digest(_hash(one), token.token_hash)), None)


async def spend_token(secret: str, purpose: Purpose, *, at: datetime, session: AsyncClientSession) -> OneTimeToken:
    """The token behind this secret, used from now on: of two who come at once, one gets it.

    Raises Invalid when it never was, has been used or replaced, has expired, or is for something else.
    """
    raw = await OneTimeToken.get_pymongo_collection().find_one_and_update(
        _usable(secret, purpose, at), {"$set": {"used_at": at}}, return_document=ReturnDocument.AFTER, session=session
    )
    if raw is None:
        raise _no_longer_valid()
    return _stored(raw)


async def peek_token(secret: str, purpose: Purpose, *, at: datetime) -> OneTimeToken:
    """The token behind this secret, still unused. Raises Invalid like `spend_token`."""
    raw = await OneTimeToken.get_pymongo_collection().find_one(_usable(secret, purpose, at))
    if raw is None:
        raise _no_longer_valid()
    return _stored(raw)


async def find_open_token(id: str, at: datetime) -> OneTimeToken | None:
    """The token with this id (24 hex digits) while it can be used, else None."""
    query = {"_id": ObjectId(id), "used_at": None, "expires_at": {"$gt": at}}
    raw = await OneTimeToken.get_pymongo_collection().find_one(query)
    return None if raw is None else _stored(raw)


async def end_tokens(
    subject: str,
    session: AsyncClientSession,
    *,
    purpose: Purpose | None = None,
    but: Purpose | None = None,
    made_since: datetime | None = None,
) -> None:
    """Tokens of this subject work no more: those of one purpose, of all, or of all `but` one; of any age or newer."""
    query: dict[str, Any] = {"subject": subject, "used_at": None}
    if purpose is not None:
        query["purpose"] = purpose.value
    elif but is not None:
        query["purpose"] = {"$ne": but.value}
    if made_since is not None:
        query["created_at"] = {"$gte": made_since}
    await OneTimeToken.get_pymongo_collection().delete_many(query, session=session)


def subject_of(user_id: PydanticObjectId | None) -> str:
    """The subject of tokens about a person."""
    return f"user:{user_id}"


def user_id_of(token: OneTimeToken) -> PydanticObjectId:
    """The person a token is about."""
    return PydanticObjectId(token.subject.partition(":")[2])


def nobody() -> str:
    """A subject nobody is, for requests about unknown addresses: they store the same, and no mail goes out."""
    return f"{NOBODY}:{secrets.token_hex(8)}"


def _usable(secret: str, purpose: Purpose, at: datetime) -> dict[str, Any]:
    return {"token_hash": _hash(secret.strip()), "purpose": purpose.value, "used_at": None, "expires_at": {"$gt": at}}


def _no_longer_valid() -> Invalid:
    return Invalid(
        "This link is no longer valid: it was used, replaced by a newer one, or has expired. Ask for a new one.",
        path=("input", "token"),
    )


def _stored(raw: Mapping[str, Any]) -> OneTimeToken:
    token: OneTimeToken = OneTimeToken.model_validate(raw)
    return token


def _secret(key: bytes, nonce: bytes) -> str:
    return base64.urlsafe_b64encode(hmac.digest(key, nonce, hashlib.sha256)).decode().rstrip("=")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
