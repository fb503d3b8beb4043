"""What tells of a month that becomes dearer than planned: budgets."""

from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.list_price import usd
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

BUDGET = ResourceKind.AWS_BUDGET
NOTHING_SAVED = usd(Decimal(0))
GUARDS = "0 USD: it guards against loss"
NAME = "CloudWatcher"
# Percent of the limit, of what is spent and of what is to be expected.
ACTUAL_PERCENT, FORECAST_PERCENT = 80, 100


def lacks_budget(account: Resource, context: RuleContext) -> Observation | None:
    """Fires on an account without a budget of costs, or with one that tells nobody."""
    if "Account" not in account.config or not context.is_listed(BUDGET, None):
        return None
    costs, silent = _budgets(context)
    if costs and not silent:
        return None
    what = f"Nobody hears of budget {', '.join(silent)}" if costs else "There is no budget for the costs"
    return Observation(
        reason=f"{what} in account {account.name}.",
        observed={"budgets": [one.name for one in costs], "without_notification": silent},
        estimated_monthly_saving=NOTHING_SAVED,
        saving_formula=GUARDS,
    )


def _budgets(context: RuleContext) -> tuple[list[Resource], list[str]]:
    """Those of costs, and the names of those of them that tell nobody."""
    costs = [one for one in context.every(BUDGET) if one.config.get("BudgetType") == "COST"]
    return costs, [one.name for one in costs if one.config.get("Notifications") == []]


def budget_costs(account: Resource, context: RuleContext) -> tuple[Step, ...]:
    """A monthly budget where there is none; notifications where a budget has none."""
    emails, limit = context.parameters["emails"], context.parameters["limit_usd"]
    costs, silent = _budgets(context)
    if not emails:
        raise NoPlan(f"Nobody is named who should hear of the costs of account {account.name}.")
    if not costs and not limit:
        raise NoPlan(f"No limit is named for the monthly costs of account {account.name}.")
    if not costs:
        return (_new_budget(account, limit, emails),)
    return tuple(_notified(account, name, number, emails) for number, name in enumerate(silent))


def _new_budget(account: Resource, limit: int, emails: tuple[str, ...]) -> Step:
    own = {"AccountId": account.native_id}
    budget = {
        "BudgetName": NAME,
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": str(limit), "Unit": "USD"},
    }
    told = [
        {"Notification": _notification("ACTUAL", ACTUAL_PERCENT), "Subscribers": _subscribers(emails)},
        {"Notification": _notification("FORECASTED", FORECAST_PERCENT), "Subscribers": _subscribers(emails)},
    ]
    back = Step(
        name="drop",
        says="Delete the budget.",
        call=Call(operation="budgets.delete_budget", arguments={**own, "BudgetName": NAME}),
        gone=("NotFoundException",),
    )
    return Step(
        name="budget",
        says=f"Make a budget of {limit} USD a month for account {account.name}, and tell {', '.join(emails)} at "
        f"{ACTUAL_PERCENT} % spent and {FORECAST_PERCENT} % expected.",
        call=Call(
            operation="budgets.create_budget",
            arguments={**own, "Budget": budget, "NotificationsWithSubscribers": told},
        ),
        gone=("DuplicateRecordException",),
        undo=(back,),
    )


def _notified(account: Resource, name: str, number: int, emails: tuple[str, ...]) -> Step:
    notification = _notification("ACTUAL", ACTUAL_PERCENT)
    own = {"AccountId": account.native_id, "BudgetName": name, "Notification": notification}
    back = Step(
        name=f"hush-{number}",
        says=f"Delete the notification of budget {name}.",
        call=Call(operation="budgets.delete_notification", arguments=own),
        gone=("NotFoundException",),
    )
    return Step(
        name=f"tell-{number}",
        says=f"Tell {', '.join(emails)} when {ACTUAL_PERCENT} % of budget {name} are spent.",
        call=Call(operation="budgets.create_notification", arguments={**own, "Subscribers": _subscribers(emails)}),
        gone=("DuplicateRecordException",),
        undo=(back,),
    )


def _notification(kind: str, percent: int) -> dict[str, Any]:
    shared = {"ComparisonOperator": "GREATER_THAN", "ThresholdType": "PERCENTAGE"}
    return {"NotificationType": kind, "Threshold": percent, **shared}


def _subscribers(emails: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"SubscriptionType": "EMAIL", "Address": address} for address in emails]


def _account() -> Resource:
    config = {"Account": "123456789012"}
    return Resource(kind=ResourceKind.AWS_ACCOUNT, native_id="123456789012", name="123456789012", config=config)


def _budget(name: str = "month", kind: str = "COST", **config: Any) -> Resource:
    return Resource(kind=BUDGET, native_id=name, name=name, config={"BudgetType": kind, **config})


TOLD = {"emails": ("costs@example.com",)}
UNTOLD: dict[str, Any] = {"emails": ()}

NO_BUDGET = Rule(
    id="aws-budget-missing",
    title="No budget warns of the costs",
    description="A budget tells people when a month becomes dearer than planned, while something can be done about it.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_ACCOUNT,
    permissions=("budgets:ViewBudget",),
    source="AWS Budgets DescribeBudgets and DescribeNotificationsForBudget",
    blind_spots="A budget of the management account may cover this one, which is not seen from here. A budget for a "
    "part of the costs counts as one.",
    parameters=(
        Parameter(name="emails", default=(), meaning="Addresses that are told of the costs."),
        Parameter(name="limit_usd", default=0, meaning="US dollars a month for a new budget; 0 names none."),
    ),
    needs=("Account",),
    also_reads=(BUDGET,),
    check=lacks_budget,
    group="guardrail",
    remedy=Remedy(
        says="Makes a monthly budget that tells people, or lets the present one tell them.",
        plan=budget_costs,
        reversible=Reversible.YES,
        permissions=("budgets:ModifyBudget",),
    ),
    examples=(
        fires(_account(), parameters={**TOLD, "limit_usd": 5000}),
        fires(_account(), _budget(kind="USAGE", Notifications=[]), parameters={**TOLD, "limit_usd": 5000}),
        fires(_account(), _budget(Notifications=[]), parameters={**TOLD, "limit_usd": 0}),
        fires(_account(), parameters={**TOLD, "limit_usd": 0}),
        fires(_account(), parameters={**UNTOLD, "limit_usd": 5000}),
        quiet(_account(), _budget(Notifications=[{"Threshold": 80}]), parameters={**UNTOLD, "limit_usd": 0}),
        quiet(_account(), _budget(), parameters={**UNTOLD, "limit_usd": 0}),
        quiet(_account(), parameters={**TOLD, "limit_usd": 5000}, is_listed=lambda kind, _: kind is not BUDGET),
    ),
)
