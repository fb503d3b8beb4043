"""Forecasts from histories whose answer is known."""

from datetime import date, timedelta

import numpy as np
import pytest

from domain.forecasting.backtest import back_tested, backs_for, coverage_of, quantiles_of, scored
from domain.forecasting.band import PRIOR
from domain.forecasting.cleaning import cleaned, without_partial_days
from domain.forecasting.level import flat, level, weekly
from domain.forecasting.matrix import offset_of
from domain.forecasting.models import ForecastModel, forecast
from domain.forecasting.recurring import recurring
from domain.forecasting.unrest import unrest_of, volatility

FIRST = date(2026, 7, 1)
WEEK = [10.0, 20, 20, 20, 20, 20, 5]


def weeks(count: int) -> np.ndarray:
    return np.array([WEEK * count])


def calm(days: int, cost: float = 10.0) -> np.ndarray:
    return np.full((1, days), cost)


@pytest.mark.parametrize("model", [weekly, level])
def test_a_week_that_repeats_goes_on(model):
    assert model(weeks(10), 10)[0] == pytest.approx([*WEEK, *WEEK[:3]], rel=0.01)


def test_a_week_goes_on_from_the_middle_of_it():
    assert level(weeks(10)[:, :-3], 4)[0] == pytest.approx([*WEEK[4:], WEEK[0]], rel=0.01)


def test_nothing_known_is_nothing_forecast():
    nothing = np.full((1, 5), np.nan)

    assert flat(nothing, 2).tolist() == weekly(nothing, 2).tolist() == level(nothing, 2).tolist() == [[0, 0]]


def test_clear_growth_goes_on_and_dies_down():
    grown = 100 * 1.005 ** np.arange(90)[None, :]

    ahead = level(grown, 365)[0]

    # Damped by 0.985 a day it never passes 1 / (1 - 0.985) days of growth.
    assert grown[0, -1] < ahead[29] < grown[0, -1] * 1.006**30
    assert ahead[-1] < grown[0, -1] * 1.006**67


def test_a_spike_is_replaced_and_a_missing_day_filled():
    history = weeks(8)
    history[0, 30], history[0, 40] = 500, np.nan

    found = cleaned(history)[0]

    assert found[30] == pytest.approx(WEEK[30 % 7], rel=0.05)
    assert found[40] == pytest.approx(WEEK[40 % 7], rel=0.05)


def test_a_new_level_is_no_spike():
    history = np.concatenate([calm(60), calm(30, 100.0)], axis=1)

    assert cleaned(history)[0, -1] == 100


def test_days_before_a_series_began_stay_unknown():
    history = np.concatenate([np.full((1, 20), np.nan), calm(10)], axis=1)

    assert np.isnan(cleaned(history)[0, :20]).all()
    assert (cleaned(history)[0, 20:] == 10).all()


def test_a_few_days_are_cleaned_too():
    assert cleaned(np.array([[1.0, 2, 3]])).shape == (1, 3)


def test_a_hole_that_nothing_around_can_fill_is_carried_on():
    history = calm(60)
    history[0, 20:45] = np.nan

    assert (cleaned(history)[0] == pytest.approx(10)) is True


@pytest.mark.parametrize(("last", "late"), [([70.0], 0), ([30.0], 1), ([30.0, 30.0], 2), ([1.0] * 5, 3)])
def test_last_days_that_are_not_whole_are_told_apart(last, late):
    history = np.concatenate([calm(60, 100.0), np.array([last])], axis=1)

    assert without_partial_days(history) == late


def test_a_young_history_has_no_days_that_are_not_whole():
    assert without_partial_days(np.array([[10.0, 1.0]])) == 0


def monthly(day_of_month: int, amount: float, days: int = 100) -> np.ndarray:
    history = calm(days)
    for place in range(days):
        if (FIRST - timedelta(days=days - place)).day == day_of_month:
            history[0, place] += amount
    return history


@pytest.mark.parametrize("day", [1, 12])
def test_a_charge_of_every_month_comes_on_its_day(day):
    history = monthly(day, 300)

    extra = recurring(history, cleaned(history), FIRST, 62)[0]

    placed = [(FIRST + timedelta(days=place), round(amount)) for place, amount in enumerate(extra) if amount > 1]
    assert placed == [(date(2026, 7, day), 300), (date(2026, 8, day), 300)]


def test_a_charge_on_the_last_day_of_a_month_stays_there():
    history = calm(100)
    for day in (date(2026, 4, 30), date(2026, 5, 31), date(2026, 6, 30)):
        history[0, 100 - (FIRST - day).days] += 300

    extra = recurring(history, cleaned(history), FIRST, 62)[0]

    assert {FIRST + timedelta(days=int(place)) for place in np.flatnonzero(extra > 1)} == {
        date(2026, 7, 31),
        date(2026, 8, 31),
    }


@pytest.mark.parametrize(("day", "comes"), [(2, True), (15, False)])
def test_one_month_is_enough_only_at_its_edge(day, comes):
    history = monthly(day, 300, days=31)

    assert (recurring(history, cleaned(history), FIRST, 31)[0] > 1).any() == comes


def test_a_charge_on_the_last_day_of_the_only_month_comes_at_the_end_of_the_next():
    history = monthly(30, 300, days=20)

    extra = recurring(history, cleaned(history), FIRST, 31)[0]

    assert [round(amount) for amount in extra] == [0] * 30 + [300]


