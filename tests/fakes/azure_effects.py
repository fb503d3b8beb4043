"""What some calls do in the stand-in for Azure beyond keeping what they were sent: databases, and what is bought."""

from pathlib import Path
from typing import Any

from tests.fakes.azure_cloud import Cloud, merged

CAPACITY = "/providers/Microsoft.Capacity"
# Sizes in DTUs, as databases are asked for and then printed.
DTUS = {"S0": 10, "S1": 20, "S2": 50, "S3": 100}
WHEN = "2026-11-26T12:00:00Z"


def new_cloud(description: Path) -> Cloud:
    """An empty one, held against this description of Azure."""
    cloud = Cloud(description)
    cloud.special = {
        "PATCH microsoft.sql/servers/databases": lambda path, body: _resized(cloud, path, body),
        "POST microsoft.sql/servers/databases/pause": lambda path, _: _paused(cloud, path, "Paused"),
        "POST microsoft.sql/servers/databases/resume": lambda path, _: _paused(cloud, path, "Online"),
        "POST microsoft.capacity/calculateprice": lambda _, body: _priced(cloud, body),
        "PUT microsoft.capacity/reservationorders": lambda path, body: _bought(cloud, path, body),
        "POST microsoft.capacity/reservationorders/calculaterefund": lambda _, body: _session(cloud, body),
        "POST microsoft.capacity/reservationorders/return": lambda path, body: _returned(cloud, path, body),
        "POST microsoft.capacity/calculateexchange": lambda _, body: _session(cloud, body),
        "POST microsoft.capacity/exchange": lambda _, body: _exchanged(cloud, body),
        "PUT microsoft.billingbenefits/savingsplanorderaliases": lambda path, body: _plan_bought(cloud, path, body),
    }
    cloud.shown = {
        # Azure works its recommendations out anew from what is bought by then.
        "microsoft.consumption/reservationrecommendations": lambda thing: not _is_reserved(cloud, thing),
        "microsoft.costmanagement/benefitrecommendations": lambda _: not _has_plan(cloud),
    }
    return cloud


def _resized(cloud: Cloud, path: str, body: dict[str, Any]) -> dict[str, Any]:
    sku = dict(body["sku"])
    if sku["name"] in DTUS:
        assert DTUS[sku["name"]] == sku["capacity"], sku
        sku["name"] = sku["tier"]
    cloud.things[path.lower()] = merged(cloud.things[path.lower()], {"sku": sku})
    return cloud.things[path.lower()]


def _paused(cloud: Cloud, path: str, state: str) -> dict[str, Any]:
    pool = cloud.things[path.lower().rpartition("/")[0]]
    times = {"pausedDate": WHEN} if state == "Paused" else {"resumedDate": WHEN}
    kept = {key: value for key, value in pool["properties"].items() if key not in ("pausedDate", "resumedDate")}
    pool["properties"] = {**kept, "status": state, **times}
    return pool


def _priced(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    order = f"order{len(cloud.quoted) + 1}"
    cloud.quoted[order] = body
    total = {"currencyCode": "USD", "amount": 1500.12}
    return {"properties": {"reservationOrderId": order, "billingCurrencyTotal": total}}


def _bought(cloud: Cloud, path: str, body: dict[str, Any]) -> dict[str, Any]:
    name = path.rpartition("/")[2]
    assert cloud.quoted[name] == body, "not what was priced"
    return _order(cloud, name, body)


def _order(cloud: Cloud, name: str, body: dict[str, Any]) -> dict[str, Any]:
    """An order with its one reservation."""
    native_id = f"{CAPACITY}/reservationOrders/{name}"
    wanted = {key: body["properties"][key] for key in ("quantity", "reservedResourceType", "billingPlan")}
    reservation = f"{native_id}/reservations/{name}-1"
    cloud.things[native_id.lower()] = {
        "id": native_id,
        "name": name,
        "type": "microsoft.capacity/reservationorders",
        "properties": {"provisioningState": "Succeeded", "reservations": [{"id": reservation}]},
    }
    cloud.things[reservation.lower()] = {
        "id": reservation,
        "name": f"{name}/{name}-1",
        "type": "microsoft.capacity/reservationorders/reservations",
        "sku": body["sku"],
        "location": body["location"],
        "properties": {"provisioningState": "Succeeded", **wanted},
    }
    return cloud.things[native_id.lower()]


def _session(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    session = f"session{len(cloud.quoted) + 1}"
    cloud.quoted[session] = body["properties"]
    return {"properties": {"sessionId": session}}


def _returned(cloud: Cloud, path: str, body: dict[str, Any]) -> dict[str, Any]:
    asked, given = cloud.quoted[body["properties"]["sessionId"]], body["properties"]["reservationToReturn"]
    assert asked["reservationToReturn"] == given
    _cancel(cloud, given["reservationId"])
    return cloud.things[path.lower().rpartition("/")[0]]


def _exchanged(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    session = body["properties"]["sessionId"]
    asked = cloud.quoted[session]
    for one in asked["reservationsToExchange"]:
        _cancel(cloud, one["reservationId"])
    orders = [_order(cloud, f"{session}-order", one)["id"] for one in asked["reservationsToPurchase"]]
    bought = [{"reservationOrderId": order, "status": "Succeeded"} for order in orders]
    return {"properties": {"sessionId": session, "reservationsToPurchase": bought}}


def _cancel(cloud: Cloud, reservation: str) -> None:
    cloud.things[reservation.lower()]["properties"]["provisioningState"] = "Cancelled"


def _plan_bought(cloud: Cloud, path: str, body: dict[str, Any]) -> dict[str, Any]:
    plan = cloud.put(path, body)
    plan["properties"]["savingsPlanOrderId"] = "/providers/Microsoft.BillingBenefits/savingsPlanOrders/plan1"
    return plan


def _of_kind(cloud: Cloud, kind: str) -> list[dict[str, Any]]:
    return [thing for thing in cloud.things.values() if thing["type"] == kind]


def _is_reserved(cloud: Cloud, advice: dict[str, Any]) -> bool:
    return any(
        one["sku"]["name"] == advice["sku"]
        and one["location"] == advice["location"]
        and one["properties"]["provisioningState"] == "Succeeded"
        for one in _of_kind(cloud, "microsoft.capacity/reservationorders/reservations")
    )


def _has_plan(cloud: Cloud) -> bool:
    return bool(_of_kind(cloud, "microsoft.billingbenefits/savingsplanorderaliases"))
