"""Stored answers as procedures look at them: read from the evidence when they are asked for, a bounded part held."""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import orjson
from bson.errors import BSONError

from documents.evidence import PackStore, StoredAnswer, read_pack
from domain.compliance.answers import Call, Unread
from domain.compliance.judging import MISSHAPEN
from domain.errors import Misshapen, NotFound
from domain.facts.scope import Scope

# Answers held at a time. Packs are a megabyte of JSON at most, which is some megabytes of objects.
MOST_ANSWERS = 60_000
CUT = frozenset({"bytes", "sha256"})
Load = Callable[[str], Awaitable[tuple[Call, ...]]]


class Shelf:
    """The packs of one organization; of each, the answers of the operations that anybody asks for.

    Whatever keeps the evidence may fail with PyMongoError or Unavailable.
    """

    def __init__(self, scope: Scope, wanted: Collection[str], store: PackStore | None = None) -> None:
        self._scope, self._wanted, self._store = scope, frozenset(wanted), store
        self._packs: OrderedDict[str, list[StoredAnswer]] = OrderedDict()

    async def calls(self, operation: str, hashes: Sequence[str]) -> tuple[Call, ...]:
        """Every call of an operation in these packs. Raises Unread for one that is not there as a whole."""
        answers: dict[tuple[str, bytes], dict[int, StoredAnswer]] = defaultdict(dict)
        for sha256 in hashes:
            for one in await self._pack(operation, sha256):
                if one.operation == operation:
                    answers[one.region or "", _key(one.arguments)][one.page] = one
        return tuple(_call(operation, pages) for _, pages in sorted(answers.items()))

    async def _pack(self, operation: str, sha256: str) -> list[StoredAnswer]:
        if sha256 in self._packs:
            self._packs.move_to_end(sha256)
            return self._packs[sha256]
        try:
            every = await read_pack(self._scope, sha256, self._store)
        except NotFound:
            raise Unread(operation, "its answers are not kept any more") from None
        except Misshapen:
            raise Unread(operation, "its answers are not what was kept") from None
        found = [one for one in every if one.operation in self._wanted or one.operation == operation]
        self._packs[sha256] = found
        while len(self._packs) > 1 and sum(map(len, self._packs.values())) > MOST_ANSWERS:
            self._packs.popitem(last=False)
        return found


def _key(arguments: Mapping[str, Any]) -> bytes:
    return orjson.dumps(arguments, option=orjson.OPT_SORT_KEYS)


def _call(operation: str, pages: Mapping[int, StoredAnswer]) -> Call:
    if sorted(pages) != list(range(len(pages))):
        raise Unread(operation, "a page of an answer is missing from what is kept")
    ordered = [pages[number] for number in sorted(pages)]
    if any(isinstance(one.answer, dict) and one.answer.keys() == CUT for one in ordered):
        raise Unread(operation, "an answer is too long to be kept")
    first = ordered[0]
    answers = tuple(one.answer for one in ordered)
    return Call(operation=operation, region=first.region, arguments=first.arguments, pages=answers)


class StoredCalls(Mapping[str, tuple[Call, ...]]):
    """Calls by operation, read when a procedure asks. Procedures run in a thread; `loop` is the one that reads.

    `touched` are the operations that were asked for since it was cleared.
    """

    def __init__(self, operations: Collection[str], load: Load, loop: asyncio.AbstractEventLoop) -> None:
        self._operations, self._load, self._loop = frozenset(operations), load, loop
        self.touched: set[str] = set()

    def __getitem__(self, operation: str) -> tuple[Call, ...]:
        if operation not in self._operations:
            raise KeyError(operation)
        self.touched.add(operation)
        return asyncio.run_coroutine_threadsafe(self._read(operation), self._loop).result()

    def __iter__(self) -> Iterator[str]:
        return iter(self._operations)

    def __len__(self) -> int:
        return len(self._operations)

    async def _read(self, operation: str) -> tuple[Call, ...]:
        """Raises Unread for what is damaged: a KeyError would pass for an operation that nothing was answered to."""
        try:
            return await self._load(operation)
        except (*MISSHAPEN, BSONError) as error:
            raise Unread(operation, f"what is kept of it is not as it was stored ({type(error).__name__})") from error
