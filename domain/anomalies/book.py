"""The working copy of a state while days are scored: the same arrays with room for the new days, and where we are."""

from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from domain.anomalies.state import WINDOW, WINDOWS, Bools, Floats, Ints, State

Number = TypeVar("Number", np.float64, np.int8)
_WINDOWS = (*WINDOWS, "verdict")


@dataclass(slots=True)
class Book:
    """Rows are series, columns days: 100 old ones, then the new. at is the column of the day that is being scored."""

    at: int
    raw: Floats
    cleaned: Floats
    expected: Floats
    kept: Floats
    plain: Floats
    core: Floats
    excess: Floats
    lift: Floats
    verdict: NDArray[np.int8]
    first: Ints
    observed: Ints
    start: Ints
    anchor: Ints
    high_run: Ints
    low_run: Ints
    changed: Ints
    old_level: Floats
    old_until: Ints

    @property
    def today(self) -> Ints:
        """The day that is being scored, of each series, in days since 1970-01-01."""
        return self.first + (self.at - WINDOW)

    def back(self, window: NDArray[Number], days: int) -> NDArray[Number]:
        """The last days before the one that is being scored; a view."""
        return window[:, self.at - days : self.at]

    def age(self, since: Ints) -> Ints:
        """How many days ago that was; 0 is today."""
        return np.asarray(self.today - since)

    def after(self, since: Ints, days: int) -> Bools:
        """Which of the last days are not before a day, one row for each series."""
        ages = np.arange(days, 0, -1)
        return np.asarray(ages[None, :] <= self.age(since)[:, None])


def opened(state: State, costs: Floats, first: Ints) -> Book:
    """A book of its own: what is written into it does not change the state."""
    room = costs.shape[1]
    windows: dict[str, Any] = {name: _widened(getattr(state, name), room) for name in _WINDOWS}
    windows["raw"][:, WINDOW:] = costs
    marks: dict[str, Any] = {
        one.name: getattr(state, one.name).copy() for one in fields(state) if one.name not in windows
    }
    marks.pop("next_day")
    return Book(at=WINDOW, first=first, **windows, **marks)


def closed(book: Book) -> State:
    """What is to be remembered once all days are scored."""
    windows = {name: getattr(book, name)[:, book.at - WINDOW : book.at].copy() for name in _WINDOWS}
    marks = {one.name: getattr(book, one.name) for one in fields(State) if one.name not in (*_WINDOWS, "next_day")}
    return State(**windows, **marks, next_day=book.today)


def _widened(window: NDArray[Any], room: int) -> NDArray[Any]:
    empty = np.nan if window.dtype.kind == "f" else 0
    return np.pad(window, ((0, 0), (0, room)), constant_values=empty)
