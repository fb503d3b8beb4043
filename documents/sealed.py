"""Which stored fields hold cipher texts of the vault: what documents declare as `sealed`, found by scanning them."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

from beanie import Document
from bson import Binary
from pymongo.asynchronous.collection import AsyncCollection

BSON_BINARY_ENCRYPTED = 6


@dataclass(frozen=True, slots=True)
class SealedField:
    """`path` is a field of the collection, with dots into embedded documents (not into lists)."""

    collection: AsyncCollection[dict[str, Any]]
    path: str

    async def size(self) -> int:
        """How many documents hold a cipher text there."""
        return await self.collection.count_documents(self._holds())

    async def read(self) -> AsyncIterator[tuple[Any, bytes]]:
        """(document id, cipher text) of every document that holds one."""
        async for raw in self.collection.find(self._holds(), {self.path: 1}, batch_size=100):
            yield raw["_id"], _at(raw, self.path)

    async def replace(self, id: Any, old: bytes, new: bytes) -> bool:
        """Put another cipher text in the place of this one. False when something else stands there by now."""
        result = await self.collection.update_one(
            {"_id": id, self.path: old}, {"$set": {self.path: Binary(new, BSON_BINARY_ENCRYPTED)}}
        )
        return result.modified_count == 1

    def _holds(self) -> dict[str, Any]:
        return {self.path: {"$type": "binData"}}


def sealed_fields(documents: Iterable[type[Document]]) -> list[SealedField]:
    """The sealed fields of these documents, which are bound to a database already."""
    return [
        SealedField(document.get_pymongo_collection(), path)
        for document in documents
        for path in getattr(document, "sealed", ())
    ]


def _at(raw: Any, path: str) -> bytes:
    for name in path.split("."):
        raw = raw[name]
    cipher: bytes = raw
    return cipher
