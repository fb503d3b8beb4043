"""What is spent, as far as AWS watches it: daily costs, anomaly monitors, budgets."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from connectors.clouds.aws import commitment, fields, saving
from connectors.reading.listing import Answer, Arguments, Batch, Detail, Item, Listing, Place, at, joined
from domain.facts.resource import ResourceKind

MONTHS = 3
MONITOR, BUDGET = ResourceKind.AWS_ANOMALY_MONITOR, ResourceKind.AWS_BUDGET


def subscriptions(monitors: Sequence[Item], pages: Sequence[Answer]) -> list[list[Any]]:
    """Who hears of each monitor. One call tells of all, so it is asked once for many."""
    every = joined("AnomalySubscriptions")(pages)
    return [[one for one in every if monitor["MonitorArn"] in one.get("MonitorArnList", ())] for monitor in monitors]


def last_months(place: Place) -> dict[str, Any]:
    """The last three months that are over. The end is not part of it."""
    this = place.now.date().replace(day=1)
    year, month = divmod(this.year * 12 + this.month - 1 - MONTHS, 12)
    return {"TimePeriod": {"Start": date(year, month + 1, 1).isoformat(), "End": this.isoformat()}}


def costs(place: Place) -> list[Arguments]:
    """What each service cost on each day; how much CloudFront was used, by where its edges stand; and what each service
    cost in each month, by type of record, such as usage or credit.
    """
    return [
        {
            **commitment.last_days(place),
            "Granularity": "DAILY",
            "Metrics": ["UnblendedCost", "AmortizedCost"],
            "GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}],
        },
        {
            **commitment.last_days(place),
            "Granularity": "MONTHLY",
            "Metrics": ["UsageQuantity"],
            "Filter": {"Dimensions": {"Key": "SERVICE", "Values": ["Amazon CloudFront"]}},
            "GroupBy": [{"Type": "DIMENSION", "Key": "USAGE_TYPE"}],
        },
        {
            **last_months(place),
            "Granularity": "MONTHLY",
            "Metrics": ["UnblendedCost"],
            "GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}, {"Type": "DIMENSION", "Key": "RECORD_TYPE"}],
        },
    ]


LISTINGS = (
    Listing(
        operation=saving.cost_explorer("get_cost_and_usage", "GetCostAndUsage"),
        arguments=costs,
        items=at("ResultsByTime"),
    ),
    Listing(
        operation=saving.cost_explorer("get_anomaly_monitors", "GetAnomalyMonitors"),
        items=at("AnomalyMonitors"),
        kind=MONITOR,
        parse=fields.resource(MONITOR, "MonitorArn", name="MonitorName", is_global=True),
        batches=(
            Batch(
                key="AnomalySubscriptions",
                operation=saving.cost_explorer("get_anomaly_subscriptions", "GetAnomalySubscriptions"),
                size=50,
                arguments=lambda _, __: {},
                values=subscriptions,
            ),
        ),
    ),
    Listing(
        # An account without a budget gets an answer without the list.
        operation=fields.call("budgets.describe_budgets", "budgets:ViewBudget", may_be_empty=True),
        arguments=lambda place: {"AccountId": place.account_id},
        items=at("Budgets"),
        kind=BUDGET,
        parse=fields.resource(BUDGET, "BudgetName", is_global=True),
        details=(
            Detail(
                key="Notifications",
                operation=fields.call(
                    "budgets.describe_notifications_for_budget",
                    "budgets:ViewBudget",
                    absent=("NotFoundException",),
                    may_be_empty=True,
                ),
                arguments=lambda budget, place: {"AccountId": place.account_id, "BudgetName": budget["BudgetName"]},
                pick=joined("Notifications"),
            ),
        ),
    ),
)
