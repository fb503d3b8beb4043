"""Instances, disks, images and addresses of EC2."""

from collections.abc import Mapping
from typing import Any

from connectors.clouds.aws.fields import call, resource
from connectors.reading.listing import Item, Listing, Parse, Place, at
from domain.facts.resource import Resource, ResourceKind

# The most that EC2 takes in one page of these lists.
PAGE_SIZE = 500
INSTANCE = ResourceKind.AWS_EC2_INSTANCE


def instances_of(answer: dict[str, Any]) -> list[Item]:
    """Every instance of a page. Source: EC2 DescribeInstances."""
    return [instance for reservation in at("Reservations")(answer) for instance in at("Instances")(reservation)]


def parse_instance(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
    """`created_at` is the earliest of launch (renewed by each start) and attachments."""
    mappings = [mapping.get("Ebs") or {} for mapping in item.get("BlockDeviceMappings") or []]
    network = [card.get("Attachment") or {} for card in item.get("NetworkInterfaces") or []]
    times = [item.get("LaunchTime"), *(one.get("AttachTime") for one in mappings + network)]
    first_seen = min((time for time in times if time), default=None)
    parsed = resource(INSTANCE, "InstanceId", created="FirstSeen")({**item, "FirstSeen": first_seen}, details, place)
    return parsed.model_copy(update={"config": {k: v for k, v in parsed.config.items() if k != "FirstSeen"}})


def is_there(instance: Item, _: Place) -> bool:
    """AWS lists terminated instances for an hour."""
    return (instance.get("State") or {}).get("Name") != "terminated"


def parse_address(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
    """By allocation id. Fields that AWS leaves out are absent; a stand-in's empty text counts as left out."""
    given = {key: value for key, value in item.items() if value != ""}
    return resource(ResourceKind.AWS_EC2_ADDRESS, "AllocationId", name="PublicIp")(given, details, place)


def _list(
    operation: str,
    permission: str,
    items: str,
    kind: ResourceKind,
    parse: Parse,
    page_size: int = PAGE_SIZE,
    **more: Any,
) -> Listing:
    return Listing(
        operation=call(f"ec2.{operation}", f"ec2:{permission}", page_size=page_size),
        items=at(items),
        kind=kind,
        parse=parse,
        is_regional=True,
        **more,
    )


def _mine(argument: str) -> Any:
    return lambda _: {argument: ["self"]}


LISTINGS = (
    Listing(
        operation=call("ec2.describe_instances", "ec2:DescribeInstances", page_size=PAGE_SIZE),
        items=instances_of,
        keeps=is_there,
        kind=INSTANCE,
        parse=parse_instance,
        is_regional=True,
    ),
    _list(
        "describe_volumes",
        "DescribeVolumes",
        "Volumes",
        ResourceKind.AWS_EBS_VOLUME,
        resource(ResourceKind.AWS_EBS_VOLUME, "VolumeId", created="CreateTime"),
    ),
    _list("describe_addresses", "DescribeAddresses", "Addresses", ResourceKind.AWS_EC2_ADDRESS, parse_address),
    _list(
        "describe_security_groups",
        "DescribeSecurityGroups",
        "SecurityGroups",
        ResourceKind.AWS_SECURITY_GROUP,
        resource(ResourceKind.AWS_SECURITY_GROUP, "GroupId", name="GroupName"),
    ),
)
