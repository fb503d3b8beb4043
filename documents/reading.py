"""What is read of a row: which stored fields, and which other rows with it. Not how a list is paged."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bson import ObjectId

from documents.row import slot_of
from domain.facts.scope import Scope


class Readable(Protocol):
    """A document whose rows can be read by their ids."""

    async def rows_by_id(self, scope: Scope, ids: Collection[ObjectId], reading: "Reading") -> Mapping[ObjectId, Any]:
        """The rows in scope by their id; what is absent or out of scope is left out."""
        ...


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows of `document` that are read with the rows which hold their id in `field`."""

    field: str
    document: Readable
    reading: "Reading"


@dataclass(frozen=True, slots=True)
class Reading:
    """`fields` are stored names, read together with what the document always reads."""

    fields: tuple[str, ...] = ()
    relations: tuple[Relation, ...] = field(default=())


async def read_relations(scope: Scope, rows: Sequence[Any], relations: Sequence[Relation]) -> None:
    """Put the related rows into the slots of these rows: one query for each relation, however many rows there are.

    None where the id is None, or leads to nothing in scope.
    """
    if rows and relations:
        await asyncio.gather(*(_read(scope, rows, relation) for relation in relations))


async def _read(scope: Scope, rows: Sequence[Any], relation: Relation) -> None:
    slot = slot_of(relation.field)
    ids = [getattr(row, relation.field) for row in rows]
    found = await relation.document.rows_by_id(scope, {id for id in ids if id is not None}, relation.reading)
    for row, id in zip(rows, ids, strict=True):
        setattr(row, slot, found.get(id))
    await read_relations(scope, list(found.values()), relation.reading.relations)
