"""Seasons that come every year: what days of earlier years stood above, or below, what was usual around them then.

What of it is expected of a day of this year is decided in references.
"""

from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Self

import numpy as np

from domain.anomalies.middle import NORMAL, median, spread
from domain.anomalies.state import Bools, Floats, Ints

_DAY = timedelta(days=1)
_WEEK = 7
# So many of the same weekday before a day and after it tell what was usual: of a season of up to five weeks less than
# half of them are within it, so that it does not become its own usual level.
WEEKS = 9
LEAST_WEEKS = 4
# A season is so many days of seven that stand out. A few days in a row may have been an incident.
ENOUGH_DAYS = 5
# No two years begin on the same day.
EDGE_DAYS = 1
# How far a day stands out, in log and in scales of the series: as a day among others, and all alone.
AMONG_OTHERS, ALONE = (0.12, 2.5), (0.25, 4.0)
# The same weekday; the same date and the same weekday of the month lie up to so many days from it.
AGO, APART = 364, 7
# Series that are looked at at once, so that the weeks around each day stay within the cache.
_CHUNK = 512


@dataclass(frozen=True, slots=True)
class Past:
    """Daily costs of about a year ago, one row for each series, NaN where nothing is known; first is the day of the
    first column.
    """

    first: date
    costs: Floats


@dataclass(frozen=True, slots=True)
class Yearly:
    """What of earlier years is due, in logs of 0 and more: [series, day], or of one day [series].

    season: how far the days around stood above their usual level a year ago. low: how far below. single: how far that
    one day did in each of two years. length: how many days of a season there were up to a day, itself included.
    """

    season: Floats
    low: Floats
    single: Floats
    length: Ints

    @classmethod
    def none(cls, series: int, days: int) -> Self:
        """Where nothing is known of earlier years."""
        season, low, single = (np.zeros((series, days)) for _ in range(3))
        return cls(season, low, single, np.zeros((series, days), np.int64))

    def part(self, rows: slice | Ints, columns: slice | int = slice(None)) -> "Yearly":
        """Some of the series, and some of the days or a single one."""
        return Yearly(*(getattr(self, one.name)[rows][:, columns] for one in fields(self)))

    def after(self, days: int) -> "Yearly":
        """With so many days in front of which nothing is known."""
        return Yearly(*(np.pad(getattr(self, one.name), ((0, 0), (days, 0))) for one in fields(self)))


def span(first: date, last: date, years: int) -> tuple[date, date]:
    """The days of so many years ago that tell what is due from first to last: from the one up to before the other."""
    reach = timedelta(days=_WEEK * WEEKS + _WEEK)
    back = timedelta(days=AGO * years)
    return first - back - years * timedelta(days=APART) - reach, last - back + reach


def yearly(pasts: Sequence[Past], first: date, days: int) -> Yearly:
    """What is due on so many days from first. pasts: of one year ago and, where it is known, of two, with the same
    rows; `span` says which days. A single day counts only when it stood out in both, because one may have been an
    incident. A season of one year is enough.
    """
    on = [first + _DAY * number for number in range(days)]
    series = len(pasts[0].costs)
    parts = [
        _part([Past(past.first, past.costs[begin : begin + _CHUNK]) for past in pasts], on)
        for begin in range(0, max(series, 1), _CHUNK)
    ]
    return Yearly(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Yearly)))


def _part(pasts: Sequence[Past], on: Sequence[date]) -> Yearly:
    logs = [_logs(past.costs) for past in pasts]
    season, low = (_due(Past(pasts[0].first, _season(_above(sign * logs[0]))), on) for sign in (1.0, -1.0))
    peaks = [Past(past.first, _peaks(_above(one))) for past, one in zip(pasts, logs, strict=True)]
    return Yearly(season, low, _in_both(peaks, on), _lengths((season > 0) | (low > 0)))


def _logs(costs: Floats) -> Floats:
    offset = np.maximum(1.0, 0.03 * np.nan_to_num(median(costs)))
    return np.asarray(np.log(np.maximum(costs, 0.0) + offset[:, None]))


