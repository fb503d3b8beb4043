"""Pages as the graph reads them, and the cursors of their items."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from auth.signer import Signer
from domain.errors import BadCursor
from schema.connection import Listing
from schema.place import Places
from schema.scalars import Cursor

SIGNER = Signer(b"k" * 32, "page")
PLACES = Places(SIGNER)
INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - hypothesis wants them bare
    lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000, tzinfo=UTC)
)
IDS = st.binary(min_size=12, max_size=12).map(ObjectId)
VALUES = st.lists(st.text() | st.integers(-(2**31), 2**31) | INSTANTS | IDS | st.none(), max_size=4)


@given(VALUES)
def test_a_cursor_carries_the_sort_values_exactly(values: list[Any]) -> None:
    assert PLACES.open(PLACES.seal(values, "list"), "list") == values


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(BadCursor, match="another filter or order"):
        PLACES.open(PLACES.seal([1], "list"), "other")


@pytest.mark.parametrize(
    "cursor",
    [
        "made up",
        Places(Signer(b"x" * 32, "page")).seal([1], "list"),
        Places(Signer(b"k" * 32, "feed")).seal([1], "list"),
        SIGNER.seal(b'["list", 1]'),
        SIGNER.seal(b""),
    ],
)
def test_a_cursor_that_was_not_made_here_is_refused(cursor: str) -> None:
    with pytest.raises(BadCursor, match="was not made by this list"):
        PLACES.open(cursor, "list")


def listing(count: int) -> tuple[Listing, list[int]]:
    """A page, and the numbers of the items whose cursors were sealed."""
    sealed: list[int] = []

    def cursor(row: Any) -> Cursor:
        sealed.append(row.number)
        return Cursor(str(row.number))

    async def counted() -> int:
        return count

    rows = [SimpleNamespace(number=number) for number in range(count)]
    return Listing(rows, has_next=True, has_previous=False, cursor=cursor, count=counted), sealed


def test_cursors_are_sealed_only_where_they_are_read() -> None:
    page, sealed = listing(3)

    nodes = [edge.node.number for edge in page.edges]
    assert (nodes, sealed) == ([0, 1, 2], [])

    assert page.edges[1].cursor == "1"
    assert sealed == [1]


def test_a_page_tells_where_it_ends() -> None:
    page, _ = listing(3)
    empty, _ = listing(0)

    assert (page.page_info.start_cursor, page.page_info.end_cursor, page.page_info.has_next_page) == ("0", "2", True)
    assert (empty.page_info.start_cursor, empty.page_info.end_cursor) == (None, None)
