"""One read for many who ask at the same time, none of whom may get something read before they asked."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class SharedRead(Generic[K, V]):
    """At most one read per key is under way. Who comes meanwhile shares the one after it, with all who wait by then."""

    def __init__(self, read: Callable[[K], Awaitable[V]]) -> None:
        self._read = read
        self._begun: dict[K, asyncio.Task[V]] = {}
        self._next: dict[K, asyncio.Task[V]] = {}

    async def value(self, key: K) -> V:
        """What a read that begins after this call finds. Raises what the read raises."""
        task = self._next.get(key)
        if task is None:
            task = self._next[key] = asyncio.create_task(self._turn(key, self._begun.get(key)))
            task.add_done_callback(_looked_at)
        # One who leaves must not take the read from the others who wait for it.
        return await asyncio.shield(task)

    async def _turn(self, key: K, before: "asyncio.Task[V] | None") -> V:
        if before is not None:
            await asyncio.wait([before])
        own = self._begun[key] = self._next.pop(key)  # from here on nobody joins
        try:
            return await self._read(key)
        finally:
            if self._begun[key] is own:
                del self._begun[key]


def _looked_at(task: "asyncio.Task[V]") -> None:
    if not task.cancelled():
        task.exception()  # all who waited may have left: then nobody else asks how it ended
