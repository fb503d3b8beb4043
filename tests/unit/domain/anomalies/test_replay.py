"""Days of many series scored in order: what is told, what is not, and that it depends on nothing else."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.anomalies.flag import Direction, ReferenceKind, Rule
from domain.anomalies.known_event import KnownEvent, KnownKind
from domain.anomalies.replay import glance, replay
from domain.anomalies.settings import Sensitivity, Settings
from domain.anomalies.state import State

FIRST = date(2026, 1, 5)  # a Monday


def flat(days=90, cost=100.0):
    """A series that scatters by 1 %, one day up and one day down."""
    return cost * np.where(np.arange(days) % 2, 1.01, 0.99)


def weekly(days=90):
    """100 on working days, 40 at weekends."""
    return np.where(np.arange(days) % 7 < 5, 1.0, 0.4) * flat(days)


def told(costs, known=(), settings=None, first=FIRST):
    """Rules by day number, of one series."""
    outcome = replay(np.array([costs]), first, None, known, settings or Settings())
    return {(flag.on - first).days: flag.rule for flag in outcome.flags}


def on(day):
    return FIRST + timedelta(days=day)


def test_a_calm_series_is_silent():
    assert told(flat()) == {}


def test_a_day_at_four_times_its_cost_is_told_with_its_numbers():
    costs = flat()
    costs[60] = 400

    [flag] = replay(np.array([costs]), FIRST).flags

    assert (flag.series, flag.on, flag.rule, flag.direction) == (0, on(60), Rule.SPIKE, Direction.UP)
    assert flag.expected == pytest.approx(100, rel=0.02)
    assert flag.impact == pytest.approx(300, rel=0.02)
    assert flag.impact_of_30_days == 30 * flag.impact
    # The offset is 3 % of the usual 100.
    assert flag.ratio == pytest.approx(403 / 103, rel=0.02)
    assert flag.low < 99 < 101 < flag.high < 120
    assert flag.margin == min(gate.margin for gate in flag.gates)
    assert {gate.name for gate in flag.gates} == {"scales", "ratio", "novelty", "impact"}
    assert flag.confidence > 0.99


def test_what_is_below_ten_dollars_does_not_matter():
    costs = flat(cost=2.0)
    costs[60] = 11.0

    assert told(costs) == {}
    assert told(costs, settings=Settings(minimum_impact=5.0)) == {60: Rule.SPIKE}


def test_what_is_a_small_share_of_the_bill_does_not_matter():
    costs = flat(cost=10_000)
    costs[60] = 14_500

    assert told(costs) == {60: Rule.SPIKE}
    assert told(costs, settings=Settings(minimum_impact_ratio=0.5)) == {}


def test_a_series_that_scatters_is_told_of_at_three_times_only():
    random = np.random.default_rng(7)
    costs = 100 * np.exp(random.normal(0, 0.25, 90))
    costs[70] = 195
    costs[80] = 390

    assert told(costs) == {80: Rule.TRIPLE}


def test_a_second_raised_day_speaks_together_with_the_first():
    random = np.random.default_rng(11)
    costs = 100 * np.exp(random.normal(0, 0.08, 90))
    costs[70:72] = 145

    assert told(costs)[71] is Rule.TWO_DAYS


def test_a_rise_that_stays_is_told_once():
    random = np.random.default_rng(3)
    costs = 100 * np.exp(random.normal(0, 0.08, 120))
    costs[80:] *= 1.4

    flagged = told(costs)

    assert Rule.PERSISTENT in flagged.values()
    assert set(flagged) <= set(range(80, 88))


def test_a_slow_rise_of_one_percent_a_week_is_no_anomaly():
    assert told(flat(200) * np.exp(np.arange(200) * 0.01 / 7)) == {}


def test_a_new_service_is_told_on_its_first_day_from_ten_dollars():
    assert told(np.concatenate([np.zeros(40), np.full(20, 30.0)])) == {40: Rule.NEW_SERVICE}
    assert told(np.concatenate([np.zeros(40), np.full(20, 9.0)])) == {}


def test_quiet_weekends_are_learned():
    assert told(weekly()) == {}


def test_a_weekend_that_costs_what_working_days_do_is_told():
    costs = weekly()
    costs[75:77] = 100

    assert set(told(costs)) == {75, 76}


@pytest.mark.parametrize("day", [1, 31])
def test_a_fee_is_expected_from_its_third_time_on(day):
    costs = flat(180)
    days = [number for number in range(180) if on(number).day == day or (day == 31 and on(number + 1).day == 1)]
    costs[days] += 200

    flagged = told(costs)

    assert not set(days[2:]) & set(flagged)


def test_a_fee_names_the_reference_when_even_more_is_charged():
    costs = flat(150)
    days = [number for number in range(150) if on(number).day == 10]
    costs[days] += 200
    costs[days[-1]] += 1000

    flag = replay(np.array([costs]), FIRST).flags[-1]

    assert flag.on == on(days[-1])
    assert flag.reference.kind is ReferenceKind.MONTHLY
    assert flag.reference.amount == pytest.approx(200, rel=0.05)
    assert flag.expected == pytest.approx(300, rel=0.05)
    assert flag.impact == pytest.approx(1000, rel=0.02)


def bursting():
    """Three bursts of half as much again, on days that are no fee."""
    costs = flat(130)
    costs[[40, 52, 65]] = [150, 160, 155]
    return costs


def test_a_burst_like_those_before_is_no_news_until_it_is_three_times():
    costs, calm = bursting(), flat(130)
    costs[100], calm[100] = 190, 190
    costs[115], calm[115] = 350, 350

    # The sizes lie 0.13 to 0.20 above 1.3 times in log, so it takes more than 2.3 times to be news.
    assert {day for day in told(costs) if day > 90} == {115}
    assert {day for day in told(calm) if day > 90} == {100, 115}


def test_what_is_told_of_a_bursting_series_is_less_sure():
    costs, calm = bursting(), flat(130)
    costs[115], calm[115] = 350, 350

    sure = [replay(np.array([one]), FIRST).flags[-1].confidence for one in (costs, calm)]

    # One in thirteen of such a size is to be expected: exp(-(1.23 - 0.26) / 0.37) in 90 days.
    assert sure[0] == pytest.approx(1 / (1 / sure[1] + 0.075), abs=0.01)


def test_a_burst_is_no_burst_before_itself():
    costs = flat(130)
    costs[[40, 52]] = [150, 160]
    costs[100:102] = [170, 170]

    assert {100, 101} <= set(told(costs))


@pytest.mark.parametrize(("cost", "is_told"), [(480, True), (300, False)])
def test_a_due_fee_explains_its_own_size_only(cost, is_told):
    costs = 100 * np.exp(np.random.default_rng(1).normal(0, 0.2, 150))
    days = [number for number in range(150) if on(number).day == 10]
    # 120 are due beside the usual 100: 480 is not three times of both, and without the fee on both sides it is.
    costs[days] = 220
    costs[days[-1]] = cost

    assert (days[-1] in told(costs)) is is_told


def test_the_first_turn_of_a_month_is_not_judged():
    costs = flat(60)
    costs[27] = 300  # the 1st of February, the first turn that the series sees

    assert told(costs) == {}


def test_an_announced_purchase_is_silent_and_leaves_no_trace():
    costs = flat()
    costs[60] = 5_000

    assert told(costs, [KnownEvent(0, on(60), KnownKind.COMMITMENT_PURCHASE)]) == {}


def test_an_announced_change_is_silent_and_the_new_level_is_learned():
    costs = flat(120)
    costs[60:] *= 3
    costs[90] *= 4

    assert told(costs, [KnownEvent(0, on(60), KnownKind.PLANNED_CHANGE)]) == {90: Rule.SPIKE}


def test_what_was_called_expected_is_expected_on_that_weekday():
    costs = flat(100)
    costs[[60, 67, 74]] = 300

    flagged = told(costs, [KnownEvent(0, on(60), KnownKind.MARKED_EXPECTED)])

    assert flagged == {60: Rule.SPIKE}


def test_days_that_come_late_in_one_sum_are_no_anomaly():
    costs = flat()
    costs[60:63] = np.nan
    costs[63] = 400

    assert told(costs) == {}


def test_a_sum_of_many_days_may_stand_further_above_than_one_day():
    costs = flat()
    costs[50:60] = np.nan
    # 4 % more on each of 11 days: together 44 more than one day costs.
    costs[60] = 11 * 104

    assert told(costs) == {}


def test_a_day_that_costs_much_more_than_all_that_is_late_is_told():
    # It scatters by 12 %. 700 is 1.75 times four days, which may be; less the 300 that are late it is 4 times a day.
    costs = 100 * np.where(np.arange(90) % 2, 1.12, 0.88)
    costs[60:63] = np.nan
    costs[63] = 700

    assert told(costs) == {63: Rule.TRIPLE}


def test_a_missing_day_is_neither_high_nor_low():
    costs = flat()
    costs[60] = np.nan

    assert told(costs) == {}


def test_some_low_days_and_the_way_back_are_silent_for_upward_rules():
    costs = flat()
    costs[60:64] *= 0.6

    assert told(costs) == {}


def test_a_stop_is_told_as_a_drop_once_the_day_is_final():
    costs = flat()
    costs[80] = 20
    final = np.ones((1, 90), bool)
    final[0, 80] = False

    [flag] = replay(np.array([costs]), FIRST).flags
    provisional = replay(np.array([costs]), FIRST, final=final).flags

    assert (flag.rule, flag.direction, flag.on) == (Rule.DROP, Direction.DOWN, on(80))
    assert flag.impact == pytest.approx(-80, rel=0.02)
    assert provisional == ()


def test_a_holiday_that_looks_like_a_weekend_is_no_drop():
    costs = weekly()
    costs[72] = 40  # a Wednesday

    assert told(costs) == {}


def test_six_odd_days_are_the_new_level():
    costs = flat(120)
    costs[60:] *= 2
    costs[100] *= 3

    flagged = told(costs)

    assert set(flagged) == {*range(60, 66), 100}


def test_a_level_that_comes_back_is_no_anomaly():
    costs = flat(140)
    costs[70:90] *= 0.3

    flagged = told(costs, settings=Settings(quiet=frozenset({Rule.DROP})))

    assert flagged == {}


def test_a_quiet_rule_stays_silent_and_its_day_out_of_the_history():
    costs = flat()
    costs[60] = 400

    outcome = replay(np.array([costs]), FIRST, settings=Settings(quiet=frozenset({Rule.SPIKE, Rule.TRIPLE})))

    assert outcome.flags == ()
    assert outcome.cleaned[0, 60] == pytest.approx(100, rel=0.02)


def test_low_sensitivity_tells_of_less_and_high_of_more():
    random = np.random.default_rng(5)
    costs = 100 * np.exp(random.normal(0, 0.08, (100, 60)))
    costs[:, 55] *= 1.5

    count = {one: len(replay(costs, FIRST, settings=Settings(sensitivity=one)).flags) for one in Sensitivity}

    assert count[Sensitivity.LOW] < count[Sensitivity.MEDIUM] < count[Sensitivity.HIGH]


def test_a_partial_day_speaks_only_when_it_is_above_a_whole_one():
    state = replay(np.array([flat(), flat()]), FIRST).state

    flags = glance(np.array([5.0, 350.0]), on(90), state)

    assert [(flag.series, flag.rule) for flag in flags] == [(1, Rule.SPIKE)]


def test_days_must_follow_on_what_is_remembered():
    state = replay(np.array([flat()]), FIRST).state

    with pytest.raises(ValueError, match="do not follow"):
        replay(np.array([flat(5)]), on(91), state)
    with pytest.raises(ValueError, match="2 series were handed in, 1 are remembered"):
        replay(np.array([flat(5), flat(5)]), on(90), state)


def test_no_days_and_no_series_are_fine():
    assert replay(np.empty((2, 0)), FIRST).state.series == 2
    assert replay(np.empty((0, 3)), FIRST).flags == ()


def test_known_events_outside_of_the_days_are_left_out():
    early, late = FIRST - timedelta(days=500), on(500)

    assert told(flat(), [KnownEvent(0, day, KnownKind.PLANNED_CHANGE) for day in (early, late)]) == {}


def odd_series(seed, series=6, days=110):
    """Everything at once: weekdays, scatter, fees, gaps, spikes, shifts, a service that begins late."""
    random = np.random.default_rng(seed)
    weekend = np.where(np.arange(days) % 7 < 5, 1.0, random.uniform(0.3, 1.0, (series, 1)))
    costs = weekend * np.exp(random.normal(0, random.uniform(0.01, 0.2, (series, 1)), (series, days))) * 80
    costs[random.random((series, days)) < 0.02] = np.nan
    costs = np.where(random.random((series, days)) < 0.03, costs * random.uniform(0.1, 6, (series, days)), costs)
    costs[0, : days // 3] = 0.0
    costs[1, days // 2 :] *= random.choice([0.4, 2.5])
    known = [
        KnownEvent(int(random.integers(series)), on(int(random.integers(days))), kind) for kind in KnownKind
    ]  # fmt: skip
    return costs, known


@settings(max_examples=2, deadline=None)
@given(seed=st.integers(0, 10_000), cut=st.integers(0, 110))
def test_scoring_in_two_calls_from_storage_is_scoring_in_one(seed, cut):
    costs, known = odd_series(seed)
    whole = replay(costs, FIRST, None, known)

    first = replay(costs[:, :cut], FIRST, None, known)
    state = State.unpacked([first.state.packed(row) for row in range(6)]) if cut else None
    second = replay(costs[:, cut:], on(cut), state, known)

    assert first.flags + second.flags == whole.flags
    for name in ("raw", "cleaned", "kept", "verdict", "anchor", "old_level"):
        np.testing.assert_array_equal(getattr(second.state, name), getattr(whole.state, name))


@settings(max_examples=2, deadline=None)
@given(seed=st.integers(0, 10_000), cut=st.integers(1, 110))
def test_no_flag_depends_on_later_days(seed, cut):
    costs, known = odd_series(seed)
    later = costs.copy()
    later[:, cut:] = 12_345.0

    flags = [flag for flag in replay(later, FIRST, None, known).flags if flag.on < on(cut)]

    assert flags == list(replay(costs[:, :cut], FIRST, None, known).flags)


def test_a_restatement_is_a_replay_from_the_day_before_it():
    costs, known = odd_series(4)
    before = replay(costs[:, :100], FIRST, None, known)
    replay(costs[:, 100:], on(100), before.state, known)
    costs[:, 100:103] *= 1.7

    restated = replay(costs[:, 100:], on(100), before.state, known)

    assert before.flags + restated.flags == replay(costs, FIRST, None, known).flags


def test_more_series_than_fit_a_batch_are_scored_alike():
    costs = np.tile(flat(40), (1100, 1))
    costs[[3, 700, 1099], 38] = 400

    outcome = replay(costs, FIRST, known=[KnownEvent(700, on(38), KnownKind.COMMITMENT_PURCHASE)])

    assert [flag.series for flag in outcome.flags] == [3, 1099]
