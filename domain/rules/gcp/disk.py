"""Disks that no machine uses, and old snapshots of disks."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.money import Money
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Step
from domain.rules import gcp_example as example
from domain.rules.gcp_recommendation import KIND, NEEDS, SOURCE, is_active, must_target, observed, target
from domain.rules.gcp_step import NOT_FOUND, compute_step, made_step, scope
from domain.rules.list_price import GCP_SNAPSHOT, usd
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

RECOMMENDER = "google.compute.disk.IdleResourceRecommender"
KEEPING, BLANK = "SNAPSHOT_AND_DELETE_DISK", "DELETE_BLANK_DISK"
DISK, SNAPSHOT = ResourceKind.GCP_DISK, ResourceKind.GCP_SNAPSHOT
# What a disk that is made again is given of the old one; the rest comes from the snapshot or from Google.
KEPT = (
    "description",
    "type",
    "sizeGb",
    "labels",
    "resourcePolicies",
    "provisionedIops",
    "provisionedThroughput",
    "physicalBlockSizeBytes",
    "accessMode",
    "architecture",
    "enableConfidentialCompute",
    "storagePool",
)
BYTES_PER_GIB = 2**30


def is_unused(recommendation: Resource, context: RuleContext) -> Observation | None:
    """Fires while the disk is there and attached to nothing."""
    if not is_active(recommendation, RECOMMENDER, KEEPING, BLANK):
        return None
    disk = target(recommendation, DISK, context, "gcp-disk-idle")
    if disk is None or disk.config.get("users"):
        return None
    size = disk.config.get("sizeGb")
    return observed(recommendation, f"Disk {disk.name} ({size} GB) is attached to nothing", users=[], sizeGb=size)


def keep_and_delete(recommendation: Resource, context: RuleContext) -> tuple[Step, ...]:
    """A snapshot unless the disk is blank, and once that is whole the disk goes. Undone by a new disk of its name."""
    disk = must_target(recommendation, DISK, context)
    key = disk.config.get("diskEncryptionKey") or {}
    if "zone" not in scope(disk):
        raise NoPlan(f"{disk.name} is a regional disk.")
    if key and not key.get("kmsKeyName"):
        raise NoPlan(f"{disk.name} is encrypted with a key that only its owner has.")
    if recommendation.config.get("recommenderSubtype") == BLANK:
        return (_deleted(disk, {}),)
    name = f"cloudwatcher-{disk.config.get('id') or disk.name}"[:63].rstrip("-")
    taken = made_step(
        "snapshot",
        f"Take the snapshot {name} of {disk.name}.",
        "disks.createSnapshot",
        {**scope(disk), "disk": disk.name},
        {
            "name": name,
            "description": f"Kept by CloudWatcher before {disk.name} was deleted",
            "labels": dict(disk.tags),
        },
        ("snapshots.list", {}),
        ready=("READY",),
        failed=("FAILED", "DELETING"),
    )
    return (taken, _deleted(disk, {"sourceSnapshot": f"global/snapshots/{name}"}))


def _deleted(disk: Resource, source: dict[str, str]) -> Step:
    where = scope(disk)
    given = {name: disk.config[name] for name in KEPT if disk.config.get(name)}
    if disk.config.get("diskEncryptionKey"):
        # It is printed with the version that was current; a new disk takes the key.
        name = disk.config["diskEncryptionKey"]["kmsKeyName"].partition("/cryptoKeyVersions/")[0]
        given["diskEncryptionKey"] = {"kmsKeyName": name}
    again = made_step(
        "make-again",
        f"Make a disk {disk.name} like the old one{' from the snapshot' if source else ', blank as it was'}.",
        "disks.insert",
        where,
        {"name": disk.name, **given, **source},
        ("disks.list", where),
        ready=("READY",),
        failed=("FAILED", "DELETING"),
    )
    says = f"Delete the disk {disk.name}."
    return compute_step("delete", says, "disks.delete", where, {"disk": disk.name}, gone=NOT_FOUND, undo=(again,))


def is_old(snapshot: Resource, context: RuleContext) -> Observation | None:
    """Fires on a snapshot past the age."""
    made = snapshot.created_at
    if made is None or context.now - made <= context.days("max_age_days"):
        return None
    saving, formula = _saving(snapshot, context)
    return Observation(
        reason=f"Snapshot {snapshot.name} is {(context.now - made) // timedelta(days=1)} days old.",
        observed={"creationTimestamp": made.isoformat(), "storageBytes": snapshot.config.get("storageBytes")},
        estimated_monthly_saving=saving,
        saving_formula=formula,
    )


def delete_snapshot(snapshot: Resource, _: RuleContext) -> tuple[Step, ...]:
    """It goes for good; snapshots after it keep what they need of it."""
    arguments = {"snapshot": snapshot.name}
    says = f"Delete the snapshot {snapshot.name} for good."
    return (compute_step("delete", says, "snapshots.delete", scope(snapshot), arguments, gone=NOT_FOUND),)


def _saving(snapshot: Resource, context: RuleContext) -> tuple[Money | None, str | None]:
    bill = context.billed_usd(snapshot.native_id)
    if bill is not None:
        return usd(bill), f"{bill} USD billed"
    if "storageBytes" not in snapshot.config:
        return None, None
    gib = Decimal(snapshot.config["storageBytes"]) / BYTES_PER_GIB
    return usd(gib * GCP_SNAPSHOT.usd), f"{gib:.2f} GiB * {GCP_SNAPSHOT.usd}"


def _disk(place: str = f"zones/{example.ZONE}", **config: Any) -> Resource:
    plain = {"id": "77", "sizeGb": "100", "type": f"{example.LINK}/{place}/diskTypes/pd-ssd", "labels": {"team": "web"}}
    return example.compute(DISK, f"{place}/disks/data", tags={"team": "web"}, **{**plain, **config})


def _snapshot(age_days: int, **config: Any) -> Resource:
    return example.compute(SNAPSHOT, "global/snapshots/data-1", age_days=age_days, **config)


def _of(disk: Resource, subtype: str) -> Resource:
    return example.recommendation(RECOMMENDER, disk.native_id, recommenderSubtype=subtype)


DATA = _disk()
REGIONAL = _disk("regions/us-central1")
KMS = {"kmsKeyName": "projects/shop-1/locations/us/keyRings/r/cryptoKeys/k/cryptoKeyVersions/3"}
AGE = {"max_age_days": 90}
TEN_GIB = _snapshot(91, storageBytes=str(10 * BYTES_PER_GIB))

UNUSED = Rule(
    id="gcp-disk-idle",
    title="Disk is attached to nothing",
    description="A disk that no machine uses is billed for its full size. A snapshot keeps the data for less.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.HIGH,
    applies_to=KIND,
    permissions=("recommender.computeDiskIdleResourceRecommendations.list", "compute.disks.list"),
    source=SOURCE.format(RECOMMENDER),
    blind_spots="Google recommends it some weeks after a disk was detached, and says nothing before.",
    needs=NEEDS,
    also_reads=(DISK,),
    check=is_unused,
    group="unattached",
    remedy=Remedy(
        says="Keeps a snapshot, unless the disk is blank, and deletes the disk.",
        plan=keep_and_delete,
        reversible=Reversible.PARTLY,
        loses="The disk made again has another id; what it holds is loaded from the snapshot as it is read.",
        permissions=(
            "compute.disks.createSnapshot",
            "compute.snapshots.create",
            "compute.snapshots.setLabels",
            "compute.snapshots.list",
            "compute.disks.delete",
            "compute.zoneOperations.get",
            "compute.disks.create",
            "compute.disks.setLabels",
            "compute.snapshots.useReadOnly",
        ),
    ),
    examples=(
        fires(_of(DATA, KEEPING), DATA),
        fires(_of(DATA, BLANK), DATA),
        fires(_of(DATA, KEEPING), _disk(diskEncryptionKey=KMS)),
        fires(_of(DATA, KEEPING), _disk(diskEncryptionKey={"sha256": "x"})),
        fires(_of(REGIONAL, KEEPING), REGIONAL),
        quiet(_of(DATA, KEEPING), _disk(users=["web"])),
        quiet(_of(DATA, KEEPING)),
        quiet(_of(DATA, "SOMETHING_NEW"), DATA),
    ),
)

OLD_SNAPSHOT = Rule(
    id="gcp-snapshot-old",
    title="Snapshot of a disk is old",
    description="Snapshots are billed until somebody deletes them.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.HIGH,
    applies_to=SNAPSHOT,
    permissions=("compute.snapshots.list",),
    source="Compute Engine, snapshots.list; Compute Engine pricing, disks and images",
    blind_spots="Whether somebody must keep it longer, or needs it to make a disk from, cannot be seen: give such a "
    "snapshot the label remediation-exempt. Part of what it holds may pass to the next snapshot and stay billed.",
    parameters=(Parameter(name="max_age_days", default=90, meaning="Days a snapshot may be kept."),),
    needs=("creationTimestamp",),
    check=is_old,
    group="snapshot",
    remedy=Remedy(
        says="Deletes the snapshot.",
        plan=delete_snapshot,
        reversible=Reversible.NO,
        loses="The snapshot and what only it holds.",
        permissions=("compute.snapshots.delete", "compute.globalOperations.get"),
    ),
    examples=(
        # 10 GiB * 0.05 USD = 0.50 USD.
        fires(TEN_GIB, parameters=AGE),
        fires(TEN_GIB, parameters=AGE, bills={TEN_GIB.native_id: Money(amount=Decimal("0.31"), currency="USD")}),
        fires(_snapshot(91), parameters=AGE),
        quiet(_snapshot(90), parameters=AGE),
    ),
)
