"""The median of three models, and where back-tests say that another one, or last year's season, does better."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import numpy as np

from domain.forecasting.backtest import BACKS, Model, back_tested, backs_for
from domain.forecasting.cleaning import cleaned
from domain.forecasting.level import flat, level, weekly
from domain.forecasting.matrix import Matrix, lengths
from domain.forecasting.recurring import recurring
from domain.forecasting.yearly import NEEDED, yearly_factors

# Another model is taken when its totals were off by so much less in at least so many back-tests.
_BETTER = 0.6
# The season has the median within it and is half believed: more than by half it cannot be better.
_BETTER_BY_SEASON = 0.8
_ENOUGH_TESTS = 3
# What is further back tells nothing but the season, and takes time.
RECENT_DAYS = 400
FEW_DAYS, SHORT_DAYS = 7, 28


class ForecastModel(StrEnum):
    """MEDIAN is that of the others: mean of four weeks by weekday, optimised theta, level with weekday and growth.
    YEARLY is that with the season of last year.
    """

    FLAT = "FLAT"
    WEEKLY = "WEEKLY"
    LEVEL = "LEVEL"
    THETA = "THETA"
    MEDIAN = "MEDIAN"
    YEARLY = "YEARLY"


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Of each row: the cleaned history, the days ahead, the model taken, and what it said in back-tests
    ([rows x backs x 90]).
    """

    calm: Matrix
    ahead: Matrix
    models: list[ForecastModel]
    tests: Matrix
    backs: tuple[int, ...]


def forecast(
    history: Matrix, first: date, horizon: int, theta: Model | None = None, *, is_theta_tested: bool = True
) -> Forecasts:
    """The days from `first`, which follows the history. Without `theta` the median is that of the other two; where it
    is not tested, for it takes the most time, back-tests are of the others. What is further back than RECENT_DAYS is
    looked at for the season only, so that what is returned is about these.

    Rows of less than four weeks are level and weekday, of less than one the mean. Charges that come back each month
    are added on their days.
    """
    whole, history = history, history[:, -RECENT_DAYS:]
    calm = cleaned(history)
    models: dict[ForecastModel, Model] = {ForecastModel.WEEKLY: weekly, ForecastModel.LEVEL: level}
    if theta is not None:
        models[ForecastModel.THETA] = theta
    backs = backs_for(history.shape[1])
    old = lengths(history) >= SHORT_DAYS
    said = _with_median({name: _ahead(model, calm, old, horizon) for name, model in models.items()})
    if not is_theta_tested:
        models.pop(ForecastModel.THETA, None)
    tests = _with_median({name: back_tested(model, history, backs) for name, model in models.items()})
    said, tests = _with_season(whole, backs, said, tests)
    choice = _choice(history, tests, backs)
    ahead = np.where(old[:, None], _chosen(said, choice), level(calm, horizon))
    few = lengths(history) < FEW_DAYS
    ahead = np.where(few[:, None], flat(calm, horizon), ahead) + recurring(history, calm, first, horizon)
    names = [
        ForecastModel.FLAT if is_few else ForecastModel.LEVEL if not is_old else list(said)[number]
        for is_few, is_old, number in zip(few, old, choice, strict=True)
    ]
    tested = _with_charges(_tested(history, tests, backs), history, first, backs)
    return Forecasts(calm, ahead, names, tested, backs)


def _with_charges(tests: Matrix, history: Matrix, first: date, backs: Sequence[int]) -> Matrix:
    """What was said in back-tests, with the charges that could be known then."""
    for number, back in enumerate(backs):
        length = min(back, tests.shape[2])
        past = history[:, : history.shape[1] - back]
        tests[:, number, :length] += recurring(past, cleaned(past), first - timedelta(days=back), length)
    return tests


def _ahead(model: Model, calm: Matrix, old: np.ndarray, horizon: int) -> Matrix:
    ahead = np.zeros((calm.shape[0], horizon))
    ahead[old] = model(calm[old], horizon)
    return ahead


def _with_median(said: dict[ForecastModel, Matrix]) -> dict[ForecastModel, Matrix]:
    """The median of them comes first."""
    return {ForecastModel.MEDIAN: np.median(np.stack(list(said.values())), axis=0)} | said


def _with_season(
    history: Matrix, backs: Sequence[int], said: dict[ForecastModel, Matrix], tests: dict[ForecastModel, Matrix]
) -> tuple[dict[ForecastModel, Matrix], dict[ForecastModel, Matrix]]:
    """The median with last year's season comes second. Rows too young for enough tests of it have none."""
    factors, tested = np.ones_like(said[ForecastModel.MEDIAN]), np.ones_like(tests[ForecastModel.MEDIAN])
    old = np.flatnonzero(lengths(history) >= NEEDED + BACKS[_ENOUGH_TESTS - 1])
    if old.size:
        factors[old] = yearly_factors(cleaned(history[old]), factors.shape[1])
        tested[old] = back_tested(yearly_factors, history[old], backs)
    first, second = ForecastModel.MEDIAN, ForecastModel.YEARLY
    return (
        {first: said[first], second: said[first] * factors} | said,
        {first: tests[first], second: tests[first] * tested} | tests,
    )


def _choice(history: Matrix, tests: dict[ForecastModel, Matrix], backs: Sequence[int]) -> np.ndarray:
    """For each row the number of the model to take: 0, the median, unless another was clearly better."""
    if not backs:
        return np.zeros(history.shape[0], dtype=np.int64)
    return _best(np.stack([_error(history, said, backs) for said in tests.values()]))


def _best(errors: np.ndarray) -> np.ndarray:
    """From errors [models x rows x backs], the median first and the season second."""
    counts = (~np.isnan(errors[0])).sum(axis=1)
    means = np.nansum(errors, axis=2) / np.maximum(counts, 1)
    limits = np.array([0.0, _BETTER_BY_SEASON, *[_BETTER] * (len(errors) - 2)])
    is_better = (means < limits[:, None] * means[0]) & (counts >= _ENOUGH_TESTS)
    return np.asarray(np.where(is_better, means, np.inf).argmin(axis=0))


def _error(history: Matrix, said: Matrix, backs: Sequence[int]) -> Matrix:
    """How far off the totals of 30 days were, [rows x backs]."""
    off = []
    for number, back in enumerate(backs):
        came = history[:, history.shape[1] - back :][:, :30]
        total, was = np.nansum(np.where(np.isnan(came), np.nan, said[:, number, :30]), axis=1), np.nansum(came, axis=1)
        off.append(np.where(np.isnan(said[:, number, 0]), np.nan, np.abs(total - was)))
    return np.stack(off, axis=1)


def _tested(history: Matrix, tests: dict[ForecastModel, Matrix], backs: Sequence[int]) -> Matrix:
    """What was said in each back-test by the model that the others choose: no test judges a choice of its own."""
    stacked = np.stack(list(tests.values()))
    said: Matrix = stacked[0].copy()
    if not backs:
        return said
    errors = np.stack([_error(history, one, backs) for one in tests.values()])
    for number in range(len(backs)):
        choice = _best(np.delete(errors, number, axis=2))
        said[:, number] = stacked[choice, np.arange(choice.size), number]
    return said


def _chosen(by_model: dict[ForecastModel, Matrix], choice: np.ndarray) -> Matrix:
    stacked = np.stack(list(by_model.values()))
    picked: Matrix = stacked[choice, np.arange(choice.size)].copy()
    return picked
