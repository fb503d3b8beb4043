"""Budget arithmetic: the month in question and the thresholds that were crossed."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal


def month_of(day: date) -> tuple[date, date]:
    """(first day, first day of the next month) of the calendar month a day lies in."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


def crossed(spent: Decimal, limit: Decimal, thresholds: Sequence[int]) -> list[int]:
    """The thresholds (whole percents of `limit`, above 0) that `spent` has reached, ascending."""
    return [percent for percent in sorted(thresholds) if spent * 100 >= limit * percent]
