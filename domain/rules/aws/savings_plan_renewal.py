"""Savings Plans that are about to end."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import TOKEN, Call, Step, answer
from domain.rules.aws_recommendation import NO_UPFRONT, YEAR_HOURS, YEAR_SECONDS
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet

PLAN = ResourceKind.AWS_SAVINGS_PLAN


def is_ending(plan: Resource, context: RuleContext) -> Observation | None:
    """Fires on an active plan that ends soon, unless one of its kind is queued to follow it."""
    end = _end(plan)
    if plan.config.get("state") != "active" or end is None or not context.now < end:
        return None
    if end - context.now > context.days("warn_days") or _is_followed(plan, end, context):
        return None
    commitment = plan.config.get("commitment")
    return Observation(
        reason=f"Savings Plan {plan.name} of {commitment} USD an hour ends on {end:%Y-%m-%d}, and nothing follows it.",
        observed={"end": end.isoformat(), "commitment": commitment, "savingsPlanType": _kind(plan)[0]},
    )


def _end(plan: Resource) -> datetime | None:
    end = plan.config.get("end")
    return datetime.fromisoformat(end).astimezone(UTC) if end else None


def _kind(plan: Resource) -> tuple[Any, ...]:
    return tuple(plan.config.get(name) for name in ("savingsPlanType", "region", "ec2InstanceFamily"))


def _is_followed(plan: Resource, end: datetime, context: RuleContext) -> bool:
    """Whether a queued plan of the same kind starts before a day has passed."""
    return any(
        one.config.get("state") == "queued"
        and _kind(one) == _kind(plan)
        and one.created_at is not None
        and one.created_at <= end + timedelta(days=1)
        for one in context.every(PLAN)
    )


def renew(plan: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The same plan again from the moment it ends, which can be withdrawn until then."""
    config, end = plan.config, _end(plan)
    if end is None or not config.get("offeringId") or not config.get("commitment"):
        raise NoPlan(f"AWS does not say which offer Savings Plan {plan.name} was.")
    paid = config.get("upfrontPaymentAmount")
    ahead = {"upfrontPaymentAmount": paid} if config.get("paymentOption") == "Partial Upfront" and paid else {}
    back = Step(
        name="withdraw",
        says="Withdraw the plan that waits.",
        call=Call(
            operation="savingsplans.delete_queued_savings_plan",
            arguments={"savingsPlanId": answer("queue", "savingsPlanId")},
        ),
        gone=("ResourceNotFoundException",),
    )
    years = Decimal(config.get("termDurationInSeconds") or YEAR_SECONDS) / YEAR_SECONDS
    total = Decimal(config["commitment"]) * YEAR_HOURS * years
    return (
        Step(
            name="queue",
            says=f"Buy Savings Plan {plan.name} again (offer {config['offeringId']}) from {end:%Y-%m-%d %H:%M} UTC: "
            f"{config['commitment']} USD an hour, {config.get('paymentOption')}, {total:.2f} USD in all, used or not.",
            call=Call(
                operation="savingsplans.create_savings_plan",
                arguments={
                    "savingsPlanOfferingId": config["offeringId"],
                    "commitment": config["commitment"],
                    "purchaseTime": f"{end:%Y-%m-%dT%H:%M:%SZ}",
                    "clientToken": TOKEN,
                    **ahead,
                },
            ),
            undo=(back,),
        ),
    )


def _plan(days_left: float = 30, state: str = "active", **config: Any) -> Resource:
    """A plan that ends, or for one in the queue starts, in so many days."""
    turn = EXAMPLE_NOW + timedelta(days=days_left)
    is_queued = state == "queued"
    plain = {
        "state": state,
        "savingsPlanType": "Compute",
        "end": (turn + timedelta(days=365) if is_queued else turn).isoformat(),
        "commitment": "1.50000000",
        "offeringId": "0aa0aa00-1111-2222-3333-444455556666",
        "paymentOption": NO_UPFRONT,
        "termDurationInSeconds": YEAR_SECONDS,
    }
    name = f"sp-{state}"
    return Resource(
        kind=PLAN,
        native_id=f"arn:aws:savingsplans::123456789012:savingsplan/{name}",
        name=name,
        created_at=turn if is_queued else turn - timedelta(days=365),
        config={**plain, **config},
    )


EXPIRING = Rule(
    id="aws-commitment-expiring",
    title="Savings Plan is about to end",
    description="The day after it ends everything it covered is billed at the full price.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.HIGH,
    applies_to=PLAN,
    permissions=("ec2:DescribeReservedInstances", "savingsplans:DescribeSavingsPlans"),
    source="Savings Plans DescribeSavingsPlans and CreateSavingsPlan",
    blind_spots="What it saves is not known: AWS recommends nothing for spend that a plan still covers, so compare it "
    "with what it was used for. The same plan is proposed; whether less would do is for the approver. Reservations of "
    "EC2 cannot be renewed by a plan, and their end is not reported here.",
    parameters=(Parameter(name="warn_days", default=45, meaning="Days before its end a plan is reported.", least=1),),
    needs=("state", "end"),
    also_reads=(PLAN,),
    check=is_ending,
    group="commitment",
    remedy=Remedy(
        says="Queues the same plan for the moment it ends.",
        plan=renew,
        reversible=Reversible.YES,
        permissions=("savingsplans:CreateSavingsPlan", "savingsplans:DeleteQueuedSavingsPlan"),
    ),
    examples=(
        fires(_plan(), parameters={"warn_days": 45}),
        fires(_plan(), _plan(40, state="queued"), parameters={"warn_days": 45}),
        fires(_plan(paymentOption="Partial Upfront", upfrontPaymentAmount="6570.0"), parameters={"warn_days": 45}),
        fires(_plan(offeringId=None), parameters={"warn_days": 45}),
        quiet(_plan(), _plan(30.001, state="queued"), parameters={"warn_days": 45}),
        quiet(_plan(46), parameters={"warn_days": 45}),
        quiet(_plan(-1), parameters={"warn_days": 45}),
        quiet(_plan(state="payment-pending"), parameters={"warn_days": 45}),
    ),
)
