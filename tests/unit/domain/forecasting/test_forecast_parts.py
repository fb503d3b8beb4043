"""Bands, known events, sums and totals."""

from datetime import date
from decimal import Decimal
from math import exp

import numpy as np
import pytest

from domain.forecasting.band import (
    KNOTS,
    PRIOR,
    Quantiles,
    Unrest,
    at,
    blended,
    conformal,
    day_intervals,
    total_interval,
)
from domain.forecasting.event import KnownEvent, SeriesKey, missing_keys, with_events
from domain.forecasting.one import projected
from domain.forecasting.outlook import ForecastQuality, bands, month_end, quality_of, total_of, year_end
from domain.forecasting.tree import ForecastLevel, branches_of, summed

FIRST = date(2026, 7, 1)
WEB = SeriesKey("USD", "web", "Compute")
DATA = SeriesKey("USD", "data", "Storage")
ONE = Quantiles(totals80=(1,) * 4, totals95=(2,) * 4, days80=(1,) * 4, days95=(2,) * 4)
UNREST = Unrest(offset=0.0, volatility=0.1, roughness=0.2)


@pytest.mark.parametrize(("days", "width"), [(1, 1), (7, 1), (30, 3), (365, 9), (1000, 9)])
def test_widths_hold_at_the_knots_and_beyond_the_ends(days, width):
    assert at(days, (1, 3, 5, 9)) == pytest.approx(width)


def test_widths_lie_between_the_knots():
    assert 3 < at(60, (1, 3, 5, 9)) < 5
    assert len(KNOTS) == 4


def test_an_interval_reaches_as_far_up_as_down_in_logarithms():
    found = total_interval(100, 30, UNREST, ONE)

    assert (found.lower80, found.upper80) == pytest.approx((100 * exp(-0.1), 100 * exp(0.1)))
    assert (found.lower95, found.upper95) == pytest.approx((100 * exp(-0.2), 100 * exp(0.2)))


def test_an_interval_never_lies_below_zero():
    (day,) = day_intervals([0.0], Unrest(offset=1, volatility=0.1, roughness=0.2), ONE)

    assert (day.lower80, day.lower95) == (0, 0)
    assert day.upper95 > day.upper80 > 0


def test_own_quantiles_outweigh_the_prior_with_their_number():
    found = blended({"totals80": [(3.0, 40)] * 4}, 40)

    assert found.totals80 == pytest.approx(tuple((3 + usual) / 2 for usual in PRIOR.totals80))
    assert found.days95 == PRIOR.days95


@pytest.mark.parametrize(
    ("tests", "share"),
    # (n + 1) x 0.8, rounded up, of n: 4 of 4, 8 of 9, 16 of 19, 81 of 100.
    [(1, 1), (4, 1), (9, 8 / 9), (19, 16 / 19), (100, 0.81)],
)
def test_few_tests_ask_for_a_higher_quantile(tests, share):
    assert conformal(0.8, tests) == pytest.approx(share)


def test_the_next_error_stays_below_as_often_as_promised():
    random = np.random.default_rng(3)
    errors = np.abs(random.standard_t(4, (4000, 20)))

    widths = np.array([np.quantile(row[:-1], conformal(0.8, 19)) for row in errors])

    # Exactly between 80 % and 80 % + 1 / 20, less two standard errors of 4,000 draws.
    held = np.mean(errors[:, -1] <= widths)
    assert 0.8 - 0.013 <= held <= 0.85 + 0.013


def ahead() -> np.ndarray:
    return np.array([[30.0] * 4, [10.0] * 4])


def test_a_factor_changes_the_series_it_names_between_its_days():
    event = KnownEvent(first=date(2026, 7, 2), until=date(2026, 7, 4), service="Compute", factor=2)

    assert with_events(ahead(), [WEB, DATA], FIRST, [event]).tolist() == [[30, 60, 60, 30], [10, 10, 10, 10]]


def test_an_amount_is_shared_out_by_what_the_series_cost():
    event = KnownEvent(first=FIRST, currency="USD", amount=8)

    assert with_events(ahead(), [WEB, DATA], FIRST, [event])[:, 0].tolist() == [36, 12]


def test_an_amount_on_series_that_cost_nothing_is_shared_out_evenly():
    event = KnownEvent(first=FIRST, currency="USD", amount=8)

    assert with_events(np.zeros((2, 1)), [WEB, DATA], FIRST, [event])[:, 0].tolist() == [4, 4]


