"""The spans of days behind the dashboard's costs, and what makes one currency of several."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.costs.series import CostQuestion, CostSeries, GroupSums, SeriesBuilder
from domain.dashboard import cost_numbers, cost_question, one_currency, urgent
from domain.errors import Invalid
from domain.facts.severity import Severity

FIRST_DAY = date(2025, 1, 1)


def answered(question: CostQuestion, *days: date) -> CostSeries:
    """The answer when each of these days cost 1 and a thousandth for each day since FIRST_DAY."""
    builder = SeriesBuilder(question, "USD")
    builder.add(GroupSums((), None, [(day, [cost_of(day)]) for day in days if question.first <= day < question.until]))
    return builder.built()


def cost_of(day: date) -> Decimal:
    return 1 + Decimal((day - FIRST_DAY).days) / 1000


def every_day_until(last: date) -> list[date]:
    return [FIRST_DAY + timedelta(days=number) for number in range((last - FIRST_DAY).days + 1)]


def between(first: str, last: str) -> Decimal:
    """What the days from `first` to `last` cost, both included."""
    return sum(
        (cost_of(day) for day in every_day_until(date.fromisoformat(last)) if day >= date.fromisoformat(first)),
        Decimal(0),
    )


@pytest.mark.parametrize(
    ("today", "month_to_date", "last_month", "same_days", "yesterday", "last_30_days"),
    [
        # In the middle of a month.
        (
            "2026-11-22",
            ("2026-11-01", "2026-11-22"),
            ("2026-10-01", "2026-10-31"),
            ("2026-10-01", "2026-10-22"),
            ("2026-11-21", "2026-11-21"),
            ("2026-10-23", "2026-11-21"),
        ),
        # The first of a year: last month is in the year before, and 30 days reach further back than it did begin.
        (
            "2026-01-01",
            ("2026-01-01", "2026-01-01"),
            ("2025-12-01", "2025-12-31"),
            ("2025-12-01", "2025-12-01"),
            ("2025-12-31", "2025-12-31"),
            ("2025-12-02", "2025-12-31"),
        ),
        # February is shorter than March has been: all of it. And 30 days before 1 March begin in January.
        (
            "2026-03-31",
            ("2026-03-01", "2026-03-31"),
            ("2026-02-01", "2026-02-28"),
            ("2026-02-01", "2026-02-28"),
            ("2026-03-30", "2026-03-30"),
            ("2026-03-01", "2026-03-30"),
        ),
        (
            "2026-03-01",
            ("2026-03-01", "2026-03-01"),
            ("2026-02-01", "2026-02-28"),
            ("2026-02-01", "2026-02-01"),
            ("2026-02-28", "2026-02-28"),
            ("2026-01-30", "2026-02-28"),
        ),
    ],
)
def test_each_number_adds_up_its_own_days(today, month_to_date, last_month, same_days, yesterday, last_30_days):
    day = date.fromisoformat(today)
    series = answered(cost_question(day, None), *every_day_until(day))

    numbers = cost_numbers(series, day)

    assert numbers.month_to_date == between(*month_to_date)
    assert numbers.last_month == between(*last_month)
    assert numbers.same_days_last_month == between(*same_days)
    assert numbers.yesterday == between(*yesterday)
    assert numbers.last_30_days == between(*last_30_days)


def test_the_question_names_the_currency_asked_for_and_needs_no_detail():
    question = cost_question(date(2026, 11, 22), "EUR")

    assert question.currency == "EUR"
    assert question.is_coarse


@pytest.mark.parametrize(
    ("named", "found", "chosen"),
    [(None, [], None), (None, ["USD", "USD"], "USD"), ("EUR", ["USD"], "EUR"), ("EUR", ["EUR", "USD"], "EUR")],
)
def test_one_currency_is_chosen(named, found, chosen):
    assert one_currency(named, found) == chosen


def test_several_currencies_do_not_add_up():
    with pytest.raises(Invalid, match="in EUR, USD and do not add up: name one currency") as refused:
        one_currency(None, ["USD", "EUR"])

    assert refused.value.path == ("currency",)


def test_critical_and_high_are_urgent():
    assert urgent({Severity.CRITICAL: 1, Severity.HIGH: 2, Severity.MEDIUM: 4, Severity.INFORMATIONAL: 8}) == 3
