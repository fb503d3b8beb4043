"""Makes one answer of the reads of a window: every item as it was read last, every question as it was answered last."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from connectors.reading.listing import Window
from documents.sync_read import SyncRead
from domain.compliance.answers import Call, Unread, listed
from jobs.checking.chain import Joining, chains, distinct, state_of
from jobs.checking.shelf import Shelf

# Held at a time; items are some kilobytes each.
MOST_ITEMS = 200_000
Load = Callable[[Sequence[str]], Awaitable[tuple[Call, ...]]]


async def joined(operation: str, chain: Sequence[SyncRead], window: Window | None, load: Load) -> tuple[Call, ...]:
    """The calls of a chain of reads, which has the newest first; those of the oldest read come first.

    It ends before the first read that is not kept any more: what is older does not follow. Raises Unread when the
    newest is not kept, and for more than can be held.
    """
    union = _Items(window) if window else _Questions()
    found: list[list[Call]] = []
    for read in chain:
        try:
            calls = await load(read.evidence)
        except Unread:
            if read is chain[0]:
                raise
            break
        found.append(union.take(calls, is_edge=read is chain[0] or read is chain[-1]))
        if union.count > MOST_ITEMS:
            raise Unread(operation, f"holds more than the {MOST_ITEMS} things that can be looked at")
    return tuple(call for calls in reversed(found) for call in calls)


@dataclass(frozen=True, slots=True)
class Span:
    """The reads of an operation that are put together: of each part and region a chain, the newest first."""

    operation: str
    window: Window | None
    chains: tuple[tuple[SyncRead, ...], ...]
    state: tuple[str, ...]

    @property
    def reads(self) -> list[SyncRead]:
        return [read for chain in self.chains for read in chain]

    async def calls(self, shelf: Shelf) -> tuple[Call, ...]:
        """All of them as one. Raises as `joined`."""

        async def load(hashes: Sequence[str]) -> tuple[Call, ...]:
            return await shelf.calls(self.operation, hashes)

        found = [await joined(self.operation, chain, self.window, load) for chain in self.chains]
        return tuple(call for calls in found for call in calls)


def span_of(operation: str, last: Sequence[SyncRead], older: Sequence[SyncRead], joining: Joining) -> Span:
    """What the reads of the last syncs go on from; `older` has the newest first."""
    is_list = joining.window is not None
    every = [distinct(chain, operation, is_list=is_list) for chain in chains(last, older, joining)]
    state = state_of((read for chain in every for read in chain), operation, joining)
    return Span(operation, joining.window, tuple(map(tuple, every)), tuple(state))


class _Questions:
    """Takes reads from the newest on; `count` counts what is held."""

    def __init__(self) -> None:
        self.count = 0
        self._seen: set[tuple[str | None, bytes]] = set()

    def take(self, calls: Sequence[Call], *, is_edge: bool) -> list[Call]:
        """The calls that no newer read has made."""
        keys = [(call.region, _json(call.arguments)) for call in calls]
        found = [call for call, key in zip(calls, keys, strict=True) if key not in self._seen]
        self._seen.update(keys)
        self.count += sum(len(call.pages) for call in found)
        return found


class _Items:
    """The same for the calls of a list."""

    def __init__(self, window: Window) -> None:
        self.count = 0
        self._window = window
        self._seen: set[bytes] = set()

    def take(self, calls: Sequence[Call], *, is_edge: bool) -> list[Call]:
        """The calls with the items that no newer read has shown; without one only those of the edges stay."""
        found = []
        for call in reversed(calls):
            before = self.count
            pages = [self._page(call, page) for page in reversed(call.pages)]
            if is_edge or self.count > before:
                found.append(_with(call, tuple(reversed(pages))))
        return list(reversed(found))

    def _page(self, call: Call, page: Any) -> Any:
        """The last of a page first: what is listed twice by one read was listed last as it was last."""
        kept = []
        for item in reversed(listed(page, self._window.path)):
            key = self._key(call, item)
            if key not in self._seen:
                self._seen.add(key)
                self.count += 1
                kept.append(item)
            elif self._window.leaves is not None:
                kept.append(self._window.leaves(item))
        return _replaced(page, self._window.path, kept[::-1])

    def _key(self, call: Call, item: Mapping[str, Any]) -> bytes:
        within = [call.arguments.get(name) for name in self._window.within]
        return _json([call.region, within, [item[key] for key in self._window.keys]])


def _with(call: Call, pages: tuple[Any, ...]) -> Call:
    return Call(operation=call.operation, region=call.region, arguments=call.arguments, pages=pages)


def _replaced(page: Any, path: str, items: list[Any]) -> Any:
    """The page with another list under a dotted path."""
    if not path:
        return items
    key, _, rest = path.partition(".")
    inner = page.get(key)
    return page if inner is None else {**page, key: _replaced(inner, rest, items)}


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
