"""Questions about costs that people keep under a name, for themselves or for everybody in the organization."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar, Self

from bson import ObjectId
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from documents.page import Keyset, Page
from documents.reading import Reading
from domain.costs.view import ViewQuestion
from domain.errors import Conflict, Invalid, NotFound
from domain.facts.scope import Scope

MOST_VIEWS = 200


class CostView(TenantDocument):
    """`owner` is the actor who keeps it. What is not shared nobody else sees; names are unique for each owner."""

    noun: ClassVar[str] = "saved view of costs"
    always_read: ClassVar[tuple[str, ...]] = ("org_id", "owner", "is_shared")

    name: str
    owner: str
    is_shared: bool = False
    question: ViewQuestion
    version: int = 1

    class Settings:
        name = "cost_views"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("owner", ASCENDING), ("name", ASCENDING)], unique=True, name="owned"),
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING), ("_id", ASCENDING)], name="org_name"),
        ]

    @classmethod
    async def get_in(cls, scope: Scope, id: str, *, session: AsyncClientSession | None = None) -> Self:
        """The view with this id. Raises NotFound also for one that somebody else keeps to themselves."""
        view = await super().get_in(scope, id, session=session)
        if not _is_visible(scope, view):
            raise NotFound.of(cls.noun)
        return view

    @classmethod
    async def page_in(
        cls,
        scope: Scope,
        filter: Mapping[str, Any],
        keyset: Keyset,
        *,
        first: int,
        after: Sequence[Any] | None = None,
        reading: Reading | None = None,
    ) -> Page[Any]:
        """At most `first` of the actor's own views and the shared ones in the keyset's order."""
        filter = {**filter, **_visible(scope)}
        return await super().page_in(scope, filter, keyset, first=first, after=after, reading=reading)

    @classmethod
    async def count_in(cls, scope: Scope, filter: Mapping[str, Any], *, cap: int) -> int:
        """How many of the actor's own views and the shared ones there are, counted no further than `cap`."""
        return await super().count_in(scope, {**filter, **_visible(scope)}, cap=cap)

    @classmethod
    async def rows_by_id(
        cls, scope: Scope, ids: Collection[ObjectId], reading: Reading | None = None
    ) -> dict[ObjectId, Any]:
        """Views by their id; what the actor does not see is left out."""
        rows = await super().rows_by_id(scope, ids, reading)
        return {id: row for id, row in rows.items() if _is_visible(scope, row)}


# They would show what others keep to themselves.
for _name in ("find_in", "list_in"):
    setattr(CostView, _name, CostView._closed)


def _visible(scope: Scope) -> dict[str, Any]:
    return {"$or": [{"owner": scope.actor}, {"is_shared": True}]}


def _is_visible(scope: Scope, view: Any) -> bool:
    return bool(view.is_shared or view.owner == scope.actor)


async def add_view(view: CostView, session: AsyncClientSession) -> None:
    """Store a new view. Raises Invalid when its owner keeps too many."""
    query = {"org_id": view.org_id, "owner": view.owner}
    if await CostView.rows().count_documents(query, limit=MOST_VIEWS, session=session) >= MOST_VIEWS:
        raise Invalid(f"You keep {MOST_VIEWS} views here, which is the most: delete one first.")
    await view.insert(session=session)


async def change_view(
    view: CostView, changes: Mapping[str, Any], expected_version: int | None, session: AsyncClientSession
) -> CostView:
    """The view with these fields changed. Raises Conflict when it is in another version."""
    raw = await CostView.rows().find_one_and_update(
        {"_id": view.id, "version": expected_version or view.version},
        {"$set": dict(changes), "$inc": {"version": 1}},
        session=session,
        return_document=ReturnDocument.AFTER,
    )
    if raw is None:
        raise Conflict("The view was changed in the meantime: look at it again.", current=view)
    return CostView.stored(raw)


async def delete_view(view: CostView, session: AsyncClientSession) -> None:
    """Delete a view. Raises NotFound when it is gone already."""
    result = await CostView.rows().delete_one({"_id": ObjectId(str(view.id))}, session=session)
    if not result.deleted_count:
        raise NotFound.of(CostView.noun)
