"""EBS snapshots that are kept at the dearer price, or of volumes that are no more."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.money import Money
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Look, Step
from domain.rules.aws_list_price import ARCHIVED_SNAPSHOT
from domain.rules.aws_snapshot import is_in_image, is_kept_on_purpose, is_managed
from domain.rules.list_price import AWS_SNAPSHOT, usd
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet

GIB = Decimal(2**30)
# Stands for the volume of a snapshot that was copied. Source: EC2 API reference, CopySnapshot.
OF_A_COPY = "vol-ffffffff"


def is_old(snapshot: Resource, context: RuleContext) -> Observation | None:
    """Fires on an old snapshot that nobody keeps on purpose, where the archive costs less than it does."""
    if snapshot.config.get("StorageTier") != "standard" or snapshot.config.get("State", "completed") != "completed":
        return None
    days = _age(snapshot, context)
    if days is None or days <= context.days("max_age_days") or is_kept_on_purpose(snapshot):
        return None
    if not context.is_listed(ResourceKind.AWS_AMI, snapshot.region) or is_in_image(snapshot, context):
        return None
    full, now = _full_gib(snapshot), _monthly_usd(snapshot, context)
    if now <= full * ARCHIVED_SNAPSHOT.usd:
        return None
    return Observation(
        reason=f"Snapshot {snapshot.native_id} is {days.days} days old and not archived.",
        observed={"StorageTier": "standard", "StartTime": snapshot.config.get("StartTime"), "full_gib": float(full)},
        estimated_monthly_saving=usd(now - full * ARCHIVED_SNAPSHOT.usd),
        saving_formula=f"{usd(now).amount} USD - {full} GiB * {ARCHIVED_SNAPSHOT.usd}",
    )


def is_orphan(snapshot: Resource, context: RuleContext) -> Observation | None:
    """Fires on a snapshot whose volume is gone and that no image of one's own needs."""
    volume_id, days = snapshot.config.get("VolumeId"), _age(snapshot, context)
    if volume_id in (None, "", OF_A_COPY) or days is None or days <= context.days("min_days"):
        return None
    needed = (ResourceKind.AWS_EBS_VOLUME, ResourceKind.AWS_AMI)
    if not all(context.is_listed(kind, snapshot.region) for kind in needed):
        return None
    if context.find(ResourceKind.AWS_EBS_VOLUME, volume_id) is not None or is_in_image(snapshot, context):
        return None
    saving, formula = _all_of_it(snapshot, context)
    return Observation(
        reason=f"Snapshot {snapshot.native_id} is {days.days} days old, and its volume {volume_id} is gone.",
        observed={"VolumeId": volume_id, "StartTime": snapshot.config.get("StartTime")},
        estimated_monthly_saving=saving,
        saving_formula=formula,
    )


def _age(snapshot: Resource, context: RuleContext) -> timedelta | None:
    return context.now - snapshot.created_at if snapshot.created_at else None


def _full_gib(snapshot: Resource) -> Decimal:
    """What the archive keeps: every block that was written, not only those that changed."""
    written = snapshot.config.get("FullSnapshotSizeInBytes")
    size = Decimal(written) / GIB if written else Decimal(snapshot.config.get("VolumeSize") or 0)
    return size.quantize(Decimal("0.01")).normalize() if written else size


def _monthly_usd(snapshot: Resource, context: RuleContext) -> Decimal:
    billed = context.billed_usd(snapshot.native_id)
    return _full_gib(snapshot) * AWS_SNAPSHOT.usd if billed is None else billed


def _all_of_it(snapshot: Resource, context: RuleContext) -> tuple[Money, str]:
    billed = context.billed_usd(snapshot.native_id)
    if billed is not None:
        return usd(billed), f"{usd(billed).amount} USD billed"
    size = Decimal(snapshot.config.get("VolumeSize") or 0)
    return usd(size * AWS_SNAPSHOT.usd), f"{size} GiB * {AWS_SNAPSHOT.usd} USD"


