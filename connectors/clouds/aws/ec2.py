"""Instances, volumes, elastic addresses and security groups of one region."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from connectors.clouds.aws import fields, survey
from domain.facts.resource import Resource, ResourceKind

Parse = Callable[[list[dict[str, Any]], str], list[Resource]]
# The most that DescribeVolumes takes in one page; the others take 1000.
PAGE_SIZE = 500


async def fetch_region(run: survey.Run, region: str) -> list[Resource]:
    """Four steps: one for each list."""
    reader = await run.session.reader("ec2", region)
    resources: list[Resource] = []
    for operation, key, kind, parse in LISTS:
        items = await run.whole_list(reader, operation, key, (kind,), region, page_size=PAGE_SIZE)
        resources += run.parsed(reader, kind, region, partial(parse, items, region))
        await run.advance("ec2")
    return resources


def parse_instances(reservations: list[dict[str, Any]], region: str) -> list[Resource]:
    """Every instance that still exists; terminated ones are listed by AWS for an hour and left out here.

    `created_at` is the earliest of launch (renewed by each start) and attachments. Source: EC2 DescribeInstances.
    """
    instances = [instance for reservation in reservations for instance in reservation.get("Instances") or []]
    return [
        _resource(ResourceKind.AWS_EC2_INSTANCE, instance["InstanceId"], instance, region, _first_seen(instance))
        for instance in instances
        if (instance.get("State") or {}).get("Name") != "terminated"
    ]


def parse_volumes(volumes: list[dict[str, Any]], region: str) -> list[Resource]:
    """Source: EC2 DescribeVolumes."""
    return [
        _resource(ResourceKind.AWS_EBS_VOLUME, volume["VolumeId"], volume, region, volume.get("CreateTime"))
        for volume in volumes
    ]


def parse_addresses(addresses: list[dict[str, Any]], region: str) -> list[Resource]:
    """By allocation id. Fields that AWS leaves out are absent; a stand-in's empty text counts as left out.

    Source: EC2 DescribeAddresses, which gives no times.
    """
    given = [{key: value for key, value in address.items() if value != ""} for address in addresses]
    return [
        _resource(ResourceKind.AWS_EC2_ADDRESS, address["AllocationId"], address, region, None, address["PublicIp"])
        for address in given
    ]


def parse_security_groups(groups: list[dict[str, Any]], region: str) -> list[Resource]:
    """Source: EC2 DescribeSecurityGroups, which gives no times."""
    return [
        _resource(ResourceKind.AWS_SECURITY_GROUP, group["GroupId"], group, region, None, group["GroupName"])
        for group in groups
    ]


LISTS: tuple[tuple[str, str, ResourceKind, Parse], ...] = (
    ("describe_instances", "Reservations", ResourceKind.AWS_EC2_INSTANCE, parse_instances),
    ("describe_volumes", "Volumes", ResourceKind.AWS_EBS_VOLUME, parse_volumes),
    ("describe_addresses", "Addresses", ResourceKind.AWS_EC2_ADDRESS, parse_addresses),
    ("describe_security_groups", "SecurityGroups", ResourceKind.AWS_SECURITY_GROUP, parse_security_groups),
)


def _resource(
    kind: ResourceKind, native_id: str, item: dict[str, Any], region: str, created_at: Any, name: str | None = None
) -> Resource:
    tags = fields.tags_of(item.get("Tags"))
    return Resource(
        kind=kind,
        native_id=native_id,
        name=name or tags.get("Name") or native_id,
        region=region,
        tags=tags,
        config=fields.config_of(item),
        created_at=fields.utc(created_at),
    )


def _first_seen(instance: dict[str, Any]) -> datetime | None:
    mappings = [mapping.get("Ebs") or {} for mapping in instance.get("BlockDeviceMappings") or []]
    network = [card.get("Attachment") or {} for card in instance.get("NetworkInterfaces") or []]
    times = [instance.get("LaunchTime"), *(one.get("AttachTime") for one in mappings + network)]
    return min((time for time in times if time is not None), default=None)
