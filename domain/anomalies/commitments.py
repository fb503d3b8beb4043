"""When commitments are used, or cover, much less than they did: money that is paid for nothing, or at list prices."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

DAYS = 14
# Fewer days say nothing about what is usual.
LEAST_DAYS = 7


@dataclass(frozen=True, slots=True)
class RatioSettings:
    """least_fall: as a share of 1, so 0.10 is ten points. minimum_impact: money a day."""

    least_fall: float = 0.10
    minimum_impact: float = 10.0


@dataclass(frozen=True, slots=True)
class RatioDay:
    """One day of utilisation (used of committed) or coverage (covered of eligible). ratio: 0 to 1, None where
    nothing was committed or eligible, or the day is not delivered. base: the money the ratio is of: committed, or
    eligible.
    """

    ratio: float | None
    base: float


@dataclass(frozen=True, slots=True)
class RatioFall:
    """usual: the median of 14 days. fall: usual less ratio. impact: money of that day that was not used, or not
    covered, beyond the usual.
    """

    ratio: float
    usual: float
    fall: float
    impact: float


_DEFAULTS = RatioSettings()


def ratio_fall(days: Sequence[RatioDay], settings: RatioSettings = _DEFAULTS) -> RatioFall | None:
    """Judge the last of the days against up to 14 before it. None when it is as usual, has been as low within these,
    does not matter, or too little is known.
    """
    *before, today = days
    known = [day.ratio for day in before[-DAYS:] if day.ratio is not None]
    if today.ratio is None or len(known) < LEAST_DAYS:
        return None
    usual = median(known)
    # Rounded, so that five points are five points.
    fall = round(usual - today.ratio, 9)
    impact = fall * today.base
    # What has been as low within the days is no news.
    is_news = today.ratio < min(known)
    if fall < settings.least_fall or impact < settings.minimum_impact or not is_news:
        return None
    return RatioFall(today.ratio, usual, fall, impact)
