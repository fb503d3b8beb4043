"""How what people decide for compliance changes: one checked step at a time, by its version."""

from collections.abc import Mapping
from typing import Any, Protocol, Self, TypeVar

from beanie import PydanticObjectId
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

from domain.errors import Conflict


class Governed(Protocol):
    """A document with a version."""

    id: PydanticObjectId | None
    noun: Any
    version: int

    @classmethod
    def rows(cls) -> AsyncCollection[dict[str, Any]]: ...
    @classmethod
    def stored(cls, raw: Mapping[str, Any]) -> Self: ...


T = TypeVar("T", bound=Governed)


async def moved(
    document: T,
    changes: Mapping[str, Any],
    expected_version: int | None,
    session: AsyncClientSession,
    where: Mapping[str, Any] | None = None,
) -> T:
    """The document with these fields changed. Raises Conflict when it is in another version, or not as in `where`."""
    raw = await document.rows().find_one_and_update(
        {"_id": document.id, "version": expected_version or document.version, **(where or {})},
        {"$set": dict(changes), "$inc": {"version": 1}},
        session=session,
        return_document=ReturnDocument.AFTER,
    )
    if raw is None:
        told = f"This {document.noun} was changed in the meantime, or was decided already: look at it again."
        raise Conflict(told, current=document)
    return document.stored(raw)
