"""Managed disks that are paid for without use, or dearer than they need to be."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import TOKEN, Call, Look, Step, answer
from domain.rules.azure_metric import hourly, measured, percentile
from domain.rules.azure_resource import GONE, group_of, kept, moment, on, own, tag_of
from domain.rules.list_price import usd
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet

PREMIUM, STANDARD_SSD = "Premium_LRS", "StandardSSD_LRS"
# Site Recovery keeps copies of the disks of another region in disks that no machine holds.
REPLICA_TAG = "ASR-ReplicaDisk"
READS, WRITES = "Composite Disk Read Operations/sec", "Composite Disk Write Operations/sec"
# A disk that uses less than this part of its speed does as well on standard SSD. Source: the catalogue of rules.
LITTLE_USE = 0.2
# Their snapshots are filled in the background, and need the disk until they are full.
# Source: "Create an incremental snapshot for managed disks", Ultra Disks and Premium SSD v2.
FILLED_LATER = ("PremiumV2_LRS", "UltraSSD_LRS")
ACCESS = ("networkAccessPolicy", "publicNetworkAccess", "diskAccessId", "dataAccessAuthMode", "encryption")
# What of a disk can be given. Source: Disks - Create Or Update.
GIVEN = (
    *ACCESS,
    *("osType", "hyperVGeneration", "purchasePlan", "supportedCapabilities", "supportsHibernation", "securityProfile"),
    *("diskSizeGB", "encryptionSettingsCollection", "maxShares", "tier", "burstingEnabled"),
    "optimizedForFrequentAttach",
)
SPEED = ("diskIOPSReadWrite", "diskMBpsReadWrite", "diskIOPSReadOnly", "diskMBpsReadOnly")


def is_unattached(disk: Resource, context: RuleContext) -> Observation | None:
    """Fires on a disk that no machine holds, counted from when one last did, else from its creation."""
    if own(disk).get("diskState") != "Unattached" or disk.created_at is None or tag_of(disk, REPLICA_TAG):
        return None
    seen = context.changed_at.get(disk.native_id, disk.created_at)
    since = moment(own(disk).get("LastOwnershipUpdateTime")) or max(disk.created_at, seen)
    if context.now - since <= context.days("min_days"):
        return None
    billed = context.billed_usd(disk.native_id)
    saving = None if billed is None else usd(billed)
    return Observation(
        reason=f"Disk {disk.name} has been attached to nothing since {since:%Y-%m-%d} and is billed in full.",
        observed={"diskState": "Unattached", "since": since.isoformat()},
        estimated_monthly_saving=saving,
        saving_formula=saving and f"{saving.amount} USD bill - what the snapshot will cost (not known, not counted)",
    )


def replace_with_snapshot(disk: Resource, _: RuleContext) -> tuple[Step, ...]:
    """A snapshot, and once that is whole the disk goes. Undone by a disk of the same name that holds the same."""
    group = group_of(disk.native_id)
    look = Call(
        operation="GET Microsoft.Compute/snapshots/{snapshotName}", arguments={"group": group, "snapshotName": TOKEN}
    )
    is_filled_later = (disk.config.get("sku") or {}).get("name") in FILLED_LATER
    taken = Step(
        name="snapshot",
        says=f"Take an incremental snapshot of the disk {disk.name}.",
        call=Call(
            operation="PUT Microsoft.Compute/snapshots/{snapshotName}",
            arguments={
                "group": group,
                "snapshotName": TOKEN,
                "location": disk.config["location"],
                "tags": {**disk.tags, "cloudwatcher-disk": disk.name},
                "properties": {
                    "creationData": {"createOption": "Copy", "sourceResourceId": disk.native_id},
                    "incremental": True,
                    **kept(own(disk), ACCESS),
                },
            },
        ),
        found=Look(call=look, path=""),
        wait=Look(call=look, path="properties.completionPercent", ready=("100", "100.0"))
        if is_filled_later
        else Look(call=look, path="properties.provisioningState", ready=("Succeeded",), failed=("Failed", "Canceled")),
    )
    gone = Step(
        name="delete",
        says=f"Delete the disk {disk.name}.",
        call=on("DELETE Microsoft.Compute/disks/{diskName}", disk.native_id),
        gone=GONE,
        undo=(_made_again(disk),),
    )
    return (taken, gone)


def _made_again(disk: Resource) -> Step:
    """The disk from its snapshot, under the same id."""
    made = kept(own(disk).get("creationData") or {}, ("logicalSectorSize", "performancePlus"))
    sku = kept(disk.config.get("sku") or {}, ("name",))
    names = (*GIVEN, *SPEED) if sku.get("name") in FILLED_LATER else GIVEN
    source = {"createOption": "Copy", "sourceResourceId": answer("snapshot", "id"), **made}
    return Step(
        name="create",
        says=f"Make the disk {disk.name} again from the snapshot.",
        call=on(
            "PUT Microsoft.Compute/disks/{diskName}",
            disk.native_id,
            **kept(disk.config, ("location", "zones", "extendedLocation", "tags")),
            sku=sku,
            properties={**kept(own(disk), names), "creationData": source},
        ),
    )


def is_little_used(disk: Resource, context: RuleContext) -> Observation | None:
    """Fires on a premium disk that rarely does more than a part of what it may."""
    most = own(disk).get("diskIOPSReadWrite")
    if (disk.config.get("sku") or {}).get("name") != PREMIUM or not most:
        return None
    days = context.parameters["lookback_days"]
    reads, writes = (hourly(disk, name, "average", days, context) for name in (READS, WRITES))
    both = [reads[at] + writes[at] for at in sorted(reads.keys() & writes.keys())]
    usual = percentile(both, 95) if both else most
    if usual >= LITTLE_USE * most:
        return None
    return Observation(
        reason=f"Premium disk {disk.name} stays under {usual:.1f} of its {most} operations a second 95 hours in 100.",
        observed={"sku": PREMIUM, "diskIOPSReadWrite": most, "p95_operations": round(usual, 1), "hours": len(both)},
    )


def make_standard(disk: Resource, _: RuleContext) -> tuple[Step, ...]:
    """One change of the type, which Azure takes only while no running machine holds the disk."""
    if own(disk).get("diskState") not in ("Unattached", "Reserved"):
        raise NoPlan(f"A running machine holds {disk.name}: its type can change only while the machine is deallocated.")
    return (
        Step(
            name="modify",
            says=f"Change the disk {disk.name} from premium to standard SSD.",
            call=on("PATCH Microsoft.Compute/disks/{diskName}", disk.native_id, sku={"name": STANDARD_SSD}),
            undo=(
                Step(
                    name="back",
                    says=f"Change the disk {disk.name} back to premium SSD.",
                    call=on("PATCH Microsoft.Compute/disks/{diskName}", disk.native_id, sku={"name": PREMIUM}),
                ),
            ),
        ),
    )


def _disk(sku: str = STANDARD_SSD, metrics: Any = None, tags: dict[str, str] | None = None, **fields: Any) -> Resource:
    """A 128 GiB disk for the examples, attached a year ago unless said otherwise."""
    plain = {"diskState": "Attached", "diskSizeGB": 128, "diskIOPSReadWrite": 500}
    return Resource(
        kind=ResourceKind.AZURE_DISK,
        native_id="/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.Compute/disks/data",
        name="data",
        region="westeurope",
        tags=tags or {},
        created_at=EXAMPLE_NOW - timedelta(days=365),
        config={
            "location": "westeurope",
            "sku": {"name": sku},
            "properties": {**plain, **fields},
            **({} if metrics is None else {"metrics": metrics}),
        },
    )


def _used(days: int, reads: float, writes: float) -> list[dict[str, Any]]:
    return [measured(READS, days, average=reads), measured(WRITES, days, average=writes)]


_UNATTACHED_LONG: dict[str, Any] = {
    "diskState": "Unattached",
    "LastOwnershipUpdateTime": "2026-05-01T00:00:00.1234567+00:00",
}
_TWO_WEEKS = {"min_days": 14}
_A_MONTH = {"lookback_days": 30}

UNATTACHED = Rule(
    id="azure-disk-unattached",
    title="Managed disk is attached to nothing",
    description="A disk that no machine holds is billed for its full size. A snapshot keeps the data for less.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AZURE_DISK,
    permissions=("Microsoft.Compute/disks/read",),
    source="Disks - List (diskState, LastOwnershipUpdateTime); Azure managed disks pricing",
    blind_spots="A disk that never was attached is counted from its creation or from the change CloudWatcher saw. "
    "What the snapshot will cost is not taken off the saving: it hangs on how full the disk is.",
    parameters=(Parameter(name="min_days", default=14, meaning="Days a disk may lie unattached."),),
    needs=("properties",),
    check=is_unattached,
    group="unattached",
    remedy=Remedy(
        says="Keeps a snapshot and deletes the disk.",
        plan=replace_with_snapshot,
        reversible=Reversible.PARTLY,
        loses="A disk made again from the snapshot has the same id, but another unique id and time of creation.",
        permissions=(
            "Microsoft.Compute/disks/delete",
            "Microsoft.Compute/disks/write",
            "Microsoft.Compute/snapshots/read",
            "Microsoft.Compute/snapshots/write",
        ),
    ),
    examples=(
        fires(_disk(**_UNATTACHED_LONG), parameters=_TWO_WEEKS),
        # The whole bill of 19.71 USD.
        fires(
            _disk(sku="UltraSSD_LRS", diskState="Unattached"),
            parameters=_TWO_WEEKS,
            bills={_disk().native_id: usd(Decimal("19.71"))},
        ),
        quiet(_disk(), parameters=_TWO_WEEKS),
        quiet(_disk(**_UNATTACHED_LONG, tags={"asr-replicadisk": "x"}), parameters=_TWO_WEEKS),
        quiet(_disk(diskState="ReservedWhileDeallocated"), parameters=_TWO_WEEKS),
        quiet(
            _disk(diskState="Unattached", LastOwnershipUpdateTime="2026-06-10T00:00:00+00:00"), parameters=_TWO_WEEKS
        ),
    ),
)

PREMIUM_LOW_USE = Rule(
    id="azure-disk-premium-low-use",
    title="Premium disk is rarely used",
    description="A disk that uses a small part of the speed it is billed for does as well on standard SSD.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AZURE_DISK,
    permissions=("Microsoft.Compute/disks/read", "Microsoft.Insights/metrics/read"),
    source="Disks - List (diskIOPSReadWrite); Azure Monitor, metrics of Microsoft.Compute/disks",
    blind_spots="Hourly averages hide short peaks, and throughput is not looked at. Prices of both types are not known "
    "here, so no saving is estimated. A disk that a running machine holds is reported, but cannot be changed as it is.",
    parameters=(Parameter(name="lookback_days", default=30, meaning="Days that are looked at.", least=1, most=30),),
    needs=("properties", "sku"),
    may_need=("metrics",),
    check=is_little_used,
    group="storage-tier",
    remedy=Remedy(
        says="Changes the type of the disk while its machine is deallocated.",
        plan=make_standard,
        reversible=Reversible.YES,
        permissions=("Microsoft.Compute/disks/write",),
    ),
    examples=(
        # 60 of 500 operations a second: 12 percent.
        fires(_disk(PREMIUM, _used(30, 40.0, 20.0), diskState="Reserved"), parameters=_A_MONTH),
        fires(_disk(PREMIUM, _used(30, 40.0, 20.0)), parameters=_A_MONTH),
        quiet(_disk(PREMIUM, _used(30, 80.0, 20.0)), parameters=_A_MONTH),
        quiet(_disk(PREMIUM, _used(20, 0.0, 0.0)), parameters=_A_MONTH),
        quiet(_disk(PREMIUM, []), parameters=_A_MONTH),
        quiet(_disk(STANDARD_SSD, []), parameters=_A_MONTH),
    ),
)
