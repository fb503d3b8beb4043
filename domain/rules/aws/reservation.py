"""Reservations of EC2 that are paid for and not used."""

from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import TOKEN, Call, Look, Step, answer
from domain.rules.aws_recommendation import number
from domain.rules.list_price import usd
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

RESERVED, USE = ResourceKind.AWS_RESERVED_INSTANCES, ResourceKind.AWS_COMMITMENT_USE
# Days of use that Cost Explorer was asked for, and of a month.
LOOKED_AT, MONTH_DAYS = Decimal(30), Decimal("30.4167")
ZONE, REGION = "Availability Zone", "Region"
RESULT = "ReservedInstancesModifications.0.ModificationResults.0.ReservedInstancesId"


def is_underused(reservation: Resource, context: RuleContext) -> Observation | None:
    """Fires on an active reservation that was used for less than the least share of the last 30 days."""
    use = _use(reservation, context)
    used = number(use, "UtilizationPercentage")
    if reservation.config.get("State") != "active" or used is None or used >= context.parameters["min_pct"]:
        return None
    fee = number(use, "TotalAmortizedFee")
    lost = None if fee is None else usd((1 - used / 100) * fee / LOOKED_AT * MONTH_DAYS)
    formula = None if fee is None else f"(1 - {used} %) * {fee} USD / {LOOKED_AT} * {MONTH_DAYS} days"
    return Observation(
        reason=f"Reservation {reservation.name} was used for {used} % of what is paid for it.",
        observed={"UtilizationPercentage": str(used), "Scope": reservation.config.get("Scope")},
        estimated_monthly_saving=lost,
        saving_formula=formula,
    )


def _use(reservation: Resource, context: RuleContext) -> dict[str, Any]:
    """How far it was used, which Cost Explorer keeps under a number of its own; {} where it tells nothing."""
    for one in context.every(USE):
        attributes = one.config.get("Attributes") or {}
        if reservation.native_id in (attributes.get("leaseId"), attributes.get("LeaseId")):
            return one.config.get("Utilization") or {}
    return {}


def widen(reservation: Resource, _: RuleContext) -> tuple[Step, ...]:
    """From one zone to its whole region, where it also covers other sizes of its family."""
    config, zone = reservation.config, reservation.config.get("AvailabilityZone")
    if config.get("Scope") != ZONE or not zone:
        raise NoPlan(f"Reservation {reservation.name} holds for a whole region already: it can be sold or exchanged.")
    same = {"InstanceCount": config["InstanceCount"], "InstanceType": config["InstanceType"]}
    found = Step(
        name="result",
        says="Look up the reservation that took its place.",
        call=_looked_up(reservation, "widen"),
    )
    back = _modified(
        reservation,
        "narrow",
        f"Let what took the place of {reservation.name} hold for {zone} alone.",
        [answer("result", RESULT)],
        {**same, "Scope": ZONE, "AvailabilityZone": zone},
    )
    says = f"Let reservation {reservation.name} hold for the whole of {reservation.region} and not {zone} alone."
    wanted = {**same, "Scope": REGION}
    step = _modified(reservation, "widen", says, [reservation.native_id], wanted)
    return (step.model_copy(update={"undo": (found, back)}),)


def _modified(reservation: Resource, name: str, says: str, ids: list[Any], wanted: dict[str, Any]) -> Step:
    return Step(
        name=name,
        says=says,
        call=Call(
            operation="ec2.modify_reserved_instances",
            region=reservation.region,
            arguments={"ReservedInstancesIds": ids, "TargetConfigurations": [wanted], "ClientToken": TOKEN},
        ),
        wait=Look(
            call=_looked_up(reservation, name),
            path="ReservedInstancesModifications.0.Status",
            ready=("fulfilled",),
            failed=("failed",),
        ),
    )


def _looked_up(reservation: Resource, step: str) -> Call:
    return Call(
        operation="ec2.describe_reserved_instances_modifications",
        region=reservation.region,
        arguments={"ReservedInstancesModificationIds": [answer(step, "ReservedInstancesModificationId")]},
    )


def _reservation(state: str = "active", **config: Any) -> Resource:
    plain = {"State": state, "Scope": ZONE, "AvailabilityZone": "us-east-1a", "InstanceCount": 4}
    return Resource(
        kind=RESERVED,
        native_id="0b1c2d3e-1111-2222-3333-444455556666",
        name="0b1c2d3e-1111-2222-3333-444455556666",
        region="us-east-1",
        config={**plain, "InstanceType": "m5.large", **config},
    )


def _used(percent: str, lease: str = "0b1c2d3e-1111-2222-3333-444455556666", **more: str) -> Resource:
    config = {"Attributes": {"leaseId": lease}, "Utilization": {"UtilizationPercentage": percent, **more}}
    return Resource(kind=USE, native_id="1234567890", name="1234567890", config=config)


UNDERUSED = Rule(
    id="aws-reservation-underused",
    title="Reservation is paid for and hardly used",
    description="A reservation costs the same whether a machine runs on it or not.",
    category=FindingCategory.FINOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=RESERVED,
    permissions=("ce:GetReservationUtilization", "ec2:DescribeReservedInstances"),
    source="Cost Explorer GetReservationUtilization; EC2 ModifyReservedInstances",
    blind_spots="Reservations of other services are not looked at. That it will be used in its whole region is hoped, "
    "not known. One zone also keeps capacity ready, which a region does not.",
    parameters=(Parameter(name="min_pct", default=80, meaning="Least percent of use.", least=1, most=100),),
    needs=("State",),
    also_reads=(USE,),
    check=is_underused,
    group="commitment",
    remedy=Remedy(
        says="Lets a reservation of one zone hold for its whole region.",
        plan=widen,
        reversible=Reversible.PARTLY,
        loses="A reservation has another id after each change.",
        permissions=("ec2:DescribeReservedInstancesModifications", "ec2:ModifyReservedInstances"),
    ),
    examples=(
        # (1 - 50 %) * 300 USD / 30 * 30.4167 = 152.08
        fires(_reservation(), _used("50", TotalAmortizedFee="300"), parameters={"min_pct": 80}),
        fires(_reservation(Scope=REGION), _used("50"), parameters={"min_pct": 80}),
        quiet(_reservation(), _used("80"), parameters={"min_pct": 80}),
        quiet(_reservation(), _used("50", lease="another"), parameters={"min_pct": 80}),
        quiet(_reservation("retired"), _used("50"), parameters={"min_pct": 80}),
    ),
)
