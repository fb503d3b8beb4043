"""What a budget's costs were on each day. Targets of allocation, once budgets may name one, are read here."""

from datetime import date
from decimal import Decimal

from documents.budget import Budget
from documents.cost_day import cost_series
from documents.forecast_run import run_of
from domain.costs.series import CostQuestion
from domain.facts.scope import Scope
from domain.forecasting.band import PRIOR, Quantiles


async def daily_spent(scope: Scope, budget: Budget, first: date, until: date) -> list[Decimal]:
    """One amount for each day from `first` up to without `until`, of the budget's metric, in its currency."""
    question = CostQuestion(
        first=first, until=until, metrics=(budget.metric,), currency=budget.currency, where=budget.filter()
    )
    return (await cost_series(scope, question)).all.amounts[budget.metric]


async def quantiles_in(scope: Scope) -> Quantiles:
    """How wide intervals are in the one organization of the scope, as its own back-tests say where it has any."""
    run = await run_of(scope)
    return PRIOR if run is None or run.quantiles is None else run.quantiles
