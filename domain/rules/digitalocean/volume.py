"""Volumes and snapshots that are paid for without use."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Call, Look, Step
from domain.rules.digitalocean_price import SNAPSHOT, VOLUME
from domain.rules.digitalocean_snapshot import PAGE, found_by_name, is_listed, kept, snapshot_id, snapshot_name
from domain.rules.list_price import usd
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet


def is_unattached(volume: Resource, context: RuleContext) -> Observation | None:
    """Fires on a volume in no use, counted from its creation or from the change that CloudWatcher saw."""
    if "droplet_ids" not in volume.config or volume.config["droplet_ids"] or volume.created_at is None:
        return None
    since = max(volume.created_at, context.changed_at.get(volume.native_id, volume.created_at))
    if context.now - since <= context.days("min_days"):
        return None
    size = volume.config["size_gigabytes"]
    return Observation(
        reason=f"Volume {volume.name} ({size} GiB) is attached to nothing, unchanged since {since:%Y-%m-%d}.",
        observed={"droplet_ids": [], "since": since.isoformat()},
        estimated_monthly_saving=usd(size * (VOLUME.usd - SNAPSHOT.usd)),
        saving_formula=f"{size} GiB * ({VOLUME.usd} - {SNAPSHOT.usd}) USD",
    )


def is_old(snapshot: Resource, context: RuleContext) -> Observation | None:
    """Fires on a snapshot made more than `max_age_days` ago."""
    made, size = snapshot.created_at, snapshot.config.get("size_gigabytes")
    if made is None or size is None or context.now - made <= context.days("max_age_days"):
        return None
    return Observation(
        reason=f"Snapshot {snapshot.name} ({size} GiB) was made on {made:%Y-%m-%d} and is billed since.",
        observed={"created_at": made.isoformat(), "size_gigabytes": size},
        estimated_monthly_saving=usd(Decimal(str(size)) * SNAPSHOT.usd),
        saving_formula=f"{size} GiB * {SNAPSHOT.usd} USD",
    )


def replace_with_snapshot(volume: Resource, context: RuleContext) -> tuple[Step, ...]:
    """A snapshot, and once it is there the volume goes. Undone by a volume of the same name made from the snapshot."""
    volume_id, label = volume.native_id, f"volume {volume.name} ({volume.native_id})"
    every = context.every(ResourceKind.DIGITALOCEAN_SNAPSHOT)
    name = snapshot_name(volume_id, (one.native_id for one in every if one.config.get("resource_id") == volume_id))
    snapshots = Call(
        operation="GET /v2/volumes/{volume_id}/snapshots", arguments={"volume_id": volume_id, "per_page": PAGE}
    )
    taken = Step(
        name="snapshot",
        says=f"Take a snapshot of {label}.",
        call=Call(
            operation="POST /v2/volumes/{volume_id}/snapshots",
            arguments={"volume_id": volume_id, "name": name, "tags": volume.config.get("tags") or []},
        ),
        found=found_by_name(snapshots, name),
        wait=is_listed(snapshots, name),
    )
    gone = Step(
        name="delete",
        says=f"Delete {label}.",
        call=Call(operation="DELETE /v2/volumes/{volume_id}", arguments={"volume_id": volume_id}),
        gone=("404",),
        undo=(_made_again(volume, name),),
    )
    return (taken, kept(snapshots, name, label), gone)


def _made_again(volume: Resource, name: str) -> Step:
    """Names of volumes are unique in a region, so the name shows that it was made."""
    by_name = {"name": volume.name, "region": volume.region}
    same = ("size_gigabytes", "description", "tags")
    return Step(
        name="create",
        says=f"Make the volume {volume.name} again from the snapshot.",
        call=Call(
            operation="POST /v2/volumes",
            arguments={
                **by_name,
                **{key: volume.config[key] for key in same if volume.config.get(key)},
                "snapshot_id": snapshot_id(name),
            },
        ),
        found=Look(call=Call(operation="GET /v2/volumes", arguments=by_name), path="volumes.0"),
    )


def delete_snapshot(snapshot: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The snapshot goes for good."""
    call = Call(operation="DELETE /v2/snapshots/{snapshot_id}", arguments={"snapshot_id": snapshot.native_id})
    says = f"Delete snapshot {snapshot.name} ({snapshot.native_id}) for good."
    return (Step(name="delete", says=says, call=call, gone=("404",)),)


