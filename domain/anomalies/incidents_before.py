"""How far a series stood out before: days that were flagged, without what turned out to recur."""

import numpy as np
from numpy.typing import NDArray

from domain.anomalies.book import Book
from domain.anomalies.middle import largest
from domain.anomalies.state import Bools, Floats, Ints
from domain.anomalies.verdict import Verdict

DAYS = 90


def second_largest(book: Book) -> Floats:
    """The log residual of the second largest flagged incident of 90 days, by its first day; 0 where there are fewer."""
    verdicts = book.back(book.verdict, DAYS)
    begun = verdicts == Verdict.FLAGGED
    begun[:, 1:] &= verdicts[:, :-1] != Verdict.FLAGGED
    result = np.zeros(len(begun))
    rows = np.flatnonzero(begun.sum(-1) >= 2)
    if rows.size:
        counts = begun[rows] & ~recurs(book, rows, verdicts[rows])
        result[rows] = np.maximum(largest(np.where(counts, book.back(book.plain, DAYS)[rows], np.nan), 2), 0.0)
    return result


def recurs(book: Book, rows: NDArray[np.intp], verdicts: NDArray[np.int8]) -> Bools:
    """Which days share their day of the month, or their distance from its end, with another odd day: a fee."""
    odd = np.isin(verdicts, (Verdict.FLAGGED, Verdict.EXPLAINED))
    days = (book.today[rows, None] - np.arange(DAYS, 0, -1)).astype("datetime64[D]")
    month = days.astype("datetime64[M]")
    into = (days - month.astype("datetime64[D]")).astype(np.int64)
    left = ((month + 1).astype("datetime64[D]") - days).astype(np.int64)
    return _shared(into, odd) | _shared(left, odd)


def _shared(place: Ints, odd: Bools) -> Bools:
    counts = np.stack([(odd & (place == number)).sum(-1) for number in range(32)], -1)
    return np.asarray(odd & (np.take_along_axis(counts, place, -1) >= 2))
