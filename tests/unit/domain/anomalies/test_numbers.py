"""The arithmetic beneath: medians with gaps, confidence, severity, and what is stored."""

import math
from datetime import date

import numpy as np
import pytest

from domain.anomalies.confidence import confidence
from domain.anomalies.flag import Gate, Rule
from domain.anomalies.middle import clipped_mean, largest, median, quantile, spread
from domain.anomalies.references import is_turn_of_month
from domain.anomalies.replay import replay
from domain.anomalies.severity import severity_of
from domain.anomalies.state import WINDOW, State
from domain.facts.severity import Severity

NAN = np.nan


def test_medians_skip_gaps():
    values = np.array([[3.0, NAN, 1.0], [4.0, 2.0, NAN], [NAN, NAN, NAN], [1.0, 2.0, 9.0]])

    np.testing.assert_array_equal(median(values), [2.0, 3.0, NAN, 2.0])
    np.testing.assert_array_equal(spread(values, median(values)), [1.0, 1.0, NAN, 1.0])


def test_quantiles_lie_between_two_values():
    values = np.array([[0.0, 10.0, 20.0, NAN, 30.0], [5.0, NAN, NAN, NAN, NAN], [NAN] * 5])

    # The 90th percentile of four values is at place 2.7.
    np.testing.assert_allclose(quantile(values, 0.9), [27.0, 5.0, NAN])


def test_a_clipped_mean_does_not_follow_an_outlier():
    values = np.array([[1.0, 2.0, 3.0, 100.0], [NAN] * 4])

    # 100 counts as 2.5 + 1.5 = 4, and 1 as itself.
    np.testing.assert_allclose(clipped_mean(values, np.array([2.5, NAN]), np.array([1.5, NAN])), [2.5, NAN])


def test_the_largest_are_found_by_rank():
    values = np.array([[1.0, NAN, 7.0], [NAN, NAN, 4.0]])

    np.testing.assert_array_equal(largest(values), [7.0, 4.0])
    np.testing.assert_array_equal(largest(values, 2), [1.0, -np.inf])


def test_confidence_rises_with_the_margin_and_stays_low_in_the_first_weeks():
    just, clear = confidence(Rule.SPIKE, 1.0, is_young=False), confidence(Rule.SPIKE, 4.0, is_young=False)

    assert just < clear < 1
    assert confidence(Rule.SPIKE, 0.1, is_young=False) == confidence(Rule.SPIKE, 0.9, is_young=False)
    assert confidence(Rule.SPIKE, 99, is_young=False) == confidence(Rule.SPIKE, 20, is_young=False)
    assert confidence(Rule.SPIKE, 4.0, is_young=True) == 0.8
    assert confidence(Rule.NEW_SERVICE, 4.0, is_young=True) == clear


def test_bursts_of_that_size_are_odds_against_an_alert():
    sure = confidence(Rule.SPIKE, 4.0, is_young=False)

    # As many to be expected as there are real ones: even odds, less what was doubtful before.
    assert confidence(Rule.SPIKE, 4.0, is_young=False, alike=1.0) == pytest.approx(1 / (1 / sure + 1))


@pytest.mark.parametrize(
    ("rule", "impact", "severity"),
    [
        (Rule.SPIKE, 71, Severity.LOW),
        (Rule.SPIKE, 72, Severity.MEDIUM),  # 7 days: 504
        (Rule.NEW_SERVICE, 17, Severity.MEDIUM),  # 30 days: 510
        (Rule.PERSISTENT, 167, Severity.HIGH),  # 30 days: 5,010
        (Rule.TRIPLE, 7_143, Severity.CRITICAL),  # 7 days: 50,001
        (Rule.DROP, -90_000, Severity.LOW),
    ],
)
def test_severity_is_what_it_comes_to_until_somebody_acts(rule, impact, severity):
    assert severity_of(rule, impact) is severity


def test_a_gate_at_what_is_required_has_a_margin_of_one():
    assert Gate("ratio", math.log(1.3), math.log(1.3)).margin == 1


@pytest.mark.parametrize(
    ("day", "turns"),
    [("2026-01-01", True), ("2026-01-03", True), ("2026-01-04", False), ("2026-02-26", False), ("2026-02-27", True)],
)
def test_the_turn_of_a_month_is_its_first_three_and_last_two_days(day, turns):
    assert is_turn_of_month(np.array([(date.fromisoformat(day) - date(1970, 1, 1)).days])).tolist() == [turns]


def test_a_state_is_stored_exactly_and_small():
    costs = np.where(np.arange(30) == 3, NAN, 0.1 + np.arange(30) / 3)
    state = replay(np.array([costs, costs * 2]), date(2026, 1, 1)).state

    packed = [state.packed(row) for row in (1, 0)]

    assert sum(map(len, packed[0].values())) < 7_000
    again = State.unpacked(packed)
    np.testing.assert_array_equal(again.raw, state.raw[[1, 0]])
    np.testing.assert_array_equal(again.rows([True, False]).next_day, state.next_day[:1])
    assert again.raw.flags.writeable


def test_nothing_stored_is_no_series():
    assert State.unpacked([]).raw.shape == (0, WINDOW)
    assert State.joined([State.new(2), State.new(1)]).series == 3
