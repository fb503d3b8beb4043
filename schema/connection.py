"""Relay connections over keyset pages, with signed cursors."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, Generic, TypeVar

import orjson
import strawberry
from bson import json_util

from auth.signer import Signer
from documents.base import TenantDocument
from documents.page import Keyset
from domain.errors import BadCursor, Invalid
from domain.facts.scope import Scope
from schema.node import said
from schema.scalars import Cursor

T = TypeVar("T")

DEFAULT_FIRST = 25
MAX_FIRST = 100
First = Annotated[int, strawberry.argument(description="How many items at most, 1 to 100.")]
After = Annotated[Cursor | None, strawberry.argument(description="Cursor of the item to go on after.")]
COUNT_CAP = 10_000


@strawberry.type(description="Where a page ends and whether there is more.")
class PageInfo:
    has_next_page: bool = said("Whether there are items after this page.")
    has_previous_page: bool = said("Whether the page was asked for with `after`.")
    start_cursor: Cursor | None = said("Cursor of the first item, null on an empty page.")
    end_cursor: Cursor | None = said("Cursor of the last item, null on an empty page; pass it as `after`.")


@strawberry.type(description="One item of a page and its cursor.")
class Edge(Generic[T]):
    cursor: Cursor = said("The place of this item in the list.")
    node: T = said("The item.")


@strawberry.type(description="One page of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = said("Items with their cursors.")
    nodes: list[T] = said("The items alone.")
    page_info: PageInfo = said("Where the page ends and whether there is more.")
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(description="How many items the whole list has, counted no further than 10000.")
    async def total_count(self) -> int:
        """Counted only when asked for."""
        return await self.count()


def checked_first(first: int) -> int:
    """The page size. Raises Invalid outside of 1 to 100."""
    if not 1 <= first <= MAX_FIRST:
        raise Invalid(f"first must lie between 1 and {MAX_FIRST}.", path=("first",))
    return first


class Pager:
    """Turns keyset pages into connections; `signer` keeps clients from making cursors up."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    async def page(
        self,
        document: type[TenantDocument],
        scope: Scope,
        filter: Mapping[str, Any],
        keyset: Keyset,
        *,
        first: int,
        after: str | None,
    ) -> Connection[Any]:
        """One page of a document's rows in scope. Raises Invalid for a bad size, BadCursor for a bad cursor."""
        mark = _mark(document.__name__, filter, keyset)
        start = None if after is None else self._values(after, mark)
        page = await document.page_in(scope, filter, keyset, first=checked_first(first), after=start)

        async def count() -> int:
            return await document.count_in(scope, filter, cap=COUNT_CAP)

        return self.connection(page.rows, page.has_next, keyset, mark, after is not None, count)

    def connection(
        self,
        rows: Sequence[Any],
        has_next: bool,
        keyset: Keyset,
        mark: str,
        has_previous: bool,
        count: Callable[[], Awaitable[int]],
    ) -> Connection[Any]:
        """A connection over rows that were read already."""
        edges = [Edge(cursor=self._cursor(keyset.values_of(row), mark), node=row) for row in rows]
        info = PageInfo(
            has_next_page=has_next,
            has_previous_page=has_previous,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        )
        return Connection(edges=edges, nodes=list(rows), page_info=info, count=count)

    def _cursor(self, values: Sequence[Any], mark: str) -> Cursor:
        return Cursor(self._signer.seal(json_util.dumps([mark, *values], json_options=_JSON).encode()))

    def _values(self, cursor: str, mark: str) -> list[Any]:
        sealed = self._signer.open(cursor)
        if sealed is None:
            raise BadCursor("This cursor was not made by this list. Leave out `after` to begin anew.", path=("after",))
        carried: list[Any] = json_util.loads(sealed.decode(), json_options=_JSON)
        found, *values = carried
        if found != mark:
            raise BadCursor(
                "This cursor belongs to a list with another filter or order. Leave out `after` to begin anew.",
                path=("after",),
            )
        return values


_JSON = json_util.JSONOptions(tz_aware=True, json_mode=json_util.JSONMode.CANONICAL)


def _mark(name: str, filter: Mapping[str, Any], keyset: Keyset) -> str:
    text = orjson.dumps([name, filter, keyset.keys], default=str, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()[:16]
