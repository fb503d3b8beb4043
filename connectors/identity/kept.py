"""Keeps for a while what is fetched by its address, and for a moment that it could not be had."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakValueDictionary

from domain.errors import Unavailable

# An unknown key id has keys fetched anew, and a provider that was away is tried again: not more often than this.
ANEW_SECONDS = 10.0
# Addresses at once.
MOST_KEPT = 500

Fetch = Callable[[str], Awaitable[Any]]


class Kept:
    """`fetch` gives what is at an address, or raises Unavailable. Those who ask for one at once wait for one fetch."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._kept: OrderedDict[str, tuple[float, Any]] = OrderedDict()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def get(self, url: str, seconds: float) -> Any:
        """What was fetched not longer than `seconds` ago, else what is fetched now. Raises Unavailable."""
        turn = self._turns.get(url)
        if turn is None:
            turn = self._turns[url] = asyncio.Lock()
        async with turn:
            return await self._get(url, seconds)

    async def _get(self, url: str, seconds: float) -> Any:
        kept = self._kept.get(url)
        age = time.monotonic() - kept[0] if kept is not None else float("inf")
        if kept is not None and age < (ANEW_SECONDS if isinstance(kept[1], Unavailable) else seconds):
            if isinstance(kept[1], Unavailable):
                raise kept[1]
            # What is in use is not driven out by what is asked for in vain.
            self._kept.move_to_end(url)
            return kept[1]
        try:
            fetched = await self._fetch(url)
        except Unavailable as error:
            self._keep(url, error)
            raise
        self._keep(url, fetched)
        return fetched

    def _keep(self, url: str, fetched: Any) -> None:
        self._kept[url] = (time.monotonic(), fetched)
        self._kept.move_to_end(url)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
