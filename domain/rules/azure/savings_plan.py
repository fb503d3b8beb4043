"""Savings plans that would pay."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import TOKEN, Call, Look, Step
from domain.rules.azure_purchase import (
    BENEFIT,
    LOOK_BACK,
    SHARED,
    YEAR,
    amount,
    billing_scope,
    is_of,
    monthly_saving,
)
from domain.rules.azure_resource import own
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

ALIAS = "Microsoft.BillingBenefits/savingsPlanOrderAliases/{savingsPlanOrderAliasName}"
COMPUTE = "Compute_Savings_Plan"
# So much of the plan has to be used, or the estimate is not to be trusted. Source: the catalogue of rules.
USED_PERCENT = 95


def would_pay(advice: Resource, context: RuleContext) -> Observation | None:
    """Fires on a recommended plan that saves more than `min_saving` over the last 30 days and is nearly all used."""
    details = _details(advice)
    saved, used = amount(details.get("savingsAmount")), amount(details.get("averageUtilizationPercentage"))
    if not is_of(advice, BENEFIT) or saved <= context.parameters["min_saving"] or used < USED_PERCENT:
        return None
    return Observation(
        reason=f"A savings plan of {_hourly(advice)} ({advice.name}) would have saved {saved:.2f} in the last 30 days.",
        observed={"commitmentAmount": details.get("commitmentAmount"), "savingsAmount": float(saved)},
        **monthly_saving(saved, own(advice).get("currencyCode"), "savingsAmount"),
    )


def buy(advice: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The plan that is recommended, under a name of the step, so that it is bought once."""
    details, currency = _details(advice), own(advice).get("currencyCode")
    if not details.get("commitmentAmount") or not currency:
        raise NoPlan("The recommendation does not say how much to commit to.")
    properties = {
        "displayName": "cloudwatcher-compute",
        "billingScopeId": billing_scope(advice),
        "term": YEAR,
        "billingPlan": "P1M",
        "appliedScopeType": SHARED,
        "commitment": {"grain": "Hourly", "currencyCode": currency, "amount": details["commitmentAmount"]},
    }
    alias = {"savingsPlanOrderAliasName": TOKEN}
    return (
        Step(
            name="buy",
            says=f"Buy a compute savings plan of {_hourly(advice)} for a year, paid by the month, for all "
            "subscriptions of the billing account. It cannot be returned.",
            call=Call(
                operation=f"PUT {ALIAS}", arguments={**alias, "sku": {"name": COMPUTE}, "properties": properties}
            ),
            found=Look(call=Call(operation=f"GET {ALIAS}", arguments=alias), path=""),
        ),
    )


def _details(advice: Resource) -> dict[str, Any]:
    return own(advice).get("recommendationDetails") or {}


def _hourly(advice: Resource) -> str:
    return f"{_details(advice).get('commitmentAmount')} {own(advice).get('currencyCode')} an hour"


def _advice(saved: float = 120.0, used: float = 97.0, term: str = YEAR, committed: float | None = 0.85) -> Resource:
    details = {"savingsAmount": saved, "averageUtilizationPercentage": used, "commitmentAmount": committed}
    return Resource(
        kind=ResourceKind.AZURE_RECOMMENDATION,
        native_id="/subscriptions/s1/providers/Microsoft.CostManagement/benefitRecommendations/b1",
        name="b1",
        config={
            "kind": "SavingsPlan",
            "properties": {
                "term": term,
                "scope": SHARED,
                "lookBackPeriod": LOOK_BACK,
                "currencyCode": "USD",
                "recommendationDetails": details,
            },
        },
    )


_FIFTY = {"min_saving": 50}

PURCHASE = Rule(
    id="azure-savings-plan-purchase",
    title="Savings plan would pay",
    description="A promise to spend so much an hour on computing lowers its price, whatever the size or region.",
    category=FindingCategory.FINOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AZURE_RECOMMENDATION,
    permissions=("Microsoft.CostManagement/benefitRecommendations/read",),
    source="Benefit Recommendations - List; Savings Plan Order Alias - Create",
    blind_spots="Azure looks back 30 days: what is going to be switched off, or made smaller by another finding, is "
    "counted in. Reservations for the same use are recommended beside it; only one of both pays.",
    parameters=(
        Parameter(name="min_saving", default=50, meaning="What it must have saved in 30 days, in billing currency."),
    ),
    needs=("properties",),
    check=would_pay,
    group="commitment",
    remedy=Remedy(
        says="Buys the savings plan for a year, paid by the month.",
        plan=buy,
        reversible=Reversible.NO,
        loses="A savings plan can be neither returned nor cancelled.",
        permissions=(
            "Microsoft.BillingBenefits/savingsPlanOrderAliases/read",
            "Microsoft.BillingBenefits/savingsPlanOrderAliases/write",
        ),
    ),
    examples=(
        # 120 USD * 30.4167 / 30 = 121.67 USD.
        fires(_advice(), parameters=_FIFTY),
        fires(_advice(committed=None), parameters=_FIFTY),
        quiet(_advice(saved=40.0), parameters=_FIFTY),
        quiet(_advice(used=90.0), parameters=_FIFTY),
        quiet(_advice(term="P3Y"), parameters=_FIFTY),
    ),
)
