"""What a model would have said at days gone by, and how far off it would have been."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from domain.forecasting.band import DAY_WINDOWS, KNOTS, PRIOR, Quantiles, blended, conformal
from domain.forecasting.cleaning import cleaned
from domain.forecasting.level import WEEK
from domain.forecasting.matrix import Matrix, lengths, mean, offset_of
from domain.forecasting.unrest import roughness, volatility

# How many days before the end a back-test begins. The last one is long enough for a total of 90 days.
BACKS = (30, 60, 90, 120, 150, 180)
# A test needs so much before it.
NEEDED = 56
TEST_DAYS = 90
_MONTH = 30
# So many back-tests of others the prior counts for.
_PRIOR_WEIGHT = 40
_FOLDS = 5
_LEVELS = (("80", 0.8), ("95", 0.95))
# A series counts with at least so many back-tests: how unruly a younger one is, is not known well.
ENOUGH = 2
_WIDEST = max(last - first for first, last in DAY_WINDOWS[:3])

Model = Callable[[Matrix, int], Matrix]


def backs_for(days: int) -> tuple[int, ...]:
    """Where to begin in a history of so many days."""
    return tuple(back for back in BACKS if days - back >= NEEDED)


def back_tested(model: Model, history: Matrix, backs: Sequence[int]) -> Matrix:
    """What the model says at each of the days back: [rows x backs x 90 days].

    It sees nothing but the days before, cleaned anew. NaN beyond the history, and where a row is too young.
    """
    found = np.full((history.shape[0], len(backs), TEST_DAYS), np.nan)
    old = lengths(history)
    for number, back in enumerate(backs):
        rows = np.flatnonzero(old - back >= NEEDED)
        if rows.size:
            length = min(back, TEST_DAYS)
            found[rows, number, :length] = model(cleaned(history[rows, : history.shape[1] - back]), length)
    return found


@dataclass(frozen=True, slots=True)
class Scores:
    """How far off, [rows x backs], NaN where it was not tested.

    `mase`: the mean error of 30 days over that of the same weekday a week before, within the history. `month` and
    `quarter`: by which share the total of 30 and of 90 days was off. `totals` and `days`: what `Quantiles` are made
    of, for the totals of 7, 30 and 90 days [rows x backs x 3], and the days around those [rows x backs x 3 x days].
    """

    mase: Matrix
    month: Matrix
    quarter: Matrix
    totals: Matrix
    days: Matrix


def scored(history: Matrix, forecasts: Matrix, backs: Sequence[int]) -> Scores:
    """What became of the forecasts. `history` is as it was, with its odd days; a missing day does not count."""
    shape = (history.shape[0], len(backs))
    plain = [np.full(shape, np.nan) for _ in range(3)]
    totals, days = np.full((*shape, 3), np.nan), np.full((*shape, 3, _WIDEST), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        for number, back in enumerate(backs):
            past = cleaned(history[:, : history.shape[1] - back])
            changes, offset = volatility(past), offset_of(past)
            rough = roughness(past, changes)
            ahead = forecasts[:, number, : min(back, TEST_DAYS)]
            came = np.where(np.isnan(ahead), np.nan, history[:, history.shape[1] - back :][:, :TEST_DAYS])
            ahead = np.where(np.isnan(came), np.nan, ahead)
            plain[0][:, number] = _scaled(history[:, : history.shape[1] - back], ahead, came)
            for column, length in ((1, KNOTS[1]), (2, KNOTS[2])):
                plain[column][:, number] = _off(ahead, came, length)
            for knot, length in enumerate(KNOTS[:3]):
                totals[:, number, knot] = _log_off(ahead, came, offset, length) / changes
            single = np.abs(np.log((came + offset[:, None]) / (ahead + offset[:, None]))) / rough[:, None]
            for knot, (first, last) in enumerate(DAY_WINDOWS[:3]):
                found = single[:, first:last]
                days[:, number, knot, : found.shape[1]] = found
    return Scores(plain[0], plain[1], plain[2], totals, days)


def _scaled(past: Matrix, ahead: Matrix, came: Matrix) -> Matrix:
    usual = mean(np.abs(past[:, WEEK:] - past[:, :-WEEK]))
    error = np.abs(ahead[:, :_MONTH] - came[:, :_MONTH])
    counts = (~np.isnan(error)).sum(axis=1)
    found: Matrix = np.where(counts > 0, np.nansum(error, axis=1) / np.maximum(counts, 1) / usual, np.nan)
    return np.where(np.isfinite(found), found, np.nan)


def _off(ahead: Matrix, came: Matrix, length: int) -> Matrix:
    """The share by which a total is off; NaN where it is not tested or nothing came."""
    if ahead.shape[1] < length:
        return np.full(ahead.shape[0], np.nan)
    said, was = np.nansum(ahead[:, :length], axis=1), np.nansum(came[:, :length], axis=1)
    known = (~np.isnan(ahead[:, :length])).any(axis=1) & (was > 0)
    return np.where(known, np.abs(said - was) / was, np.nan)


def _log_off(ahead: Matrix, came: Matrix, offset: Matrix, length: int) -> Matrix:
    if ahead.shape[1] < length:
        return np.full(ahead.shape[0], np.nan)
    counts = (~np.isnan(ahead[:, :length])).sum(axis=1)
    base = offset * counts
    said, was = np.nansum(ahead[:, :length], axis=1), np.nansum(came[:, :length], axis=1)
    return np.where(counts > 0, np.abs(np.log((np.maximum(was, 0) + base) / (said + base))), np.nan)


def quantiles_of(scores: Scores, rows: Sequence[int] | None = None, prior: Quantiles = PRIOR) -> Quantiles:
    """Conformal quantiles of these back-tests, by horizon, pooled over these rows or all that have enough of them.

    The fewer there are, the nearer to the prior.
    """
    chosen = scores.totals if rows is None else scores.totals[list(rows)]
    single = scores.days if rows is None else scores.days[list(rows)]
    is_enough = np.isfinite(chosen[:, :, 0]).sum(axis=1) >= ENOUGH
    own = {}
    for name, values in (("totals", chosen[is_enough]), ("days", single[is_enough])):
        for label, level in _LEVELS:
            own[f"{name}{label}"] = [*(_quantile(values[:, :, knot], level) for knot in range(3)), (0.0, 0)]
    return blended(own, _PRIOR_WEIGHT, prior)


def _quantile(values: Matrix, level: float) -> tuple[float, int]:
    is_known = np.isfinite(values)
    if not is_known.any():
        return 0.0, 0
    # Days of one test are much alike: they count once.
    tests = int(is_known.reshape(*values.shape[:2], -1).any(axis=2).sum())
    return float(np.quantile(values[is_known], conformal(level, tests))), tests


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of the totals of 30 days (90 days: `quarter`) that were tested, the share inside the intervals of 80 and 95 %."""

    tests: int
    month80: float
    month95: float
    quarter_tests: int
    quarter80: float
    quarter95: float


def coverage_of(scores: Scores) -> Coverage:
    """What intervals hold that were learned from other series: rows are put into five parts, each judged by the rest.

    A matrix with one row has no others; the prior judges it.
    """
    rows = np.arange(scores.mase.shape[0])
    inside: dict[tuple[int, str], list[bool]] = {(knot, label): [] for knot in (1, 2) for label, _ in _LEVELS}
    for fold in range(min(_FOLDS, rows.size)):
        others = quantiles_of(scores, [int(row) for row in rows[rows % _FOLDS != fold]])
        values = scores.totals[rows % _FOLDS == fold]
        for (knot, label), seen in inside.items():
            off = values[:, :, knot]
            seen.extend((off[np.isfinite(off)] <= others.model_dump()[f"totals{label}"][knot]).tolist())
    shares = {key: float(np.mean(seen)) if seen else 0.0 for key, seen in inside.items()}
    return Coverage(
        tests=len(inside[1, "80"]),
        month80=shares[1, "80"],
        month95=shares[1, "95"],
        quarter_tests=len(inside[2, "80"]),
        quarter80=shares[2, "80"],
        quarter95=shares[2, "95"],
    )