def test_costs_do_not_fall_below_zero():
    event = KnownEvent(first=FIRST, sub_account="data", currency="USD", amount=-50)

    assert with_events(ahead(), [WEB, DATA], FIRST, [event])[:, 0].tolist() == [30, 0]


@pytest.mark.parametrize(
    "event",
    [
        KnownEvent(first=FIRST, currency="EUR", amount=8),
        KnownEvent(first=date(2027, 1, 1), factor=3),
        KnownEvent(first=date(2026, 1, 1), until=date(2026, 6, 1), factor=3),
    ],
)
def test_what_concerns_nothing_changes_nothing(event):
    assert with_events(ahead(), [WEB, DATA], FIRST, [event]).tolist() == ahead().tolist()


def test_money_for_what_has_no_history_makes_a_series():
    events = [
        KnownEvent(first=FIRST, sub_account="new", currency="USD", amount=8),
        KnownEvent(first=FIRST, sub_account="new", currency="USD", amount=9),
        KnownEvent(first=FIRST, sub_account="web", currency="USD", amount=8),
        KnownEvent(first=FIRST, sub_account="other", factor=2),
    ]

    assert missing_keys([WEB, DATA], events) == [SeriesKey("USD", "new", None)]


def test_parents_are_the_sums_of_their_children():
    euros = SeriesKey("EUR", "web", "Compute")
    branches = branches_of([WEB, DATA, euros])

    sums = summed(np.array([[1.0, np.nan], [2.0, np.nan], [4.0, 5.0]]), branches)

    found = {
        (branch.level, branch.key.currency, branch.key.sub_account): tuple(row)
        for branch, row in zip(branches, sums, strict=True)
    }
    assert found[ForecastLevel.TOTAL, "USD", None] == pytest.approx((3, np.nan), nan_ok=True)
    assert found[ForecastLevel.TOTAL, "EUR", None] == (4, 5)
    assert found[ForecastLevel.ACCOUNT, "USD", "data"] == pytest.approx((2, np.nan), nan_ok=True)
    assert len(branches) == 3 + 3 + 3 + 2


@pytest.mark.parametrize(
    ("days", "quality"),
    [
        (6, ForecastQuality.NEW),
        (7, ForecastQuality.SHORT),
        (28, ForecastQuality.UNTESTED),
        (86, ForecastQuality.FULL),
    ],
)
def test_quality_says_how_old_a_series_is(days, quality):
    found, note = quality_of(days)

    assert found is quality
    assert (note is None) is (quality is ForecastQuality.FULL)


def test_bands_are_columns():
    found = bands([Decimal(100)], UNREST, ONE)

    assert found["upper80"] == [Decimal(str(round(100 * exp(0.2), 2)))]
    assert set(found) == {"lower80", "upper80", "lower95", "upper95"}


def test_a_total_is_what_is_spent_and_what_is_to_come():
    found = total_of(date(2026, 6, 1), date(2026, 7, 3), FIRST, [Decimal(10)] * 9, Decimal(300), UNREST, ONE)

    assert (found.spent, found.ahead) == (300, 20)
    assert found.upper80 == 300 + Decimal(str(round(20 * exp(0.1), 2)))


def test_a_total_that_is_over_is_certain():
    found = total_of(date(2026, 6, 1), FIRST, FIRST, [Decimal(10)], Decimal(300), UNREST, ONE)

    assert (found.ahead, found.lower95, found.upper95) == (0, 300, 300)


def test_months_and_years_end_where_the_next_begin():
    assert (month_end(date(2026, 12, 31)), year_end(date(2026, 12, 31))) == (date(2027, 1, 1), date(2027, 1, 1))
    assert month_end(date(2028, 2, 1)) == date(2028, 3, 1)


def test_a_single_series_is_projected_from_its_last_known_day():
    amounts = [Decimal(0)] * 3 + [Decimal(10)] * 40 + [Decimal(0)] * 5

    found = projected(date(2026, 1, 1), amounts, date(2026, 3, 1), PRIOR, today=date(2026, 2, 20))

    # 43 days from the first of January end on 12 February.
    assert found is not None
    assert (found.first, len(found.ahead)) == (date(2026, 2, 13), 16)
    total, lower, upper = found.reach(10)
    assert abs(total - 100) < 1
    assert lower <= total <= upper


def test_less_than_a_week_is_not_projected():
    amounts = [Decimal(10)] * 6

    assert projected(FIRST, amounts, date(2026, 8, 1), PRIOR, today=date(2026, 7, 20)) is None
    assert projected(FIRST, [], date(2026, 8, 1), PRIOR, today=date(2026, 7, 20)) is None
