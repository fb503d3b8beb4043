"""Looks at every budget of an organization: what its period costs and will cost, and which thresholds were crossed."""

from collections.abc import Sequence
from typing import Any

from auth.scope import scope_of_job
from documents.alert import AlertCategory, AlertSource, Cause, raise_alert, resolve_alerts
from documents.budget import Budget, correct_spent, last_over, record_check, record_period
from documents.cost_period import midnight
from documents.stored_decimal import stored_decimal
from documents.transaction import Transaction
from domain.budgets import crossed
from domain.facts.scope import Scope
from domain.facts.severity import Severity
from jobs.budget_check import Checked, checked
from jobs.context import JobContext
from jobs.queue import CHECK_BUDGETS

# A budget that is used up is worse than one that is on its way.
USED_UP = 100


async def check_budgets(ctx: dict[str, Any], *, org_id: str) -> int:
    """Raise what was crossed, once per threshold and period; returns how many alerts were raised now.

    Once means once: costs that are restated below a threshold and rise above it again in the same period, and a limit
    that is changed in it, raise nothing again. Alerts of a period that is over are resolved by the next check.
    """
    context: JobContext = ctx["context"]
    scope = scope_of_job(CHECK_BUDGETS, org_id)
    raised = 0
    for budget in await Budget.list_in(scope, {"archived_at": None}):
        await _resolve_past(context, scope, budget)
        raised += await _check(context, scope, budget)
    return raised


async def _resolve_past(context: JobContext, scope: Scope, budget: Budget) -> None:
    """Nobody can spend less of a period that is over: what was told of it is history."""
    at = context.now()
    over = await last_over(scope, budget, at)
    if over is None or not over.alerts:
        return
    names = [_fingerprint(budget, over.name, told) for told in over.alerts]

    async def change(tx: Transaction) -> None:
        await resolve_alerts(tx, budget.org_id, names, at)

    await context.writer.commit(change)


async def _check(context: JobContext, scope: Scope, budget: Budget) -> int:
    at = context.now()
    found = await checked(scope, budget, at.date())
    if found is None:
        return 0
    causes = _causes(budget, found)

    async def change(tx: Transaction) -> int:
        await record_check(budget, _current(found), tx.session)
        period = {**_history(budget, found), "checked_at": at, "alerts": [told for told, _ in causes]}
        await record_period(budget, midnight(found.first), period, tx.session)
        await correct_spent(budget, midnight(found.before), stored_decimal(found.spent_before), tx.session)
        return sum([await raise_alert(tx, budget.org_id, cause, at) for _, cause in causes])

    return await context.writer.commit(change)


def _current(found: Checked) -> dict[str, Any]:
    """What the budget itself shows of the period."""
    return {
        "spent": stored_decimal(found.spent),
        "spent_month": found.name,
        "amount": stored_decimal(found.amount),
        "carried": stored_decimal(found.carried),
        "expected": None if found.expected is None else stored_decimal(found.expected),
        "expected_upper": None if found.expected_upper is None else stored_decimal(found.expected_upper),
    }


def _history(budget: Budget, found: Checked) -> dict[str, Any]:
    return {
        "name": found.name,
        "until_at": midnight(found.until),
        "amount": stored_decimal(found.amount),
        "carried": stored_decimal(found.carried),
        "spent": stored_decimal(found.spent),
        "currency": budget.currency,
    }


def _causes(budget: Budget, found: Checked) -> Sequence[tuple[str, Cause]]:
    """Thresholds that are reached, as the history keeps them, with what to raise; none without a limit."""
    if found.limit <= 0:
        return []
    actual = [
        (f"ACTUAL:{percent}", _spent(budget, found, percent))
        for percent in crossed(found.spent, found.limit, budget.thresholds)
    ]
    if found.expected_upper is None:
        return actual
    ahead = crossed(found.expected_upper, found.limit, budget.forecast_thresholds)
    return actual + [(f"FORECAST:{percent}", _ahead(budget, found, percent)) for percent in ahead]


def _spent(budget: Budget, found: Checked, percent: int) -> Cause:
    return _cause(
        budget,
        fingerprint=_fingerprint(budget, found.name, f"ACTUAL:{percent}"),
        severity=Severity.HIGH if percent >= USED_UP else Severity.MEDIUM,
        title=f"Budget {budget.name} has reached {percent} % in {found.name}",
        message=f"{found.spent:.2f} {budget.currency} of {found.limit:.2f} {budget.currency} are spent. "
        "Look at costs grouped by service to see where it goes.",
    )


def _ahead(budget: Budget, found: Checked, percent: int) -> Cause:
    return _cause(
        budget,
        fingerprint=_fingerprint(budget, found.name, f"FORECAST:{percent}"),
        severity=Severity.MEDIUM,
        title=f"Budget {budget.name} may reach {percent} % in {found.name}",
        message=f"{found.expected:.2f} {budget.currency} of {found.limit:.2f} {budget.currency} are "
        f"expected at its end, and up to {found.expected_upper:.2f} in nine of ten cases. "
        "Look at its burn-down to see since when.",
    )


def _fingerprint(budget: Budget, period: str, told: str) -> str:
    """What names the alert of a threshold, which the history keeps as `told`."""
    kind, percent = told.split(":")
    return f"budget:{budget.id}:{period}:{percent if kind == 'ACTUAL' else f'forecast:{percent}'}"


def _cause(budget: Budget, *, fingerprint: str, severity: Severity, title: str, message: str) -> Cause:
    return Cause(
        fingerprint=fingerprint,
        source=AlertSource.BUDGET,
        severity=severity,
        title=title,
        message=message,
        budget_id=budget.id,
        service=budget.services[0] if len(budget.services) == 1 else None,
        category=AlertCategory.FINOPS,
        is_once=True,
    )
