"""Two plain detectors to measure ours beside: three times the mean of a week, and median with spread by weekday."""

from collections.abc import Callable, Sequence

import numpy as np

from bench.anomaly_data import Flags, Series
from domain.anomalies.known_event import KnownKind

IMPACT = 10.0
SILENT_DAYS = {KnownKind.COMMITMENT_PURCHASE: 1, KnownKind.PLANNED_CHANGE: 10, KnownKind.MARKED_EXPECTED: 0}


def naive(series: Sequence[Series]) -> Flags:
    """More than three times the mean of the last 7 days, and 10 USD above it."""
    return {one.id: _flagged(one, _above_week) for one in series}


def weekday_median(series: Sequence[Series]) -> Flags:
    """More than 8 scaled median deviations above the median of the same weekday in 8 weeks, and 10 USD above it."""
    return {one.id: _flagged(one, _above_weekday) for one in series}


def _flagged(series: Series, is_odd: Callable[[np.ndarray, int], bool]) -> list[str]:
    silent = {
        (on - series.first).days + day for on, kind in series.known for day in range(SILENT_DAYS[kind])
    }  # fmt: skip
    days = (day for day in range(7, len(series.costs)) if day not in silent and is_odd(series.costs, day))
    return [str(np.datetime64(series.first, "D") + day) for day in days]


def _above_week(costs: np.ndarray, day: int) -> bool:
    week = costs[day - 7 : day]
    mean = np.nanmean(week) if np.isfinite(week).any() else np.inf
    return bool(costs[day] > 3 * mean and costs[day] - mean >= IMPACT)


def _above_weekday(costs: np.ndarray, day: int) -> bool:
    same = costs[day % 7 : day : 7][-8:]
    same = same[np.isfinite(same)]
    if len(same) < 3:
        return False
    middle = np.median(same)
    width = max(1.4826 * np.median(np.abs(same - middle)), 0.03 * middle)
    return bool(costs[day] > middle + 8 * width and costs[day] - middle >= IMPACT)
