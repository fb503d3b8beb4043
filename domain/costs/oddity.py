"""Counts what is odd in the rows of a file but does not keep it from loading."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from domain.costs.column import BY_NAME, COLUMNS, REQUIRED
from domain.costs.problem import Notice, excerpt
from domain.costs.service_category import PAIRS

_NEVER_NULL = frozenset(c.name for c in COLUMNS if not c.is_nullable and c.id not in REQUIRED)
_LISTED = {c.name: frozenset({*c.allowed, None}) for c in COLUMNS if c.allowed and c.id not in REQUIRED}

_EMPTY = "is empty, which FOCUS does not allow."
_OUTSIDE = "lies outside the billing period, which FOCUS does not allow for usage."


@dataclass(slots=True)
class _Oddity:
    message: str
    rows: int


class Oddities:
    """One notice per column and kind of oddity, however many rows show it."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], _Oddity] = {}

    def notices(self) -> list[Notice]:
        """What was found so far."""
        return [Notice(odd.message, BY_NAME[name].id, odd.rows) for (name, _), odd in self._found.items()]

    def look_at(self, columns: Mapping[str, Sequence[Any]], gaps: Set[str]) -> None:
        """Go through the columns of a batch; `gaps` names those in which a value is missing."""
        for name in gaps & _NEVER_NULL:
            self._count(name, "empty", _EMPTY, sum(value is None for value in columns[name]))
        for name, allowed in _LISTED.items():
            if name in columns and not allowed.issuperset(columns[name]):
                self._count_unlisted(name, [value for value in columns[name] if value not in allowed])
        if "service_subcategory" in columns and "service_category" in columns:
            pairs = zip(columns["service_category"], columns["service_subcategory"], strict=True)
            self._count_unlisted("service_subcategory", [pair[1] for pair in pairs if pair[1] and pair not in PAIRS])

    def count_outside(self, rows: int) -> None:
        """Note usage rows whose charge period leaves the billing period."""
        self._count("charge_period_start", "outside", _OUTSIDE, rows)

    def _count_unlisted(self, name: str, values: Sequence[str]) -> None:
        if values:
            message = f"holds values that FOCUS does not list here, such as {excerpt(values[0])}."
            self._count(name, "unlisted", message, len(values))

    def _count(self, name: str, kind: str, message: str, rows: int) -> None:
        if rows:
            odd = self._found.setdefault((name, kind), _Oddity(message, 0))
            odd.rows += rows
