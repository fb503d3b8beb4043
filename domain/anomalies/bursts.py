"""Bursts of a series before: how often it stood out for a day or so, how far, and what is to be expected of that."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from domain.anomalies.book import Book
from domain.anomalies.incidents_before import DAYS, recurs
from domain.anomalies.state import Bools, Floats
from domain.anomalies.verdict import Verdict

# Below 1.3 times nobody looks, and it is no burst.
LEAST_RATIO = float(np.log(1.3))
LEAST_CORES = 3.0
# A burst of yesterday or the day before is the one that is being judged.
GOING_ON = 2
# So many of those before may have been real incidents, and say nothing of what is usual.
MAY_BE_REAL = 2
# How far bursts lie above the least one, in log, as if so many had been seen.
USUAL_EXCESS, USUAL_COUNT = 0.5, 2
# In 90 days so many bursts of a size may be expected for it to be news.
NEWS = 0.2


@dataclass(frozen=True, slots=True)
class Bursts:
    """One number per series. alike: how many as large as today's are to be expected in 90 days. level: the log
    residual from which on a burst is news; 0 where there were few.
    """

    alike: Floats
    level: Floats

    @classmethod
    def none(cls, series: int) -> Self:
        """Of series that had no burst."""
        return cls(np.zeros(series), np.zeros(series))


def bursts(book: Book, residual: Floats) -> Bursts:
    """For the day the book is at; worked out where it is raised. The sizes are taken as exponential, the largest as no
    larger than the second, because one may have been real: the mean excess is that of a sample cut off there.
    """
    seen = Bursts.none(len(residual))
    rows = np.flatnonzero(np.nan_to_num(residual) >= LEAST_RATIO)
    if not rows.size:
        return seen
    begun = _begun(book, rows)
    number = np.maximum(begun.sum(-1) - MAY_BE_REAL, 0)
    excess = np.sort(np.where(begun, book.back(book.plain, DAYS)[rows] - LEAST_RATIO, 0.0), -1)
    total = excess[:, :-1].sum(-1) + excess[:, -2]
    mean = (total + USUAL_COUNT * USUAL_EXCESS) / (number + MAY_BE_REAL - 1 + USUAL_COUNT)
    seen.alike[rows] = number * np.exp(-(residual[rows] - LEAST_RATIO) / mean)
    seen.level[rows] = np.where(number, LEAST_RATIO + mean * np.log(np.maximum(number, 1) / NEWS), 0.0)
    return seen


def _begun(book: Book, rows: NDArray[np.intp]) -> Bools:
    """The first days of bursts, flagged or not, that are no fee and are over."""
    plain, verdicts = book.back(book.plain, DAYS)[rows], book.back(book.verdict, DAYS)[rows]
    least = np.maximum(LEAST_RATIO, LEAST_CORES * np.nan_to_num(book.back(book.core, DAYS)[rows]))
    # Days of a level that has become the usual one are no longer kept.
    usual = (verdicts == Verdict.USUAL) & np.isfinite(book.back(book.kept, DAYS)[rows])
    raised = np.where(verdicts == Verdict.FLAGGED, plain >= LEAST_RATIO, usual & (plain >= least))
    begun = raised & book.after(book.start, DAYS)[rows] & ~recurs(book, rows, verdicts)
    begun[:, 1:] &= ~raised[:, :-1]
    begun[:, -GOING_ON:] = False
    return begun
