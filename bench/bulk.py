"""Storing millions of documents: from templates of BSON, by several processes, with indexes made at the end."""

import asyncio
import multiprocessing
import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from itertools import islice
from typing import Any, TypeVar

from beanie import Document
from bson import ObjectId
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import OperationFailure
from pymongo.write_concern import WriteConcern

from app.wiring import Backend, urls_of

PROCESSES = 2
BATCH = 5_000
CACHE = "2G"
INDEX_NOT_FOUND, NAMESPACE_NOT_FOUND = 27, 26  # MongoDB error codes

R = TypeVar("R")


class Template:
    """A document in BSON with marks in it that are replaced, each by bytes of its own length."""

    def __init__(self, document: bytes, marks: Mapping[str, bytes]) -> None:
        text = document.replace(b"%", b"%%")
        for name, mark in marks.items():
            mark = mark.replace(b"%", b"%%")
            if mark not in text:
                raise ValueError(f"The document has no {name}.")
            text = text.replace(mark, b"%%(%s)b" % name.encode())
        self._text = text

    def filled(self, values: Mapping[bytes, bytes]) -> RawBSONDocument:
        return RawBSONDocument(self._text % values)


class Ids:
    """Object ids that count up: `number` makes the id, so that others can name it without looking."""

    def __init__(self) -> None:
        # The time as in every object id; then chance, so that no other range begins with the same bytes.
        self._head = ObjectId().binary[:4] + os.urandom(4)

    def of(self, number: int) -> bytes:
        return self._head + number.to_bytes(4, "big")


def portions(documents: Iterable[RawBSONDocument]) -> Iterator[list[RawBSONDocument]]:
    documents = iter(documents)
    while portion := list(islice(documents, BATCH)):
        yield portion


def inserted(collection: Collection[Any], documents: Iterable[RawBSONDocument]) -> int:
    """Store the documents; returns how many."""
    count = 0
    for portion in portions(documents):
        collection.insert_many(portion, ordered=False)
        count += len(portion)
    return count


_clients: dict[str, MongoClient[dict[str, Any]]] = {}


def raw_collection(url: str, database: str, name: str) -> Collection[Any]:
    """The collection in a process of the pool; nobody waits for the journal."""
    if url not in _clients:
        _clients[url] = MongoClient(url)
    return _clients[url][database].get_collection(name, write_concern=WriteConcern(w=1, j=False))


async def in_processes(work: Callable[[Any], R], parts: Sequence[Any]) -> AsyncIterator[tuple[Any, R]]:
    """(part, what `work` made of it) as they get done. `work` is a function of a module, called in other processes."""
    loop = asyncio.get_running_loop()
    # Not forked: this process has an event loop and threads.
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:

        async def one(part: Any) -> tuple[Any, R]:
            return part, await loop.run_in_executor(pool, work, part)

        for done in asyncio.as_completed([one(part) for part in parts]):
            yield await done


@asynccontextmanager
async def quick(backend: Backend, *documents: type[Document]) -> AsyncIterator[None]:
    """A cache that holds the work, and no indexes of these collections but _id until the end."""
    status = await backend.database.command("serverStatus")
    before = status["wiredTiger"]["cache"]["maximum bytes configured"]
    await _cache(backend, CACHE)
    for document in documents:
        await _drop_indexes(document)
    yield
    await asyncio.gather(*(_make_indexes(document) for document in documents))
    await backend.client.admin.command("fsync")
    await _cache(backend, f"{before // (1 << 20)}M")


async def _cache(backend: Backend, size: str) -> None:
    await backend.client.admin.command({"setParameter": 1, "wiredTigerEngineRuntimeConfig": f"cache_size={size}"})


async def _drop_indexes(document: type[Document]) -> None:
    try:
        await document.get_pymongo_collection().drop_indexes()
    except OperationFailure as error:
        if error.code not in (INDEX_NOT_FOUND, NAMESPACE_NOT_FOUND):
            raise


async def _make_indexes(document: type[Document]) -> None:
    indexes = [field.index for field in document.get_settings().indexes or []]
    if indexes:
        await document.get_pymongo_collection().create_indexes(indexes)


def place_of(backend: Backend) -> tuple[str, str]:
    """(MongoDB's address, name of the database), for another process."""
    return urls_of(backend.settings)[0], backend.settings.mongodb_database
