"""Subscriptions whose costs nobody is told of."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Look, Step
from domain.rules.azure_resource import GONE, on
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

BUDGET, NAME = "Microsoft.Consumption/budgets/{budgetName}", "cloudwatcher-subscription"
# What owners are told of: most of it is spent, or all of it will be.
ACTUAL_PERCENT, FORECAST_PERCENT = 80, 100


def has_no_budget(subscription: Resource, context: RuleContext) -> Observation | None:
    """Fires on a subscription without any budget."""
    if "id" not in subscription.config or not context.is_listed(ResourceKind.AZURE_BUDGET, None):
        return None
    if context.every(ResourceKind.AZURE_BUDGET):
        return None
    return Observation(
        reason=f"Subscription {subscription.name} has no budget, so nobody is told when its costs run away.",
        observed={"budgets": 0},
    )


def create(subscription: Resource, context: RuleContext) -> tuple[Step, ...]:
    """One budget for the whole subscription, of which its owners are told."""
    native_id = f"{subscription.native_id}/providers/Microsoft.Consumption/budgets/{NAME}"
    amount = context.parameters["monthly_amount"]
    properties = {
        "category": "Cost",
        "amount": amount,
        "timeGrain": "Monthly",
        # Azure takes only the month in which it is asked: the connector fills the first of that month in.
        "timePeriod": {},
        "notifications": {
            "spent": _told("Actual", ACTUAL_PERCENT),
            "forecast": _told("Forecasted", FORECAST_PERCENT),
        },
    }
    gone = Step(
        name="delete",
        says=f"Delete the budget {NAME}.",
        call=on(f"DELETE {BUDGET}", native_id),
        gone=GONE,
    )
    return (
        Step(
            name="create",
            says=f"Make a budget of {amount} a month, in the billing currency, for {subscription.name}, beginning with "
            f"this month. Its owners are told at {ACTUAL_PERCENT} percent, and when the forecast passes it.",
            call=on(f"PUT {BUDGET}", native_id, properties=properties),
            found=Look(call=on(f"GET {BUDGET}", native_id), path=""),
            undo=(gone,),
        ),
    )


def _told(kind: str, percent: int) -> dict[str, Any]:
    return {
        "enabled": True,
        "operator": "GreaterThan",
        "threshold": percent,
        "thresholdType": kind,
        "contactEmails": [],
        "contactRoles": ["Owner"],
    }


_SUBSCRIPTION = Resource(
    kind=ResourceKind.AZURE_SUBSCRIPTION,
    native_id="/subscriptions/s1",
    name="Cedar production",
    config={"id": "/subscriptions/s1"},
)
_BUDGET = Resource(
    kind=ResourceKind.AZURE_BUDGET,
    native_id="/subscriptions/s1/providers/Microsoft.Consumption/budgets/all",
    name="all",
)
_DEFAULTS = {"monthly_amount": 1000}

MISSING = Rule(
    id="azure-budget-missing",
    title="Subscription has no budget",
    description="A budget tells its owners before a mistake has cost a month.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.LOW,
    applies_to=ResourceKind.AZURE_SUBSCRIPTION,
    permissions=("Microsoft.Consumption/budgets/read", "Microsoft.Resources/subscriptions/read"),
    source="Budgets - List; FinOps Framework, budgeting",
    blind_spots="Budgets of management groups and billing accounts are not seen. Whether a budget that is there is "
    "sensible, or tells anybody, is not judged.",
    parameters=(
        Parameter(
            name="monthly_amount",
            default=1000,
            meaning="What the subscription may cost a month, in its billing currency.",
            least=1,
        ),
    ),
    needs=("id",),
    also_reads=(ResourceKind.AZURE_BUDGET,),
    check=has_no_budget,
    group="guardrail",
    remedy=Remedy(
        says="Makes a budget for the subscription.",
        plan=create,
        reversible=Reversible.YES,
        permissions=("Microsoft.Consumption/budgets/delete", "Microsoft.Consumption/budgets/write"),
    ),
    examples=(
        fires(_SUBSCRIPTION, parameters=_DEFAULTS),
        quiet(_SUBSCRIPTION, _BUDGET, parameters=_DEFAULTS),
        quiet(_SUBSCRIPTION, parameters=_DEFAULTS, is_listed=lambda kind, _: kind is not ResourceKind.AZURE_BUDGET),
    ),
)
