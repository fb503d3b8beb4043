"""Medians and scales over rows that have holes."""

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

# The standard deviation of normal noise as a multiple of its median absolute deviation.
SIGMA_OF_MAD = 1.4826


def median(values: Matrix, axis: int = 1) -> Matrix:
    """Median without the holes; NaN where there is nothing but holes."""
    ordered = np.sort(values, axis=axis)  # holes come last
    counts = np.expand_dims((~np.isnan(values)).sum(axis=axis), axis)
    low = np.take_along_axis(ordered, np.maximum(counts - 1, 0) // 2, axis)
    high = np.take_along_axis(ordered, np.minimum(counts // 2, max(values.shape[axis] - 1, 0)), axis)
    return np.where(counts > 0, (low + high) / 2, np.nan).squeeze(axis)


def mean(values: Matrix, axis: int = 1) -> Matrix:
    """Mean without the holes; NaN where there is nothing but holes."""
    counts = (~np.isnan(values)).sum(axis=axis)
    return np.where(counts > 0, np.nansum(values, axis=axis) / np.maximum(counts, 1), np.nan)


def spread(values: Matrix, axis: int = 1) -> Matrix:
    """A robust standard deviation along the axis; 0 where there is nothing."""
    center = np.expand_dims(median(values, axis), axis)
    return np.nan_to_num(SIGMA_OF_MAD * median(np.abs(values - center), axis))


def winsorised(values: Matrix, center: Matrix, sigmas: float, axis: int = 1) -> Matrix:
    """The mean of values clipped to so many robust standard deviations around the center."""
    around = np.expand_dims(center, axis)
    reach = sigmas * np.expand_dims(spread(values, axis), axis)
    return mean(np.clip(values, around - reach, around + reach), axis)


def offset_of(history: Matrix) -> Vector:
    """What is added before logarithms are taken: one, or 3 % of the median of four weeks if that is more."""
    return np.maximum(1.0, 0.03 * np.nan_to_num(median(history[:, -28:])))


def lengths(history: Matrix) -> NDArray[np.int64]:
    """How many days of each row lie between its first known day and the end."""
    known = ~np.isnan(history)
    first = np.where(known.any(axis=1), known.argmax(axis=1), history.shape[1])
    days: NDArray[np.int64] = history.shape[1] - first
    return days
