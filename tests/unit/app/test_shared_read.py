"""Reads are shared by those who wait, and nobody gets something read before they asked."""

import asyncio
import random

import pytest

from app.shared_read import SharedRead


class Store:
    """Notes when reads begin, and how many are under way."""

    def __init__(self, delay: float = 0.01) -> None:
        self.value = 0
        self.reads = 0
        self.most_at_once = 0
        self._at_once = 0
        self._delay = delay

    async def read(self, key: str) -> int:
        self.reads += 1
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        seen = self.value
        await asyncio.sleep(self._delay)
        self._at_once -= 1
        return seen


async def test_who_comes_during_a_read_gets_what_was_written_before_they_came():
    store = Store()
    shared = SharedRead(store.read)
    dice = random.Random(5)

    async def ask(after: float) -> None:
        await asyncio.sleep(after)
        store.value += 1
        written = store.value
        assert await shared.value("a") >= written

    await asyncio.gather(*(ask(dice.random() / 10) for _ in range(200)))

    assert store.most_at_once == 1
    assert store.reads < 30  # a tenth of a second holds ten reads one after the other, and a few for who came last


async def test_who_waits_together_reads_once():
    store = Store()
    shared = SharedRead(store.read)
    first = asyncio.create_task(shared.value("a"))
    await asyncio.sleep(0.005)

    await asyncio.gather(first, *(shared.value("a") for _ in range(50)))

    assert store.reads == 2


async def test_keys_do_not_wait_for_each_other():
    store = Store()
    shared = SharedRead(store.read)

    await asyncio.gather(shared.value("a"), shared.value("b"))

    assert (store.reads, store.most_at_once) == (2, 2)


async def test_a_read_that_fails_fails_for_its_own_and_not_for_the_next():
    calls = 0

    async def read(key: str) -> int:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0.01)
        if calls == 1:
            raise ZeroDivisionError
        return calls

    shared = SharedRead(read)
    first = asyncio.create_task(shared.value("a"))
    await asyncio.sleep(0.005)

    assert await shared.value("a") == 2
    with pytest.raises(ZeroDivisionError):
        await first


async def test_who_leaves_takes_the_read_from_nobody():
    store = Store()
    shared = SharedRead(store.read)
    leaving, staying = (asyncio.create_task(shared.value("a")) for _ in range(2))
    await asyncio.sleep(0.005)

    leaving.cancel()

    assert await staying == 0
    assert store.reads == 1


async def test_nothing_is_left_behind():
    shared = SharedRead(Store().read)

    await asyncio.gather(*(shared.value(key) for key in "abca"))

    assert (shared._begun, shared._next) == ({}, {})
