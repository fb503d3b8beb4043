"""Who can owe costs: teams, projects, environments and products, as a tree. What they got stays theirs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from domain.allocation.target import Target
from domain.errors import Conflict, Invalid
from domain.facts.allocation import AllocationKind
from domain.facts.scope import Scope

MOST_TARGETS = 5_000


class AllocationTarget(TenantDocument):
    """`spelling` is the folded name, unique among those of its kind. `parent_id` is the target it is a part of.

    `owner` and `cost_centre` are words for people. An archived one takes no costs any more and keeps those it has.
    `moves` rises when something else counts on where it stands.
    """

    noun: ClassVar[str] = "allocation target"

    kind: AllocationKind
    name: str
    spelling: str
    parent_id: PydanticObjectId | None = None
    owner: str = ""
    cost_centre: str = ""
    aliases: list[str] = Field(default_factory=list)
    archived_at: datetime | None = None
    moves: int = 0
    version: int = 1

    class Settings:
        name = "allocation_targets"
        indexes = [
            IndexModel(
                [("org_id", ASCENDING), ("kind", ASCENDING), ("spelling", ASCENDING)], unique=True, name="org_kind_name"
            ),
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING), ("_id", ASCENDING)], name="org_name"),
        ]


def as_target(target: AllocationTarget) -> Target:
    """The stored target as rules take it: ids are texts there."""
    parent = None if target.parent_id is None else str(target.parent_id)
    return Target(str(target.id), target.kind, target.name, parent, tuple(target.aliases))


async def all_targets(scope: Scope, *, session: AsyncClientSession | None = None) -> list[AllocationTarget]:
    """Every target in scope, archived ones too, in the order they were made."""
    found = await AllocationTarget.list_in(scope, {}, limit=MOST_TARGETS * max(1, len(scope.org_ids)), session=session)
    return sorted(found, key=lambda target: str(target.id))


def open_targets(targets: Sequence[AllocationTarget]) -> list[Target]:
    """Those that may get costs, as rules take them."""
    return [as_target(target) for target in targets if target.archived_at is None]


async def add_target(target: AllocationTarget, session: AsyncClientSession) -> AllocationTarget:
    """Store a new target. Raises Invalid when there are too many; the driver's error when the name is taken."""
    if await AllocationTarget.rows().count_documents({"org_id": target.org_id}, session=session) >= MOST_TARGETS:
        raise Invalid(f"There are {MOST_TARGETS} targets already.")
    return await target.add(session)


async def change_target(
    target: AllocationTarget, changes: dict[str, Any], expected_version: int | None, session: AsyncClientSession
) -> AllocationTarget:
    """The target with these fields changed. Raises Conflict when it is not in the version the caller worked from."""
    raw = await AllocationTarget.rows().find_one_and_update(
        {"_id": target.id, "version": expected_version or target.version},
        {"$set": changes, "$inc": {"version": 1}},
        session=session,
        return_document=ReturnDocument.AFTER,
    )
    if raw is None:
        raise Conflict(
            "The target was changed in the meantime: look at it again.",
            path=("input", "expectedVersion"),
            current=target,
        )
    return AllocationTarget.stored(raw)


async def hold_targets(ids: Sequence[str], session: AsyncClientSession) -> None:
    """Touch targets that a change counts on: two changes at once may be fine alone and wrong together, such as a loop
    of the tree, or rules that name what is archived.
    """
    query = {"_id": {"$in": [ObjectId(id) for id in ids]}}
    await AllocationTarget.rows().update_many(query, {"$inc": {"moves": 1}}, session=session)
