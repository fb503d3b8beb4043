"""Costs and how to lower them: Cost Management, Consumption, Capacity and Advisor."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from connectors.clouds.azure import call, monitor, shape
from connectors.reading.listing import COST, Arguments, Detail, Item, Listing, Place, at
from connectors.rest.paging import body_link
from domain.facts.resource import Resource, ResourceKind

CADENCE = COST
CONSUMPTION_VERSION, COST_VERSION, CAPACITY_VERSION = "2024-08-01", "2025-03-01", "2022-11-01"
LOOK_BACK = "Last30Days"
# Source: "Understand Cost Management data", supported Microsoft Azure offers; the API answers with these words.
OFFER: dict[str, Any] = {
    "plan": "an offer that Cost Management supports",
    "off": frozenset({"MissingSubscriptionRegistration", "IndirectCostDisabled", "SubscriptionTypeNotSupported"}),
    "off_says": ("supports only", "offer type", "data is not supported"),
    "cadence": CADENCE,
}
RECOMMENDATION = ResourceKind.AZURE_RECOMMENDATION

# Read by the azure-mgmt-advisor library, which knows the path.
ADVISOR = call.service("Microsoft.Advisor/recommendations", "2020-01-01", client="advisor")
BUDGETS = call.service("Microsoft.Consumption/budgets", CONSUMPTION_VERSION, absent=frozenset({"204"}), **OFFER)
RESERVATION_ADVICE = call.service(
    # 204 says that there is nothing to recommend.
    "Microsoft.Consumption/reservationRecommendations",
    CONSUMPTION_VERSION,
    absent=frozenset({"204"}),
    **OFFER,
)
BENEFIT_ADVICE = call.service(
    "Microsoft.CostManagement/benefitRecommendations", COST_VERSION, absent=frozenset({"204"}), **OFFER
)
QUERY = call.arm(
    "POST Microsoft.CostManagement/query",
    "/subscriptions/{subscription}/providers/Microsoft.CostManagement/query",
    COST_VERSION,
    absent=frozenset({"204"}),
    next_page=body_link("properties.nextLink"),
    action="Microsoft.CostManagement/query/read",
    **OFFER,
)
PRICE = call.arm(
    "POST Microsoft.Capacity/calculatePrice",
    "/providers/Microsoft.Capacity/calculatePrice",
    CAPACITY_VERSION,
    action="Microsoft.Capacity/calculatePrice/action",
    cadence=CADENCE,
)
ORDERS = call.arm(
    "GET Microsoft.Capacity/reservationOrders",
    "/providers/Microsoft.Capacity/reservationOrders",
    CAPACITY_VERSION,
    cadence=CADENCE,
)
RESERVATIONS = call.under(
    "Microsoft.Capacity/reservationOrders/{reservationOrderId}/reservations",
    "/reservations",
    CAPACITY_VERSION,
    action="Microsoft.Capacity/reservationOrders/reservations/read",
    cadence=CADENCE,
)


def advice(item: Item, details: Mapping[str, Any], place: Place) -> Resource | None:
    """A recommendation, called by the problem it names where it names one."""
    found = shape.parsed(RECOMMENDATION)(item, details, place)
    problem = (shape.properties(item).get("shortDescription") or {}).get("problem")
    return found and found.model_copy(update={"name": problem or found.name})


def _reservation_advice(_: Place) -> Arguments:
    return {"$filter": f"properties/scope eq 'Shared' and properties/lookBackPeriod eq '{LOOK_BACK}'"}


def _benefit_advice(_: Place) -> Arguments:
    return {"$filter": f"properties/lookBackPeriod eq '{LOOK_BACK}' and properties/term eq 'P1Y'"}


def costs(place: Place) -> Arguments:
    """Each day's costs by service and resource group, of this month and the last one."""
    first = (place.now.replace(day=1) - timedelta(days=1)).replace(day=1)
    period = {"from": first.strftime("%Y-%m-%dT00:00:00Z"), "to": place.now.strftime("%Y-%m-%dT23:59:59Z")}
    grouping = [{"type": "Dimension", "name": name} for name in ("ServiceName", "ResourceGroupName")]
    total = {"totalCost": {"name": "Cost", "function": "Sum"}}
    dataset = {"granularity": "Daily", "aggregation": total, "grouping": grouping}
    return {"type": "ActualCost", "timeframe": "Custom", "timePeriod": period, "dataset": dataset}


def is_worth_it(item: Item) -> bool:
    """Whether the reservation would save something and can be priced: prices need a size and how many."""
    own = shape.properties(item)
    return bool(_number(own.get("netSavings")) > 0 and own.get("recommendedQuantity") and _size(item))


def _number(value: Any) -> float:
    """Newer subscriptions write an amount with its currency."""
    amount = value.get("value") if isinstance(value, dict) else value
    return float(amount or 0)


def _size(item: Item) -> str:
    sku = item.get("sku")
    return str((sku.get("name") if isinstance(sku, dict) else sku) or shape.properties(item).get("skuName") or "")


def purchase(item: Item, place: Place) -> Arguments:
    """The purchase that a recommendation means, for its price; nothing is bought."""
    own = shape.properties(item)
    wanted = {
        "reservedResourceType": own.get("resourceType") or "VirtualMachines",
        "billingScopeId": f"/subscriptions/{place.account_id}",
        "term": own.get("term") or "P1Y",
        "billingPlan": "Monthly",
        "quantity": max(1, round(_number(own["recommendedQuantity"]))),
        "displayName": "price",
        "appliedScopeType": "Shared",
    }
    return {"sku": {"name": _size(item)}, "location": item.get("location"), "properties": wanted}


def _list(operation: Any, **given: Any) -> Listing:
    return Listing(operation=operation, items=monitor.VALUE, kind=RECOMMENDATION, parse=advice, **given)


LISTINGS: Sequence[Listing] = (
    _list(ADVISOR),
    _list(
        RESERVATION_ADVICE,
        arguments=_reservation_advice,
        details=(Detail(key="price", operation=PRICE, arguments=purchase, applies=is_worth_it),),
        # Each time a price is asked for, Azure gives the order another number.
        volatile=frozenset({"price.properties.reservationOrderId"}),
    ),
    _list(BENEFIT_ADVICE, arguments=_benefit_advice),
    Listing(
        operation=BUDGETS,
        items=monitor.VALUE,
        kind=ResourceKind.AZURE_BUDGET,
        parse=shape.parsed(ResourceKind.AZURE_BUDGET),
    ),
    Listing(operation=QUERY, items=at("properties.rows"), arguments=costs),
    Listing(
        operation=ORDERS,
        items=monitor.VALUE,
        children=(
            Listing(
                operation=RESERVATIONS,
                items=monitor.VALUE,
                kind=ResourceKind.AZURE_RESERVATION,
                parse=shape.parsed(ResourceKind.AZURE_RESERVATION),
                arguments=shape.below,
            ),
        ),
    ),
)
