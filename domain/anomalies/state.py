"""What is remembered of each series between two days: 100 days of numbers and a few marks, 7 KB together."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# The longest look back: three months for what recurs monthly, and a neighbour day.
WINDOW = 100
# Days since 1970-01-01 that no series reaches: nothing has happened yet.
NEVER = -100_000
WINDOWS = ("raw", "cleaned", "expected", "kept", "plain", "core", "excess", "lift")


@dataclass(frozen=True, slots=True)
class State:
    """Of many series, one per row. Days are numbers since 1970-01-01; the last of the 100 columns is the day before
    next_day.

    raw: what was billed (NaN: not delivered). cleaned: with the expected value in place of what was odd. expected:
    before references. kept: log residuals of usual days (NaN: not usual). plain: log residuals before references,
    of all days. core: scale of the residuals. excess: money above expected before references. lift: how far 4 days
    stood above the month before. verdict: what became of the day (verdict.Verdict).
    """

    raw: Floats
    cleaned: Floats
    expected: Floats
    kept: Floats
    plain: Floats
    core: Floats
    excess: Floats
    lift: Floats
    verdict: NDArray[np.int8]
    next_day: Ints
    observed: Ints
    start: Ints
    anchor: Ints
    high_run: Ints
    low_run: Ints
    changed: Ints
    old_level: Floats
    old_until: Ints

    @classmethod
    def new(cls, series: int) -> Self:
        """Of series of which nothing is known yet."""
        numbers = {name: np.full((series, WINDOW), np.nan) for name in WINDOWS}
        days = {
            name: np.full(series, NEVER, np.int64) for name in ("next_day", "start", "anchor", "changed", "old_until")
        }
        counts = {name: np.zeros(series, np.int64) for name in ("observed", "high_run", "low_run")}
        verdict, old_level = np.zeros((series, WINDOW), np.int8), np.full(series, np.nan)
        columns: dict[str, Any] = {**numbers, **days, **counts, "verdict": verdict, "old_level": old_level}
        return cls(**columns)

    @property
    def series(self) -> int:
        """How many there are."""
        return len(self.next_day)

    def rows(self, rows: Sequence[int] | Ints | Bools) -> Self:
        """Some of the series, in the order asked for."""
        chosen = np.asarray(rows)
        return replace(self, **{one.name: getattr(self, one.name)[chosen] for one in fields(self)})

    @classmethod
    def joined(cls, states: Sequence["State"]) -> Self:
        """The series of all of them, in order."""
        return cls(**{one.name: np.concatenate([getattr(state, one.name) for state in states]) for one in fields(cls)})

    def packed(self, row: int) -> dict[str, bytes]:
        """One series for storage: little-endian numbers by name, exactly as they are."""
        return {one.name: _little(getattr(self, one.name)[row]).tobytes() for one in fields(self)}

    @classmethod
    def unpacked(cls, stored: Sequence[dict[str, bytes]]) -> Self:
        """What `packed` gave, one row for each in order. Raises KeyError when a name is missing."""
        empty = cls.new(0)
        columns = {}
        for one in fields(cls):
            like = getattr(empty, one.name)
            kind = like.dtype.newbyteorder("<")
            columns[one.name] = np.array(
                [np.frombuffer(item[one.name], kind).reshape(like.shape[1:]) for item in stored], like.dtype
            ).reshape((len(stored), *like.shape[1:]))
        return cls(**columns)


def _little(numbers: NDArray[np.generic]) -> NDArray[np.generic]:
    return np.asarray(numbers, numbers.dtype.newbyteorder("<"))
