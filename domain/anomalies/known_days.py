"""Known events as tables of days, one row per series, so that a day of all series is looked up at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from domain.anomalies.book import Book
from domain.anomalies.judging import EPOCH
from domain.anomalies.known_event import KnownEvent, KnownKind
from domain.anomalies.state import WINDOW, Bools

# After an announced change the new level is not known for so long.
SILENT_DAYS = 10


@dataclass(frozen=True, slots=True)
class KnownDays:
    """In the columns of the book. silent: announced change, that day and those after it."""

    purchase: Bools
    planned: Bools
    silent: Bools
    marked: Bools


def known_days(book: Book, events: Sequence[KnownEvent]) -> KnownDays:
    """What lies outside of the columns is left out."""
    days = KnownDays(*(np.zeros(book.raw.shape, np.bool_) for _ in range(4)))
    tables = {
        KnownKind.COMMITMENT_PURCHASE: days.purchase,
        KnownKind.PLANNED_CHANGE: days.planned,
        KnownKind.MARKED_EXPECTED: days.marked,
    }
    for event in events:
        column = (event.on - EPOCH).days - int(book.first[event.series]) + WINDOW
        if 0 <= column < book.raw.shape[1]:
            tables[event.kind][event.series, column] = True
            if event.kind is KnownKind.PLANNED_CHANGE:
                days.silent[event.series, column : column + SILENT_DAYS] = True
    return days
