"""Objects of a bucket or a container: listed, and saved to files part by part, so that memory and calls stay small."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO, Protocol

from connectors.billing.feed import TooLarge, Vanished
from domain.costs.delivery import StoredObject

# Of one call: large enough that a call's own time does not count, small enough to come within its time limit.
PART_BYTES = 8 * 1024 * 1024
# Of a manifest. The largest that are known have some hundred kilobytes.
MOST_MANIFEST = 8 * 1024 * 1024


class ObjectStore(Protocol):
    """An open way to one bucket or container. Raises ProviderError."""

    service: str

    def listed(self, prefix: str) -> AsyncIterator[StoredObject]:
        """All objects whose keys begin so."""
        ...

    async def part(self, one: StoredObject, start: int, length: int) -> bytes | None:
        """These bytes of the object, None when it is gone or was changed since it was listed."""
        ...


async def read_whole(store: ObjectStore, one: StoredObject) -> bytes:
    """A small object. Raises Vanished, and TooLarge for one that is none."""
    if one.size > MOST_MANIFEST:
        raise TooLarge(f"{one.key} has {one.size} bytes, which is too much for a manifest.", service=store.service)
    return await _part(store, one, 0, one.size) if one.size else b""


async def save(store: ObjectStore, one: StoredObject, path: Path) -> None:
    """Write an object to a file, of which nothing is kept when it fails half-way. Raises Vanished."""
    file = await asyncio.to_thread(path.open, "wb")
    try:
        await _copy(store, one, file)
    finally:
        await asyncio.to_thread(file.close)


async def _copy(store: ObjectStore, one: StoredObject, file: BinaryIO) -> None:
    for start in range(0, one.size, PART_BYTES):
        part = await _part(store, one, start, min(PART_BYTES, one.size - start))
        await asyncio.to_thread(file.write, part)


async def _part(store: ObjectStore, one: StoredObject, start: int, length: int) -> bytes:
    found = await store.part(one, start, length)
    if found is None or len(found) != length:
        raise Vanished(f"{one.key} was changed or deleted while it was fetched.", service=store.service)
    return found
