"""Snapshots and machine images that every AWS account may copy."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

EVERYBODY = "all"


def is_public_snapshot(snapshot: Resource, _: RuleContext) -> Observation | None:
    """Fires when everybody may make a volume of the snapshot."""
    granted = snapshot.config.get("CreateVolumePermissions") or []
    if not any(one.get("Group") == EVERYBODY for one in granted):
        return None
    return Observation(
        reason=f"Anyone with an AWS account may read snapshot {snapshot.native_id}.",
        observed={"CreateVolumePermissions": granted},
    )


def hide_snapshot(snapshot: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Takes everybody out; accounts that are named keep their access."""

    def call(kind: str) -> Call:
        arguments = {
            "SnapshotId": snapshot.native_id,
            "Attribute": "createVolumePermission",
            "OperationType": kind,
            "GroupNames": [EVERYBODY],
        }
        return Call(operation="ec2.modify_snapshot_attribute", region=snapshot.region, arguments=arguments)

    back = Step(name="share", says=f"Let everybody read {snapshot.native_id} again.", call=call("add"))
    says = f"Stop everybody from reading {snapshot.native_id}; accounts that are named still may."
    return (Step(name="hide", says=says, call=call("remove"), undo=(back,)),)


def is_public_image(image: Resource, _: RuleContext) -> Observation | None:
    """Fires on an image of one's own that everybody may start."""
    if image.config.get("Public") is not True:
        return None
    return Observation(
        reason=f"Anyone with an AWS account may start image {image.native_id} and read what is on its disks.",
        observed={"Public": True},
    )


def hide_image(image: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Takes everybody out; accounts that are named keep their access."""

    def call(kind: str) -> Call:
        arguments = {"ImageId": image.native_id, "LaunchPermission": {kind: [{"Group": EVERYBODY}]}}
        return Call(operation="ec2.modify_image_attribute", region=image.region, arguments=arguments)

    back = Step(name="share", says=f"Let everybody start {image.native_id} again.", call=call("Add"))
    says = f"Stop everybody from starting {image.native_id}; accounts that are named still may."
    return (Step(name="hide", says=says, call=call("Remove"), undo=(back,)),)


def _snapshot(*granted: dict[str, str]) -> Resource:
    return Resource(
        kind=ResourceKind.AWS_EBS_SNAPSHOT,
        native_id="snap-1",
        name="nightly",
        region="us-east-1",
        config={"CreateVolumePermissions": list(granted)},
    )


def _image(**config: Any) -> Resource:
    return Resource(
        kind=ResourceKind.AWS_AMI, native_id="ami-1", name="golden", region="us-east-1", config=dict(config)
    )


SNAPSHOT_PUBLIC = Rule(
    id="aws-ebs-snapshot-public",
    title="EBS snapshot can be read by anyone",
    description="A public snapshot shows a whole disk, with every password that was ever on it, to every AWS account.",
    category=FindingCategory.SECOPS,
    severity=Severity.CRITICAL,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AWS_EBS_SNAPSHOT,
    permissions=("ec2:DescribeSnapshots",),
    source="AWS Security Hub EC2.1; EC2 DescribeSnapshotAttribute",
    blind_spots="Who copied it while it was public is not known. A block of public snapshots for the whole region, "
    "under which this one could not be read in spite of its permission, is not looked at.",
    needs=("CreateVolumePermissions",),
    check=is_public_snapshot,
    group="data-exposure",
    remedy=Remedy(
        says="Takes everybody out of those who may make a volume of the snapshot.",
        plan=hide_snapshot,
        reversible=Reversible.YES,
        permissions=("ec2:ModifySnapshotAttribute",),
    ),
    examples=(
        fires(_snapshot({"Group": "all"}, {"UserId": "123456789012"})),
        quiet(_snapshot({"UserId": "123456789012"})),
        quiet(_snapshot()),
    ),
)

IMAGE_PUBLIC = Rule(
    id="aws-ami-public",
    title="Machine image can be started by anyone",
    description="A public image shows what is on its disks to every AWS account.",
    category=FindingCategory.SECOPS,
    severity=Severity.HIGH,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AWS_AMI,
    permissions=("ec2:DescribeImages",),
    source="EC2 DescribeImages (Public); EC2 user guide, Make your AMI publicly available",
    blind_spots="An image may be published on purpose, for customers. Who copied it while it was public is not known.",
    needs=("Public",),
    check=is_public_image,
    group="data-exposure",
    remedy=Remedy(
        says="Takes everybody out of those who may start the image.",
        plan=hide_image,
        reversible=Reversible.YES,
        permissions=("ec2:ModifyImageAttribute",),
    ),
    examples=(fires(_image(Public=True)), quiet(_image(Public=False))),
)
