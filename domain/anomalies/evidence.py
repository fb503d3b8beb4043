"""What is measured of the day that is being scored, before any rule looks at it."""

from dataclasses import dataclass

import numpy as np

from domain.anomalies.baseline import Baseline
from domain.anomalies.book import Book
from domain.anomalies.bursts import Bursts, bursts
from domain.anomalies.references import References
from domain.anomalies.settings import Settings
from domain.anomalies.state import Bools, Floats

# After days that were not delivered their cost may come summed on one day; the longest gap that is reckoned with.
LONGEST_GAP = 14
# Days that must have been seen before anything but a new service is told of.
FIRST_DAYS = 7


@dataclass(frozen=True, slots=True)
class Evidence:
    """One number per series. cost: less what came late for missing days. usual: expected before references, or at
    an old level that may come back. expected: with references. plain: log residual to the baseline; beyond: without
    what the season explains of it; residual: to expected. z: residual in scales, wider ones where the cost of missing
    days was taken off. impact: money above expected. material: the impact it takes to matter. bursts: what the series
    did before. scored: which series can be judged.
    """

    base: Baseline
    references: References
    cost: Floats
    usual: Floats
    expected: Floats
    plain: Floats
    beyond: Floats
    residual: Floats
    z: Floats
    impact: Floats
    material: Floats
    bursts: Bursts
    scored: Bools


def evidence(book: Book, base: Baseline, references: References, settings: Settings) -> Evidence:
    """Of the day the book is at. Not a number where the day was not delivered."""
    cost, widened = _without_late(book, base)
    usual = np.maximum(base.expected, np.where(book.old_until >= book.today, _old(book, base), 0.0))
    expected = usual + references.amount
    logged = np.log(np.maximum(cost, 0.0) + base.offset)
    plain = logged - np.log(base.expected + base.offset)
    residual = logged - np.log(expected + base.offset)
    material = np.maximum(settings.minimum_impact, settings.minimum_impact_ratio * base.usual)
    return Evidence(
        base=base,
        references=references,
        cost=cost,
        usual=usual,
        expected=expected,
        plain=plain,
        # As far as the season goes it explains a rise, and it makes nothing lower than it is.
        beyond=plain - np.clip(plain, 0.0, references.season),
        residual=residual,
        z=residual / (base.scale * widened),
        impact=cost - expected,
        material=material,
        bursts=bursts(book, residual),
        scored=np.isfinite(cost) & (book.observed >= FIRST_DAYS),
    )


def _without_late(book: Book, base: Baseline) -> tuple[Floats, Floats]:
    """The cost of the day without what belongs to the missing days right before it, and how much wider it scatters
    by that: a sum of n days scatters by the square root of n.
    """
    cost = book.raw[:, book.at]
    missing = np.isnan(book.back(book.raw, LONGEST_GAP)) & book.after(book.start, LONGEST_GAP)
    run = np.flip(np.logical_and.accumulate(np.flip(missing, -1), -1), -1)
    late = np.where(run, np.nan_to_num(book.back(book.cleaned, LONGEST_GAP)), 0.0).sum(-1)
    # Less than all these days were to cost is a sum that is not complete, or a usual day: no sign of anything.
    left = np.maximum(cost - late, np.minimum(cost, base.expected))
    return np.where(late > 0, left, cost), np.sqrt(1 + run.sum(-1))


def _old(book: Book, base: Baseline) -> Floats:
    return np.nan_to_num(np.exp(book.old_level + base.weekday) - base.offset)