def _volume(age_days: int = 30, **config: Any) -> Resource:
    """A volume of 100 GiB for the examples, attached unless said otherwise."""
    plain = {"droplet_ids": [7], "size_gigabytes": 100, "description": "", "tags": ["shop"]}
    return Resource(
        kind=ResourceKind.DIGITALOCEAN_VOLUME,
        native_id="vol-1",
        name="data",
        region="fra1",
        created_at=EXAMPLE_NOW - timedelta(days=age_days),
        config={**plain, **config},
    )


def _snapshot(age_days: int, native_id: str = "9", **config: Any) -> Resource:
    return Resource(
        kind=ResourceKind.DIGITALOCEAN_SNAPSHOT,
        native_id=native_id,
        name="before-the-move",
        region="fra1",
        created_at=EXAMPLE_NOW - timedelta(days=age_days),
        config={"resource_id": "vol-1", "resource_type": "volume", "size_gigabytes": 2.3, **config},
    )


VOLUME_UNATTACHED = Rule(
    id="digitalocean-volume-unattached",
    title="Volume is attached to nothing",
    description="A volume that no droplet uses is billed for its full size. A snapshot keeps the data for less.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.HIGH,
    applies_to=ResourceKind.DIGITALOCEAN_VOLUME,
    permissions=("block_storage:read", "snapshot:read"),
    source="DigitalOcean API, volumes; Volumes and Snapshots pricing",
    blind_spots="When a volume was detached is known only if CloudWatcher saw it attached before; else its age counts. "
    "The saving takes the snapshot to be as large as the volume.",
    parameters=(Parameter(name="min_days", default=14, meaning="Days a volume may lie unattached."),),
    needs=("droplet_ids",),
    also_reads=(ResourceKind.DIGITALOCEAN_SNAPSHOT,),
    check=is_unattached,
    group="unattached",
    remedy=Remedy(
        says="Keeps a snapshot and deletes the volume.",
        plan=replace_with_snapshot,
        reversible=Reversible.PARTLY,
        loses="The volume made again has another id.",
        permissions=(
            "block_storage:create",
            "block_storage:delete",
            "block_storage_snapshot:create",
            "block_storage_snapshot:read",
            "tag:create",
        ),
    ),
    examples=(
        # 100 * (0.10 - 0.06) = 4.00 a month.
        fires(_volume(droplet_ids=[]), _snapshot(10), parameters={"min_days": 14}),
        fires(_volume(droplet_ids=None, tags=None), parameters={"min_days": 14}),
        quiet(_volume(), parameters={"min_days": 14}),
        quiet(_volume(age_days=14, droplet_ids=[]), parameters={"min_days": 14}),
        quiet(
            _volume(droplet_ids=[]),
            parameters={"min_days": 14},
            changed_at={"vol-1": EXAMPLE_NOW - timedelta(days=2)},
        ),
    ),
)

SNAPSHOT_OLD = Rule(
    id="digitalocean-snapshot-old",
    title="Snapshot is old",
    description="Snapshots are billed by size until somebody deletes them.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.HIGH,
    applies_to=ResourceKind.DIGITALOCEAN_SNAPSHOT,
    permissions=("snapshot:read",),
    source="DigitalOcean API, snapshots; Snapshots pricing",
    blind_spots="A snapshot that has to be kept for years looks like any other: exempt it by its tags.",
    parameters=(Parameter(name="max_age_days", default=90, meaning="Days a snapshot may be old."),),
    needs=("size_gigabytes",),
    check=is_old,
    group="snapshot",
    remedy=Remedy(
        says="Deletes the snapshot.",
        plan=delete_snapshot,
        reversible=Reversible.NO,
        loses="The snapshot is gone for good.",
        permissions=("image:delete", "snapshot:delete"),
    ),
    examples=(
        # 2.3 * 0.06 = 0.138, in whole cents 0.14.
        fires(_snapshot(91), parameters={"max_age_days": 90}),
        quiet(_snapshot(90), parameters={"max_age_days": 90}),
        quiet(_snapshot(91, size_gigabytes=None), parameters={"max_age_days": 90}),
    ),
)
