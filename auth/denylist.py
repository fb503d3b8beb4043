"""Sessions and tokens that were ended, in Redis for as long as a token of theirs could still be valid.

The database knows of every session that has ended; this is what stops a token before the database has been asked, and
what single tokens are denied by. Losing it loses nothing but the tokens denied one by one.
"""

from collections.abc import Iterable
from datetime import timedelta

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from auth.token import LEEWAY, Claims

log = structlog.get_logger(__name__)


class Denylist:
    """`lifetime` is that of access tokens: nothing needs to be denied for longer."""

    def __init__(self, redis: Redis, lifetime: timedelta) -> None:
        self._redis = redis
        self._kept = int((lifetime + LEEWAY).total_seconds()) + 1

    async def deny(self, *, sessions: Iterable[str] = (), tokens: Iterable[str] = ()) -> None:
        """Refuse tokens of these sessions, and these tokens, from now on. Without Redis the database must do."""
        keys = [*map(_session_key, sessions), *map(_token_key, tokens)]
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for key in keys:
                    pipe.set(key, 1, ex=self._kept)
                await pipe.execute()
        except (RedisError, OSError) as error:
            log.warning("denylist.unavailable", error=type(error).__name__)

    async def denies(self, claims: Claims) -> bool:
        """Whether the token was denied; without Redis nothing is known of any."""
        try:
            found = await self._redis.mget([_session_key(claims.session_id), _token_key(claims.token_id)])
        except (RedisError, OSError) as error:
            log.warning("denylist.unavailable", error=type(error).__name__)
            return False
        return any(one is not None for one in found)


def _session_key(session_id: str) -> str:
    return f"denied:session:{session_id}"


def _token_key(token_id: str) -> str:
    return f"denied:token:{token_id}"
