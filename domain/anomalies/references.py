"""What is due today on top of the usual: charges that recur, what somebody said is expected, and seasons of the year.

A fee is no anomaly from its third time on, and a season of some days from its second year on.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.anomalies.baseline import Baseline
from domain.anomalies.book import Book
from domain.anomalies.middle import largest
from domain.anomalies.state import Bools, Floats, Ints
from domain.anomalies.verdict import Verdict
from domain.anomalies.yearly import Yearly

MONTHS = 3
# Feedback holds for as long as the window is remembered.
FEEDBACK_DAYS = 100
# A reference below this share of the usual cost changes nothing.
LEAST_SHARE = 0.10
# A level that is newer than four weeks before a season may be the season itself, come early.
SETTLED_DAYS = 28


@dataclass(frozen=True, slots=True)
class References:
    """On top of the baseline, in money, 0 for none.

    charge: the most of monthly, weekly, feedback and a single day of the year (kind 0 to 3). amount: with the season
    (kind 3 where it is the larger part). season and low: how far the season lies above, or below, in log.
    """

    amount: Floats
    charge: Floats
    kind: Ints
    season: Floats
    low: Floats


def references(book: Book, base: Baseline, marked: Bools, due: Yearly) -> References:
    """For the day the book is at. marked: the days, in the book's columns, that somebody called expected. due: what
    earlier years say of the day.
    """
    monthly = _in_money(base, *_monthly(book))
    weekly = _in_money(base, *_weekly(book))
    feedback = _in_money(base, *_feedback(book, marked))
    each = np.stack([monthly, weekly, feedback, _in_money(base, *_nothing_and(due.single))])
    charge = _if_enough(base, each.max(0))
    # A level from within a season, or from shortly before, knows the season already.
    applies = book.age(book.anchor) >= due.length + SETTLED_DAYS
    season, low = (np.where(applies, one, 0.0) for one in (due.season, due.low))
    extra = _if_enough(base, _in_money(base, *_nothing_and(season)))
    season = np.where(extra > 0, season, 0.0)
    kind = np.where(extra > charge, len(each) - 1, each.argmax(0))
    return References(charge + extra, charge, kind, season, low)


def _nothing_and(log: Floats) -> tuple[Floats, Floats]:
    """A ratio without an amount: the years before may have been much dearer."""
    return np.zeros_like(log), log


def _if_enough(base: Baseline, amount: Floats) -> Floats:
    return np.where(amount >= LEAST_SHARE * base.expected, amount, 0.0)


def _in_money(base: Baseline, money: Floats, log: Floats) -> Floats:
    return np.maximum(money, (base.expected + base.offset) * np.expm1(log))


def _monthly(book: Book) -> tuple[Floats, Floats]:
    from_start = [_month_back(book, back, from_end=False) for back in range(1, MONTHS + 1)]
    from_end = [_month_back(book, back, from_end=True) for back in range(1, MONTHS + 1)]
    first, last = _recurring(book, from_start), _recurring(book, from_end)
    return np.maximum(first[0], last[0]), np.maximum(first[1], last[1])


def _month_back(book: Book, back: int, *, from_end: bool) -> tuple[Floats, Floats, Bools]:
    """Money and log excess of about the same day of an earlier month, and whether the series was there."""
    day = _same_day(book.today, back, from_end=from_end)
    ago = book.age(day)
    money, log = _excess(book, ago, 0.12, 2.5)
    # What was charged yesterday or the day before is not due again as a neighbour of its day.
    due = ~np.isin(book.verdict[:, book.at - 2 : book.at], Verdict.EXPLAINED).any(-1)
    for neighbour in (ago - 1, ago + 1):
        near_money, near_log = (due * one for one in _excess(book, neighbour, 0.25, 4.0))
        money, log = np.maximum(money, near_money), np.maximum(log, near_log)
    return money, log, day >= book.start


def _same_day(today: Ints, back: int, *, from_end: bool) -> Ints:
    month = today.astype("datetime64[D]").astype("datetime64[M]")
    if from_end:
        left = (month + 1).astype("datetime64[D]").astype(np.int64) - today
        return np.asarray((month - back + 1).astype("datetime64[D]").astype(np.int64) - left)
    into = today - month.astype("datetime64[D]").astype(np.int64)
    length = ((month - back + 1).astype("datetime64[D]") - (month - back).astype("datetime64[D]")).astype(np.int64)
    return np.asarray((month - back).astype("datetime64[D]").astype(np.int64) + np.minimum(into, length - 1))


def _excess(book: Book, ago: Ints, least: float, scales: float) -> tuple[Floats, Floats]:
    """What a day stood above its own expectation, or 0 where that was within the usual scatter."""
    rows, column = np.arange(len(ago)), book.at - ago
    log, money = book.plain[rows, column], book.excess[rows, column]
    counts = log >= np.maximum(least, scales * np.nan_to_num(book.core[rows, column]))
    return np.where(counts, money, 0.0), np.where(counts, log, 0.0)


def _recurring(book: Book, months: list[tuple[Floats, Floats, Bools]]) -> tuple[Floats, Floats]:
    """The second largest of three months, the smaller of two; of a single month only where months begin and end."""
    there = np.stack([month[2] for month in months], -1)
    count = there.sum(-1)
    alone = (count == 1) & is_turn_of_month(book.today)
    found = []
    for part in (0, 1):
        values = np.where(there, np.stack([month[part] for month in months], -1), -np.inf)
        single = np.where(alone, largest(values), 0.0)
        found.append(np.where(count >= 2, largest(values, 2), single))
    return found[0], found[1]


def is_turn_of_month(today: Ints) -> Bools:
    """The first 3 and the last 2 days, when most recurring charges are made."""
    month = today.astype("datetime64[D]").astype("datetime64[M]")
    into = today - month.astype("datetime64[D]").astype(np.int64)
    left = (month + 1).astype("datetime64[D]").astype(np.int64) - today
    return np.asarray((into < 3) | (left <= 2))


def _weekly(book: Book) -> tuple[Floats, Floats]:
    """What stood out both 7 and 14 days ago."""
    seven = np.full(len(book.today), 7)
    last, before = _excess(book, seven, 0.12, 3.0), _excess(book, 2 * seven, 0.12, 3.0)
    return np.minimum(last[0], before[0]), np.minimum(last[1], before[1])


def _feedback(book: Book, marked: Bools) -> tuple[Floats, Floats]:
    """The most that was marked as expected on this weekday or on this day of a month."""
    columns = slice(book.at - FEEDBACK_DAYS, book.at)
    if not marked[:, columns].any():
        none = np.zeros(len(book.today))
        return none, none
    ago = np.arange(FEEDBACK_DAYS, 0, -1)
    days = (book.today[:, None] - ago).astype("datetime64[D]")
    same_day = _day_of_month(days) == _day_of_month(book.today.astype("datetime64[D]"))[:, None]
    applies = marked[:, columns] & (same_day | (ago % 7 == 0))
    money = np.where(applies, np.nan_to_num(book.excess[:, columns]), 0.0).max(-1)
    log = np.where(applies, np.nan_to_num(book.plain[:, columns]), 0.0).max(-1)
    return np.maximum(money, 0.0), np.maximum(log, 0.0)


def _day_of_month(days: NDArray[np.datetime64]) -> Ints:
    month = days.astype("datetime64[M]").astype("datetime64[D]")
    return np.asarray((days - month).astype(np.int64))
