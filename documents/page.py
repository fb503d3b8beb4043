"""Keyset paging: an order that ends in the id, and one page of rows. Not offsets: they get slow and skip rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Any, Generic, NamedTuple, TypeVar

from pymongo.asynchronous.collection import AsyncCollection

T = TypeVar("T")


@dataclass(frozen=True)
class Keyset:
    """Stored field names in sort order, each 1 or -1. `_id` is added as the last key and breaks ties."""

    keys: tuple[tuple[str, int], ...]

    @cached_property
    def full(self) -> tuple[tuple[str, int], ...]:
        return (*self.keys, ("_id", self.keys[-1][1] if self.keys else 1))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The sort fields without `_id`."""
        return tuple(name for name, _ in self.keys)

    def sort(self) -> list[tuple[str, int]]:
        return list(self.full)

    def values_of(self, row: Any) -> list[Any]:
        """The sort values of a row, `_id` last; what a cursor carries."""
        return [getattr(row, "id" if name == "_id" else name) for name, _ in self.full]

    def after(self, values: Sequence[Any]) -> list[dict[str, Any]]:
        """Filters for the rows that come after the given sort values.

        Each is one range of an index in this order, no two overlap, and the rows of an earlier one come first.
        """
        branches = []
        for index in reversed(range(len(self.full))):
            name, direction = self.full[index]
            branch: dict[str, Any] = {key: values[i] for i, (key, _) in enumerate(self.full[:index])}
            branch[name] = {"$gt" if direction == 1 else "$lt": values[index]}
            branches.append(branch)
        return branches

    def merged(self, parts: Sequence[list[dict[str, Any]]]) -> list[dict[str, Any]]:
        """Raw documents of several answers in this order."""
        if len(parts) == 1:
            return parts[0]
        raws = [raw for part in parts for raw in part]
        for name, direction in reversed(self.full):
            raws.sort(key=itemgetter(name), reverse=direction == -1)
        return raws


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    rows: list[T]
    has_next: bool


class Step(NamedTuple):
    """Queries of which each gives its rows in the order of `sort`, to be merged with those of the others."""

    queries: list[dict[str, Any]]
    sort: list[tuple[str, int]]


def page_steps(
    within: Sequence[Mapping[str, Any]], filter: Mapping[str, Any], keyset: Keyset, after: Sequence[Any] | None
) -> list[Step]:
    """What to ask for a page, step by step until it is full. `within` are the groups of organizations to ask about.

    Each query is one range for each organization, sorted by what is not the same in all of its rows anyway: only so
    MongoDB merges one scan of an index for each organization instead of sorting all rows in memory.
    """
    bases = [_both(clause, filter) for clause in within]
    if len(within) == 1 and not any(map(_is_several, bases[0].values())):
        # The ranges of a single scan are merged in any case.
        ranges = [] if after is None else [{"$or": [_both(bases[0], one) for one in keyset.after(after)]}]
        return [Step(ranges or bases, keyset.sort())]
    return [
        Step([_both(base, one) for base in bases], list(keyset.full[same:]))
        for one, same in _ranges(filter, keyset, after)
    ]


async def read_page(
    collection: AsyncCollection[dict[str, Any]],
    within: Sequence[Mapping[str, Any]],
    filter: Mapping[str, Any],
    keyset: Keyset,
    *,
    first: int,
    after: Sequence[Any] | None,
    projection: Mapping[str, int] | None,
) -> list[dict[str, Any]]:
    """The raw documents of a page, and one more when there are more."""
    raws: list[dict[str, Any]] = []
    for queries, sort in page_steps(within, filter, keyset, after):
        limit = first + 1 - len(raws)
        found = [
            # With room for one more, or MongoDB keeps a cursor of exactly so many open, to be closed by a request.
            await collection.find(query, projection, sort=sort, limit=limit, batch_size=limit + 1).to_list()
            for query in queries
        ]
        raws += keyset.merged(found)[:limit]
        if len(raws) > first:
            break
    return raws


def _ranges(
    filter: Mapping[str, Any], keyset: Keyset, after: Sequence[Any] | None
) -> Iterator[tuple[dict[str, Any], int]]:
    """Filters that split what is left of the list, in its order, and how many sort fields are the same in each."""
    name, direction = keyset.full[0]
    chosen: Any = filter.get(name)
    for one in [{}] if after is None else keyset.after(after):
        if len(one) > 1 or not _is_several(chosen):
            yield one, max(len(one) - 1, 0)
            continue
        for value in sorted(chosen["$in"], reverse=direction == -1):
            if after is None or ((value > after[0]) is (direction == 1) and value != after[0]):
                yield {name: value}, 1


def _is_several(condition: Any) -> bool:
    return isinstance(condition, Mapping) and "$in" in condition


def _both(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    if one.keys().isdisjoint(other):
        return {**one, **other}
    return {"$and": [one, other]}
