"""What a process of the pool does: rows in, forecasts out. Only here statsforecast is imported, and only there."""

from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np

from domain.forecasting.backtest import Scores, scored
from domain.forecasting.matrix import Matrix
from domain.forecasting.models import Forecasts, forecast

# What lies further back takes time and tells little: half a year and a quarter score as well as all of it.
_THETA_DAYS = 270
_WEEK = 7


def forecast_chunk(history: Matrix, first: date, horizon: int, is_theta_tested: bool) -> Forecasts:
    """The forecasts of these rows."""
    return forecast(history, first, horizon, theta, is_theta_tested=is_theta_tested)


def score_chunk(history: Matrix, tests: Matrix, backs: tuple[int, ...]) -> Scores:
    """How far off the back-tests of these rows were."""
    return scored(history, tests, backs)


def theta(calm: Matrix, horizon: int) -> Matrix:
    """What the dynamic optimised theta method says, row by row; never below zero."""
    found = np.zeros((calm.shape[0], horizon))
    for number, row in enumerate(calm):
        known = row[~np.isnan(row)][-_THETA_DAYS:]
        # A service that is switched off, or costs the same every day, has nothing to be optimised.
        if known.size == 0 or np.ptp(known[-4 * _WEEK :]) == 0:
            found[number] = known[-1] if known.size else 0.0
            continue
        said = _model().forecast(y=known, h=horizon)["mean"]
        found[number] = np.where(np.isfinite(said), np.maximum(said, 0.0), known[-_WEEK:].mean())
    return found


@lru_cache(maxsize=1)
def _model() -> Any:
    from statsforecast.models import DynamicOptimizedTheta  # takes seconds and 290 MB

    return DynamicOptimizedTheta(season_length=_WEEK)
