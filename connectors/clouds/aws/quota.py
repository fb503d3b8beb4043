"""Limits of the account in each region, for the services it grows in; AWS's audit reports and agreements with it."""

from collections.abc import Sequence
from typing import Any

from connectors.clouds.aws import fields, metrics
from connectors.reading.listing import Batch, Item, Listing, Place, at

# The services whose limits stop a growing application first. Source: "AWS service quotas" of the general reference.
SERVICES = ("ec2", "vpc", "ebs", "elasticloadbalancing", "lambda", "rds")


def is_measured(quota: Item) -> bool:
    """Whether AWS says by which metric the use of a quota is measured."""
    return bool((quota.get("UsageMetric") or {}).get("MetricName"))


def usage(quotas: Sequence[Item], place: Place) -> dict[str, Any]:
    """The most of each that was used on the last whole day. Source: Service Quotas API reference, MetricInfo."""
    return {
        "MetricDataQueries": [_query(number, quota["UsageMetric"]) for number, quota in enumerate(quotas)],
        **metrics.whole_days(place, 1),
    }


def _query(number: int, measure: Item) -> dict[str, Any]:
    wanted = metrics.Metric(measure["MetricName"], measure.get("MetricStatisticRecommendation") or "Maximum")
    return metrics.query(f"q{number}", "", measure["MetricNamespace"], wanted, measure["MetricDimensions"])


LISTINGS = (
    Listing(
        operation=fields.call(
            "service-quotas.list_service_quotas",
            "servicequotas:ListServiceQuotas",
            absent=("NoSuchResourceException",),
            page_size=100,
        ),
        arguments=lambda _: [{"ServiceCode": service} for service in SERVICES],
        items=at("Quotas"),
        batches=(
            Batch(
                key="Usage",
                operation=metrics.METRIC_DATA,
                size=metrics.QUERIES_AT_MOST,
                arguments=usage,
                values=metrics.series_of,
                applies=is_measured,
            ),
        ),
        is_regional=True,
    ),
    Listing(
        operation=fields.call("artifact.list_reports", "artifact:ListReports", region="us-east-1"),
        items=at("reports"),
    ),
    Listing(
        operation=fields.call(
            "artifact.list_customer_agreements", "artifact:ListCustomerAgreements", region="us-east-1"
        ),
        items=at("customerAgreements"),
    ),
)
