"""A client of the feed that writes down what it is given, stalls when told, and can leave and come back."""

import asyncio
from collections.abc import Callable, Mapping

from live.feed import Feed, Follower, Wants
from live.position import Position, Reset


class Subscriber:
    def __init__(self, feed: Feed, positions: Mapping[str, Position | None], wants: Wants | None = None) -> None:
        self.seqs: dict[str, list[int]] = {org_id: [] for org_id in positions}
        self.resets: list[Reset] = []
        self.follower: Follower | None = None
        self.may_read = asyncio.Event()
        self.may_read.set()
        self.heard = asyncio.Event()
        self._feed, self._positions, self._wants = feed, positions, wants
        self._task: asyncio.Task[None] | None = None

    async def join(self) -> "Subscriber":
        """Return when the feed has settled where this subscriber begins."""
        joined = asyncio.Event()
        self._task = asyncio.create_task(self._follow(joined))
        await joined.wait()
        return self

    async def leave(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    @property
    def is_done(self) -> bool:
        return self._task.done()

    async def _follow(self, joined: asyncio.Event) -> None:
        async with self._feed.follow(self._positions, wants=self._wants) as self.follower:
            joined.set()
            await self.may_read.wait()
            async for item in self.follower:
                self._note(item)
                await self.may_read.wait()

    def _note(self, item) -> None:
        if isinstance(item, Reset):
            self.resets.append(item)
        else:
            self.seqs[item[0].org_id].extend(event.seq for event in item)
        self.heard.set()


async def until(condition: Callable[[], bool], *, within: float = 30.0) -> None:
    """Wait for `condition` to hold; AssertionError after `within` seconds."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while not condition():
        assert loop.time() < deadline, "the condition did not come true in time"
        await asyncio.sleep(0.005)
