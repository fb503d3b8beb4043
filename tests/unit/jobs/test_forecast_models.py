"""The models that are our own, held to those of statsforecast they are said to be like."""

import numpy as np
import pytest

from domain.forecasting.level import weekly
from jobs.forecasting.chunk import theta


@pytest.mark.parametrize("days", [28, 60, 97])
def test_the_mean_of_four_weeks_is_the_seasonal_window_average(days):
    from statsforecast.models import SeasonalWindowAverage

    history = np.random.default_rng(days).lognormal(3, 0.5, (3, days))
    model = SeasonalWindowAverage(season_length=7, window_size=4)

    expected = [model.forecast(y=row, h=30)["mean"] for row in history]

    assert weekly(history, 30) == pytest.approx(np.array(expected))


def test_what_costs_the_same_every_day_goes_on_without_being_fitted():
    rows = np.array([[np.nan] * 60, [np.nan] * 30 + [4.0] * 30])

    assert theta(rows, 2).tolist() == [[0, 0], [4, 4]]
