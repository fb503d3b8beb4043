"""Saved questions name days that move along, or fixed ones."""

from datetime import date

import pytest

from domain.costs.series import Grain, Metric, TagKey
from domain.costs.view import RelativePeriod, ViewGrouping, ViewQuestion, days_of
from domain.errors import Invalid
from domain.facts.cost_dimension import Dimension


@pytest.mark.parametrize(
    ("period", "today", "first", "until"),
    [
        (RelativePeriod.LAST_7_DAYS, "2026-03-03", "2026-02-24", "2026-03-03"),
        (RelativePeriod.LAST_30_DAYS, "2026-03-03", "2026-02-01", "2026-03-03"),
        (RelativePeriod.LAST_90_DAYS, "2026-03-31", "2025-12-31", "2026-03-31"),
        (RelativePeriod.MONTH_TO_DATE, "2026-03-03", "2026-03-01", "2026-03-04"),
        (RelativePeriod.MONTH_TO_DATE, "2026-03-01", "2026-03-01", "2026-03-02"),
        (RelativePeriod.LAST_MONTH, "2026-01-31", "2025-12-01", "2026-01-01"),
        (RelativePeriod.LAST_12_MONTHS, "2024-02-29", "2023-02-01", "2024-02-01"),
        (RelativePeriod.YEAR_TO_DATE, "2026-12-31", "2026-01-01", "2027-01-01"),
        (RelativePeriod.LAST_YEAR, "2024-02-29", "2023-01-01", "2024-01-01"),
    ],
)
def test_periods_move_along_with_today(period, today, first, until):
    days = days_of(period, date.fromisoformat(today))

    assert days == (date.fromisoformat(first), date.fromisoformat(until))


def test_a_view_asks_what_it_keeps():
    kept = ViewQuestion(
        first=date(2026, 1, 1),
        until=date(2026, 2, 1),
        grain=Grain.WEEK,
        group_by=(ViewGrouping(dimension=Dimension.SKU), ViewGrouping(tag="team")),
        metrics=(Metric.LIST,),
        top=3,
        convert_to="EUR",
    )

    asked = kept.asked(date(2030, 1, 1))

    assert (asked.first, asked.until, asked.grain, asked.top) == (date(2026, 1, 1), date(2026, 2, 1), Grain.WEEK, 3)
    assert (asked.group_by, asked.metrics) == ((Dimension.SKU, TagKey("team")), (Metric.LIST,))
    assert asked.convert_to == "EUR"


@pytest.mark.parametrize(
    "days",
    [
        {},
        {"first": date(2026, 1, 1)},
        {"period": RelativePeriod.LAST_MONTH, "first": date(2026, 1, 1), "until": date(2026, 2, 1)},
    ],
)
def test_a_view_names_either_a_period_or_both_days(days):
    with pytest.raises(Invalid, match="Name either a period, or first and until"):
        ViewQuestion(**days).asked(date(2026, 3, 3))


def test_a_grouping_names_a_dimension_or_a_tag():
    with pytest.raises(Invalid, match="names a dimension or a tag"):
        ViewQuestion(period=RelativePeriod.LAST_MONTH, group_by=(ViewGrouping(),)).asked(date(2026, 3, 3))
