"""Recommendations of AWS to save money, as resources, whichever of its services makes them."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.clouds.aws import fields
from connectors.reading.listing import COST, Operation, Place
from domain.facts.resource import Resource, ResourceKind

KIND = ResourceKind.AWS_RECOMMENDATION
# What is read only as often as costs are: Cost Explorer takes 0.01 USD for a call, and the others change once a day.
CADENCE = COST


def cost_explorer(method: str, permission: str) -> Operation:
    """A call of Cost Explorer. Somebody has to open it once before it answers, and until then it gives the code of a
    missing permission. Without a reservation or a plan, or on an account's first day, it has nothing to tell.
    """
    return fields.call(
        f"ce.{method}",
        f"ce:{permission}",
        absent=("DataUnavailableException",),
        off=("AccessDeniedException: not enabled for cost explorer",),
        plan="Cost Explorer, switched on in the account",
        cadence=CADENCE,
    )


def saving(amount: Any, currency: Any) -> dict[str, str] | None:
    """What it would save in a month, as text; None where AWS does not say. Raises ValueError for what is no amount."""
    if amount is None:
        return None
    try:
        value = Decimal(str(amount))
    except InvalidOperation as error:
        raise ValueError(f"an amount like {str(amount)[:40]!r}") from error
    if not value.is_finite():
        raise ValueError("an amount that has no end")
    return {"Amount": str(value), "Currency": str(currency or "USD")}


def recommendation(
    native_id: str, name: str, item: Mapping[str, Any], place: Place, saved: dict[str, str] | None
) -> Resource:
    """By an id that stays the same from day to day. EstimatedMonthlySaving is what AWS estimates."""
    return Resource(
        kind=KIND,
        native_id=native_id,
        name=name,
        region=place.region,
        tags=fields.tags_of(item.get("tags")),
        config={**fields.config_of(item), "EstimatedMonthlySaving": saved},
    )
