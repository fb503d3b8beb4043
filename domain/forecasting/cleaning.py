"""A history as models may see it: odd days replaced by what was to be expected, missing ones filled."""

import numpy as np

from domain.forecasting.matrix import Matrix, lengths, median, offset_of, spread

# A day counts as odd when it is this far from the days around it, in logarithms and in robust standard deviations.
# Three spikes left in 65 days raise the error of a month's total from 3 % to 14-36 % (measured for every model).
_FACTOR = np.log(1.6)
_SIGMAS = 5.0
# So many odd days in a row are no longer odd: the level has changed.
_NEW_LEVEL = 5
_WEEK = 7
# A last day this far below the same weekday of four weeks is not delivered whole.
_WHOLE = 0.7
_LATE_DAYS = 3


def cleaned(history: Matrix) -> Matrix:
    """The history without odd single days and without holes; NaN only before a row's first known day."""
    offset = offset_of(history)[:, None]
    logs = np.log(np.maximum(history, 0) + offset)
    expected = _expected(logs)
    residual = logs - expected
    scale = np.maximum(spread(residual), 0.03)[:, None]
    is_odd = (np.abs(residual) > _FACTOR) & (np.abs(residual) > _SIGMAS * scale)
    is_odd &= ~_runs(is_odd & (residual > 0)) & ~_runs(is_odd & (residual < 0))
    began = np.arange(history.shape[1])[None, :] >= (history.shape[1] - lengths(history))[:, None]
    filled = np.where((is_odd | np.isnan(history)) & began, np.exp(expected) - offset, history)
    return np.where(began, _without_holes(np.maximum(filled, 0)), np.nan)


def without_partial_days(history: Matrix) -> int:
    """How many of the last days (at most three) are not delivered whole yet, judged by the sum of all rows."""
    total = np.nansum(history, axis=0)
    most = min(_LATE_DAYS, max(0, len(total) - 4 * _WEEK))
    for late in range(most):
        day = total.size - 1 - late
        before = [total[day - _WEEK * week] for week in range(1, 5) if day - _WEEK * week >= 0]
        if total[day] >= _WHOLE * float(np.median(before)):
            return late
    return most


def _expected(logs: Matrix) -> Matrix:
    """For each day the median of the 15 days around it, plus what its weekday usually differs by."""
    days = logs.shape[1]
    padded = np.pad(logs, ((0, 0), (_WEEK, _WEEK)), constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _WEEK + 1, axis=1)
    level: Matrix = median(windows, axis=2)
    expected = level.copy()
    for weekday in range(min(_WEEK, days)):
        own = slice(weekday, None, _WEEK)
        usual = np.nan_to_num(median(logs[:, own] - level[:, own]))
        expected[:, own] += usual[:, None]
    return expected


def _runs(flags: np.ndarray) -> np.ndarray:
    """Which flags belong to a run of at least `_NEW_LEVEL`."""
    if flags.shape[1] < _NEW_LEVEL:
        return np.zeros_like(flags)
    whole = np.lib.stride_tricks.sliding_window_view(flags, _NEW_LEVEL, axis=1).all(axis=2)
    runs = np.zeros_like(flags)
    for place in range(_NEW_LEVEL):
        runs[:, place : place + whole.shape[1]] |= whole
    return runs


def _without_holes(history: Matrix) -> Matrix:
    """What no day around could tell is carried on from the day before."""
    places = np.where(np.isnan(history), 0, np.arange(history.shape[1])[None, :])
    np.maximum.accumulate(places, axis=1, out=places)
    return np.take_along_axis(history, places, axis=1)
