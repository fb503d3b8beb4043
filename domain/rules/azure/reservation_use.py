"""Reservations that are paid for and not used."""

from decimal import Decimal

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Step, answer
from domain.rules.azure_purchase import RESERVATION, advised, amount, is_of, offer, purchase, resource_type, size
from domain.rules.azure_resource import is_same, own
from domain.rules.list_price import usd
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

# What is looked at of the use of a reservation, in days.
GRAIN = 30
WHOLE = 100


def is_underused(reservation: Resource, context: RuleContext) -> Observation | None:
    """Fires on a reservation of which too little was used in the last 30 days."""
    used = _used_percent(reservation)
    if (
        used is None
        or used >= context.parameters["min_pct"]
        or own(reservation).get("provisioningState") != "Succeeded"
    ):
        return None
    billed = context.billed_usd(reservation.native_id)
    unused = 1 - used / WHOLE
    return Observation(
        reason=f"Of the reservation {reservation.name} only {used:.0f} percent were used in the last 30 days.",
        observed={"used_percent": float(used), "sku": size(reservation)},
        estimated_monthly_saving=None if billed is None else usd(unused * billed),
        saving_formula=None if billed is None else f"(1 - {used}/{WHOLE}) * {usd(billed).amount} USD a month",
    )


def exchange(reservation: Resource, context: RuleContext) -> tuple[Step, ...]:
    """For the reservation of the same kind that Azure says would save most."""
    candidates = [one for one in context.every(ResourceKind.AZURE_RECOMMENDATION) if _replaces(one, reservation)]
    if not candidates:
        raise NoPlan("Azure recommends no other reservation of this kind, for which it could be exchanged.")
    best = max(candidates, key=lambda one: (amount(own(one).get("netSavings")), one.native_id))
    given = {"reservationId": reservation.native_id, "quantity": own(reservation).get("quantity")}
    bought = purchase(best, own(reservation).get("billingPlan") or "Monthly")
    asked = Step(
        name="calculate",
        says=f"Ask Azure what the exchange of {reservation.name} for {offer(best)} costs. Nothing is exchanged yet.",
        call=Call(
            operation="POST Microsoft.Capacity/calculateExchange",
            arguments={"properties": {"reservationsToExchange": [given], "reservationsToPurchase": [bought]}},
        ),
    )
    made = Step(
        name="exchange",
        says=f"Exchange all {given['quantity']} of {reservation.name} ({size(reservation)}) for {offer(best)}, for a "
        "new year. The new reservation must cost at least what is given back; the rest is billed.",
        call=Call(
            operation="POST Microsoft.Capacity/exchange",
            arguments={"properties": {"sessionId": answer("calculate", "properties.sessionId")}},
        ),
    )
    return (asked, made)


def _replaces(advice: Resource, reservation: Resource) -> bool:
    """Whether it is another reservation of the same kind."""
    is_other = not is_same(size(advice), size(reservation)) or advice.config.get("location") != reservation.config.get(
        "location"
    )
    kind = str(own(reservation).get("reservedResourceType"))
    return is_of(advice, RESERVATION) and bool(size(advice)) and is_other and is_same(resource_type(advice), kind)


def _used_percent(reservation: Resource) -> Decimal | None:
    for one in (own(reservation).get("utilization") or {}).get("aggregates") or ():
        if one.get("grain") == GRAIN and one.get("grainUnit") == "days" and one.get("value") is not None:
            return Decimal(str(one["value"]))
    return None


def _reservation(value: float | None, state: str = "Succeeded") -> Resource:
    aggregates = [
        {"grain": 1.0, "grainUnit": "days", "value": 0.0},
        {"grain": 30.0, "grainUnit": "days", "value": value},
    ]
    return Resource(
        kind=ResourceKind.AZURE_RESERVATION,
        native_id="/providers/Microsoft.Capacity/reservationOrders/o1/reservations/r1",
        name="o1/r1",
        config={
            "sku": {"name": "Standard_D4s_v3"},
            "location": "westeurope",
            "properties": {
                "provisioningState": state,
                "quantity": 2,
                "reservedResourceType": "VirtualMachines",
                "utilization": {"aggregates": aggregates},
            },
        },
    )


_MOST = {"min_pct": 80}

UNDERUSED = Rule(
    id="azure-reservation-underused",
    title="Reservation is not used",
    description="A reservation is paid for whether it is used or not. It can be exchanged for one that is.",
    category=FindingCategory.FINOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AZURE_RESERVATION,
    permissions=("Microsoft.Capacity/reservationOrders/read", "Microsoft.Capacity/reservationOrders/reservations/read"),
    source="Reservation - List (utilization); Exchange - Post; Self-service exchanges and refunds",
    blind_spots="A wider scope or a resize of machines may put it to use without an exchange. Whether Azure takes the "
    "exchange shows when it is asked.",
    parameters=(
        Parameter(name="min_pct", default=80, meaning="Percent that must have been used in 30 days.", most=WHOLE),
    ),
    needs=("properties",),
    also_reads=(ResourceKind.AZURE_RECOMMENDATION,),
    check=is_underused,
    group="commitment",
    remedy=Remedy(
        says="Exchanges it for the reservation that Azure recommends most.",
        plan=exchange,
        reversible=Reversible.NO,
        loses="The old reservation does not come back, and the new one runs for a whole year.",
        permissions=("Microsoft.Capacity/calculateExchange/action", "Microsoft.Capacity/exchange/action"),
    ),
    examples=(
        # (1 - 45/100) * 200 USD = 110 USD.
        fires(
            _reservation(45.0),
            advised(name="Standard_D4s_v3"),
            advised(),
            parameters=_MOST,
            bills={_reservation(0).native_id: usd(Decimal(200))},
        ),
        fires(_reservation(45.0), advised(resourceType="sqlDatabases"), parameters=_MOST),
        quiet(_reservation(80.0), parameters=_MOST),
        quiet(_reservation(None), parameters=_MOST),
        quiet(_reservation(45.0, "Cancelled"), parameters=_MOST),
    ),
)
