"""Which sessions have ended is heard by every process, and what cannot be read is heard as "something"."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from app.wiring import Backend
from live.revocations import CHANNEL, Revocation, Revocations

Heard = list[Revocation | None]


@pytest.fixture
async def listening(backend: Backend) -> AsyncIterator[Callable[[], "asyncio.Future[tuple[Revocations, Heard]]"]]:
    """Makes processes that listen."""
    opened: list[Revocations] = []
    assert backend.settings.redis_url is not None
    url = backend.settings.redis_url.get_secret_value()

    async def listen() -> tuple[Revocations, Heard]:
        revocations, heard = Revocations(url), []
        opened.append(revocations)
        await revocations.connect()
        revocations.hear(heard.append)
        await until(lambda: heard == [None])  # what came before it listened it may have missed
        heard.clear()
        return revocations, heard

    yield listen  # type: ignore[misc]
    for revocations in opened:
        await revocations.disconnect()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - it waits for what has no event
            await asyncio.sleep(0.005)


async def test_other_processes_hear_and_this_one_at_once(listening) -> None:
    here, heard_here = await listening()
    _, heard_there = await listening()

    here.announce("user:a", ["s2", "s1"])
    at_once = list(heard_here)
    here.announce("service:b")
    await until(lambda: len(heard_there) == 2)

    first, second = Revocation("user:a", frozenset({"s1", "s2"})), Revocation("service:b")
    assert at_once == [first]
    assert heard_there == [first, second]


@pytest.mark.parametrize("message", ["not json", "{}", "[]", '{"actor": "user:a"}'])
async def test_what_cannot_be_read_is_heard_as_something_missed(listening, backend: Backend, message: str) -> None:
    _, heard = await listening()

    await backend.redis.publish(CHANNEL, message)
    await until(lambda: len(heard) == 1)

    assert heard == [None]


def test_a_revocation_concerns_its_sessions_or_all_of_its_actor() -> None:
    some, everything = Revocation("user:a", frozenset({"s"})), Revocation("user:a")
    nothing = Revocation("user:a", frozenset())

    assert not nothing.concerns("user:a", "s")
    assert some.concerns("user:a", "s")
    assert not some.concerns("user:a", "t")
    assert not some.concerns("user:b", "s")
    assert everything.concerns("user:a", "t")
    assert not everything.concerns("user:b", "t")


async def test_a_process_may_stop_at_any_moment(backend: Backend) -> None:
    assert backend.settings.redis_url is not None
    for pauses in range(6):
        revocations = Revocations(backend.settings.redis_url.get_secret_value())
        await revocations.connect()
        revocations.hear(lambda _: None)
        revocations.announce("user:a")
        for _ in range(pauses):
            await asyncio.sleep(0)
        async with asyncio.timeout(5):
            await revocations.disconnect()
