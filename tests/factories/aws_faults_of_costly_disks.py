"""Faults of disks that cost too much: volumes, their snapshots, and images."""

from decimal import Decimal
from typing import Any

from moto.ec2.models import ec2_backends

from domain.facts.money import Money
from tests.factories.aws_measured import HOUR, measured
from tests.factories.fault import Fault
from tests.fakes.aws import ACCOUNT, REGION, Moto

ZONE = "us-east-1a"
# Filled in once the snapshot is made: bills go by its id.
BILLS: dict[str, Money] = {}


def lazy_volume(moto: Moto, kind: str = "io1") -> str:
    """Bought for 5000 operations a second, and used for ten."""
    volume = moto.client("ec2").create_volume(AvailabilityZone=ZONE, Size=100, VolumeType=kind, Iops=5000)
    uses = {"VolumeReadOps": 18_000, "VolumeWriteOps": 18_000}
    measured(moto, "AWS/EBS", {"VolumeId": volume["VolumeId"]}, uses, days=2, every=HOUR)
    return str(volume["VolumeId"])


def volume_of_stopped_machine(moto: Moto) -> str:
    """Attached to an instance that was stopped."""
    ec2 = moto.client("ec2")
    image = ec2.register_image(Name="base", RootDeviceName="/dev/sda1")["ImageId"]
    machine = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, InstanceType="t3.micro")["Instances"][0]
    volume = ec2.create_volume(
        AvailabilityZone=machine["Placement"]["AvailabilityZone"], Size=40, VolumeType="gp3", Iops=3000, Throughput=125
    )
    ec2.attach_volume(VolumeId=volume["VolumeId"], InstanceId=machine["InstanceId"], Device="/dev/sdf")
    ec2.stop_instances(InstanceIds=[machine["InstanceId"]])
    return str(volume["VolumeId"])


def copy_is_attached(moto: Moto, before: dict[str, Any]) -> bool:
    """Under another id, on the same instance and device."""
    volumes = moto.client("ec2").describe_volumes(Filters=[{"Name": "size", "Values": ["40"]}])["Volumes"]
    wanted = [(one["InstanceId"], one["Device"]) for one in before["config"]["Attachments"]]
    return [[(one["InstanceId"], one["Device"]) for one in volume["Attachments"]] for volume in volumes] == [wanted]


def old_snapshot(moto: Moto) -> str:
    """Of a volume that is still there, so that nobody takes it for an orphan."""
    ec2 = moto.client("ec2")
    volume = ec2.create_volume(AvailabilityZone=ZONE, Size=100, VolumeType="gp3")
    snapshot = str(ec2.create_snapshot(VolumeId=volume["VolumeId"])["SnapshotId"])
    BILLS[snapshot] = Money(amount=Decimal("4.10"), currency="USD")
    # moto moves snapshots, but does not know the filter by which one looks how far it is.
    moto.say("ec2.DescribeSnapshotTierStatus", {"SnapshotTierStatuses": [{"SnapshotId": snapshot}]})
    return snapshot


def orphan(moto: Moto) -> str:
    """Its volume is gone. A Recycle Bin, which moto does not have, stands ready to give it back."""
    ec2 = moto.client("ec2")
    volume = ec2.create_volume(AvailabilityZone=ZONE, Size=100, VolumeType="gp3")
    snapshot = str(ec2.create_snapshot(VolumeId=volume["VolumeId"])["SnapshotId"])
    ec2.delete_volume(VolumeId=volume["VolumeId"])
    kept = ec2_backends[ACCOUNT][REGION].snapshots
    binned = kept[snapshot]

    def given_back() -> str:
        kept[snapshot] = binned
        name = "RestoreSnapshotFromRecycleBinResponse"
        return f"<{name}><requestId>by-order</requestId><snapshotId>{snapshot}</snapshotId></{name}>"

    moto.answer("ec2", "RestoreSnapshotFromRecycleBin", given_back)
    return snapshot


def is_back_from_the_bin(moto: Moto, before: dict[str, Any]) -> bool:
    snapshots = moto.client("ec2").describe_snapshots(OwnerIds=["self"])["Snapshots"]
    return [one["SnapshotId"] for one in snapshots] == [before["config"]["SnapshotId"]]


def unused_image(moto: Moto) -> str:
    """Nothing starts from it."""
    ec2 = moto.client("ec2")
    return str(ec2.register_image(Name="forgotten", RootDeviceName="/dev/sda1")["ImageId"])


def image_is_enabled(moto: Moto, before: dict[str, Any]) -> bool:
    images = moto.client("ec2").describe_images(Owners=["self"])["Images"]
    return [(one["ImageId"], one["State"]) for one in images] == [(before["config"]["ImageId"], "available")]


def steady(state: dict[str, Any]) -> dict[str, Any]:
    """Without what moto keeps of gp3 when a volume is something else again."""
    return {**state, "config": {key: value for key, value in state["config"].items() if key != "Throughput"}}


FAULTS = [
    Fault(rule_id="aws-ebs-io-overprovisioned", make=lazy_volume, parameters={"lookback_days": 2}, compared=steady),
    Fault(
        rule_id="aws-ebs-io-overprovisioned",
        name="io2",
        make=lambda moto: lazy_volume(moto, "io2"),
        parameters={"lookback_days": 2},
        compared=steady,
    ),
    Fault(rule_id="aws-ebs-volume-on-stopped-instance", make=volume_of_stopped_machine, is_back=copy_is_attached),
    Fault(rule_id="aws-ebs-snapshot-old", make=old_snapshot, bills=BILLS),
    Fault(rule_id="aws-ebs-snapshot-orphan", make=orphan, is_back=is_back_from_the_bin),
    Fault(rule_id="aws-ami-unused", make=unused_image, is_back=image_is_enabled),
]
