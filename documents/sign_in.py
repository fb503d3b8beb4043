"""What sign-ins through identity providers leave behind for a moment: codes to exchange, and states that are spent."""

import hashlib
from datetime import datetime
from typing import Any

from beanie import Document, PydanticObjectId
from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError


class SignInCode(Document):
    """`id` is the SHA-256 of the code in hex. `user_id` is set when it stands for a sign-in; else it stands for an
    identity that its owner has just shown. `challenge` is the PKCE challenge of whoever may exchange it.
    """

    id: str  # type: ignore[assignment]
    intent: str
    provider: str
    issuer: str
    subject: str
    email: str | None
    user_id: PydanticObjectId | None
    challenge: str
    expires_at: datetime

    class Settings:
        name = "sign_in_codes"
        indexes = [IndexModel([("expires_at", ASCENDING)], name="expiry", expireAfterSeconds=0)]


class SpentState(Document):
    """A state that came back from a provider, so that it does not count again. `id` is its SHA-256 in hex."""

    id: str  # type: ignore[assignment]
    expires_at: datetime

    class Settings:
        name = "spent_states"
        indexes = [IndexModel([("expires_at", ASCENDING)], name="expiry", expireAfterSeconds=0)]


async def take_code(hashed: str, now: datetime) -> SignInCode | None:
    """The code, which is gone with this; None when there is none that is still valid."""
    raw: dict[str, Any] | None = await SignInCode.get_pymongo_collection().find_one_and_delete({"_id": hashed})
    if raw is None or raw["expires_at"] <= now:
        return None
    code: SignInCode = SignInCode.model_validate(raw)
    return code


async def spend_state(state: str, until: datetime) -> bool:
    """Note that the state has come back; False when it had before. It is remembered until then."""
    row = {"_id": hashlib.sha256(state.encode()).hexdigest(), "expires_at": until}
    try:
        await SpentState.get_pymongo_collection().insert_one(row)
    except DuplicateKeyError:
        return False
    return True
