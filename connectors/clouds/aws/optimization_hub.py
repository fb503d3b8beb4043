"""What Cost Optimization Hub recommends, over all services and regions."""

from collections.abc import Mapping
from typing import Any

from connectors.clouds.aws import fields, optimizer, saving
from connectors.reading.listing import Item, Listing, Place, at
from domain.facts.resource import Resource

PLAN = "Cost Optimization Hub, enrolled in"
SERVICE = "cost-optimization-hub"
# It has an address in this region alone. Source: endpoints of the general reference, Cost Optimization Hub.
REGION = "us-east-1"


def parse_advice(item: Item, _: Mapping[str, Any], place: Place) -> Resource:
    """By the hub's own id. Its region, which may be any, is in the configuration: it is listed for the whole account.

    Source: Cost Optimization Hub ListRecommendations.
    """
    about = item.get("resourceArn") or item.get("resourceId") or item.get("currentResourceType") or "the account"
    saved = saving.saving(item.get("estimatedMonthlySavings"), item.get("currencyCode"))
    name = f"{item.get('actionType') or 'Change'} {about}"
    return saving.recommendation(f"{SERVICE}/{item['recommendationId']}", name, item, place, saved)


LISTINGS = (
    Listing(
        operation=fields.call(
            f"{SERVICE}.list_enrollment_statuses",
            f"{SERVICE}:ListEnrollmentStatuses",
            plan=PLAN,
            region=REGION,
            cadence=saving.CADENCE,
        ),
        items=optimizer.enrolled(PLAN, SERVICE),
        children=(
            Listing(
                operation=fields.call(
                    f"{SERVICE}.list_recommendations",
                    f"{SERVICE}:ListRecommendations",
                    plan=PLAN,
                    region=REGION,
                    page_size=100,
                    cadence=saving.CADENCE,
                ),
                items=at("items"),
                kind=saving.KIND,
                parse=parse_advice,
            ),
        ),
    ),
)
