"""Unit costs are quotients by hand, and nothing where there is nothing to divide by."""

from datetime import date
from decimal import Decimal

from domain.costs.series import Grain
from domain.costs.unit_cost import MetricGathering, gathered_of, quantities_of, trend_of, unit_costs

JANUARY, FEBRUARY, MARCH, APRIL = (date(2026, month, 1) for month in range(1, 5))


def test_a_cost_by_a_quantity_with_its_change_and_trend() -> None:
    found = unit_costs(
        [JANUARY, FEBRUARY, MARCH],
        [Decimal(100), Decimal(150), Decimal(90)],
        [Decimal(50), Decimal(60), Decimal(30)],
        Decimal(140),
    )

    assert found.unit_costs == [Decimal(2), Decimal("2.5"), Decimal(3)]
    assert found.changes == [None, Decimal("0.25"), Decimal("0.2")]
    assert found.trend == Decimal("0.5")
    assert (found.cost, found.quantity) == (340, 140)
    assert found.unit_cost == Decimal("2.428571428571")  # 340 / 140 = 17 / 7


def test_without_a_quantity_or_with_none_there_is_no_unit_cost_and_no_change() -> None:
    found = unit_costs(
        [JANUARY, FEBRUARY, MARCH, APRIL],
        [Decimal(8), Decimal(8), Decimal(0), Decimal(8)],
        [None, Decimal(0), Decimal(4), Decimal(4)],
        None,
    )

    assert found.unit_costs == [None, None, Decimal(0), Decimal(2)]
    assert found.changes == [None] * 4  # nothing is a ratio above nothing
    assert found.unit_cost is None


def test_a_trend_leaves_out_what_is_not_there_and_takes_two() -> None:
    assert trend_of([Decimal(1), None, Decimal(5)]) == 2
    assert trend_of([None, Decimal(1)]) is None
    # By hand: places 0, 1, 2 and 1, 1, 4: the slope is 3 * (9 - 6) / (15 - 9) = 1.5.
    assert trend_of([Decimal(1), Decimal(1), Decimal(4)]) == Decimal("1.5")


def test_days_add_up_or_are_averaged_over_those_that_have_a_point() -> None:
    days = [(date(2026, 1, 3), Decimal(10)), (date(2026, 1, 9), Decimal(20)), (date(2026, 3, 1), Decimal(5))]
    periods = [JANUARY, FEBRUARY, MARCH]

    assert quantities_of(days, periods, Grain.MONTH, MetricGathering.SUM) == [30, None, 5]
    assert quantities_of(days, periods, Grain.MONTH, MetricGathering.AVERAGE) == [15, None, 5]
    assert gathered_of([Decimal(10), Decimal(20), Decimal(5)], MetricGathering.SUM) == 35
