"""The season of last year is carried on, half believed, where back-tests say that it helps."""

from datetime import date

import numpy as np
import pytest

from domain.forecasting.matrix import Matrix
from domain.forecasting.models import RECENT_DAYS, ForecastModel, forecast
from domain.forecasting.yearly import NEEDED, yearly_factors

FIRST = date(2026, 7, 1)
DAYS = 580


def yearly_wave(days: int, season: float, growth: float = 0.0) -> Matrix:
    """A hundred a day in the middle, as many times more as less in the course of 364 days."""
    day = np.arange(days)
    return (100 * np.exp(season * np.sin(2 * np.pi * day / 364) + growth * day / 364))[None, :]


def test_half_of_what_last_year_stood_above_its_level_is_carried_on():
    history = np.full((1, NEEDED), 100.0)
    # The days that lie a year before those from the 11th to the 40th ahead.
    history[0, 38:68] = 200

    found = yearly_factors(history, 60)[0]

    # With the offset of three, and as seen over 15 days: well before, in the middle, and well after.
    assert found[[1, 24, 58]] == pytest.approx([1, (203 / 103) ** 0.5, 1], rel=0.001)


def test_growth_is_no_season():
    assert yearly_factors(yearly_wave(DAYS, 0.0, growth=0.3), 180)[0] == pytest.approx(1, abs=0.02)


def test_a_row_without_a_year_behind_it_has_no_season():
    history = np.full((2, NEEDED), 100.0)
    history[1, 0] = np.nan

    assert (yearly_factors(history, 400) == 1)[1].all()
    assert (yearly_factors(history[1:], 5) == 1).all()


def test_a_season_that_came_in_back_tests_is_forecast():
    history = yearly_wave(DAYS + 30, 1.0)
    came = history[0, DAYS:].sum()

    found = forecast(history[:, :DAYS], FIRST, 30)
    recent = forecast(history[:, DAYS - RECENT_DAYS : DAYS], FIRST, 30)

    assert found.models == [ForecastModel.YEARLY]
    assert recent.models != [ForecastModel.YEARLY]
    assert abs(found.ahead.sum() - came) < 0.8 * abs(recent.ahead.sum() - came)
    assert found.calm.shape[1] == RECENT_DAYS


def test_a_rise_of_last_year_that_did_not_come_again_is_not_forecast():
    random = np.random.default_rng(5)
    history = 100 * np.exp(random.normal(0, 0.03, (1, DAYS)))
    # Of the last half year the days of a year before were much dearer, and these were not.
    history[0, 40:190] *= 2

    assert forecast(history, FIRST, 30).models == [ForecastModel.MEDIAN]
