"""What of a scored day goes into the history: as it was, or what was expected; and when a level has changed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.anomalies.baseline import Baseline
from domain.anomalies.book import Book
from domain.anomalies.evidence import FIRST_DAYS, Evidence
from domain.anomalies.levels import LIFT_DAYS, NOTHING, is_quiet
from domain.anomalies.state import NEVER, WINDOW, Bools, Floats
from domain.anomalies.verdict import Verdict

# As many odd days in a row are the new level.
NEW_LEVEL_RUN = 6
LOW_SCALES = 4.5
# A level that held for so long may come back within so long.
HELD_DAYS = 42
REMEMBERED_DAYS = 35
# On this day of a series it is known what its first days usually cost.
LOOK_BACK_AT = 21
EARLY_DAYS = 14
# What a reference or an old level explains is at least this far above the usual cost, in log and in core scales.
EXPLAINED = (0.12, 2.5)


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules and the known events said of the day, per series. rose: spike, triple or two days."""

    rose: Bools
    changed: Bools
    purchase: Bools
    planned: Bools


def begin(book: Book, planned: Bools) -> None:
    """Before a day is scored: where a series begins with it, and where a new level was announced for it."""
    here = np.isfinite(book.raw[:, book.at])
    book.start = np.where(here & (book.start == NEVER), book.today, book.start)
    book.anchor = np.where(planned, book.today, book.anchor)


def look_back(book: Book, base: Baseline) -> None:
    """On the 22nd day: what stood out in the first days, so that early fees count once they recur."""
    rows = np.flatnonzero((book.observed == LOOK_BACK_AT) & (book.age(book.start) < WINDOW))
    if not rows.size:
        return
    columns = (book.at - book.age(book.start))[rows, None] + np.arange(EARLY_DAYS)
    where = (rows[:, None], columns)
    cost, offset = book.raw[where], base.offset[rows, None]
    usual = np.nanmedian(cost, axis=-1, keepdims=True)
    book.plain[where] = np.log(np.maximum(cost, 0.0) + offset) - np.log(usual + offset)
    book.excess[where] = cost - usual
    book.core[where] = base.core[rows, None]


def settle(book: Book, seen: Evidence, judged: Judged) -> None:
    """Write the day down, move the marks, and go on to the next day."""
    verdict = _verdict(book, seen, judged)
    scored = book.observed >= FIRST_DAYS
    replaced = np.isin(verdict, (Verdict.FLAGGED, Verdict.EXPLAINED, Verdict.MISSING, Verdict.LOW, Verdict.SILENCED))
    at = book.at
    book.cleaned[:, at] = np.where(replaced & scored, _instead(seen, verdict), np.maximum(seen.cost, 0.0))
    book.expected[:, at] = np.where(scored, seen.base.expected, np.nan)
    # A season is no charge that recurs monthly or weekly: what it explains is left out of what these are learned from.
    explained = (seen.base.expected + seen.base.offset) * (np.exp(seen.plain) - np.exp(seen.beyond))
    book.plain[:, at] = np.where(scored, seen.beyond, np.nan)
    book.excess[:, at] = np.where(scored, seen.cost - seen.base.expected - explained, np.nan)
    book.core[:, at] = seen.base.core
    book.kept[:, at] = np.where(scored & (verdict == Verdict.USUAL), seen.plain, np.nan)
    book.verdict[:, at] = verdict
    _begin_anew(book, seen)
    _runs(book, verdict, seen)
    _move(book, judged.changed, LIFT_DAYS)
    book.changed = np.where(judged.changed, book.today, book.changed)
    book.observed = book.observed + np.isfinite(book.raw[:, at])
    book.at += 1


def _instead(seen: Evidence, verdict: NDArray[np.int8]) -> Floats:
    """What was expected. Of a season what it does not explain is kept, so that a rise within it is seen."""
    base = seen.base
    only_season = (verdict == Verdict.EXPLAINED) & (seen.references.season > 0) & (seen.references.charge == 0)
    rest = np.exp(np.where(only_season, seen.beyond, 0.0))
    return np.where(only_season, (base.expected + base.offset) * rest - base.offset, base.expected)


def _verdict(book: Book, seen: Evidence, judged: Judged) -> NDArray[np.int8]:
    above = seen.plain >= np.maximum(EXPLAINED[0], EXPLAINED[1] * seen.base.core)
    explained = above & (seen.expected > seen.base.expected)
    low = (seen.plain / seen.base.scale < -LOW_SCALES) & ~judged.planned
    missing = np.isnan(book.raw[:, book.at])
    conditions = [missing, judged.purchase, judged.planned, judged.rose, explained & ~judged.changed, low]
    verdicts = [
        Verdict.MISSING, Verdict.SILENCED, Verdict.PLANNED, Verdict.FLAGGED, Verdict.EXPLAINED, Verdict.LOW,
    ]  # fmt: skip
    return np.select(conditions, verdicts, Verdict.USUAL).astype(np.int8)


def _begin_anew(book: Book, seen: Evidence) -> None:
    """What costs something after four weeks of nothing has a level from today; it is new if it never did before."""
    begun = is_quiet(book) & (seen.cost > 2 * NOTHING)
    never = np.fmax.reduce(book.back(book.raw, WINDOW), axis=-1, initial=0.0) <= NOTHING
    book.anchor = np.where(begun, book.today, book.anchor)
    book.start = np.where(begun & never, book.today, book.start)
    book.cleaned[begun, book.at] = seen.cost[begun]
    book.kept[begun, book.at] = np.nan


def _runs(book: Book, verdict: NDArray[np.int8], seen: Evidence) -> None:
    old = (verdict == Verdict.EXPLAINED) & (seen.references.amount == 0)
    book.high_run = _counted(book.high_run, verdict, (verdict == Verdict.FLAGGED) | old)
    book.low_run = _counted(book.low_run, verdict, verdict == Verdict.LOW)
    up, down = book.high_run >= NEW_LEVEL_RUN, book.low_run >= NEW_LEVEL_RUN
    held = book.age(np.maximum(book.anchor, book.start)) - NEW_LEVEL_RUN >= HELD_DAYS
    book.old_level = np.where(down & held, seen.base.level, book.old_level)
    book.old_until = np.where(down & held, book.today + REMEMBERED_DAYS, book.old_until)
    _move(book, up | down, NEW_LEVEL_RUN)
    book.high_run, book.low_run = np.where(up, 0, book.high_run), np.where(down, 0, book.low_run)


def _counted(run: NDArray[np.int64], verdict: NDArray[np.int8], goes_on: Bools) -> NDArray[np.int64]:
    """A day that was not delivered neither ends a run nor adds to it."""
    return np.where(goes_on, run + 1, np.where(verdict == Verdict.MISSING, run, 0))


def _move(book: Book, rows: Bools, days: int) -> None:
    """The last days, today included, are a new level: what they cost is put back, and is no residual of the old one."""
    last = slice(book.at + 1 - days, book.at + 1)
    raw: Floats = book.raw[rows, last]
    book.cleaned[rows, last] = np.where(np.isfinite(raw), raw, book.cleaned[rows, last])
    book.kept[rows, last] = np.nan
    book.anchor = np.where(rows, book.today - (days - 1), book.anchor)
