"""How the current period of a budget burns down."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

import strawberry

import documents
from auth.permission import Permission
from documents.budget_spending import daily_spent, quantiles_in
from domain.budgets import ideal_line, period_of, running_sums
from domain.forecasting.one import Projection, projected
from resolvers.context import Info
from resolvers.fields import query
from schema.budget import BudgetBurnDown
from schema.directives import Cost
from schema.node import local_id

_HISTORY = timedelta(days=400)


@strawberry.type
class BurnDownQueries:
    @query(
        BudgetBurnDown,
        may=Permission.COSTS_READ,
        directives=(Cost(weight=20),),
        description="What is spent of a budget by day, what would be if every day cost the same, and what is expected.",
    )
    async def budget_burn_down(
        self,
        info: Info,
        budget_id: Annotated[strawberry.ID, strawberry.argument(description="Global id of the budget.")],
    ) -> Any:
        context, today = info.context, info.context.now().date()
        budget = await documents.Budget.get_in(context.scope, local_id("Budget", budget_id))
        scope = context.scope.narrowed(str(budget.org_id))
        first, until = period_of(today, budget.period)
        begin = first - _HISTORY
        amounts = await daily_spent(scope, budget, begin, until)
        ahead = await asyncio.to_thread(projected, begin, amounts, until, await quantiles_in(scope), today=today)
        known = first if ahead is None else max(first, ahead.first)
        count = (today - first).days + 1 if ahead is None else (known - first).days
        actual = running_sums(amounts[(first - begin).days :][:count])
        length = (until - first).days
        return BudgetBurnDown(
            currency=budget.currency,
            limit=budget.limit,
            days=[first + timedelta(days=number) for number in range(length)],
            actual=actual,
            ideal=ideal_line(budget.limit, length),
            **_band(ahead, actual[-1] if actual else Decimal(0), length - count),
        )


def _band(ahead: Projection | None, spent: Decimal, days: int) -> dict[str, list[Decimal]]:
    """What is expected by the end of each of the last `days`, on top of what is spent."""
    if ahead is None:
        return {"expected": [], "lower80": [], "upper80": []}
    skipped = len(ahead.ahead) - days
    before = sum(ahead.ahead[:skipped], Decimal(0))
    reached = [ahead.reach(skipped + number) for number in range(1, days + 1)]
    names = ("expected", "lower80", "upper80")
    return {name: [max(spent, spent + one[place] - before) for one in reached] for place, name in enumerate(names)}
