"""Denied sessions and tokens, in a real Redis."""

from datetime import timedelta

from app.wiring import Backend
from auth.denylist import Denylist
from auth.token import LEEWAY
from tests.factories.claims import claims

LIFETIME = timedelta(minutes=10)


async def test_a_denied_session_or_token_is_known_by_every_process(backend: Backend) -> None:
    here, there = Denylist(backend.redis, LIFETIME), Denylist(backend.redis, LIFETIME)

    await here.deny(sessions=["session-1"], tokens=["token-1"])

    assert await there.denies(claims("other", "session-1"))
    assert await there.denies(claims("token-1", "other"))
    assert not await there.denies(claims("other", "other"))


async def test_what_is_denied_is_kept_for_as_long_as_a_token_could_be_valid(backend: Backend) -> None:
    await Denylist(backend.redis, LIFETIME).deny(sessions=["session-2"])

    left = await backend.redis.ttl("denied:session:session-2")

    assert LIFETIME + LEEWAY <= timedelta(seconds=left + 1) <= LIFETIME + LEEWAY + timedelta(seconds=2)
