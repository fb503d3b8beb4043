"""Which thresholds a month has crossed."""

from datetime import date
from decimal import Decimal

import pytest

from domain.budgets import crossed, month_of


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
