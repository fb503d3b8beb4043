"""Seasons that come every year are expected from the second year on, and what goes beyond them is told."""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pytest

from domain.anomalies.flag import ReferenceKind, Rule
from domain.anomalies.replay import glance, replay
from domain.anomalies.state import Floats
from domain.anomalies.yearly import Past, Yearly, span, yearly

FIRST, LAST = date(2026, 9, 7), date(2027, 1, 10)
DAY = timedelta(days=1)
DAYS = (LAST - FIRST).days + 1

Factor = Callable[[date], float]


def usual(_: date) -> float:
    return 1.0


def december(day: date) -> float:
    """Twice as much in the whole month."""
    return 2.0 if day.month == 12 else 1.0


def on_days(factor: float, *days: date) -> Factor:
    return lambda day: factor if day in days else 1.0


def costs_of(factor: Factor, first: date = FIRST, until: date = LAST + DAY, noise: float = 0.01) -> Floats:
    """About a hundred a day, one day up and one day down, times the factor of the day."""
    days = [first + DAY * number for number in range((until - first).days)]
    return np.array([100 * factor(day) * (1 + noise * (-1) ** day.toordinal()) for day in days])


def past(factor: Factor, years: int = 1, noise: float = 0.01) -> Past:
    first, until = span(FIRST, LAST, years)
    return Past(first, costs_of(factor, first, until, noise)[None, :])


def due(*pasts: Past) -> Yearly:
    return yearly(pasts, FIRST, DAYS)


def told(costs: Floats, expected: Yearly | None = None) -> dict[date, Rule]:
    return {flag.on: flag.rule for flag in replay(costs[None, :], FIRST, due=expected).flags}


def test_a_season_that_came_last_year_is_no_anomaly():
    costs = costs_of(december)

    assert told(costs)[date(2026, 12, 1)] is Rule.SPIKE
    assert told(costs, due(past(december))) == {}


def test_twice_the_season_of_last_year_is_told_from_its_first_day_on():
    flagged = told(costs_of(lambda day: december(day) ** 2), due(past(december)))

    assert flagged[date(2026, 12, 1)] is Rule.SPIKE


def test_a_season_of_more_than_three_times_is_no_anomaly_either():
    assert told(costs_of(lambda day: december(day) ** 2), due(past(lambda day: december(day) ** 2))) == {}


def test_a_season_that_does_not_come_is_neither_high_nor_low():
    assert told(costs_of(usual), due(past(december))) == {}


def test_where_nothing_is_known_of_last_year_it_is_as_before():
    costs, unknown = costs_of(december), past(december)
    unknown.costs[:] = np.nan

    assert told(costs, due(unknown)) == told(costs) != {}


def test_days_before_and_after_what_is_known_are_nothing_due():
    known = past(december)
    late = Past(date(2025, 12, 20), known.costs[:, :30])

    assert not due(late).season.any()


def test_a_spike_within_the_season_is_told_with_the_season_counted_in():
    costs = costs_of(lambda day: december(day) * (3 if day == date(2026, 12, 16) else 1))

    [flag] = replay(costs[None, :], FIRST, due=due(past(december))).flags

    assert flag.on == date(2026, 12, 16)
    # 100 are usual, the season is 100 more, and this day costs 600.
    assert flag.expected == pytest.approx(200, rel=0.05)
    assert flag.impact == pytest.approx(400, rel=0.05)
    assert flag.reference.kind is ReferenceKind.YEARLY
    assert flag.reference.amount == pytest.approx(100, rel=0.05)


def test_a_rise_that_stays_within_the_season_is_told():
    random = np.random.default_rng(3)
    costs = costs_of(lambda day: december(day) * (1.45 if day >= date(2026, 12, 10) else 1))
    costs *= np.exp(random.normal(0, 0.08, costs.size))
    season = past(december)
    season = Past(season.first, season.costs * np.exp(random.normal(0, 0.08, season.costs.shape)))

    flagged = told(costs, due(season))

    first = min(flagged)
    assert date(2026, 12, 10) <= first < date(2026, 12, 18)


@pytest.mark.parametrize("years", [1, 2])
def test_a_single_day_is_due_once_it_came_in_two_years(years):
    pasts = [past(on_days(4.0, date(2026 - back, 11, 11)), back) for back in range(1, years + 1)]

    assert (date(2026, 11, 11) in told(costs_of(on_days(4.0, date(2026, 11, 11))), due(*pasts))) is (years == 1)


def test_a_single_day_is_found_by_its_weekday_of_the_month_too():
    # The fourth Fridays of November.
    pasts = [past(on_days(4.0, day), back) for back, day in ((1, date(2025, 11, 28)), (2, date(2024, 11, 22)))]

    assert told(costs_of(on_days(4.0, date(2026, 11, 27))), due(*pasts)) == {}


