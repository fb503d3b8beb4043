"""Budget arithmetic: periods, limits, what is carried over, and the thresholds that were crossed."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

_CENT = Decimal("0.01")
# The same weekday a year before.
_YEAR_OF_WEEKS = timedelta(days=364)


class BudgetPeriod(StrEnum):
    """Calendar periods in UTC; a week begins on Monday."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    QUARTERLY = "QUARTERLY"
    YEARLY = "YEARLY"


class BudgetBasis(StrEnum):
    """What the limit comes from: an amount, the same period a year before, or the forecast when the period began."""

    FIXED = "FIXED"
    LAST_YEAR = "LAST_YEAR"
    FORECAST = "FORECAST"


def month_of(day: date) -> tuple[date, date]:
    """(first day, first day of the next month) of the calendar month a day lies in."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


def period_of(day: date, period: BudgetPeriod) -> tuple[date, date]:
    """(first day, first day of the next period) of the period a day lies in."""
    if period is BudgetPeriod.DAILY:
        return day, day + timedelta(days=1)
    if period is BudgetPeriod.WEEKLY:
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=7)
    if period is BudgetPeriod.MONTHLY:
        return month_of(day)
    if period is BudgetPeriod.QUARTERLY:
        first = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
        return first, (first + timedelta(days=95)).replace(day=1)
    return date(day.year, 1, 1), date(day.year + 1, 1, 1)


def period_name(first: date, period: BudgetPeriod) -> str:
    """How people write the period that begins on this day: 2026-11-26, 2026-W48, 2026-11, 2026-Q4 or 2026."""
    if period is BudgetPeriod.WEEKLY:
        year, week, _ = first.isocalendar()
        return f"{year}-W{week:02d}"
    return {
        BudgetPeriod.DAILY: f"{first}",
        BudgetPeriod.MONTHLY: f"{first:%Y-%m}",
        BudgetPeriod.QUARTERLY: f"{first.year}-Q{(first.month + 2) // 3}",
        BudgetPeriod.YEARLY: f"{first.year}",
    }[period]


def year_before(first: date, period: BudgetPeriod) -> tuple[date, date]:
    """The same period a year before; of days and weeks the one with the same weekdays, 52 weeks before."""
    if period in (BudgetPeriod.DAILY, BudgetPeriod.WEEKLY):
        return period_of(first - _YEAR_OF_WEEKS, period)
    return period_of(first.replace(year=first.year - 1), period)


def changed_by(amount: Decimal, percent: Decimal) -> Decimal:
    """An amount and so many percent more, or less; to the cent, never below zero."""
    return max(Decimal(0), amount * (100 + percent) / 100).quantize(_CENT)


def carried_over(limit: Decimal, spent: Decimal, base: Decimal, cap: int) -> Decimal:
    """What was left of a period's limit, at most `cap` percent of the next one's amount; never below zero."""
    return max(Decimal(0), min(limit - spent, base * cap / 100))


def crossed(spent: Decimal, limit: Decimal, thresholds: Sequence[int]) -> list[int]:
    """The thresholds (whole percents of `limit`, above 0) that `spent` has reached, ascending."""
    return [percent for percent in sorted(thresholds) if spent * 100 >= limit * percent]


def ideal_line(limit: Decimal, days: int) -> list[Decimal]:
    """What would have been spent by the end of each day if each cost the same."""
    return [(limit * (number + 1) / days).quantize(_CENT) for number in range(days)]


def running_sums(amounts: Sequence[Decimal]) -> list[Decimal]:
    """Everything up to each of them."""
    sums, whole = [], Decimal(0)
    for amount in amounts:
        whole += amount
        sums.append(whole)
    return sums
