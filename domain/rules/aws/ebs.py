"""EBS volumes that are paid for without use, or dearer than they need to be."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import TOKEN, Call, Look, Step, answer
from domain.rules.aws_instance import stopped_since
from domain.rules.aws_tagging import found_by_mark, marked
from domain.rules.aws_volume import monthly_usd, saving_with_snapshot, size_gib
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
        reason=f"{_described(volume)} is attached to nothing, unchanged since {since:%Y-%m-%d}, and billed in full.",
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
        reason=f"{_described(volume)} costs a quarter more per GiB than gp3 of at least its speed.",
        observed={"VolumeType": "gp2", "Size": int(size), "iops_needed": iops, "mibps_needed": mibps},
        estimated_monthly_saving=usd(cost * (1 - gp3 / gp2) - extra_iops - extra_mibps),
        saving_formula=f"{usd(cost).amount} USD * (1 - {gp3}/{gp2}) - {iops - GP3_IOPS} IOPS * {AWS_GP3_EXTRA_IOPS.usd}"
        f" - {mibps - GP3_MIBPS} MiB/s * {AWS_GP3_EXTRA_THROUGHPUT.usd}",
    )


def replace_with_snapshot(volume: Resource, _: RuleContext) -> tuple[Step, ...]:
    """A snapshot, and once that is whole the volume goes. Undone by a new volume with what the old one held."""
    region = volume.region
    taken = Step(
        name="snapshot",
        says=f"Take a snapshot of {volume.native_id}.",
        call=Call(
            operation="ec2.create_snapshot",
            region=region,
            arguments={
                "VolumeId": volume.native_id,
                "Description": f"Kept by CloudWatcher before {volume.native_id} was deleted",
                "TagSpecifications": marked("snapshot", volume.tags),
            },
        ),
        found=found_by_mark("ec2.describe_snapshots", "Snapshots.0", region),
        wait=Look(
            call=Call(
                operation="ec2.describe_snapshots",
                region=region,
                arguments={"SnapshotIds": [answer("snapshot", "SnapshotId")]},
            ),
            path="Snapshots.0.State",
            ready=("completed",),
            failed=("error",),
        ),
    )
    gone = Step(
        name="delete",
        says=f"Delete {volume.native_id}.",
        call=Call(operation="ec2.delete_volume", region=region, arguments={"VolumeId": volume.native_id}),
        gone=("InvalidVolume.NotFound",),
        undo=(_made_again(volume),),
    )
    return (taken, gone)


def _made_again(volume: Resource) -> Step:
    """The volume from its snapshot, under another id."""
    kept = ("AvailabilityZone", "VolumeType", "Iops", "Throughput", "Encrypted", "KmsKeyId", "MultiAttachEnabled")
    given = {name: volume.config[name] for name in kept if volume.config.get(name) not in (None, "", False)}
    if volume.config.get("VolumeType") not in ("io1", "io2", "gp3"):
        # What AWS prints of the other types cannot be given.
        given = {name: value for name, value in given.items() if name not in ("Iops", "Throughput")}
    return Step(
        name="create",
        says=f"Make a volume like {volume.native_id} from the snapshot.",
        call=Call(
            operation="ec2.create_volume",
            region=volume.region,
            arguments={
                **given,
                "SnapshotId": answer("snapshot", "SnapshotId"),
                "TagSpecifications": marked("volume", volume.tags),
                "ClientToken": TOKEN,
            },
        ),
        found=found_by_mark("ec2.describe_volumes", "Volumes.0", volume.region),
    )


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
        found=_of_type(volume, "gp2"),
    )
    return (
        Step(
            name="modify",
            says=f"Change {volume.native_id} to gp3 with {iops} IOPS and {mibps} MiB/s.",
            call=Call(operation="ec2.modify_volume", region=volume.region, arguments=wanted),
            found=_of_type(volume, "gp3"),
            undo=(back,),
        ),
    )


def _of_type(volume: Resource, wanted: str) -> Look:
    arguments = {"VolumeIds": [volume.native_id], "Filters": [{"Name": "volume-type", "Values": [wanted]}]}
    return Look(
        call=Call(operation="ec2.describe_volumes", region=volume.region, arguments=arguments), path="Volumes.0"
    )


def _speed(size: Decimal) -> tuple[int, int]:
    """IOPS and MiB/s that a gp3 volume needs to be no slower than gp2 of this size."""
    iops = max(GP3_IOPS, min(int(size) * GP2_IOPS_PER_GIB, GP2_MOST_IOPS))
    return iops, GP3_MIBPS if size <= GP2_SLOW_UP_TO_GIB else GP2_FAST_MIBPS


def serves_only_stopped_instances(volume: Resource, context: RuleContext) -> Observation | None:
    """Fires when every instance the volume is attached to has been stopped for longer than `min_days`."""
    instance_ids = [one["InstanceId"] for one in volume.config.get("Attachments") or [] if one.get("InstanceId")]
    stops = [_stopped_at(instance_id, context) for instance_id in instance_ids]
    known = [stop for stop in stops if stop is not None and context.now - stop > context.days("min_days")]
    if not known or len(known) < len(stops):
        return None
    saving, formula = saving_with_snapshot([volume], context) or (None, None)
    named, since = " and ".join(instance_ids), max(known)
    return Observation(
        reason=f"{_described(volume)} serves only {named}, stopped since {since:%Y-%m-%d}, and is billed in full.",
        observed={"instances": instance_ids, "stopped_since": since.isoformat()},
        estimated_monthly_saving=saving,
        saving_formula=formula,
    )


def _stopped_at(instance_id: str, context: RuleContext) -> datetime | None:
    instance = context.find(ResourceKind.AWS_EC2_INSTANCE, instance_id)
    return stopped_since(instance) if instance else None


def _described(volume: Resource) -> str:
    return f"Volume {volume.native_id} ({size_gib(volume)} GiB {volume.config.get('VolumeType', 'of unknown type')})"


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


def _instance(state: str, stopped_days: int = 0) -> Resource:
    stopped = EXAMPLE_NOW - timedelta(days=stopped_days)
    reason = f"User initiated ({stopped:%Y-%m-%d %H:%M:%S} GMT)" if state == "stopped" else ""
    config = {"State": {"Name": state}, "StateTransitionReason": reason}
    return Resource(kind=ResourceKind.AWS_EC2_INSTANCE, native_id="i-1", name="web", region="us-east-1", config=config)


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

ON_STOPPED_INSTANCE = Rule(
    id="aws-ebs-volume-on-stopped-instance",
    title="EBS volume serves only stopped instances",
    description="The volumes of a stopped instance stay billed. A snapshot keeps the data for less.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AWS_EBS_VOLUME,
    permissions=("ec2:DescribeInstances", "ec2:DescribeVolumes"),
    source="EC2 DescribeVolumes and DescribeInstances (StateTransitionReason); Amazon EBS pricing",
    blind_spots="An instance that AWS stopped itself, or that was shut down from inside, may carry no time.",
    parameters=(Parameter(name="min_days", default=30, meaning="Days an instance may be stopped."),),
    needs=("Attachments",),
    also_reads=(ResourceKind.AWS_EC2_INSTANCE,),
    check=serves_only_stopped_instances,
    examples=(
        fires(_volume(), _instance("stopped", stopped_days=31), parameters={"min_days": 30}),
        quiet(_volume(), _instance("stopped", stopped_days=29), parameters={"min_days": 30}),
        quiet(_volume(), _instance("running"), parameters={"min_days": 30}),
    ),
)
