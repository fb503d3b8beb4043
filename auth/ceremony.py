"""Challenges of passkeys, in Redis for five minutes, each good for one answer. Lost with Redis: one starts again."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import orjson
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.errors import Conflict, Invalid

log = structlog.get_logger(__name__)

VALID_FOR = timedelta(minutes=5)
SECRET_BYTES = 32


class Purpose(StrEnum):
    REGISTER = "REGISTER"
    SHOW = "SHOW"


@dataclass(frozen=True, slots=True)
class Ceremony:
    """`ticket` is what the client comes back with, `challenge` what its authenticator signs."""

    ticket: str
    challenge: bytes
    expires_at: datetime


class Ceremonies:
    """The same for every process of an installation."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def begin(self, purpose: Purpose, session_id: str, at: datetime) -> Ceremony:
        """A challenge for this purpose in this session; the session is empty for who is not signed in.

        Raises Conflict while Redis is away.
        """
        ticket, challenge = secrets.token_urlsafe(SECRET_BYTES), secrets.token_bytes(SECRET_BYTES)
        kept = {"purpose": purpose, "session": session_id, "challenge": base64.b64encode(challenge).decode()}
        try:
            await self._redis.set(_key(ticket), orjson.dumps(kept), px=VALID_FOR)
        except (RedisError, OSError) as error:
            log.warning("ceremonies.unavailable", error=type(error).__name__)
            raise Conflict("Passkeys cannot be used at the moment. Try again in a minute.") from error
        return Ceremony(ticket, challenge, at + VALID_FOR)

    async def end(self, ticket: str, purpose: Purpose, session_id: str) -> bytes:
        """The challenge, which is used up whatever comes of it.

        Raises Invalid when it is over, was used, or was begun for something else or in another session.
        """
        try:
            kept = await self._redis.getdel(_key(ticket))
        except (RedisError, OSError) as error:
            log.warning("ceremonies.unavailable", error=type(error).__name__)
            kept = None
        found = {} if kept is None else orjson.loads(kept)
        if (found.get("purpose"), found.get("session")) != (purpose, session_id):
            raise Invalid("This has expired or was used before. Start again.")
        return base64.b64decode(found["challenge"])


def _key(ticket: str) -> str:
    return f"ceremony:{hashlib.sha256(ticket.encode()).hexdigest()}"