def archive(snapshot: Resource, context: RuleContext) -> tuple[Step, ...]:
    """To the archive, and back for good."""
    if context.billed_usd(snapshot.native_id) is None:
        raise NoPlan(
            f"What {snapshot.native_id} costs is not known yet. The archive keeps all of it, not only what changed, "
            "and may be dearer."
        )
    back = Step(
        name="restore",
        says=f"Bring {snapshot.native_id} back from the archive for good, which takes up to three days.",
        call=Call(
            operation="ec2.restore_snapshot_tier",
            region=snapshot.region,
            arguments={"SnapshotId": snapshot.native_id, "PermanentRestore": True},
        ),
        found=_moved(snapshot, "permanent-restore-in-progress", "permanent-restore-completed"),
        wait=_in_tier(snapshot, "standard"),
    )
    return (
        Step(
            name="archive",
            says=f"Move {snapshot.native_id} to the archive, where it is billed for at least 90 days. "
            "Nothing can be made from it until it is brought back.",
            call=Call(
                operation="ec2.modify_snapshot_tier",
                region=snapshot.region,
                arguments={"SnapshotId": snapshot.native_id, "StorageTier": "archive"},
            ),
            found=_moved(snapshot, "archival-in-progress", "archival-completed"),
            wait=_in_tier(snapshot, "archive"),
            undo=(back,),
        ),
    )


def _moved(snapshot: Resource, *states: str) -> Look:
    filters = [
        {"Name": "snapshot-id", "Values": [snapshot.native_id]},
        {"Name": "last-tiering-operation", "Values": list(states)},
    ]
    call = Call(operation="ec2.describe_snapshot_tier_status", region=snapshot.region, arguments={"Filters": filters})
    return Look(call=call, path="SnapshotTierStatuses.0")


def _in_tier(snapshot: Resource, tier: str) -> Look:
    arguments = {"SnapshotIds": [snapshot.native_id]}
    call = Call(operation="ec2.describe_snapshots", region=snapshot.region, arguments=arguments)
    return Look(call=call, path="Snapshots.0.StorageTier", ready=(tier,))


def delete(snapshot: Resource, _: RuleContext) -> tuple[Step, ...]:
    """It goes, and comes back only out of a Recycle Bin that was set up before."""
    if is_managed(snapshot):
        raise NoPlan(f"A backup plan of AWS made {snapshot.native_id} and deletes it when its time has come.")
    if snapshot.config.get("CreateVolumePermissions"):
        raise NoPlan(f"{snapshot.native_id} is shared with other accounts, which may use it.")
    filters = [{"Name": "snapshot-id", "Values": [snapshot.native_id]}]
    back = Step(
        name="restore",
        says=f"Take {snapshot.native_id} out of the Recycle Bin, if a rule of it has kept the snapshot.",
        call=Call(
            operation="ec2.restore_snapshot_from_recycle_bin",
            region=snapshot.region,
            arguments={"SnapshotId": snapshot.native_id},
        ),
        found=Look(
            call=Call(operation="ec2.describe_snapshots", region=snapshot.region, arguments={"Filters": filters}),
            path="Snapshots.0",
        ),
    )
    return (
        Step(
            name="delete",
            says=f"Delete {snapshot.native_id}.",
            call=Call(
                operation="ec2.delete_snapshot",
                region=snapshot.region,
                arguments={"SnapshotId": snapshot.native_id},
            ),
            gone=("InvalidSnapshot.NotFound",),
            undo=(back,),
        ),
    )


def _snapshot(age_days: int = 100, tags: dict[str, str] | None = None, **config: Any) -> Resource:
    """Of a volume of 100 GiB, for the examples."""
    plain = {"VolumeId": "vol-1", "VolumeSize": 100, "StorageTier": "standard", "CreateVolumePermissions": []}
    return Resource(
        kind=ResourceKind.AWS_EBS_SNAPSHOT,
        native_id="snap-1",
        name="snap-1",
        region="us-east-1",
        tags=tags or {},
        created_at=EXAMPLE_NOW - timedelta(days=age_days),
        config={**plain, **config},
    )


def _image() -> Resource:
    config = {"BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": "snap-1"}}]}
    return Resource(kind=ResourceKind.AWS_AMI, native_id="ami-1", name="web", region="us-east-1", config=config)


def _volume() -> Resource:
    return Resource(kind=ResourceKind.AWS_EBS_VOLUME, native_id="vol-1", name="data", region="us-east-1")


def _billed(amount: str) -> dict[str, Money]:
    return {"snap-1": Money(amount=Decimal(amount), currency="USD")}


