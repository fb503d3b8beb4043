"""People who are signed in, without having been through the sign-in."""

from datetime import timedelta
from typing import Any

from bson import ObjectId

from app.wiring import Backend
from auth.token import TokenIssuer
from documents import ClientAccess, Session
from documents.base import utc_now

LASTS = timedelta(days=1)


async def token_for(backend: Backend, user_id: ObjectId, lifetime: timedelta | None = None) -> str:
    """An access token of a fresh session."""
    return (await tokens_for(backend, [user_id], lifetime))[0]


async def tokens_for(backend: Backend, user_ids: list[ObjectId], lifetime: timedelta | None = None) -> list[str]:
    """An access token for each, in their order; good for as long as the settings say, or for `lifetime`."""
    settings, now = backend.settings, utc_now()
    issuer = TokenIssuer(
        backend.keys.signing, issuer=settings.public_url, lifetime=lifetime or settings.access_token_lifetime
    )
    rows = [_session(user_id) for user_id in user_ids]
    await Session.get_pymongo_collection().insert_many(rows)
    return [issuer.issue(str(row["user_id"]), now, session_id=str(row["_id"]))[0] for row in rows]


async def enter_clients(user_id: ObjectId, msp_id: ObjectId) -> None:
    """Have a provider's administrator work in every client."""
    now = utc_now()
    stay = {"user_id": user_id, "msp_id": msp_id, "client_ids": None, "reason": "measured", "created_at": now}
    await ClientAccess.get_pymongo_collection().insert_one({**stay, "expires_at": now + LASTS, "ended_at": None})


def _session(user_id: ObjectId) -> dict[str, Any]:
    now = utc_now()
    return {
        "_id": ObjectId(),
        "user_id": user_id,
        "authenticated_at": now,
        "methods": ["PASSWORD"],
        "address": "127.0.0.1",
        "user_agent": "bench",
        "created_at": now,
        "used_at": now,
        "expires_at": now + LASTS,
        "ended_at": None,
        "end_reason": None,
    }
