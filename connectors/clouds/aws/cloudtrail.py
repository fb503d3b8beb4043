"""Trails with whether they record, and what."""

from collections.abc import Mapping
from typing import Any

from connectors.clouds.aws import fields
from connectors.reading.listing import Detail, Item, Listing, Place, at, first
from domain.facts.resource import Resource, ResourceKind

KIND = ResourceKind.AWS_CLOUDTRAIL_TRAIL
# The part of a trail's status that changes only when somebody changes it; delivery times change all day.
STATUS_FIELDS = ("IsLogging", "StartLoggingTime", "StopLoggingTime", "LatestDeliveryError")
SELECTOR_FIELDS = ("EventSelectors", "AdvancedEventSelectors")
TRAILS = fields.call("cloudtrail.describe_trails", "cloudtrail:DescribeTrails")


def at_home(trail: Item, place: Place) -> Place:
    """Only the region a trail belongs to knows all about it."""
    return place.inside(trail["HomeRegion"])


def parse_trail(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
    """A trail by ARN, in its home region. A status that could not be read leaves no IsLogging, selectors that could not
    be read leave none of their fields; the field of the sort that a trail has not is None.

    Source: CloudTrail DescribeTrails, GetTrailStatus, GetEventSelectors, ListTags.
    """
    status, selectors = details.get("Status") or {}, details.get("Selectors")
    kept = {field: status[field] for field in STATUS_FIELDS if field in status}
    kept |= {} if selectors is None else {field: selectors.get(field) for field in SELECTOR_FIELDS}
    tags = {"Tags": details["Tags"]} if "Tags" in details else {}
    return fields.resource(KIND, "TrailARN", name="Name")(item, {**kept, **tags}, at_home(item, place))


DETAILS = (
    Detail(
        key="Status",
        operation=fields.call("cloudtrail.get_trail_status", "cloudtrail:GetTrailStatus"),
        arguments=lambda trail, _: {"Name": trail["TrailARN"]},
        place=at_home,
    ),
    Detail(
        key="Selectors",
        operation=fields.call("cloudtrail.get_event_selectors", "cloudtrail:GetEventSelectors"),
        arguments=lambda trail, _: {"TrailName": trail["TrailARN"]},
        place=at_home,
    ),
    # A trail of the organization has its tags in the organization's account, and this may be another one.
    Detail(
        key="Tags",
        operation=fields.call("cloudtrail.list_tags", "cloudtrail:ListTags"),
        arguments=lambda trail, _: {"ResourceIdList": [trail["TrailARN"]]},
        pick=lambda pages: first("ResourceTagList")(pages)[0].get("TagsList"),
        applies=lambda trail: not trail.get("IsOrganizationTrail"),
        place=at_home,
    ),
)
LISTINGS = (
    # Every region shows the trails over many regions, wherever they belong: also outside the regions that are read.
    Listing(
        operation=TRAILS,
        items=at("trailList"),
        keeps=lambda trail, _: bool(trail["IsMultiRegionTrail"]),
        kind=KIND,
        parse=parse_trail,
        details=DETAILS,
    ),
    Listing(
        operation=TRAILS,
        arguments=lambda _: {"includeShadowTrails": False},
        items=at("trailList"),
        keeps=lambda trail, _: not trail["IsMultiRegionTrail"],
        kind=KIND,
        parse=parse_trail,
        details=DETAILS,
        is_regional=True,
    ),
)
