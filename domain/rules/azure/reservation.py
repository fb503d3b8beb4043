"""Reservations that would pay."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Look, Step, answer
from domain.rules.azure_purchase import (
    RESERVATION,
    advised,
    amount,
    is_of,
    monthly_saving,
    offer,
    purchase,
    quantity,
    size,
)
from domain.rules.azure_resource import own
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

ORDER = "Microsoft.Capacity/reservationOrders/{reservationOrderId}"


def would_pay(advice: Resource, context: RuleContext) -> Observation | None:
    """Fires on a recommended reservation that saves more than `min_saving` over the last 30 days."""
    saved = amount(own(advice).get("netSavings"))
    if not is_of(advice, RESERVATION) or not size(advice) or saved <= context.parameters["min_saving"]:
        return None
    return Observation(
        reason=f"A reservation of {offer(advice)} ({advice.name}) would have saved {saved:.2f} in the last 30 days.",
        observed={"sku": size(advice), "quantity": quantity(advice), "netSavings": float(saved)},
        **monthly_saving(saved, _price(advice).get("currencyCode"), "netSavings"),
    )


def buy(advice: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Azure is asked for a price once more, which gives the number of the order, and the order is placed."""
    price = _price(advice)
    if not price:
        raise NoPlan("Azure gave no price for it: without a price nothing is bought.")
    body, order = purchase(advice), answer("price", "properties.reservationOrderId")
    asked = Step(
        name="price",
        says=f"Ask Azure for the price of {offer(advice)}. Nothing is bought yet.",
        call=Call(operation="POST Microsoft.Capacity/calculatePrice", arguments=body),
    )
    cost = f"{price['amount']} {price['currencyCode']}"
    bought = Step(
        name="buy",
        says=f"Buy a reservation of {offer(advice)} for a year, paid by the month, for all subscriptions of the "
        f"billing account; Azure named {cost} for it, without tax.",
        call=Call(operation=f"PUT {ORDER}", arguments={"reservationOrderId": order, **body}),
        found=Look(call=Call(operation=f"GET {ORDER}", arguments={"reservationOrderId": order}), path=""),
        undo=_returned(quantity(advice)),
    )
    return (asked, bought)


def _returned(count: int) -> tuple[Step, ...]:
    """What is asked for a return, and the return."""
    returned = {"reservationId": answer("buy", "properties.reservations.0.id"), "quantity": count}
    order = answer("buy", "name")
    asked = Step(
        name="refund",
        says="Ask Azure what it gives back for the reservation.",
        call=Call(
            operation=f"POST {ORDER}/calculateRefund",
            arguments={
                "reservationOrderId": order,
                "id": answer("buy", "id"),
                "properties": {"scope": "Reservation", "reservationToReturn": returned},
            },
        ),
    )
    given_back = Step(
        name="return",
        says="Return the reservation. Azure gives back what is left of it, up to 50000 USD within twelve months.",
        call=Call(
            operation=f"POST {ORDER}/return",
            arguments={
                "reservationOrderId": order,
                "properties": {
                    "sessionId": answer("refund", "properties.sessionId"),
                    "scope": "Reservation",
                    "reservationToReturn": returned,
                    "returnReason": "Taken back in CloudWatcher",
                },
            },
        ),
    )
    return (asked, given_back)


def _price(advice: Resource) -> dict[str, Any]:
    """What Azure asked for it, with its currency."""
    told = (advice.config.get("price") or {}).get("properties") or {}
    return told.get("billingCurrencyTotal") or {}


_FIFTY = {"min_saving": 50}

PURCHASE = Rule(
    id="azure-reservation-purchase",
    title="Reservation would pay",
    description="What runs all the time costs less when it is reserved for a year.",
    category=FindingCategory.FINOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AZURE_RECOMMENDATION,
    permissions=(
        "Microsoft.Capacity/calculatePrice/action",
        "Microsoft.Consumption/reservationRecommendations/read",
    ),
    source="Reservation Recommendations - List; Reservation Order - Calculate",
    blind_spots="Azure looks back 30 days: what is going to be switched off, or made smaller by another finding, is "
    "counted in. Savings plans for the same use are recommended beside it; only one of both pays.",
    parameters=(
        Parameter(name="min_saving", default=50, meaning="What it must have saved in 30 days, in billing currency."),
    ),
    needs=("properties",),
    check=would_pay,
    group="commitment",
    remedy=Remedy(
        says="Buys the reservation for a year, paid by the month.",
        plan=buy,
        reversible=Reversible.PARTLY,
        loses="Azure gives back what is left of the year, for 50000 USD within twelve months and billing scope.",
        permissions=(
            "Microsoft.Capacity/reservationOrders/calculateRefund/action",
            "Microsoft.Capacity/reservationOrders/read",
            "Microsoft.Capacity/reservationOrders/return/action",
            "Microsoft.Capacity/reservationOrders/write",
        ),
    ),
    examples=(
        # 57.50 USD * 30.4167 / 30 = 58.30 USD.
        fires(advised(), parameters=_FIFTY),
        fires(advised({"value": 57.5, "currency": "EUR"}, price="EUR"), parameters=_FIFTY),
        fires(advised(price=None), parameters=_FIFTY),
        quiet(advised(49.0), parameters=_FIFTY),
        quiet(advised(term="P3Y"), parameters=_FIFTY),
    ),
)
