"""Keyset order, compared with plain sorting."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from documents.page import Keyset


def matches(row: dict[str, Any], clause: dict[str, Any]) -> bool:
    """The filter language as far as keysets use it."""
    if "$or" in clause:
        return any(matches(row, branch) for branch in clause["$or"])
    return all(_holds(row[field], wanted) for field, wanted in clause.items())


def _holds(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        ((operator, limit),) = wanted.items()
        return bool(value > limit if operator == "$gt" else value < limit)
    return bool(value == wanted)


rows = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=12)


@given(rows, st.sampled_from([(1, 1), (1, -1), (-1, 1), (-1, -1)]))
def test_paging_through_visits_every_row_once_in_order(pairs: list[tuple[int, int]], signs: tuple[int, int]) -> None:
    stored = [{"a": a, "b": b, "_id": number} for number, (a, b) in enumerate(pairs)]
    keyset = Keyset((("a", signs[0]), ("b", signs[1])))
    factors = (signs[0], signs[1], signs[1])
    ordered = sorted(stored, key=lambda row: tuple(f * row[k] for f, k in zip(factors, ("a", "b", "_id"), strict=True)))

    visited: list[dict[str, Any]] = []
    while len(visited) < len(ordered):
        last = [visited[-1][name] for name, _ in keyset.full] if visited else None
        left = [row for row in ordered if last is None or matches(row, keyset.after(last))]
        visited.append(left[0])

    assert visited == ordered
