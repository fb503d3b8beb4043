"""Percentiles, medians of rounds, ratios and slopes."""

import pytest

from bench.measure import Spread, percentile, ratios, shown, slope, table


@pytest.mark.parametrize(("share", "found"), [(0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_a_percentile_is_the_value_that_so_many_do_not_pass(share, found):
    assert percentile(range(1, 101), share) == found


def test_a_percentile_of_one_value_is_that_value_and_of_none_is_zero():
    assert percentile([7.0], 0.99) == 7.0
    assert percentile([], 0.99) == 0.0


def test_a_spread_is_the_median_with_the_least_and_the_most():
    assert Spread.of([30.0, 10.0, 1000.0]) == Spread(30.0, 10.0, 1000.0)
    assert str(Spread.of([1500.0, 2500.0])) == "2,000 (1,500–2,500)"


def test_a_ratio_says_how_many_times_the_other_is_reached():
    assert ratios({"ours": 300.0, "fast": 600.0, "slow": 100.0, "silent": 0.0}, "ours") == {"fast": 0.5, "slow": 3.0}
    assert ratios({"fast": 600.0}, "ours") == {}


def test_a_slope_is_that_of_the_line_through_the_points():
    assert slope([(0.0, 5.0), (1.0, 7.0), (2.0, 9.0)]) == pytest.approx(2.0)
    # Least squares through (0, 0), (1, 1), (2, 0): the middle point pulls neither way.
    assert slope([(0.0, 0.0), (1.0, 1.0), (2.0, 0.0)]) == pytest.approx(0.0)
    assert slope([(3.0, 5.0)]) == 0.0


def test_figures_keep_three_digits():
    assert [shown(value) for value in (12345.6, 99.94, 9.994)] == ["12,346", "99.9", "9.99"]


def test_a_table_has_a_rule_under_its_head():
    assert table(["server", "rate"], [["ours", "1"]]) == "| server | rate |\n| --- | ---: |\n| ours | 1 |"
