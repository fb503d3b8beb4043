"""EBS volumes that are paid for without use, or dearer than they need to be."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.rules.aws_instance import stopped_since
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
    iops = max(GP3_IOPS, min(int(size) * GP2_IOPS_PER_GIB, GP2_MOST_IOPS))
    mibps = GP3_MIBPS if size <= GP2_SLOW_UP_TO_GIB else GP2_FAST_MIBPS
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
