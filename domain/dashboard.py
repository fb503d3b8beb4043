"""The numbers a person wants to see first thing in the morning, and the days they are about."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from domain.budgets import month_of
from domain.costs.series import CostQuestion, CostSeries, Metric
from domain.costs.value import SUMS
from domain.errors import Invalid
from domain.facts.severity import Severity

_RECENT = timedelta(days=30)
_DAY = timedelta(days=1)
NOTHING = Decimal(0)
# What somebody should look at today.
URGENT = frozenset({Severity.CRITICAL, Severity.HIGH})


@dataclass(frozen=True, slots=True)
class CostNumbers:
    """Billed costs of some spans of days. `month_to_date` includes today; the others end before it.

    `same_days_last_month` has as many days of last month as this month has had, or all of a shorter month.
    `last_30_days` are the 30 days before today.
    """

    month_to_date: Decimal
    last_month: Decimal
    same_days_last_month: Decimal
    yesterday: Decimal
    last_30_days: Decimal


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Twelve numbers. Amounts are in `currency`, which is None where there are none; `costs_until` is the newest day
    with a charge, None where there is no charge at all.
    """

    currency: str | None
    costs: CostNumbers
    costs_until: date | None
    open_findings: int
    urgent_findings: int
    monthly_saving: Decimal
    open_alerts: int
    urgent_alerts: int
    accounts: int
    failing_accounts: int


def cost_question(today: date, currency: str | None) -> CostQuestion:
    """The question whose answer holds every day that the numbers are about."""
    last_month = month_of(month_of(today)[0] - _DAY)[0]
    return CostQuestion(first=min(last_month, today - _RECENT), until=today + _DAY, currency=currency)


def cost_numbers(series: CostSeries, today: date) -> CostNumbers:
    """The numbers out of the answer to `cost_question`."""
    amounts = dict(zip(series.periods, series.all.amounts[Metric.BILLED], strict=True))
    this_month = month_of(today)[0]
    last_month = month_of(this_month - _DAY)[0]
    passed = today + _DAY - this_month
    return CostNumbers(
        month_to_date=_between(amounts, this_month, today + _DAY),
        last_month=_between(amounts, last_month, this_month),
        same_days_last_month=_between(amounts, last_month, min(last_month + passed, this_month)),
        yesterday=_between(amounts, today - _DAY, today),
        last_30_days=_between(amounts, today - _RECENT, today),
    )


def _between(amounts: Mapping[date, Decimal], first: date, until: date) -> Decimal:
    total = NOTHING
    for day, amount in amounts.items():
        if first <= day < until:
            total = SUMS.add(total, amount)
    return total


def one_currency(named: str | None, found: Iterable[str]) -> str | None:
    """The currency of all amounts: the one named, else the only one there is, None where there is none.

    Raises Invalid when there are several and none is named.
    """
    currencies = sorted(set(found))
    if named is None and len(currencies) > 1:
        raise Invalid(
            f"These amounts are in {', '.join(currencies)} and do not add up: name one currency.", path=("currency",)
        )
    return named if named is not None else next(iter(currencies), None)


def urgent(counts: Mapping[Severity, int]) -> int:
    """How many of these somebody should look at today."""
    return sum(count for severity, count in counts.items() if severity in URGENT)
