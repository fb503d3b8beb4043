"""What registers have in common: entries are replaced as a whole, retired and never deleted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from domain.errors import Conflict
from domain.facts.scope import Scope

# Of one register that controls look at; what is beyond would be left out, so nothing is said then.
MOST_ENTRIES = 10_000
E = TypeVar("E", bound=TenantDocument)


class Entry(BaseModel):
    """`changed_by` is the actor of the last change; what has `retired_at` does not count any more."""

    changed_at: datetime
    changed_by: str
    retired_at: datetime | None = None
    version: int = 1


def in_order() -> IndexModel:
    """The index of a register, in the order in which its entries were made."""
    return IndexModel([("org_id", ASCENDING), ("_id", ASCENDING)], name="org_made")


async def replace_entry(
    entry: E, fields: Mapping[str, Any], expected_version: int | None, session: AsyncClientSession
) -> E:
    """The entry with these fields. Raises Conflict when it is in another version."""
    found = {"_id": entry.id, "org_id": entry.org_id}
    raw = (
        await type(entry)
        .rows()
        .find_one_and_update(
            found if expected_version is None else {**found, "version": expected_version},
            {"$set": dict(fields), "$inc": {"version": 1}},
            session=session,
            return_document=ReturnDocument.AFTER,
        )
    )
    if raw is None:
        told = f"The {entry.noun} was changed in the meantime: look at it again."
        raise Conflict(told, path=("input", "expectedVersion"), current=entry)
    return type(entry).stored(raw)


async def entries(document: type[E], scope: Scope) -> list[E]:
    """Every entry of a register that counts."""
    return await document.list_in(scope, {"retired_at": None}, limit=MOST_ENTRIES)
