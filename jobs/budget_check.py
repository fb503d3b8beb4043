"""What a check finds of one budget: its limit, what is spent of it, and what the period will come to."""

import asyncio
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from documents.budget import Budget, BudgetRecord
from documents.budget_spending import daily_spent, quantiles_in
from documents.cost_period import midnight
from domain.budgets import BudgetBasis, carried_over, changed_by, period_name, period_of, year_before
from domain.facts.scope import Scope
from domain.forecasting.one import projected

# As long as forecasts look back.
_HISTORY = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Checked:
    """The period from `first` up to without `until`. `amount` is the limit without what is `carried`.

    `before` is the first day of the period before, and `spent_before` what it has cost by now. `expected` and
    `expected_upper` are None where too little is known, or nobody asks.
    """

    name: str
    first: date
    until: date
    before: date
    amount: Decimal
    carried: Decimal
    spent: Decimal
    spent_before: Decimal
    expected: Decimal | None
    expected_upper: Decimal | None

    @property
    def limit(self) -> Decimal:
        return self.amount + self.carried


@dataclass(frozen=True, slots=True)
class _Days:
    """Costs of each day from `begin` to the end of the period."""

    begin: date
    amounts: list[Decimal]

    def until(self, day: date) -> list[Decimal]:
        return self.amounts[: (day - self.begin).days]

    def total(self, first: date, until: date) -> Decimal:
        return sum(self.until(until)[(first - self.begin).days :], Decimal(0))


async def checked(scope: Scope, budget: Budget, today: date) -> Checked | None:
    """What there is to say of the period that `today` lies in; None before the budget starts and after it ended."""
    if not is_running(budget, today):
        return None
    first, until = period_of(today, budget.period)
    before, _ = period_of(first - timedelta(days=1), budget.period)
    is_forecast = bool(budget.forecast_thresholds) or budget.basis is BudgetBasis.FORECAST
    begin = min(before, first - _HISTORY) if is_forecast else before
    days = _Days(begin, await daily_spent(scope, budget, begin, until))
    amount = await _amount(scope, budget, days, first, until)
    expected, upper = await _expected(scope, budget, days, first, until, today)
    return Checked(
        name=period_name(first, budget.period),
        first=first,
        until=until,
        before=before,
        amount=amount,
        carried=await _carried(scope, budget, amount, before, days.total(before, first)),
        spent=days.total(first, until),
        spent_before=days.total(before, first),
        expected=expected,
        expected_upper=upper,
    )


def is_running(budget: Budget, today: date) -> bool:
    """Whether the budget counts on this day."""
    has_begun = budget.starts_at is None or budget.starts_at.date() <= today
    has_ended = budget.ends_at is not None and budget.ends_at.date() <= today
    return budget.archived_at is None and has_begun and not has_ended


async def _amount(scope: Scope, budget: Budget, days: _Days, first: date, until: date) -> Decimal:
    """The limit without what is carried; 0 where last year, or the forecast, gives none."""
    if budget.basis is BudgetBasis.FIXED:
        return budget.amount
    if budget.basis is BudgetBasis.LAST_YEAR:
        past = await daily_spent(scope, budget, *year_before(first, budget.period))
        return changed_by(sum(past, Decimal(0)), budget.change_percent)
    # Said once, when the period begins: a limit that follows what is spent would limit nothing.
    stored = await BudgetRecord.find_in(scope, {"budget_id": budget.id, "first_at": midnight(first)})
    if stored is not None and stored.amount:
        return stored.amount
    quantiles = await quantiles_in(scope)
    ahead = await asyncio.to_thread(projected, days.begin, days.until(first), until, quantiles, today=first)
    if ahead is None:
        return Decimal(0)
    return changed_by(sum(ahead.ahead[(first - ahead.first).days :], Decimal(0)), budget.change_percent)


async def _carried(scope: Scope, budget: Budget, amount: Decimal, before: date, spent: Decimal) -> Decimal:
    """What is left of the period before, where the budget counted then."""
    if not budget.roll_over_cap:
        return Decimal(0)
    past = await BudgetRecord.find_in(scope, {"budget_id": budget.id, "first_at": midnight(before)})
    if past is None:
        return Decimal(0)
    return carried_over(past.amount + past.carried, spent, amount, budget.roll_over_cap)


async def _expected(
    scope: Scope, budget: Budget, days: _Days, first: date, until: date, today: date
) -> tuple[Decimal | None, Decimal | None]:
    """What the period will come to at its end, and the upper end of the interval of 80 %; at least what is spent."""
    if not budget.forecast_thresholds:
        return None, None
    quantiles = await quantiles_in(scope)
    ahead = await asyncio.to_thread(projected, days.begin, days.amounts, until, quantiles, today=today)
    if ahead is None:
        return None, None
    spent, known = days.total(first, until), days.total(first, max(first, ahead.first))
    skipped = max(0, (first - ahead.first).days)
    total, _, upper = ahead.reach(len(ahead.ahead))
    late = sum(ahead.ahead[:skipped], Decimal(0))
    return max(spent, known + total - late), max(spent, known + upper - late)
