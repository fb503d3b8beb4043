"""Trails with whether they record."""

from collections.abc import Mapping
from typing import Any

from connectors.clouds.aws import fields
from connectors.reading.listing import Detail, Item, Listing, Place, at, first
from domain.facts.resource import Resource, ResourceKind

KIND = ResourceKind.AWS_CLOUDTRAIL_TRAIL
# The part of a trail's status that changes only when somebody changes it; delivery times change all day.
STATUS_FIELDS = ("IsLogging", "StartLoggingTime", "StopLoggingTime", "LatestDeliveryError")


def at_home(trail: Item, place: Place) -> bool:
    """A trail over many regions is listed in each of them; it is read once, in the region it belongs to."""
    return bool(trail["HomeRegion"] == place.region)


def parse_trail(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
    """A trail by ARN. A status that could not be read leaves no IsLogging.

    Source: CloudTrail DescribeTrails, GetTrailStatus, ListTags.
    """
    status = details.get("Status") or {}
    lasting = {field: status[field] for field in STATUS_FIELDS if field in status}
    others = {key: value for key, value in details.items() if key != "Status"}
    return fields.resource(KIND, "TrailARN", name="Name")(item, {**lasting, **others}, place)


LISTINGS = (
    Listing(
        operation=fields.call("cloudtrail.describe_trails", "cloudtrail:DescribeTrails"),
        items=at("trailList"),
        keeps=at_home,
        kind=KIND,
        parse=parse_trail,
        details=(
            Detail(
                key="Status",
                operation=fields.call("cloudtrail.get_trail_status", "cloudtrail:GetTrailStatus"),
                arguments=lambda trail, _: {"Name": trail["TrailARN"]},
            ),
            Detail(
                key="Tags",
                operation=fields.call("cloudtrail.list_tags", "cloudtrail:ListTags"),
                arguments=lambda trail, _: {"ResourceIdList": [trail["TrailARN"]]},
                pick=lambda pages: first("ResourceTagList")(pages)[0].get("TagsList"),
            ),
        ),
        is_regional=True,
    ),
)
