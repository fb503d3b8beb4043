"""A log, its wake-ups and a feed over both, in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from live.feed import Feed
from live.log_reader import ReaderOptions
from live.position import Position
from tests.fakes.event_log import EPOCH, FakeEventLog
from tests.fakes.subscriber import Subscriber, until
from tests.fakes.virtual_time import run_in_virtual_time
from tests.fakes.wakes import FakeWakes

SMALL = ReaderOptions(ring_size=8, page_size=4)


class House:
    """A log, its wake-ups, and a feed over both."""

    def __init__(self, options: ReaderOptions) -> None:
        self.log, self.wakes = FakeEventLog(), FakeWakes()
        self.counted: list[str] = []
        self.feed = Feed(self.log, self.wakes, options, self.counted.append)

    async def subscriber(self, positions: Mapping[str, Position | None], **options) -> Subscriber:
        return await Subscriber(self.feed, positions, **options).join()

    def commit(self, org_id: str, count: int = 1, **row) -> None:
        self.wakes.wake(org_id, self.log.append(org_id, count, **row))


@asynccontextmanager
async def open_house(options: ReaderOptions):
    house = House(options)
    try:
        yield house
    finally:
        await house.feed.close()
        # What a stopped house leaves behind would be a leak in the web process.
        await until(lambda: len(asyncio.all_tasks()) == 1)


def in_house(options: ReaderOptions = SMALL):
    def decorate(test: Callable[[House], Awaitable[None]]) -> Callable[[], None]:
        async def main() -> None:
            async with open_house(options) as house:
                await test(house)

        def run() -> None:
            run_in_virtual_time(main())

        return run

    return decorate


def at(seq: int, epoch: str = EPOCH) -> Position:
    return Position(epoch, seq)
