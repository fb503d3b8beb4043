"""Trails with whether they record."""

from typing import Any

from connectors.clouds.aws import fields, session, survey
from connectors.guard import together
from domain.facts.resource import Resource, ResourceKind

KIND = ResourceKind.AWS_CLOUDTRAIL_TRAIL
# The part of a trail's status that changes only when somebody changes it; delivery times change all day.
STATUS_FIELDS = ("IsLogging", "StartLoggingTime", "StopLoggingTime", "LatestDeliveryError")


async def fetch_trails(run: survey.Run, regions: tuple[str, ...]) -> list[Resource]:
    """One step for each region.

    A trail over many regions is listed in each of them, and told apart by its ARN. A region that cannot be read hides
    trails of any region, because a trail may belong to a region outside `regions`.
    """
    found = await together(_fetch_region(run, region) for region in regions)
    by_arn: dict[str, tuple[session.AwsReader, dict[str, Any]]] = {}
    for reader, trail in (pair for pairs in found for pair in pairs):
        arn = trail.get("TrailARN", "")
        if arn not in by_arn or reader.region == trail.get("HomeRegion"):
            by_arn[arn] = (reader, trail)
    read = await together(_fetch_trail(run, reader, trail) for reader, trail in by_arn.values())
    return [trail for trails in read for trail in trails]


def parse_trail(listed: dict[str, Any], status: dict[str, Any] | None, tags: list[dict[str, str]] | None) -> Resource:
    """A trail by ARN, in its home region. `status` None: it could not be read, so the config has no IsLogging.

    Source: CloudTrail DescribeTrails, GetTrailStatus, ListTags.
    """
    lasting = {field: status[field] for field in STATUS_FIELDS if field in status} if status is not None else {}
    return Resource(
        kind=KIND,
        native_id=listed["TrailARN"],
        name=listed["Name"],
        region=listed["HomeRegion"],
        tags=fields.tags_of(tags),
        config=fields.config_of({**listed, **lasting}),
    )


async def _fetch_region(run: survey.Run, region: str) -> list[tuple[session.AwsReader, dict[str, Any]]]:
    reader = await run.session.reader("cloudtrail", region)
    listed = await run.whole_list(reader, "describe_trails", "trailList", (KIND,), None)
    await run.advance("cloudtrail")
    return [(reader, trail) for trail in listed]


async def _fetch_trail(run: survey.Run, reader: session.AwsReader, listed: dict[str, Any]) -> list[Resource]:
    # A trail that is listed outside its home region must be asked for by ARN (GetTrailStatus, parameter Name).
    arn, region = listed.get("TrailARN", ""), listed.get("HomeRegion")
    status = await run.detail(reader.call("get_trail_status", Name=arn), region)
    known = None if isinstance(status, survey.Unread) else status
    tags = await _fetch_tags(run, reader, arn) if reader.region == region else None
    return run.parsed(reader, KIND, None, lambda: [parse_trail(listed, known, tags)])


async def _fetch_tags(run: survey.Run, reader: session.AwsReader, arn: str) -> list[dict[str, str]] | None:
    """None where they could not be read; only the home region of a trail knows them."""
    answer = await run.detail(reader.call("list_tags", ResourceIdList=[arn]), reader.region)
    lists = answer.get("ResourceTagList") if isinstance(answer, dict) else None
    return lists[0].get("TagsList") if lists else None
