"""Keyset paging: an order that ends in the id, and one page of rows. Not offsets: they get slow and skip rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Keyset:
    """Stored field names in sort order, each 1 or -1. `_id` is added as the last key and breaks ties."""

    keys: tuple[tuple[str, int], ...]

    @property
    def full(self) -> tuple[tuple[str, int], ...]:
        return (*self.keys, ("_id", self.keys[-1][1] if self.keys else 1))

    def sort(self) -> list[tuple[str, int]]:
        return list(self.full)

    def values_of(self, row: Any) -> list[Any]:
        """The sort values of a row, `_id` last; what a cursor carries."""
        return [getattr(row, "id" if name == "_id" else name) for name, _ in self.full]

    def after(self, values: Sequence[Any]) -> dict[str, Any]:
        """The filter for rows that come after the given sort values."""
        branches = []
        for index, (name, direction) in enumerate(self.full):
            branch: dict[str, Any] = {key: values[i] for i, (key, _) in enumerate(self.full[:index])}
            branch[name] = {"$gt" if direction == 1 else "$lt": values[index]}
            branches.append(branch)
        return {"$or": branches}


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    rows: list[T]
    has_next: bool