OLD = Rule(
    id="aws-ebs-snapshot-old",
    title="EBS snapshot is old and not archived",
    description="The archive keeps a snapshot for a quarter of the price, but in full and for at least 90 days.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AWS_EBS_SNAPSHOT,
    permissions=("ec2:DescribeImages", "ec2:DescribeSnapshots"),
    source="EC2 DescribeSnapshots and DescribeImages; Amazon EBS pricing and user guide, snapshot archive",
    blind_spots="Until its bill is known a snapshot is taken to cost as much as all of its volume, though only what "
    "changed is billed; nothing is planned before. A tag counts as one on retention when its name says retention, "
    "retain, keep or delete after. Images that other accounts made of it are not seen.",
    parameters=(Parameter(name="max_age_days", default=90, meaning="Days a snapshot may stay out of the archive."),),
    needs=("StorageTier", "StartTime"),
    also_reads=(ResourceKind.AWS_AMI,),
    check=is_old,
    group="snapshot",
    remedy=Remedy(
        says="Moves the snapshot to the archive.",
        plan=archive,
        reversible=Reversible.YES,
        permissions=("ec2:DescribeSnapshotTierStatus", "ec2:ModifySnapshotTier", "ec2:RestoreSnapshotTier"),
    ),
    examples=(
        # 100 GiB * 0.05 - 100 GiB * 0.0125 = 3.75, as long as nothing better is known.
        fires(_snapshot(), parameters={"max_age_days": 90}),
        # 2.50 - 40 GiB * 0.0125 = 2.00
        fires(_snapshot(FullSnapshotSizeInBytes=40 * 2**30), parameters={"max_age_days": 90}, bills=_billed("2.50")),
        quiet(_snapshot(), parameters={"max_age_days": 90}, bills=_billed("1.25")),
        quiet(_snapshot(age_days=90), parameters={"max_age_days": 90}),
        quiet(_snapshot(tags={"Retention": "7y"}), parameters={"max_age_days": 90}),
        quiet(_snapshot(StorageTier="archive"), parameters={"max_age_days": 90}),
        quiet(_snapshot(), _image(), parameters={"max_age_days": 90}),
    ),
)

ORPHAN = Rule(
    id="aws-ebs-snapshot-orphan",
    title="EBS snapshot is of a volume that is gone",
    description="Snapshots outlive their volumes and stay billed. Those that nothing needs can go.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_EBS_SNAPSHOT,
    permissions=("ec2:DescribeImages", "ec2:DescribeSnapshots", "ec2:DescribeVolumes"),
    source="EC2 DescribeSnapshots, DescribeVolumes and DescribeImages; Amazon EBS pricing",
    blind_spots="A snapshot that was kept in place of its volume on purpose looks the same. Copies do not name their "
    "volume and are left alone. Until its bill is known a snapshot is taken to cost as much as all of its volume. "
    "Whether a Recycle Bin keeps what is deleted is not read.",
    parameters=(Parameter(name="min_days", default=60, meaning="Days a snapshot is left alone."),),
    needs=("VolumeId", "StartTime"),
    also_reads=(ResourceKind.AWS_EBS_VOLUME, ResourceKind.AWS_AMI),
    check=is_orphan,
    group="snapshot",
    remedy=Remedy(
        says="Deletes the snapshot.",
        plan=delete,
        reversible=Reversible.PARTLY,
        loses="Everything, unless a Recycle Bin rule covered the snapshot before it was deleted.",
        permissions=("ec2:DeleteSnapshot", "ec2:RestoreSnapshotFromRecycleBin"),
    ),
    examples=(
        # 100 GiB * 0.05 = 5.00
        fires(_snapshot(), parameters={"min_days": 60}),
        fires(_snapshot(), parameters={"min_days": 60}, bills=_billed("0.70")),
        fires(_snapshot(tags={"aws:backup:source-resource": "vol-1"}), parameters={"min_days": 60}),
        fires(_snapshot(CreateVolumePermissions=[{"UserId": "210987654321"}]), parameters={"min_days": 60}),
        quiet(_snapshot(), _volume(), parameters={"min_days": 60}),
        quiet(_snapshot(), _image(), parameters={"min_days": 60}),
        quiet(_snapshot(age_days=60), parameters={"min_days": 60}),
        quiet(_snapshot(VolumeId=OF_A_COPY), parameters={"min_days": 60}),
        quiet(_snapshot(), parameters={"min_days": 60}, is_listed=lambda kind, _: kind is ResourceKind.AWS_AMI),
    ),
)
