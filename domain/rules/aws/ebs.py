"""EBS volumes that are paid for without use, or dearer than they need to be."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.aws_volume import described, monthly_usd, saving_with_snapshot, size_gib
from domain.rules.aws_volume_step import deleted, made_again, of_type, snapshot_of
from domain.rules.list_price import AWS_GP3_EXTRA_IOPS, AWS_GP3_EXTRA_THROUGHPUT, AWS_VOLUME, usd
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet

# What gp3 includes, and what gp2 gave by its size. Source: Amazon EBS user guide, "General Purpose SSD volumes".
GP3_IOPS, GP3_MIBPS = 3000, 125
GP2_IOPS_PER_GIB, GP2_MOST_IOPS = 3, 16000
GP2_SLOW_UP_TO_GIB, GP2_FAST_MIBPS = 170, 250


def is_unattached(volume: Resource, context: RuleContext) -> Observation | None:
    """Fires on a volume in no use, counted from its creation or from the change that CloudWatcher saw."""
    if volume.config.get("State") != "available" or volume.config.get("Attachments") or volume.created_at is None:
        return None
    since = max(volume.created_at, context.changed_at.get(volume.native_id, volume.created_at))
    if context.now - since <= context.days("min_days"):
        return None
    saving, formula = saving_with_snapshot([volume], context) or (None, None)
    return Observation(
        reason=f"{described(volume)} is attached to nothing, unchanged since {since:%Y-%m-%d}, and billed in full.",
        observed={"State": "available", "Attachments": [], "since": since.isoformat()},
        estimated_monthly_saving=saving,
        saving_formula=formula,
    )


def is_gp2(volume: Resource, context: RuleContext) -> Observation | None:
    """Fires on every gp2 volume; the saving keeps at least the speed the volume has now."""
    if volume.config.get("VolumeType") != "gp2":
        return None
    size, cost = size_gib(volume), monthly_usd(volume, context) or Decimal(0)
    iops, mibps = _speed(size)
    extra_iops = (iops - GP3_IOPS) * AWS_GP3_EXTRA_IOPS.usd
    extra_mibps = (mibps - GP3_MIBPS) * AWS_GP3_EXTRA_THROUGHPUT.usd
    gp2, gp3 = AWS_VOLUME["gp2"].usd, AWS_VOLUME["gp3"].usd
    return Observation(
        reason=f"{described(volume)} costs a quarter more per GiB than gp3 of at least its speed.",
        observed={"VolumeType": "gp2", "Size": int(size), "iops_needed": iops, "mibps_needed": mibps},
        estimated_monthly_saving=usd(cost * (1 - gp3 / gp2) - extra_iops - extra_mibps),
        saving_formula=f"{usd(cost).amount} USD * (1 - {gp3}/{gp2}) - {iops - GP3_IOPS} IOPS * {AWS_GP3_EXTRA_IOPS.usd}"
        f" - {mibps - GP3_MIBPS} MiB/s * {AWS_GP3_EXTRA_THROUGHPUT.usd}",
    )


def replace_with_snapshot(volume: Resource, _: RuleContext) -> tuple[Step, ...]:
    """A snapshot, and once that is whole the volume goes. Undone by a new volume with what the old one held."""
    return (snapshot_of(volume), deleted(volume, undo=(made_again(volume),)))


def make_gp3(volume: Resource, _: RuleContext) -> tuple[Step, ...]:
    """One change of the type, with at least the speed the volume has now."""
    iops, mibps = _speed(size_gib(volume))
    wanted = {"VolumeId": volume.native_id, "VolumeType": "gp3", "Iops": iops, "Throughput": mibps}
    back = Step(
        name="back",
        says=f"Change {volume.native_id} back to gp2.",
        call=Call(
            operation="ec2.modify_volume",
            region=volume.region,
            arguments={"VolumeId": volume.native_id, "VolumeType": "gp2"},
        ),
        found=of_type(volume, "gp2"),
    )
    return (
        Step(
            name="modify",
            says=f"Change {volume.native_id} to gp3 with {iops} IOPS and {mibps} MiB/s.",
            call=Call(operation="ec2.modify_volume", region=volume.region, arguments=wanted),
            found=of_type(volume, "gp3"),
            undo=(back,),
        ),
    )


def _speed(size: Decimal) -> tuple[int, int]:
    """IOPS and MiB/s that a gp3 volume needs to be no slower than gp2 of this size."""
    iops = max(GP3_IOPS, min(int(size) * GP2_IOPS_PER_GIB, GP2_MOST_IOPS))
    return iops, GP3_MIBPS if size <= GP2_SLOW_UP_TO_GIB else GP2_FAST_MIBPS


def _volume(age_days: int = 30, **config: Any) -> Resource:
    """A 100 GiB gp3 volume for the examples, attached to i-1 unless said otherwise."""
    plain = {"State": "in-use", "Attachments": [{"InstanceId": "i-1"}], "Size": 100, "VolumeType": "gp3"}
    return Resource(
        kind=ResourceKind.AWS_EBS_VOLUME,
        native_id="vol-1",
        name="data",
        region="us-east-1",
        created_at=EXAMPLE_NOW - timedelta(days=age_days),
        config={**plain, **config},
    )


UNATTACHED = Rule(
    id="aws-ebs-unattached",
    title="EBS volume is attached to nothing",
    description="A volume that no instance uses is billed for its full size. A snapshot keeps the data for less.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_EBS_VOLUME,
    permissions=("ec2:DescribeVolumes",),
    source="EC2 DescribeVolumes; Amazon EBS pricing",
    blind_spots="When a volume was detached is known only if CloudWatcher saw it attached before; else its age counts. "
    "Types other than gp2 and gp3 have no estimate until their bill is known.",
    parameters=(Parameter(name="min_days", default=14, meaning="Days a volume may lie unattached."),),
    needs=("State", "Attachments", "CreateTime"),
    check=is_unattached,
    group="unattached",
    remedy=Remedy(
        says="Keeps a snapshot and deletes the volume.",
        plan=replace_with_snapshot,
        reversible=Reversible.PARTLY,
        loses="A volume made again from the snapshot has another id.",
        permissions=(
            "ec2:CreateSnapshot",
            "ec2:CreateTags",
            "ec2:CreateVolume",
            "ec2:DeleteVolume",
            "ec2:DescribeSnapshots",
        ),
    ),
    examples=(
        fires(_volume(State="available", Attachments=[]), parameters={"min_days": 14}),
        fires(_volume(State="available", Attachments=[], VolumeType="gp2", Iops=300), parameters={"min_days": 14}),
        quiet(_volume(), parameters={"min_days": 14}),
        quiet(_volume(State="available", Attachments=[], age_days=3), parameters={"min_days": 14}),
    ),
)

GP2_TO_GP3 = Rule(
    id="aws-ebs-gp2-to-gp3",
    title="EBS volume is of the dearer type gp2",
    description="gp3 costs a fifth less per GiB and its speed does not hang on its size.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_EBS_VOLUME,
    permissions=("ec2:DescribeVolumes",),
    source="EC2 DescribeVolumes; Amazon EBS pricing and user guide, General Purpose SSD volumes",
    blind_spots="The speed really used is not looked at: where the full gp2 speed is bought on gp3 the saving shrinks, "
    "for volumes of 171 to 250 GiB to nothing.",
    needs=("VolumeType",),
    check=is_gp2,
    group="storage-tier",
    remedy=Remedy(
        says="Changes the type of the volume while it is in use.",
        plan=make_gp3,
        reversible=Reversible.YES,
        permissions=("ec2:ModifyVolume",),
    ),
    examples=(fires(_volume(VolumeType="gp2")), quiet(_volume())),
)