def _above(logs: Floats) -> Floats:
    """How far each day stands above the same weekdays of the weeks before it and of those after it: above the higher
    of the two, so that a level that rose and stayed is no season. NaN where one side is not known.
    """
    padded = np.pad(logs, ((0, 0), (_WEEK * WEEKS, _WEEK * WEEKS)), constant_values=np.nan)
    sides = []
    for sign in (-1, 1):
        begins = [_WEEK * (WEEKS + sign * week) for week in range(1, WEEKS + 1)]
        same = np.stack([padded[:, begin : begin + logs.shape[1]] for begin in begins], -1)
        sides.append(np.where(np.isfinite(same).sum(-1) >= LEAST_WEEKS, median(same), np.nan))
    return np.asarray(logs - np.maximum(*sides))


def _stands_out(above: Floats, least: float, scales: float) -> Bools:
    scale = NORMAL * np.nan_to_num(spread(above, median(above)))
    return np.asarray(above >= np.maximum(least, scales * scale)[:, None])


def _season(above: Floats) -> Floats:
    """Of the weeks around each day in which enough days stand out: the median of their medians; 0 where there is none.

    These reach two days beyond the first and the last that stand out; a third is added.
    """
    weeks = _weeks(above, np.nan)
    enough = _weeks(_stands_out(above, *AMONG_OTHERS), 0).sum(-1) >= ENOUGH_DAYS
    medians = np.where(enough, median(weeks), np.nan)
    around = median(np.lib.stride_tricks.sliding_window_view(medians, _WEEK, axis=1))
    found = np.where(around >= AMONG_OTHERS[0], around, 0.0)
    beside = np.pad(found, ((0, 0), (EDGE_DAYS, EDGE_DAYS)))
    nearest = np.lib.stride_tricks.sliding_window_view(beside, 2 * EDGE_DAYS + 1, axis=1).max(-1)
    return np.where(found > 0, found, nearest)


def _weeks(values: Floats | Bools, outside: float) -> Floats:
    """[series, week, 7]: all stretches of seven days that have a day in common with these."""
    padded = np.pad(values.astype(np.float64), ((0, 0), (_WEEK - 1, _WEEK - 1)), constant_values=outside)
    return np.lib.stride_tricks.sliding_window_view(padded, _WEEK, axis=1)


def _peaks(above: Floats) -> Floats:
    return np.where(_stands_out(above, *ALONE), above, 0.0)


def _due(past: Past, on: Sequence[date]) -> Floats:
    """The most of the same weekday, the same date and the same weekday of the month a year ago."""
    same = [_at(past, [day - timedelta(days=AGO) for day in on])]
    same += [_at(past, [rule(day, 1) for day in on]) for rule in _RULES]
    return np.asarray(np.maximum.reduce(same))


def _in_both(peaks: Sequence[Past], on: Sequence[date]) -> Floats:
    """The smaller of both years, by whichever rule more is due."""
    if len(peaks) < 2:
        return np.zeros((len(peaks[0].costs), len(on)))
    by_rule = [
        np.minimum(*(_at(past, [rule(day, years) for day in on]) for years, past in enumerate(peaks[:2], start=1)))
        for rule in _RULES
    ]
    return np.maximum(*by_rule)


def _at(past: Past, on: Sequence[date]) -> Floats:
    """The values of these days, 0 for those that are not at hand."""
    places = np.array([(day - past.first).days for day in on], np.int64)
    inside = (places >= 0) & (places < past.costs.shape[1])
    found = np.zeros((len(past.costs), len(on)))
    found[:, inside] = past.costs[:, places[inside]]
    return found


def _same_date(day: date, years: int) -> date:
    year = day.year - years
    return date(year, day.month, min(day.day, monthrange(year, day.month)[1]))


def _same_weekday(day: date, years: int) -> date:
    """The fourth Friday of the month for a fourth Friday. A fifth that there was not is the first of the next month."""
    begin = date(day.year - years, day.month, 1)
    return begin + timedelta(days=(day.weekday() - begin.weekday()) % _WEEK + (day.day - 1) // _WEEK * _WEEK)


_RULES: tuple[Callable[[date, int], date], ...] = (_same_date, _same_weekday)


def _lengths(inside: Bools) -> Ints:
    """How many days in a row, up to each."""
    places = np.arange(1, inside.shape[1] + 1)
    return np.asarray(places - np.maximum.accumulate(np.where(inside, 0, places), axis=1))
