"""Azure Monitor: figures, alerts, who is told, autoscale, log workspaces, and where logs are sent."""

from collections.abc import Callable
from datetime import datetime, timedelta

from connectors.clouds.azure import call, shape
from connectors.reading.listing import Arguments, Detail, Item, Listing, Place, at, everywhere, joined
from domain.facts.resource import ResourceKind

VALUE = at("value")
# They move by themselves, and change nothing about what they are measured at.
FIGURES = frozenset({"metrics"})
METRICS = call.under("Microsoft.Insights/metrics", "/providers/Microsoft.Insights/metrics", "2024-02-01")
DIAGNOSTIC_SETTINGS = call.arm(
    "GET Microsoft.Insights/diagnosticSettings",
    "{+id}/providers/Microsoft.Insights/diagnosticSettings",
    "2021-05-01-preview",
)


def metrics(
    names: Callable[[Item], str],
    *,
    days: int,
    below: str = "",
    query: dict[str, str] | None = None,
    applies: Callable[[Item], bool] = everywhere,
) -> Detail:
    """The hourly figures of a thing over the last days, all of these names (comma-separated) in one call.

    `below` follows the id of the thing when the figures are those of something under it.
    """

    def arguments(item: Item, place: Place) -> Arguments:
        span = f"{_hour(place.now - timedelta(days=days))}/{_hour(place.now)}"
        aggregation = "Average,Maximum,Total"
        asked = {"metricnames": names(item), "timespan": span, "interval": "PT1H", "aggregation": aggregation}
        return {"id": f"{item['id']}{below}", **asked, **(query or {})}

    return Detail(key="metrics", operation=METRICS, arguments=arguments, pick=joined("value"), applies=applies)


def _hour(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:00:00Z")


LOGGING = Detail(key="diagnosticSettings", operation=DIAGNOSTIC_SETTINGS, arguments=shape.by_id, pick=joined("value"))

LISTINGS = (
    Listing(
        # What is sent along with a hook may be the key to it.
        operation=call.listed(
            "Microsoft.Insights/activityLogAlerts", "2020-10-01", hidden=call.without("webhookProperties")
        ),
        items=VALUE,
        kind=ResourceKind.AZURE_ACTIVITY_ALERT,
        parse=shape.parsed(ResourceKind.AZURE_ACTIVITY_ALERT),
    ),
    Listing(
        # The addresses of hooks carry their secrets.
        operation=call.listed(
            "Microsoft.Insights/actionGroups",
            "2023-01-01",
            hidden=call.without("serviceUri", "callbackUrl", "httpTriggerUrl"),
        ),
        items=VALUE,
        kind=ResourceKind.AZURE_ACTION_GROUP,
        parse=shape.parsed(ResourceKind.AZURE_ACTION_GROUP),
    ),
    Listing(
        operation=call.listed("Microsoft.Insights/autoscaleSettings", "2022-10-01", hidden=call.without("serviceUri")),
        items=VALUE,
        kind=ResourceKind.AZURE_AUTOSCALE_SETTING,
        parse=shape.parsed(ResourceKind.AZURE_AUTOSCALE_SETTING),
    ),
    Listing(
        operation=call.listed("Microsoft.OperationalInsights/workspaces", "2025-07-01"),
        items=VALUE,
        kind=ResourceKind.AZURE_LOG_WORKSPACE,
        parse=shape.parsed(ResourceKind.AZURE_LOG_WORKSPACE),
    ),
)
