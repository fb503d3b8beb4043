"""Instances, disks, images and addresses of EC2."""

from collections.abc import Mapping
from typing import Any

from connectors.clouds.aws import fields, hiding, metrics
from connectors.reading.listing import Detail, Item, Listing, Parse, Place, at, first
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
    parsed = fields.resource(INSTANCE, "InstanceId", created="FirstSeen")(
        {**item, "FirstSeen": first_seen}, details, place
    )
    return parsed.model_copy(update={"config": {k: v for k, v in parsed.config.items() if k != "FirstSeen"}})


def versions_of(answer: dict[str, Any]) -> list[Item]:
    """The versions of launch templates on a page; one that is the latest and the default may be listed twice."""
    found = {(one["LaunchTemplateId"], one["VersionNumber"]): one for one in at("LaunchTemplateVersions")(answer)}
    return list(found.values())


def is_there(instance: Item, _: Place) -> bool:
    """AWS lists terminated instances for an hour."""
    return (instance.get("State") or {}).get("Name") != "terminated"


def parse_address(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
    """By allocation id. Fields that AWS leaves out are absent; a stand-in's empty text counts as left out."""
    given = {key: value for key, value in item.items() if value != ""}
    return fields.resource(ResourceKind.AWS_EC2_ADDRESS, "AllocationId", name="PublicIp")(given, details, place)


def _list(
    operation: str,
    permission: str,
    items: str,
    kind: ResourceKind,
    parse: Parse,
    **more: Any,
) -> Listing:
    return Listing(
        operation=fields.call(f"ec2.{operation}", f"ec2:{permission}", page_size=PAGE_SIZE),
        items=at(items),
        kind=kind,
        parse=parse,
        is_regional=True,
        **more,
    )


IDLE = metrics.measured(
    "AWS/EC2",
    metrics.one(InstanceId="InstanceId"),
    metrics.Metric("CPUUtilization", "Average"),
    metrics.Metric("NetworkIn", "Sum"),
    metrics.Metric("NetworkOut", "Sum"),
    metrics.Metric("MetadataNoToken", "Sum"),
    days=14,
    applies=lambda instance: (instance.get("State") or {}).get("Name") == "running",
)
# By the hour, since peaks decide how many operations a volume must be bought.
OPERATIONS = metrics.measured(
    "AWS/EBS",
    metrics.one(VolumeId="VolumeId"),
    metrics.Metric("VolumeReadOps", "Sum", metrics.HOUR),
    metrics.Metric("VolumeWriteOps", "Sum", metrics.HOUR),
    days=30,
    at_once=25,
    applies=lambda volume: volume.get("VolumeType") in ("io1", "io2"),
)
LISTINGS = (
    Listing(
        operation=fields.call(
            "ec2.describe_instances",
            "ec2:DescribeInstances",
            page_size=PAGE_SIZE,
        ),
        items=instances_of,
        keeps=is_there,
        kind=INSTANCE,
        parse=parse_instance,
        batches=(IDLE,),
        is_regional=True,
    ),
    _list(
        "describe_volumes",
        "DescribeVolumes",
        "Volumes",
        ResourceKind.AWS_EBS_VOLUME,
        fields.resource(ResourceKind.AWS_EBS_VOLUME, "VolumeId", created="CreateTime"),
        batches=(OPERATIONS,),
    ),
    _list(
        "describe_snapshots",
        "DescribeSnapshots",
        "Snapshots",
        ResourceKind.AWS_EBS_SNAPSHOT,
        fields.resource(ResourceKind.AWS_EBS_SNAPSHOT, "SnapshotId", created="StartTime"),
        arguments=lambda _: {"OwnerIds": ["self"]},
        details=(
            Detail(
                key="CreateVolumePermissions",
                operation=fields.call("ec2.describe_snapshot_attribute", "ec2:DescribeSnapshotAttribute"),
                arguments=lambda item, _: {"SnapshotId": item["SnapshotId"], "Attribute": "createVolumePermission"},
                pick=first("CreateVolumePermissions"),
            ),
        ),
    ),
    _list(
        "describe_images",
        "DescribeImages",
        "Images",
        ResourceKind.AWS_AMI,
        fields.resource(ResourceKind.AWS_AMI, "ImageId", created="CreationDate"),
        arguments=lambda _: {"Owners": ["self"]},
    ),
    Listing(
        # It comes in one piece.
        operation=fields.call("ec2.describe_addresses", "ec2:DescribeAddresses"),
        items=at("Addresses"),
        kind=ResourceKind.AWS_EC2_ADDRESS,
        parse=parse_address,
        is_regional=True,
    ),
    Listing(
        operation=fields.call(
            "ec2.describe_launch_template_versions",
            "ec2:DescribeLaunchTemplateVersions",
            # It is a program that starts with the machine, and often holds passwords.
            hidden=hiding.without("UserData"),
            page_size=200,
        ),
        arguments=lambda _: {"Versions": ["$Latest", "$Default"]},
        items=versions_of,
        kind=ResourceKind.AWS_LAUNCH_TEMPLATE,
        parse=fields.resource(
            ResourceKind.AWS_LAUNCH_TEMPLATE,
            "{LaunchTemplateId}/{VersionNumber}",
            name="{LaunchTemplateName} {VersionNumber}",
            created="CreateTime",
        ),
        is_regional=True,
    ),
    Listing(
        operation=fields.call("ec2.describe_reserved_instances", "ec2:DescribeReservedInstances"),
        items=at("ReservedInstances"),
        kind=ResourceKind.AWS_RESERVED_INSTANCES,
        parse=fields.resource(ResourceKind.AWS_RESERVED_INSTANCES, "ReservedInstancesId", created="Start"),
        is_regional=True,
    ),
)
