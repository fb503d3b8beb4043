"""Viewers are read once a second at most, and at once after they changed something."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from auth import viewer_cache
from auth.viewer import Viewer
from auth.viewer_cache import ViewerCache
from domain.errors import Unauthenticated

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class House:
    """A store of viewers that counts how often it is read, and a clock that is set by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = NOON
        self.reads = 0
        self.gate: asyncio.Event | None = None
        self.expires_at = NOON + timedelta(minutes=10)
        monkeypatch.setattr(viewer_cache, "load_viewer", self.load)
        self.cache = ViewerCache(SimpleNamespace(), SimpleNamespace(), lambda: self.now)  # type: ignore[arg-type]

    async def load(self, token: str, tokens: Any, denylist: Any) -> Viewer:
        self.reads += 1
        number = self.reads
        if self.gate:
            await self.gate.wait()
        if token == "bad":
            raise Unauthenticated("This access token is not valid. Sign in again.")
        user: Any = SimpleNamespace(id=token, read=number)
        return Viewer(actor=token, person=user, standings={}, expires_at=self.expires_at)


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    return House(monkeypatch)


async def test_a_viewer_is_read_again_after_a_second(house: House) -> None:
    for passed in (0.0, 0.5, 0.999):
        house.now = NOON + timedelta(seconds=passed)
        await house.cache.of("ada")
    assert house.reads == 1

    house.now = NOON + timedelta(seconds=1)
    await house.cache.of("ada")
    assert house.reads == 2


async def test_requests_at_once_share_one_read_and_tokens_do_not(house: House) -> None:
    house.gate = asyncio.Event()
    asked = [asyncio.create_task(house.cache.of(token)) for token in ("ada", "ada", "bob")]
    await asyncio.sleep(0)
    house.gate.set()

    viewers = await asyncio.gather(*asked)

    assert house.reads == 2
    assert [viewer.actor for viewer in viewers] == ["ada", "ada", "bob"]


async def test_a_request_that_is_given_up_does_not_end_the_read_of_the_others(house: House) -> None:
    house.gate = asyncio.Event()
    first, second = (asyncio.create_task(house.cache.of("ada")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    house.gate.set()

    assert (await second).actor == "ada"
    assert house.reads == 1


async def test_a_refusal_is_not_kept(house: House) -> None:
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            await house.cache.of("bad")

    assert house.reads == 2


async def test_a_viewer_who_is_forgotten_is_read_at_once_and_others_are_not(house: House) -> None:
    await house.cache.of("ada")
    await house.cache.of("bob")

    house.cache.forget("ada")

    await house.cache.of("bob")
    assert house.reads == 2
    await house.cache.of("ada")
    assert house.reads == 3


async def test_a_read_that_began_before_the_change_is_not_kept(house: House) -> None:
    house.gate = asyncio.Event()
    before = asyncio.create_task(house.cache.of("ada"))
    await asyncio.sleep(0)
    house.cache.forget("ada")
    house.gate.set()
    await before

    await house.cache.of("ada")

    assert house.reads == 2


async def test_a_token_that_ends_sooner_is_looked_at_sooner(house: House) -> None:
    house.expires_at = NOON - viewer_cache.LEEWAY + timedelta(milliseconds=200)
    await house.cache.of("ada")
    house.now = NOON + timedelta(milliseconds=300)

    await house.cache.of("ada")

    assert house.reads == 2


async def test_the_tokens_met_last_are_kept(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewer_cache, "MOST_TOKENS", 2)
    for token in ("ada", "bob", "cy"):
        await house.cache.of(token)

    await house.cache.of("cy")
    assert house.reads == 3
    await house.cache.of("ada")
    assert house.reads == 4


async def test_a_read_that_is_cancelled_as_a_whole_is_begun_anew(house: House) -> None:
    house.gate = asyncio.Event()
    asked = asyncio.create_task(house.cache.of("ada"))
    await asyncio.sleep(0)
    house.cache._loading["ada"].cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    house.gate.set()

    assert (await house.cache.of("ada")).actor == "ada"
