"""Faults of disks in EC2."""

from typing import Any

from tests.factories.fault import Fault
from tests.fakes.aws import Moto


def loose_volume(moto: Moto, kind: str = "gp3") -> str:
    """A volume that is attached to nothing."""
    ec2 = moto.client("ec2")
    volume: dict[str, Any] = ec2.create_volume(AvailabilityZone="us-east-1a", Size=100, VolumeType=kind)
    return str(volume["VolumeId"])


def volume_is_back(moto: Moto, before: dict[str, Any]) -> bool:
    volumes = moto.client("ec2").describe_volumes()["Volumes"]
    return [(one["Size"], one["VolumeType"]) for one in volumes] == [
        (before["config"]["Size"], before["config"]["VolumeType"])
    ]


FAULTS = [
    Fault(rule_id="aws-ebs-unattached", make=loose_volume, is_back=volume_is_back),
    Fault(
        rule_id="aws-ebs-gp2-to-gp3",
        make=lambda moto: loose_volume(moto, "gp2"),
        # moto keeps the speed that was set for gp3; of gp2 it follows from the size.
        compared=lambda state: state["config"]["VolumeType"],
    ),
]
