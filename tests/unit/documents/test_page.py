"""Keyset order, compared with plain sorting."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from documents.page import Keyset, page_steps

OPERATORS = {
    "$gt": lambda value, limit: value > limit,
    "$lt": lambda value, limit: value < limit,
    "$in": lambda value, wanted: value in wanted,
}
SIGNS = st.sampled_from([(1, 1), (1, -1), (-1, 1), (-1, -1)])
ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3), st.booleans()), max_size=20)
GROUPS = st.sampled_from([[[0]], [[0, 1]], [[0], [1]], [[0, 1], [2, 3]], [[0], [1, 2], [3]], []])
FILTERS = st.sampled_from([{}, {"a": {"$in": [1, 2]}}, {"open": True}])


def matches(row: dict[str, Any], clause: dict[str, Any]) -> bool:
    """The filter language as far as pages use it."""
    return all(_holds(row, name, wanted) for name, wanted in clause.items())


def _holds(row: dict[str, Any], name: str, wanted: Any) -> bool:
    if name in ("$or", "$and"):
        found = [matches(row, branch) for branch in wanted]
        return any(found) if name == "$or" else all(found)
    if isinstance(wanted, dict):
        return all(OPERATORS[operator](row[name], limit) for operator, limit in wanted.items())
    return bool(row[name] == wanted)


def in_order(stored: list[dict[str, Any]], sort: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
    return sorted(stored, key=lambda row: tuple(sign * row[name] for name, sign in sort))


def paged(stored: list[dict[str, Any]], groups: list[list[int]], where: dict[str, Any], keyset: Keyset, size: int):
    """Every page until an empty one, read as `page_in` reads them."""
    within = [{"org_id": {"$in": group} if len(group) > 1 else group[0]} for group in groups]
    after = None
    while True:
        page: list[dict[str, Any]] = []
        for queries, sort in page_steps(within, where, keyset, after):
            answers = [in_order([row for row in stored if matches(row, query)], sort)[:size] for query in queries]
            page += keyset.merged(answers)
        page = page[:size]
        if not page:
            return
        yield page
        after = [page[-1][name] for name, _ in keyset.full]


@given(ROWS, SIGNS, GROUPS, FILTERS, st.integers(1, 4))
def test_paging_through_visits_every_row_once_in_order(tuples, signs, groups, where, size) -> None:
    stored = [
        {"org_id": org, "a": a, "b": b, "open": is_open, "_id": number}
        for number, (org, a, b, is_open) in enumerate(tuples)
    ]
    keyset = Keyset((("a", signs[0]), ("b", signs[1])))
    reached = {org for group in groups for org in group}

    visited = [row for page in paged(stored, groups, where, keyset, size) for row in page]

    assert visited == in_order([row for row in stored if row["org_id"] in reached and matches(row, where)], keyset.full)


def test_one_organization_is_asked_once_for_all_that_comes_after_a_cursor() -> None:
    keyset = Keyset((("a", 1),))

    steps = page_steps([{"org_id": 7}], {"open": True}, keyset, [3, 9])

    tied = {"org_id": 7, "open": True, "a": 3, "_id": {"$gt": 9}}
    assert steps == [([{"$or": [tied, {"org_id": 7, "open": True, "a": {"$gt": 3}}]}], [("a", 1), ("_id", 1)])]


def test_many_organizations_are_asked_range_by_range_so_that_each_follows_an_index() -> None:
    keyset = Keyset((("a", 1),))

    steps = page_steps([{"org_id": {"$in": [1, 2]}}, {"org_id": 3}], {}, keyset, [3, 9])

    assert [[query["org_id"] for query in queries] for queries, _ in steps] == [[{"$in": [1, 2]}, 3]] * 2
    assert [queries[0]["a"] for queries, _ in steps] == [3, {"$gt": 3}]


def test_what_is_the_same_in_all_rows_of_a_query_is_not_sorted_by() -> None:
    keyset = Keyset((("a", 1), ("b", -1)))
    many = [{"org_id": {"$in": [1, 2]}}]

    cut = page_steps(many, {}, keyset, [3, 5, 9])
    chosen = page_steps(many, {"a": {"$in": [4, 2, 3]}}, keyset, None)

    assert [sort for _, sort in cut] == [[("_id", -1)], [("b", -1), ("_id", -1)], [("a", 1), ("b", -1), ("_id", -1)]]
    assert [sort for _, sort in chosen] == [[("b", -1), ("_id", -1)]] * 3
    assert [queries[0]["$and"][1] for queries, _ in chosen] == [{"a": 2}, {"a": 3}, {"a": 4}]
