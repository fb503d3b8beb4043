"""Two models that need nothing but arithmetic: the mean of four weeks, and level, weekday and damped growth."""

import numpy as np

from domain.forecasting.matrix import Matrix, Vector, lengths, mean, median, offset_of, spread, winsorised

WEEK = 7
# Growth goes on, and less so every day: what grew for six weeks does not grow for a year.
_DAMPING = 0.985
_MOST_GROWTH, _MOST_DECLINE = 0.006, -0.004
# Growth counts where two spans of two weeks differ by this many standard errors of their medians.
_CLEAR = 2.5


def flat(history: Matrix, horizon: int) -> Matrix:
    """The mean of what there is, for every day; 0 where there is nothing."""
    return np.repeat(np.nan_to_num(mean(history[:, -WEEK:]))[:, None], horizon, axis=1)


def weekly(history: Matrix, horizon: int) -> Matrix:
    """Each weekday's mean over the last four weeks, or as many as there are; like SeasonalWindowAverage(7, 4)."""
    weeks = min(4, history.shape[1] // WEEK)
    recent = history[:, history.shape[1] - weeks * WEEK :].reshape(history.shape[0], weeks, WEEK)
    by_day = mean(recent, axis=1)
    by_day = np.where(np.isnan(by_day), mean(history[:, -WEEK:])[:, None], by_day)
    return _repeated(np.nan_to_num(by_day), horizon)


def level(history: Matrix, horizon: int) -> Matrix:
    """Level of the last ten days, weekday factors of eight weeks and growth damped by 0.985 a day, in logarithms."""
    offset = offset_of(history)
    logs = np.log(np.maximum(history, 0) + offset[:, None])
    factors = _weekday_factors(logs)
    calm = logs - factors[:, np.arange(-logs.shape[1], 0) % WEEK]
    recent = calm[:, -10:]
    base = winsorised(recent, median(recent), 1.2)
    steps = np.cumsum(_DAMPING ** np.arange(1, horizon + 1))
    ahead = base[:, None] + _repeated(factors, horizon) + _growth(calm)[:, None] * steps[None, :]
    return np.nan_to_num(np.maximum(np.exp(ahead) - offset[:, None], 0))


def _weekday_factors(logs: Matrix) -> Matrix:
    """What each of the seven days after the history usually differs by; 0 with less than two weeks."""
    weeks = min(8, logs.shape[1] // WEEK)
    if weeks < 2:
        return np.zeros((logs.shape[0], WEEK))
    recent = logs[:, logs.shape[1] - weeks * WEEK :].reshape(logs.shape[0], weeks, WEEK)
    residual = recent - median(recent, axis=2)[:, :, None]
    factor = winsorised(residual, median(residual, axis=1), 1.5, axis=1)
    counted = np.maximum(1, (~np.isnan(residual)).sum(axis=1))
    noise = 1.1 * spread(residual, axis=1) / np.sqrt(counted)
    square = factor**2
    shrunk = factor * square / np.maximum(square + 2 * noise**2, 1e-12)
    return np.where(counted >= 2, np.nan_to_num(shrunk), 0.0)


def _growth(calm: Matrix) -> Vector:
    """Growth a day; 0 unless there are six weeks and it stands out of the noise."""
    if calm.shape[1] < 6 * WEEK:
        return np.zeros(calm.shape[0])
    new, old = calm[:, -14:], calm[:, -42:-28]
    step = median(new) - median(old)
    error = 1.25 * np.hypot(spread(new), spread(old)) / np.sqrt(14)
    is_clear = (np.abs(step) > _CLEAR * np.maximum(error, 0.005)) & (lengths(calm) >= 6 * WEEK)
    return np.where(is_clear, np.clip(np.nan_to_num(step) / 28, _MOST_DECLINE, _MOST_GROWTH), 0.0)


def _repeated(week: Matrix, horizon: int) -> Matrix:
    """Seven columns over and over."""
    return np.tile(week, (1, horizon // WEEK + 1))[:, :horizon]
