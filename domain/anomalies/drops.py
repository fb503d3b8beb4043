"""The rule for a day that costs far less than expected: something stopped, or was not billed."""

import numpy as np

from domain.anomalies.book import Book
from domain.anomalies.evidence import Evidence
from domain.anomalies.finding import Finding, found
from domain.anomalies.flag import Rule
from domain.anomalies.state import Bools

DROP_RATIO = float(np.log(1.8))
DROP_SCALES = 5.0
# Holidays look like weekends: what costs no less than two thirds of the lowest weekday may be one.
HOLIDAY = float(np.log(1.5))
# Within this of what it was one and two weeks ago it is equally low.
EQUALLY_LOW = 1.25


def drop(book: Book, seen: Evidence, may: Bools) -> Finding:
    """may: the series whose day is complete and final."""
    base = seen.base
    low = seen.references.low
    # What the season lies lower is no fall.
    fall = -seen.plain - low
    below_lowest = fall - (base.factors[:, 0] - base.factors.min(-1))
    ago = book.raw[:, [book.at - 7, book.at - 14]]
    seen_before = (ago <= EQUALLY_LOW * seen.cost[:, None]).all(-1)
    full = np.full_like(fall, 1.0)
    return found(
        Rule.DROP,
        may & seen.scored & ~seen_before,
        ("scales", fall / base.scale, DROP_SCALES * full),
        ("ratio", fall, DROP_RATIO * full),
        ("below the lowest weekday", below_lowest, HOLIDAY * full),
        ("impact", base.expected + (base.expected + base.offset) * np.expm1(-low) - seen.cost, seen.material),
    )
