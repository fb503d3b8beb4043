"""Charges that come back every month: learned from what cleaning took out, placed on their days."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from domain.forecasting.matrix import Matrix

# How many months back a charge is looked for, and how many of the last days of a month are also counted from its end.
_MONTHS = 3
_LAST_DAYS = 3
# With a single month behind it only a charge at these edges of a month is taken for one that comes back.
_FIRST_EDGE, _LAST_EDGE = 3, 2
_LEAST_SHARE = 0.1
# The largest of the amounts may be so many times the smallest.
_ALIKE = 2.0


def recurring(history: Matrix, calm: Matrix, first: date, horizon: int) -> Matrix:
    """What to add to each of the days from `first`, the day after the history. `calm` is the history, cleaned.

    A charge counts with the smallest of its last three amounts, or of two, where they are alike: days of bursty
    services fall on the same date often enough to look like one otherwise.
    """
    days = history.shape[1]
    excess = np.nan_to_num(history - calm)
    excess = np.where(excess > _LEAST_SHARE * np.nan_to_num(calm), excess, 0.0)
    excess[np.isnan(history) & np.isnan(calm)] = np.nan
    found = np.zeros((history.shape[0], horizon))
    if not np.nansum(excess):
        return found
    past = {first - timedelta(days=days - place): place for place in range(days)}
    references: dict[tuple[bool, int], Matrix] = {}
    for place in range(horizon):
        day = first + timedelta(days=place)
        for key in _keys(day):
            if key not in references:
                references[key] = _reference(excess, _places(key, first, past), key)
            found[:, place] = np.maximum(found[:, place], references[key])
    return found


def _keys(day: date) -> list[tuple[bool, int]]:
    """How a day is found again in other months: (counted from the end?, which one)."""
    left = monthrange(day.year, day.month)[1] - day.day
    return [(False, day.day), (True, left)] if left < _LAST_DAYS else [(False, day.day)]


def _places(key: tuple[bool, int], first: date, past: dict[date, int]) -> list[int]:
    """Where the last three of such days are in the history, the newest first."""
    places: list[int] = []
    month = first.replace(day=1)
    for _ in range(_MONTHS + 1):
        length = monthrange(month.year, month.month)[1]
        number = length - key[1] if key[0] else key[1]
        if number <= length and (place := past.get(month.replace(day=number))) is not None:
            places.append(place)
        month = (month - timedelta(days=1)).replace(day=1)
    return places[:_MONTHS]


def _reference(excess: Matrix, places: Sequence[int], key: tuple[bool, int]) -> Matrix:
    if not places:
        return np.zeros(excess.shape[0])
    seen = excess[:, list(places)]
    counts = (~np.isnan(seen)).sum(axis=1)
    least = np.min(np.where(np.isnan(seen), np.inf, seen), axis=1)
    is_alike = np.max(np.nan_to_num(seen), axis=1) <= _ALIKE * least
    is_edge = key[1] < _LAST_EDGE if key[0] else key[1] <= _FIRST_EDGE
    is_known = (counts > 1) | ((counts == 1) & is_edge)
    return np.where(is_known & is_alike, least, 0.0)
