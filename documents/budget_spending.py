"""What a budget's costs were on each day: as billed, or as a target of allocation owes them."""

from datetime import date, timedelta
from decimal import Decimal

from documents.budget import Budget
from documents.cost_day import cost_series
from documents.forecast_run import run_of
from documents.target_cost import target_costs
from domain.costs.series import CostQuestion
from domain.facts.scope import Scope
from domain.forecasting.band import PRIOR, Quantiles


async def daily_spent(scope: Scope, budget: Budget, first: date, until: date) -> list[Decimal]:
    """One amount for each day from `first` up to without `until`, of the budget's metric, in its currency.

    A target owes nothing of days whose month was not worked out yet.
    """
    if budget.target_id is not None:
        owed = await target_costs(scope, first, until, budget.metric)
        days = owed.get((str(budget.target_id), budget.currency), {})
        return [days.get(first + timedelta(days=number), Decimal(0)) for number in range((until - first).days)]
    question = CostQuestion(
        first=first, until=until, metrics=(budget.metric,), currency=budget.currency, where=budget.filter()
    )
    return (await cost_series(scope, question)).all.amounts[budget.metric]


async def quantiles_in(scope: Scope) -> Quantiles:
    """How wide intervals are in the one organization of the scope, as its own back-tests say where it has any."""
    run = await run_of(scope)
    return PRIOR if run is None or run.quantiles is None else run.quantiles
