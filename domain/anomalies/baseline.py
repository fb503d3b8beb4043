"""What a series costs on a usual day: a level, a factor for each weekday, damped growth, and how far days scatter."""

from dataclasses import dataclass

import numpy as np

from domain.anomalies.book import Book
from domain.anomalies.middle import NORMAL, clipped_mean, median, quantile, spread
from domain.anomalies.state import NEVER, WINDOW, Bools, Floats

WEEKS = 8
WEEKDAY_SHARE = 1.4
TAIL = 1.1
LEVEL_DAYS = 10
SCALE_DAYS = 60
# Fewer residuals than this say little about the scale.
ENOUGH = 21
# What a cloud bill scatters by at least; 1 % and less is rounding and the length of hours.
LEAST_SCALE = 0.03
# What is assumed of a series nothing is known about yet.
UNKNOWN_SCALE = 0.30
NEW_LEVEL_SCALE = 0.25
NEW_LEVEL_DAYS = 8


@dataclass(frozen=True, slots=True)
class Baseline:
    """Of one day, one number per series.

    usual: median of 28 days. offset keeps logarithms finite. factors: logs of the seven weekdays, today's first.
    flat: logs of the last 100 days without their weekday. level and growth are logs. expected is money. core: scale
    of the middle of the log residuals; scale: what a day is judged by; residuals: how many there are.
    """

    usual: Floats
    offset: Floats
    flat: Floats
    factors: Floats
    level: Floats
    growth: Floats
    expected: Floats
    kept: Floats
    core: Floats
    scale: Floats
    residuals: Floats

    @property
    def weekday(self) -> Floats:
        """The log factor of today's."""
        return self.factors[:, 0]


def baseline(book: Book) -> Baseline:
    """Of the day the book is at; only days before it are looked at."""
    cleaned = book.back(book.cleaned, WINDOW)
    usual = np.nan_to_num(median(cleaned[:, -28:]))
    offset = np.maximum(1.0, 0.03 * usual)
    logs = np.log(np.maximum(cleaned, 0.0) + offset[:, None])
    factors, weekday_spread = _weekdays(logs)
    flat = logs - np.tile(factors, WINDOW // 7 + 1)[:, -WINDOW:]
    growth = _growth(book, flat)
    level = _level(book, flat) + 5 * growth
    expected = np.maximum(np.exp(level + factors[:, 0]) - offset, 0.0)
    kept = _kept(book, flat, offset)
    core, scale, residuals = _scale(_residuals(book), book, weekday_spread)
    return Baseline(usual, offset, flat, factors, level, growth, expected, kept, core, scale, residuals)


def _weekdays(logs: Floats) -> tuple[Floats, Floats]:
    """Log factors of the seven weekdays, today's first, and how far today's weekday scatters."""
    weeks = logs[:, -7 * WEEKS :].reshape(len(logs), WEEKS, 7)
    whole = np.isfinite(weeks).sum(-1, keepdims=True) >= 5
    apart = np.where(whole, weeks - median(weeks)[..., None], np.nan).transpose(0, 2, 1)
    centre = median(apart)
    deviation = spread(apart, centre)
    factor = clipped_mean(apart, centre, 1.5 * deviation)
    count = np.isfinite(apart).sum(-1)
    doubt = 1.1 * deviation / np.sqrt(np.maximum(count, 1))
    # Shrunk towards none: a factor that is smaller than its own doubt is chance.
    shrunk = factor**3 / np.maximum(factor**2 + 2 * doubt**2, 1e-12)
    known = count >= 2
    return np.where(known, shrunk, 0.0), np.where(known, deviation, 0.0)[:, 0]


def _growth(book: Book, flat: Floats) -> Floats:
    """Log growth a day; 0 where the month before is unknown or another level."""
    now, then = flat[:, -14:], np.where(book.after(book.anchor, 42), flat[:, -42:], np.nan)[:, :14]
    known = np.isfinite(then).sum(-1) >= 7
    slope = (median(now) - median(then)) / 28
    return np.where(known, np.clip(slope, -0.004, 0.006), 0.0)


def _level(book: Book, flat: Floats) -> Floats:
    recent = np.where(book.after(book.anchor, LEVEL_DAYS), flat[:, -LEVEL_DAYS:], np.nan)
    centre = median(recent)
    level = clipped_mean(recent, centre, 1.2 * NORMAL * spread(recent, centre))
    return np.where(np.isfinite(level), level, flat[:, -1])


def _kept(book: Book, flat: Floats, offset: Floats) -> Floats:
    """Residuals of usual days; less where today's knowledge of the weekdays explains more."""
    kept = _residuals(book)
    expected = np.log(book.back(book.expected, 7 * WEEKS) + offset[:, None]).reshape(len(flat), WEEKS, 7)
    now = flat[:, -7 * WEEKS :] - np.repeat(median(expected), 7, -1)
    kept[:, -7 * WEEKS :] = np.minimum(kept[:, -7 * WEEKS :], np.maximum(now, 0.0))
    return kept


def _residuals(book: Book) -> Floats:
    """Of usual days since the service began, as they were when the days were scored."""
    return np.where(book.after(book.start, SCALE_DAYS), book.back(book.kept, SCALE_DAYS), np.nan)


def _scale(kept: Floats, book: Book, weekday_spread: Floats) -> tuple[Floats, Floats, Floats]:
    """The scale of the middle of the residuals, the scale to judge by, and how many residuals there are."""
    count = np.isfinite(kept).sum(-1).astype(np.float64)
    core = np.nan_to_num(NORMAL * spread(kept, median(kept)))
    # A heavy upper tail counts as scale: the 90th percentile of a normal distribution lies at 1.2816.
    tail = np.nan_to_num(TAIL * quantile(kept, 0.9) / 1.2816)
    scale: Floats = np.maximum.reduce([core, tail, WEEKDAY_SHARE * weekday_spread, np.full(len(core), LEAST_SCALE)])
    known = np.minimum(count / ENOUGH, 1.0)
    scale = known * scale + (1 - known) * np.maximum(scale, UNKNOWN_SCALE)
    fresh: Bools = (book.anchor > NEVER) & (book.age(book.anchor) <= NEW_LEVEL_DAYS)
    judged_by: Floats = np.where(fresh, np.maximum(scale, NEW_LEVEL_SCALE), scale)
    return core, judged_by, count
