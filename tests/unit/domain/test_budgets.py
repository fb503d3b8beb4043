"""Which thresholds a month has crossed."""

from datetime import date
from decimal import Decimal

import pytest

from domain.budgets import (
    BudgetPeriod,
    carried_over,
    changed_by,
    crossed,
    ideal_line,
    month_of,
    period_name,
    period_of,
    running_sums,
    year_before,
)


@pytest.mark.parametrize(
    ("spent", "expected"),
    [("0", []), ("49.99", []), ("50", [50]), ("79.99", [50]), ("80", [50, 80]), ("250", [50, 80, 100])],
)
def test_a_threshold_is_crossed_when_it_is_reached(spent: str, expected: list[int]) -> None:
    assert crossed(Decimal(spent), Decimal(100), [80, 100, 50]) == expected


def test_a_month_of_credits_crosses_nothing() -> None:
    assert crossed(Decimal(-5), Decimal(100), [1]) == []


@pytest.mark.parametrize(
    ("day", "first", "until"),
    [
        (date(2026, 1, 31), date(2026, 1, 1), date(2026, 2, 1)),
        (date(2028, 2, 29), date(2028, 2, 1), date(2028, 3, 1)),
        (date(2026, 12, 1), date(2026, 12, 1), date(2027, 1, 1)),
    ],
)
def test_a_month_ends_where_the_next_one_begins(day: date, first: date, until: date) -> None:
    assert month_of(day) == (first, until)


@pytest.mark.parametrize(
    ("period", "day", "first", "until", "name"),
    [
        ("DAILY", date(2028, 2, 29), date(2028, 2, 29), date(2028, 3, 1), "2028-02-29"),
        ("WEEKLY", date(2027, 1, 3), date(2026, 12, 28), date(2027, 1, 4), "2026-W53"),
        ("MONTHLY", date(2027, 2, 28), date(2027, 2, 1), date(2027, 3, 1), "2027-02"),
        ("QUARTERLY", date(2028, 3, 31), date(2028, 1, 1), date(2028, 4, 1), "2028-Q1"),
        ("QUARTERLY", date(2026, 12, 31), date(2026, 10, 1), date(2027, 1, 1), "2026-Q4"),
        ("YEARLY", date(2028, 12, 31), date(2028, 1, 1), date(2029, 1, 1), "2028"),
    ],
)
def test_a_period_ends_where_the_next_one_begins(period: str, day: date, first: date, until: date, name: str) -> None:
    kind = BudgetPeriod(period)

    assert period_of(day, kind) == (first, until)
    assert period_of(until, kind)[0] == until
    assert period_name(first, kind) == name


@pytest.mark.parametrize(
    ("period", "first", "expected"),
    [
        # Friday to Friday, Monday to Monday; a leap February to one of 28 days.
        ("DAILY", date(2026, 11, 20), (date(2025, 11, 21), date(2025, 11, 22))),
        ("WEEKLY", date(2026, 11, 16), (date(2025, 11, 17), date(2025, 11, 24))),
        ("MONTHLY", date(2028, 2, 1), (date(2027, 2, 1), date(2027, 3, 1))),
        ("QUARTERLY", date(2028, 1, 1), (date(2027, 1, 1), date(2027, 4, 1))),
        ("YEARLY", date(2029, 1, 1), (date(2028, 1, 1), date(2029, 1, 1))),
    ],
)
def test_the_same_period_a_year_before(period: str, first: date, expected: tuple[date, date]) -> None:
    assert year_before(first, BudgetPeriod(period)) == expected


@pytest.mark.parametrize(("percent", "expected"), [("10", "110.00"), ("-25", "75.00"), ("0", "100.00")])
def test_a_limit_is_so_many_percent_more_or_less(percent: str, expected: str) -> None:
    assert changed_by(Decimal(100), Decimal(percent)) == Decimal(expected)


def test_a_year_of_credits_gives_no_limit() -> None:
    assert changed_by(Decimal(-5), Decimal(10)) == 0


@pytest.mark.parametrize(("spent", "cap", "expected"), [("70", 50, 30), ("70", 20, 20), ("130", 50, 0), ("70", 0, 0)])
def test_what_is_left_is_carried_over_up_to_a_cap(spent: str, cap: int, expected: int) -> None:
    assert carried_over(Decimal(100), Decimal(spent), Decimal(100), cap) == expected


def test_lines_of_a_burn_down() -> None:
    assert ideal_line(Decimal(10), 3) == [Decimal("3.33"), Decimal("6.67"), Decimal("10.00")]
    assert running_sums([Decimal(1), Decimal(2), Decimal(-1)]) == [1, 3, 2]