def test_days_that_are_not_alike_are_no_charge_that_comes_back():
    history = calm(100)
    for month, amount in ((4, 100), (5, 900), (6, 100)):
        history[0, 100 - (FIRST - date(2026, month, 12)).days] += amount

    assert not recurring(history, cleaned(history), FIRST, 31).any()


@pytest.mark.parametrize(
    ("days", "model"), [(3, ForecastModel.FLAT), (20, ForecastModel.LEVEL), (60, ForecastModel.MEDIAN)]
)
def test_a_series_gets_the_model_it_is_old_enough_for(days, model):
    history = np.concatenate([np.full((1, 100), np.nan), calm(days)], axis=1)

    found = forecast(history, FIRST, 30)

    assert found.models == [model]
    assert found.ahead[0] == pytest.approx(10, rel=0.01)


def test_a_model_that_was_clearly_better_is_taken():
    def oracle(_: np.ndarray, horizon: int) -> np.ndarray:
        return np.full((1, horizon), 14.0)

    # Each 30 days cost 18 x 10 and then 12 x 20, 14 a day; the last days mislead whoever goes by them.
    history = np.array([([10.0] * 18 + [20.0] * 12) * 8])

    assert forecast(history, FIRST, 30, oracle).models == [ForecastModel.THETA]
    assert forecast(history, FIRST, 30, oracle, is_theta_tested=False).models != [ForecastModel.THETA]


def test_no_back_test_judges_a_choice_of_its_own():
    def oracle(_: np.ndarray, horizon: int) -> np.ndarray:
        return np.full((1, horizon), 14.0)

    # The oracle is right in all tests but the last 30 days, where the others are.
    history = np.array([([10.0] * 18 + [20.0] * 12) * 8])
    history[0, -30:] = 20

    found = forecast(history, FIRST, 30, oracle)

    # Of six tests, five without the first speak for the oracle, and it is what the first one is judged by.
    assert found.tests[0, 0, 0] == pytest.approx(14)


def test_back_tests_see_nothing_of_what_came():
    seen = []

    def spy(history: np.ndarray, horizon: int) -> np.ndarray:
        seen.append((history.shape[1], horizon))
        return np.zeros((history.shape[0], horizon))

    back_tested(spy, calm(200), backs_for(200))

    # 56 days are needed before each; 150 days back leaves only 50.
    assert seen == [(170, 30), (140, 60), (110, 90), (80, 90)]


def test_scores_are_those_worked_out_by_hand():
    history = calm(120)
    history[0, -30:] = 20
    said = np.full((1, 1, 90), np.nan)
    said[0, 0, :30] = 10

    found = scored(history, said, (30,))

    # 10 a day were said and 20 came; the offset is one, and calm costs have the least volatility, 0.01.
    assert found.month[0, 0] == pytest.approx(0.5)
    assert found.totals[0, 0, 1] == pytest.approx(np.log(21 / 11) / 0.01)
    assert np.isnan(found.quarter[0, 0])
    assert np.isnan(found.mase[0, 0])


def test_what_did_not_cost_anything_is_off_by_no_share():
    found = scored(np.zeros((1, 120)), np.zeros((1, 1, 90)), (30,))

    assert np.isnan(found.month[0, 0])
    assert found.totals[0, 0, 1] == 0


def test_quantiles_go_from_the_prior_to_what_is_measured():
    history = calm(160)
    said = np.full((1, 2, 90), 10.0)
    one = scored(history, said, (30, 60))

    # Two tests without any error against a prior that counts for 40.
    assert quantiles_of(one).totals80[1] == pytest.approx(PRIOR.totals80[1] * 40 / 42)
    assert quantiles_of(one, []) == PRIOR


def test_a_series_with_a_single_back_test_is_not_learned_from():
    history = calm(120)
    said = np.full((1, 1, 90), 10.0)

    assert quantiles_of(scored(history, said, (30,))) == PRIOR


def test_quantiles_start_from_the_prior_they_are_handed():
    prior = PRIOR.model_copy(update={"days80": (9.0, 9.0, 9.0, 9.0)})

    assert quantiles_of(scored(calm(120), np.full((1, 1, 90), 10.0), (30,)), prior=prior) == prior


def test_days_are_measured_around_their_horizon():
    history = calm(160)
    history[0, -60:-39] = 21  # the first three weeks were twice as dear, with the offset of one
    said = np.full((1, 1, 90), 10.0)

    found = scored(history, said, (60,))

    week, month, quarter = found.days[0, 0]
    rough = np.hypot(0.01, 0.01)
    assert week[np.isfinite(week)] == pytest.approx([np.log(2) / rough] * 7)
    # Of the days 21 to 40 the first still was.
    assert month.tolist() == pytest.approx([np.log(2) / rough, *[0] * 19])
    assert np.isnan(quarter).all()


def test_coverage_is_judged_by_other_series():
    history = np.repeat(calm(120), 6, axis=0)
    said = np.full((6, 1, 90), 10.0)

    found = coverage_of(scored(history, said, (30,)))

    assert (found.tests, found.month80, found.month95) == (6, 1, 1)
    assert (found.quarter_tests, found.quarter80) == (0, 0)


def test_a_short_history_is_taken_for_unruly():
    assert volatility(calm(20)).tolist() == [0.15]
    assert volatility(calm(100)).tolist() == [0.01]
    assert unrest_of(calm(5))[0].roughness > 0.15


def test_the_offset_is_at_least_one():
    assert offset_of(np.array([[1.0] * 28, [1000.0] * 28])).tolist() == [1, 30]
