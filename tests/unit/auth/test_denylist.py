"""Denied sessions and tokens; and what is known of them while Redis is away."""

from datetime import timedelta

import pytest
from redis.asyncio import Redis

from auth.denylist import Denylist
from tests.factories.claims import claims


@pytest.fixture
def nowhere() -> Denylist:
    """One whose Redis cannot be reached."""
    return Denylist(Redis(port=1, socket_connect_timeout=0.2), timedelta(minutes=10))


async def test_without_redis_nothing_is_denied_and_nothing_breaks(nowhere: Denylist) -> None:
    await nowhere.deny(sessions=["s"], tokens=["t"])

    assert await nowhere.denies(claims()) is False
