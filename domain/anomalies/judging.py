"""The flags of one day: every rule is asked, and for each series the one that is clearest speaks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from domain.anomalies.baseline import ENOUGH
from domain.anomalies.book import Book
from domain.anomalies.confidence import confidence
from domain.anomalies.evidence import Evidence
from domain.anomalies.finding import Finding
from domain.anomalies.flag import Direction, Flag, Reference, ReferenceKind, Rule
from domain.anomalies.references import is_turn_of_month
from domain.anomalies.settings import Settings
from domain.anomalies.severity import severity_of
from domain.anomalies.state import Floats

EPOCH = date(1970, 1, 1)
# 95 of 100 values of a normal distribution lie within so many scales.
RANGE_SCALES = 1.96
# Before a series has seen a month turn, what stands out at one is most likely a fee: it is not told of, but remembered.
MONTH = 31
PEAKS = (Rule.SPIKE, Rule.TRIPLE, Rule.TWO_DAYS)
_KINDS = (ReferenceKind.MONTHLY, ReferenceKind.WEEKLY, ReferenceKind.FEEDBACK, ReferenceKind.YEARLY)


@dataclass(frozen=True, slots=True)
class Range:
    """What was expected of a day, references included, and where 95 of 100 usual days lie; one number per series."""

    expected: Floats
    low: Floats
    high: Floats


def expected_range(book: Book, seen: Evidence) -> Range:
    """Not a number where too little is known of a series."""
    known = book.observed >= 7
    width = np.exp(RANGE_SCALES * seen.base.scale)
    centre = seen.expected + seen.base.offset
    bounds = (seen.expected, np.maximum(centre / width - seen.base.offset, 0.0), centre * width - seen.base.offset)
    return Range(*(np.where(known, bound, np.nan) for bound in bounds))


def flags(book: Book, seen: Evidence, findings: Sequence[Finding], settings: Settings) -> Iterator[Flag]:
    """One for each series of which a rule holds, unless the tenant wants that rule quiet. Of equal findings the
    first one is heard.
    """
    usual = expected_range(book, seen)
    heard = [one for one in findings if one.rule not in settings.quiet]
    unlearned = is_turn_of_month(book.today) & (book.age(book.start) < MONTH)
    holds = np.array([one.holds & ~(unlearned & (one.rule in PEAKS)) for one in heard]).reshape(len(heard), -1)
    margins = np.where(holds, np.array([one.margin for one in heard]).reshape(holds.shape), -np.inf)
    for row in np.flatnonzero(holds.any(0)):
        finding = heard[int(margins[:, row].argmax())]
        yield _flag(book, seen, finding, usual, int(row))


def _flag(book: Book, seen: Evidence, finding: Finding, usual: Range, row: int) -> Flag:
    is_drop = finding.rule is Rule.DROP
    expected = float(np.nan_to_num((seen.base.expected if is_drop else usual.expected)[row]))
    cost, offset, margin = float(seen.cost[row]), float(seen.base.offset[row]), float(finding.margin[row])
    amount = float(seen.references.amount[row])
    alike = float(seen.bursts.alike[row]) if finding.rule in PEAKS else 0.0
    return Flag(
        series=row,
        on=EPOCH + timedelta(days=int(book.today[row])),
        rule=finding.rule,
        direction=Direction.DOWN if is_drop else Direction.UP,
        actual=float(book.raw[row, book.at]),
        expected=expected,
        low=float(np.nan_to_num(usual.low[row])),
        high=float(np.nan_to_num(usual.high[row])),
        ratio=(cost + offset) / (expected + offset),
        impact=cost - expected,
        gates=finding.gates_of(row),
        margin=margin,
        confidence=confidence(finding.rule, margin, is_young=bool(book.observed[row] < ENOUGH), alike=alike),
        severity=severity_of(finding.rule, cost - expected),
        reference=Reference(_KINDS[int(seen.references.kind[row])], amount) if amount else None,
    )
