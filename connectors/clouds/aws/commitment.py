"""The Savings Plans, and how far they and the reservations are used."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors.clouds.aws import fields, saving
from connectors.reading.listing import Answer, Item, Listing, Parse, Place, at
from domain.facts.resource import Resource, ResourceKind

PLAN, USE = ResourceKind.AWS_SAVINGS_PLAN, ResourceKind.AWS_COMMITMENT_USE
LOOKBACK = timedelta(days=30)
# Those that end or are returned are over. Source: Savings Plans API reference, SavingsPlan.
RUNNING = ("active", "queued", "payment-pending")


def last_days(place: Place) -> dict[str, Any]:
    """The last 30 whole days. Days of Cost Explorer are UTC, and the end is not part of it."""
    today = place.now.date()
    return {"TimePeriod": {"Start": (today - LOOKBACK).isoformat(), "End": today.isoformat()}}


def used_reservations(page: Answer) -> list[Item]:
    """One for each reservation. Source: Cost Explorer GetReservationUtilization, grouped by subscription."""
    return [group for period in at("UtilizationsByTime")(page) for group in at("Groups")(period)]


def parse_total(native_id: str, field: str) -> Parse:
    """Makes one resource of all Savings Plans together."""

    def parse(item: Item, _: Mapping[str, Any], __: Place) -> Resource:
        return Resource(kind=USE, native_id=native_id, name=native_id, config={field: item[field]})

    return parse


LISTINGS = (
    Listing(
        operation=fields.call("savingsplans.describe_savings_plans", "savingsplans:DescribeSavingsPlans"),
        arguments=lambda _: {"states": list(RUNNING)},
        items=at("savingsPlans"),
        kind=PLAN,
        parse=fields.resource(PLAN, "savingsPlanArn", name="savingsPlanId", created="start", is_global=True),
    ),
    Listing(
        operation=saving.cost_explorer("get_reservation_utilization", "GetReservationUtilization"),
        arguments=lambda place: {
            **last_days(place),
            "GroupBy": [{"Type": "DIMENSION", "Key": "SUBSCRIPTION_ID"}],
        },
        items=used_reservations,
        kind=USE,
        parse=fields.resource(USE, "Value", is_global=True),
    ),
    Listing(
        operation=saving.cost_explorer("get_savings_plans_utilization", "GetSavingsPlansUtilization"),
        arguments=last_days,
        items=lambda answer: [answer],
        kind=USE,
        parse=parse_total("Utilization of Savings Plans", "Total"),
    ),
    Listing(
        operation=saving.cost_explorer("get_savings_plans_coverage", "GetSavingsPlansCoverage"),
        arguments=last_days,
        items=lambda answer: [answer],
        kind=USE,
        parse=parse_total("Coverage by Savings Plans", "SavingsPlansCoverages"),
    ),
)
