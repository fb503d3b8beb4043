"""How unruly the series of a matrix are."""

import numpy as np

from domain.forecasting.band import Unrest
from domain.forecasting.level import WEEK
from domain.forecasting.matrix import Matrix, Vector, lengths, median, offset_of, spread

_LEAST = 0.01
# Nobody knows how much a series of less than nine weeks changes in four.
_UNKNOWN = 0.15
_NINE_WEEKS = 63


def volatility(calm: Matrix) -> Vector:
    """The standard deviation of four-week changes of the logarithm of each row's weekly mean."""
    if calm.shape[1] < _NINE_WEEKS:
        return np.full(calm.shape[0], _UNKNOWN)
    sums = np.cumsum(np.nan_to_num(calm), axis=1)
    weekly = (sums[:, WEEK:] - sums[:, :-WEEK]) / WEEK
    logs = np.log(np.maximum(weekly, 0) + offset_of(calm)[:, None])
    steps = logs[:, 28:] - logs[:, :-28]
    places = np.arange(calm.shape[1] - steps.shape[1], calm.shape[1])[None, :]
    begun = (calm.shape[1] - lengths(calm))[:, None]
    steps = np.where(places >= begun + 28 + WEEK, steps, np.nan)
    counts = (~np.isnan(steps)).sum(axis=1)
    means = np.nansum(steps, axis=1) / np.maximum(counts, 1)
    found = np.sqrt(np.nansum((steps - means[:, None]) ** 2, axis=1) / np.maximum(counts, 1))
    least = np.where(lengths(calm) >= _NINE_WEEKS, _LEAST, _UNKNOWN)
    changes: Vector = np.maximum(found, least)
    return changes


def roughness(calm: Matrix, changes: Vector) -> Vector:
    """How far single days lie from the week around them, together with how the week changes."""
    recent = calm[:, -8 * WEEK :]
    logs = np.log(np.maximum(recent, 0) + offset_of(calm)[:, None])
    whole = logs.shape[1] // WEEK * WEEK
    weeks = logs[:, logs.shape[1] - whole :].reshape(logs.shape[0], -1, WEEK)
    residual = (weeks - median(weeks, axis=2)[:, :, None]) if whole else np.zeros((logs.shape[0], 1, WEEK))
    usual = np.nan_to_num(median(residual, axis=1))[:, None, :]
    days = spread((residual - usual).reshape(logs.shape[0], -1))
    return np.hypot(np.maximum(days, _LEAST), changes)


def unrest_of(calm: Matrix) -> list[Unrest]:
    """That of each row."""
    changes = volatility(calm)
    rough = roughness(calm, changes)
    return [
        Unrest(offset=float(offset), volatility=float(change), roughness=float(days))
        for offset, change, days in zip(offset_of(calm), changes, rough, strict=True)
    ]
