"""Looks at every budget of an organization: what the month has cost, and which thresholds were crossed."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from auth.scope import scope_of_job
from documents.alert import AlertCategory, AlertSource, Cause, raise_alert
from documents.budget import Budget, record_spent
from documents.cost_day import cost_series
from documents.transaction import Transaction
from domain.budgets import crossed, month_of
from domain.costs.series import CostQuestion, Grain, Metric
from domain.facts.cost_dimension import Dimension
from domain.facts.cost_filter import CostFilter
from domain.facts.money import Money
from domain.facts.scope import Scope
from domain.facts.severity import Severity
from jobs.context import JobContext
from jobs.queue import CHECK_BUDGETS

# A budget that is used up is worse than one that is on its way.
USED_UP = 100


async def check_budgets(ctx: dict[str, Any], *, org_id: str) -> int:
    """Raise what was crossed this month, once per threshold and month; returns how many alerts were raised now."""
    context: JobContext = ctx["context"]
    scope = scope_of_job(CHECK_BUDGETS, org_id)
    raised = 0
    for budget in await Budget.list_in(scope, {}):
        raised += await _check(context, scope, budget)
    return raised


async def _check(context: JobContext, scope: Scope, budget: Budget) -> int:
    at = context.now()
    first, until = month_of(at.date())
    spent = await _spent(scope, budget, first, until)
    month = f"{first:%Y-%m}"

    async def change(tx: Transaction) -> int:
        await record_spent(budget, spent.amount, month, tx.session)
        causes = [
            _cause(budget, spent, percent, month) for percent in crossed(spent.amount, budget.amount, budget.thresholds)
        ]
        return sum([await raise_alert(tx, budget.org_id, cause, at) for cause in causes])

    return await context.writer.commit(change)


async def _spent(scope: Scope, budget: Budget, first: date, until: date) -> Money:
    dimensions: dict[Dimension, Sequence[str | None]] = {}
    if budget.services:
        dimensions[Dimension.SERVICE] = list(budget.services)
    if budget.account_native_ids:
        dimensions[Dimension.SUB_ACCOUNT] = list(budget.account_native_ids)
    question = CostQuestion(
        first=first, until=until, grain=Grain.MONTH, currency=budget.currency, where=CostFilter.of(dimensions)
    )
    total = (await cost_series(scope, question)).all.totals[Metric.BILLED]
    return Money(amount=total, currency=budget.currency)


def _cause(budget: Budget, spent: Money, percent: int, month: str) -> Cause:
    return Cause(
        fingerprint=f"budget:{budget.id}:{month}:{percent}",
        source=AlertSource.BUDGET,
        severity=Severity.HIGH if percent >= USED_UP else Severity.MEDIUM,
        title=f"Budget {budget.name} has reached {percent} % in {month}",
        message=(
            f"{spent.amount:.2f} {spent.currency} of {budget.amount:.2f} {budget.currency} are spent. "
            "Look at costs grouped by service to see where it goes."
        ),
        budget_id=budget.id,
        service=budget.services[0] if len(budget.services) == 1 else None,
        category=AlertCategory.FINOPS,
        is_once=True,
    )
