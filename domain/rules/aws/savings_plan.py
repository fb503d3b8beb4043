"""Savings Plans that are worth buying."""

from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import TOKEN, Call, Step, answer
from domain.rules.aws_recommendation import NO_UPFRONT, YEAR_HOURS, YEAR_SECONDS, monthly_saving_usd, number
from domain.rules.list_price import usd
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

RECOMMENDATION = ResourceKind.AWS_RECOMMENDATION
# What is recommended -> what is offered. Plans for EC2 alone are left out: they cover what Compute plans cover.
# Source: Savings Plans API reference, DescribeSavingsPlansOfferings.
OFFERED = {"COMPUTE_SP": "Compute", "SAGEMAKER_SP": "SageMaker", "DATABASE_SP": "Database"}
# Percent of the commitment that AWS expects to be used; below it a plan is bought for hours that will not come.
LEAST_UTILIZATION = Decimal(95)
# No plan above it can be returned. Source: Savings Plans user guide, "Returning a purchased Savings Plan".
MOST_RETURNABLE = Decimal(100)
MOST_PARTS = 10
# The smallest commitment and step of one. Source: Savings Plans API reference, CreateSavingsPlan.
SMALLEST = Decimal("0.001")


def is_worth_buying(recommendation: Resource, context: RuleContext) -> Observation | None:
    """Fires on a recommended plan that saves enough and would be used; the saving is that of the part to be bought.

    The last dollar of a commitment is used least: a part of it saves at least its share of the whole.
    """
    config = recommendation.config
    saved, used = monthly_saving_usd(recommendation), number(config, "EstimatedAverageUtilization")
    commitment = number(config, "HourlyCommitmentToPurchase")
    if config.get("SavingsPlansType") not in OFFERED or saved is None or used is None or not commitment:
        return None
    if saved <= context.parameters["min_saving"] or used < LEAST_UTILIZATION:
        return None
    percent = context.parameters["coverage_target_pct"]
    return Observation(
        reason=f"{recommendation.name}: AWS expects a commitment of {commitment} USD an hour for a year to save "
        f"{usd(saved).amount} USD a month.",
        observed={
            "HourlyCommitmentToPurchase": str(commitment),
            "EstimatedAverageUtilization": str(used),
            "EstimatedMonthlySavingsAmount": str(saved),
        },
        estimated_monthly_saving=usd(saved * percent / 100),
        saving_formula=f"{usd(saved).amount} USD as AWS estimates it * {percent} % of its commitment",
    )


def buy_plan(recommendation: Resource, context: RuleContext) -> tuple[Step, ...]:
    """As much as the target says, in parts that can still be returned."""
    config = recommendation.config
    offer = _offer(recommendation)
    share = Decimal(context.parameters["coverage_target_pct"]) / 100
    whole = Decimal(config["HourlyCommitmentToPurchase"]) * share
    parts = int((whole / MOST_RETURNABLE).quantize(Decimal(1), ROUND_UP)) or 1
    part = (whole / parts).quantize(SMALLEST, ROUND_DOWN)
    if part < SMALLEST:
        raise NoPlan(f"{part} USD an hour is less than AWS sells.")
    if parts > MOST_PARTS:
        raise NoPlan(f"{whole.quantize(SMALLEST)} USD an hour is more than should be bought at once.")
    return tuple(_bought(f"buy-{number}", offer, part) for number in range(1, parts + 1))


def _offer(recommendation: Resource) -> dict[str, Any]:
    """The offer AWS recommends, or the only one of its kind: a year without payment ahead, in dollars."""
    config = recommendation.config
    named = (config.get("SavingsPlansDetails") or {}).get("OfferingId")
    fitting: list[dict[str, Any]] = [
        one
        for one in config.get("Offerings") or []
        if one.get("planType") == OFFERED[config["SavingsPlansType"]]
        and one.get("paymentOption") == NO_UPFRONT
        and one.get("durationSeconds") == YEAR_SECONDS
        and one.get("currency") == "USD"
        and named in (None, "", one.get("offeringId"))
    ]
    if len(fitting) != 1:
        raise NoPlan(f"{len(fitting)} offers fit what AWS recommends, and one has to be bought.")
    return fitting[0]