def test_of_two_years_the_smaller_peak_is_due():
    pasts = [past(on_days(factor, date(2026 - back, 11, 11)), back) for back, factor in ((1, 3.0), (2, 8.0))]

    assert due(*pasts).single.max() == pytest.approx(np.log(3), rel=0.05)


def test_a_fee_of_the_month_and_of_the_year_is_counted_once():
    def fees(day: date) -> float:
        return 3.0 if day.day == 11 else 1.0

    costs = costs_of(fees)
    costs[(date(2026, 12, 11) - FIRST).days] = 550

    # 300 are due. If 200 were counted twice, 550 would be about what is expected.
    assert date(2026, 12, 11) in told(costs, due(past(fees), past(fees, 2)))


def test_an_incident_of_four_days_last_year_is_no_season():
    days = [date(2025, 11, 10) + DAY * number for number in range(4)]
    again = costs_of(on_days(3.0, *(day + timedelta(days=365) for day in days)))

    assert told(again, due(past(on_days(3.0, *days)))) == told(again) != {}


def test_a_level_that_rose_last_year_and_stayed_is_no_season():
    def risen(day: date) -> float:
        return 2.0 if day >= date(2025, 11, 10) else 1.0

    again = costs_of(lambda day: 2.0 if day >= date(2026, 11, 10) else 1.0)

    assert told(again, due(past(risen))) == told(again) != {}


def test_growth_last_year_is_no_season():
    def growing(day: date) -> float:
        return 1.003 ** (day - date(2025, 1, 1)).days

    assert not due(past(growing)).season.any()


def test_a_season_that_comes_two_weeks_early_does_not_count_twice():
    def early(day: date) -> float:
        return 2.0 if date(2026, 11, 17) <= day < date(2027, 1, 1) else 1.0

    # The new level is learned from the 17th on; 100 more on top would hide this one.
    costs = costs_of(lambda day: early(day) * (1.9 if day == date(2026, 12, 10) else 1.0))

    assert date(2026, 12, 10) in told(costs, due(past(december)))


def test_a_season_is_no_charge_that_recurs_monthly():
    def autumn(day: date) -> float:
        return 2.0 if (day.month, day.day) >= (10, 20) and (day.month, day.day) <= (11, 22) else 1.0

    # The 20th of October and of November were within it; that is no reason to expect it on the 20th of December.
    costs = costs_of(lambda day: 2.0 if day == date(2026, 12, 20) else autumn(day))

    assert told(costs, due(past(autumn))) == {date(2026, 12, 20): Rule.SPIKE}


def test_a_charge_on_a_day_of_the_season_is_expected_on_top():
    costs = costs_of(december)
    fees = [number for number in range(DAYS) if (FIRST + DAY * number).day == 10]
    costs[fees] += 200

    assert not {FIRST + DAY * number for number in fees[2:]} & set(told(costs, due(past(december))))


def test_a_holiday_that_costs_little_every_year_is_no_drop_and_less_than_that_is():
    def closed(day: date) -> float:
        return 0.4 if (day.month, day.day) >= (12, 24) or (day.month == 1 and day.day <= 3) else 1.0

    stopped = costs_of(lambda day: 0.05 if day == date(2026, 12, 26) else closed(day))
    known = due(past(closed))

    assert told(costs_of(closed))[date(2026, 12, 24)] is Rule.DROP
    assert told(costs_of(closed), known) == {}
    assert told(stopped, known) == {date(2026, 12, 26): Rule.DROP}


def test_a_partial_day_is_held_against_the_season_too():
    costs, known = costs_of(december), due(past(december))
    at = (date(2026, 12, 5) - FIRST).days
    state = replay(costs[None, :at], FIRST, due=known.part(slice(None), slice(at))).state
    today = known.part(slice(None), slice(at, at + 1))

    on = FIRST + DAY * at
    assert glance(np.array([205.0]), on, state, due=today) == ()
    assert len(glance(np.array([205.0]), on, state)) == 1


def test_many_series_are_looked_at_in_parts_and_each_by_its_own_year():
    one, none = past(december), past(usual)
    many = Past(one.first, np.concatenate([none.costs] * 600 + [one.costs]))

    found = yearly([many], FIRST, DAYS)

    assert np.flatnonzero(found.season.any(axis=1)).tolist() == [600]
    later = found.after(3)
    assert later.season.shape == (601, DAYS + 3)
    assert not later.length[:, :3].any()


def test_the_29th_of_february_is_the_28th_elsewhere():
    first, last = date(2028, 2, 25), date(2028, 3, 5)
    begins, until = span(first, last, 1)
    days = on_days(3.0, *(date(2027, 2, 26) + DAY * number for number in range(5)))

    found = yearly([Past(begins, costs_of(days, begins, until)[None, :])], first, (last - first).days + 1)

    # As seen from the 29th of February 2028 the same date is the 28th, the same weekday the 1st of March.
    assert found.season[0, 4] == pytest.approx(np.log(3), rel=0.05)
