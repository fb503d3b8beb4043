"""Relay connections over keyset pages, with signed cursors."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, Generic, Protocol, TypeVar

import orjson
import strawberry

from auth.signer import Signer
from documents.base import TenantDocument
from documents.page import Keyset, Page
from documents.reading import Reading, read_relations
from domain.errors import Invalid
from domain.facts.scope import Scope
from schema.node import said
from schema.place import Places
from schema.scalars import Cursor
from schema.selection import selected

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


class Listing:
    """A page behind a Connection. Each part is made when it is asked for: a page without edges seals no cursors."""

    __slots__ = ("_cursor", "_has_next", "_has_previous", "count", "nodes")

    def __init__(
        self,
        nodes: list[Any],
        *,
        has_next: bool,
        has_previous: bool,
        cursor: Callable[[Any], Cursor],
        count: Callable[[], Awaitable[int]],
    ) -> None:
        """`cursor` gives the place of a row, `count` the length of the whole list."""
        self.nodes = nodes
        self.count = count
        self._has_next = has_next
        self._has_previous = has_previous
        self._cursor = cursor

    @property
    def edges(self) -> list["Place"]:
        return [Place(node, self._cursor) for node in self.nodes]

    @property
    def page_info(self) -> PageInfo:
        return PageInfo(
            has_next_page=self._has_next,
            has_previous_page=self._has_previous,
            start_cursor=self._cursor(self.nodes[0]) if self.nodes else None,
            end_cursor=self._cursor(self.nodes[-1]) if self.nodes else None,
        )


class Place:
    """An item behind an Edge."""

    __slots__ = ("_cursor", "node")

    def __init__(self, node: Any, cursor: Callable[[Any], Cursor]) -> None:
        self.node = node
        self._cursor = cursor

    @property
    def cursor(self) -> Cursor:
        return self._cursor(self.node)


class Listed(Protocol):
    """What can be paged besides tenant documents: rows whose tenant stands in another field."""

    async def page_in(
        self,
        scope: Scope,
        filter: Mapping[str, Any],
        keyset: Keyset,
        *,
        first: int,
        after: Sequence[Any] | None = None,
        reading: Reading | None = None,
    ) -> Page[Any]: ...

    async def count_in(self, scope: Scope, filter: Mapping[str, Any], *, cap: int) -> int: ...


class Pager:
    """Turns keyset pages into connections; `signer` keeps clients from making cursors up."""

    def __init__(self, signer: Signer) -> None:
        self._places = Places(signer)

    async def page(
        self,
        info: strawberry.Info,
        document: type[TenantDocument] | Listed,
        scope: Scope,
        filter: Mapping[str, Any],
        keyset: Keyset,
        *,
        first: int,
        after: str | None,
    ) -> Listing:
        """One page of a document's rows in scope, with what the operation selects of them and of related rows.

        Raises Invalid for a bad size, BadCursor for a bad cursor.
        """
        name = document.__name__ if isinstance(document, type) else type(document).__name__
        mark = _mark(name, filter, keyset)
        start = None if after is None else self._places.open(after, mark)
        checked_first(first)
        wanted = selected(info)
        page: Page[Any] = Page(rows=[], has_next=False)
        if wanted.rows:
            page = await document.page_in(scope, filter, keyset, first=first, after=start, reading=wanted.reading)
            await read_relations(info.context.loaders.scope, page.rows, wanted.reading.relations)
        return Listing(
            page.rows,
            has_next=page.has_next,
            has_previous=after is not None,
            cursor=lambda row: self._places.seal(keyset.values_of(row), mark),
            count=lambda: document.count_in(scope, filter, cap=COUNT_CAP),
        )


def _mark(name: str, filter: Mapping[str, Any], keyset: Keyset) -> str:
    text = orjson.dumps([name, filter, keyset.keys], default=str, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()[:16]