def _bought(name: str, offer: dict[str, Any], commitment: Decimal) -> Step:
    back = Step(
        name="return",
        says=f"Return the plan of {commitment} USD an hour.",
        call=Call(
            operation="savingsplans.return_savings_plan",
            arguments={"savingsPlanId": answer(name, "savingsPlanId"), "clientToken": TOKEN},
        ),
    )
    return Step(
        name=name,
        says=f"Buy a {offer['planType']} Savings Plan (offer {offer['offeringId']}): {commitment} USD an hour for one "
        f"year without payment ahead, {commitment * YEAR_HOURS:.2f} USD in all, used or not.",
        call=Call(
            operation="savingsplans.create_savings_plan",
            arguments={
                "savingsPlanOfferingId": offer["offeringId"],
                "commitment": f"{commitment:f}",
                "clientToken": TOKEN,
            },
        ),
        undo=(back,),
    )


OFFER = {
    "offeringId": "0aa0aa00-1111-2222-3333-444455556666",
    "planType": "Compute",
    "paymentOption": NO_UPFRONT,
    "durationSeconds": YEAR_SECONDS,
    "currency": "USD",
}


def _recommended(commitment: str = "10.00", saving: str = "500.00", used: str = "99.5", **config: Any) -> Resource:
    plain = {
        "SavingsPlansType": "COMPUTE_SP",
        "HourlyCommitmentToPurchase": commitment,
        "EstimatedMonthlySavingsAmount": saving,
        "EstimatedAverageUtilization": used,
        "CurrencyCode": "USD",
        "Offerings": [OFFER],
    }
    return Resource(
        kind=RECOMMENDATION,
        native_id="ce.savings-plan/COMPUTE_SP/123456789012/any",
        name="Buy COMPUTE_SP",
        config={**plain, **config},
    )


WANTED = {"min_saving": 50, "coverage_target_pct": 80}

PURCHASE = Rule(
    id="aws-savings-plan-purchase",
    title="A Savings Plan would save money",
    description="A commitment to spend so much an hour is rewarded with a lower price for it.",
    category=FindingCategory.FINOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=RECOMMENDATION,
    permissions=("ce:GetSavingsPlansPurchaseRecommendation", "savingsplans:DescribeSavingsPlansOfferings"),
    source="Cost Explorer GetSavingsPlansPurchaseRecommendation; Savings Plans user guide",
    blind_spots="AWS looks back 30 days and knows nothing of what is about to be switched off: mend what idles first. "
    "Reservations are recommended on the same spend as a Compute plan; buy one, and look again after three days. "
    "Plans for EC2 alone are left out, as they cover what Compute plans cover.",
    parameters=(
        Parameter(name="min_saving", default=50, meaning="US dollars a month a plan has to save."),
        Parameter(
            name="coverage_target_pct",
            default=80,
            meaning="Percent of the advised commitment to buy.",
            least=1,
            most=100,
        ),
    ),
    needs=("SavingsPlansType",),
    check=is_worth_buying,
    group="commitment",
    remedy=Remedy(
        says="Buys a part of the recommended plan.",
        plan=buy_plan,
        reversible=Reversible.PARTLY,
        loses="A plan can be returned for seven days, within the month it was bought in; later it is paid to its end.",
        permissions=("savingsplans:CreateSavingsPlan", "savingsplans:ReturnSavingsPlan"),
    ),
    examples=(
        # 80 % of 500.00 USD = 400.00, for 8.000 USD an hour
        fires(_recommended(), parameters=WANTED),
        # 200 USD an hour in two parts of 100
        fires(_recommended("250.00", "9000"), parameters=WANTED),
        fires(_recommended("5000.00", "90000"), parameters=WANTED),
        fires(_recommended("0.001", "60"), parameters=WANTED),
        fires(_recommended(Offerings=[]), parameters=WANTED),
        quiet(_recommended(saving="50"), parameters=WANTED),
        quiet(_recommended(used="94.9"), parameters=WANTED),
        quiet(_recommended(used="unknown"), parameters=WANTED),
        quiet(_recommended(saving="Infinity"), parameters=WANTED),
        quiet(_recommended(SavingsPlansType="EC2_INSTANCE_SP"), parameters=WANTED),
    ),
)
