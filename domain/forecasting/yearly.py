"""What the same weeks of last year cost more, or less, than those before them: a profile to carry into this year."""

import numpy as np

from domain.forecasting.matrix import Matrix, Vector, lengths, offset_of

# So many days ago the weekdays were the same.
AGO = 364
_MONTH = 28
# The mean of so many days tells what a season was like; single days are noise.
_AROUND = 15
# Last year is a single witness: half of what it says is believed.
_BELIEVED = 0.5
NEEDED = AGO + _MONTH


def yearly_factors(calm: Matrix, horizon: int) -> Matrix:
    """By what to multiply each of the days ahead; 1 for rows of less than a year and four weeks.

    What grew or shrank over the year is taken out of last year's weeks, because growth is forecast by others.
    """
    days = calm.shape[1]
    factors = np.ones((calm.shape[0], horizon))
    old = np.flatnonzero(lengths(calm) >= NEEDED)
    if not old.size:
        return factors
    offset = offset_of(calm[old])
    sums = np.concatenate([np.zeros((old.size, 1)), np.cumsum(np.nan_to_num(calm[old]), axis=1)], axis=1)

    def level(begin: np.ndarray, end: np.ndarray) -> Matrix:
        logs: Matrix = np.log((sums[:, end] - sums[:, begin]) / (end - begin) + offset[:, None])
        return logs

    ends = np.array([days - AGO, days])
    then, now = level(ends - _MONTH, ends).T
    ahead = np.arange(1, horizon + 1)
    middle = np.minimum(days - AGO + ahead - 1, days - 1)
    around = level(middle - _AROUND // 2, np.minimum(middle + _AROUND // 2 + 1, days))
    profile = around - then[:, None] - _growth(then, now, ahead)
    factors[old] = np.exp(_BELIEVED * profile)
    return factors


def _growth(then: Vector, now: Vector, ahead: np.ndarray) -> Matrix:
    """What a steady way from last year's level to this one's comes to, from the middle of the month before."""
    grown: Matrix = (now - then)[:, None] * (ahead + _MONTH / 2)[None, :] / AGO
    return grown
