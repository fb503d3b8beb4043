"""The rules for a day, or two, far above what was expected."""

import numpy as np

from domain.anomalies.baseline import ENOUGH
from domain.anomalies.book import Book
from domain.anomalies.bursts import LEAST_RATIO
from domain.anomalies.evidence import Evidence
from domain.anomalies.finding import Finding, found
from domain.anomalies.flag import Rule
from domain.anomalies.incidents_before import second_largest
from domain.anomalies.middle import largest
from domain.anomalies.settings import Sensitivity
from domain.anomalies.state import Bools, Floats

NOVELTY_DAYS = 60
# How many scales above: of a spike, and of a day at three times its cost.
SCALES = {
    Sensitivity.LOW: (6.0, 4.0),
    Sensitivity.MEDIUM: (4.2, 3.0),
    Sensitivity.HIGH: (3.5, 3.0),
}
# A young series is asked for more.
YOUNG = 1.0
# What was meant to be three times is a little less against an expectation that errs.
TRIPLE_RATIO = float(np.log(2.6))
TRIPLE_MORE, TRIPLE_LESS, TRIPLE_RANGE = 0.1, 0.75, 0.6
TRIPLE_RESIDUALS = 14
# What stands out by so many times a charge that was due is more than that charge.
BEYOND_CHARGE = 3.0
FLAGGED_SHARE = 0.9

TWO_DAYS_SCALES = 5.2
# After a new level only what is three times as much is told of for six days.
FRESH_DAYS = 6
FRESH_RATIO = float(np.log(3.0))


def spikes(book: Book, seen: Evidence, may: Bools, sensitivity: Sensitivity) -> tuple[Finding, Finding, Finding]:
    """Spike, triple and two days."""
    kept, before = seen.base.kept, second_largest(book)
    ratio = np.where(_is_fresh(book), np.maximum(LEAST_RATIO, FRESH_RATIO), LEAST_RATIO)
    scales = np.where(seen.base.residuals < ENOUGH, SCALES[sensitivity][0] + YOUNG, SCALES[sensitivity][0])
    may = may & seen.scored
    spike = found(
        Rule.SPIKE,
        may,
        ("scales", seen.z, scales),
        ("ratio", seen.residual, ratio),
        ("novelty", seen.residual, _novelty(seen, before)),
        ("impact", seen.impact, seen.material),
    )
    return spike, _triple(book, seen, may, kept, SCALES[sensitivity][1]), _two_days(book, seen, may, ratio)


def _novelty(seen: Evidence, before: Floats) -> Floats:
    """Above all that was usual, about as far as the second of the incidents before, and rarer than its bursts."""
    usual = 1.2 * np.maximum(largest(seen.base.kept), 0.0)
    told = np.maximum(FLAGGED_SHARE * before, _news(seen))
    return np.maximum(usual, np.where(seen.residual >= TRIPLE_RATIO, 0.0, told))


def _news(seen: Evidence) -> Floats:
    """Three times is news whatever was before."""
    return np.minimum(seen.bursts.level, TRIPLE_RATIO)


def _without_charge(seen: Evidence) -> Floats:
    """The log residual. A charge that was due explains its own size only: what is several times that is measured as
    if it were not there, on both sides. A season is no charge: it raises all there is.
    """
    amount = seen.references.charge
    usual = seen.usual + (seen.references.amount - amount)
    rest = np.log(np.maximum(seen.cost - amount, 0.0) + seen.base.offset) - np.log(usual + seen.base.offset)
    return np.where(seen.cost - usual >= BEYOND_CHARGE * amount, np.fmax(rest, seen.residual), seen.residual)


def _triple(book: Book, seen: Evidence, may: Bools, kept: Floats, scales: float) -> Finding:
    ratio = np.where(_is_fresh(book), FRESH_RATIO, TRIPLE_RATIO)
    # The clearer the ratio, the fewer scales: five times is no usual day even of a series that scatters.
    residual = _without_charge(seen)
    z = np.where(residual > seen.residual, residual / seen.base.scale, seen.z)
    beyond = np.clip((residual - TRIPLE_RATIO) / TRIPLE_RANGE, 0.0, 1.0)
    return found(
        Rule.TRIPLE,
        may & (seen.base.residuals >= TRIPLE_RESIDUALS),
        ("scales", z, scales + TRIPLE_MORE - TRIPLE_LESS * beyond),
        ("ratio", residual, ratio),
        ("novelty", residual, 1.2 * np.maximum(largest(kept, 2), 0.0)),
        ("impact", seen.impact, seen.material),
    )


def _two_days(book: Book, seen: Evidence, may: Bools, ratio: Floats) -> Finding:
    """Today and yesterday together, where neither is far enough alone."""
    before = book.plain[:, book.at - 1]
    z = before / seen.base.scale
    together = 0.85 * (seen.z + z) / np.sqrt(2)
    earlier = np.where(np.arange(NOVELTY_DAYS) == NOVELTY_DAYS - 1, np.nan, seen.base.kept)
    novelty = np.maximum(0.8 * np.maximum(largest(earlier), 0.0), _news(seen))
    return found(
        Rule.TWO_DAYS,
        may,
        ("scales", np.minimum(seen.z, z), np.full_like(z, 3.0)),
        ("scales of both", together, np.full_like(z, TWO_DAYS_SCALES)),
        ("ratio", np.minimum(seen.residual, before), ratio),
        ("novelty", seen.residual, novelty),
        ("impact", np.minimum(seen.impact, book.excess[:, book.at - 1]), seen.material),
    )


def _is_fresh(book: Book) -> Bools:
    age = book.age(book.anchor)
    return np.asarray((age >= 0) & (age <= FRESH_DAYS))
