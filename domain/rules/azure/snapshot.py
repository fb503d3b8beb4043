"""Snapshots of disks that outlive their use."""

from datetime import timedelta
from decimal import Decimal

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Step
from domain.rules.azure_resource import GONE, on, whole_bill
from domain.rules.list_price import usd
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet


def is_old(snapshot: Resource, context: RuleContext) -> Observation | None:
    """Fires on a snapshot that is older than `max_age_days`."""
    if snapshot.created_at is None or context.now - snapshot.created_at <= context.days("max_age_days"):
        return None
    return Observation(
        reason=f"Snapshot {snapshot.name} was taken on {snapshot.created_at:%Y-%m-%d} and is still billed.",
        observed={"timeCreated": snapshot.created_at.isoformat()},
        **whole_bill(snapshot, context),
    )


def delete(snapshot: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The snapshot goes, and with it the only copy of what it held."""
    return (
        Step(
            name="delete",
            says=f"Delete the snapshot {snapshot.name} for good.",
            call=on("DELETE Microsoft.Compute/snapshots/{snapshotName}", snapshot.native_id),
            gone=GONE,
        ),
    )


def _snapshot(age_days: int) -> Resource:
    return Resource(
        kind=ResourceKind.AZURE_SNAPSHOT,
        native_id="/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.Compute/snapshots/before-update",
        name="before-update",
        created_at=EXAMPLE_NOW - timedelta(days=age_days),
        config={"properties": {"diskSizeGB": 128}},
    )


_A_QUARTER = {"max_age_days": 90}

OLD = Rule(
    id="azure-snapshot-old",
    title="Disk snapshot is old",
    description="Snapshots taken by hand are billed until somebody deletes them.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AZURE_SNAPSHOT,
    permissions=("Microsoft.Compute/snapshots/read",),
    source="Snapshots - List (timeCreated); Azure managed disks pricing, snapshots",
    blind_spots="Whether somebody still counts on a snapshot cannot be seen: tag those that have to stay. "
    "What an incremental snapshot shares with a later one goes on being billed there.",
    parameters=(Parameter(name="max_age_days", default=90, meaning="Days a snapshot may be kept."),),
    needs=("properties",),
    check=is_old,
    group="snapshot",
    remedy=Remedy(
        says="Deletes the snapshot.",
        plan=delete,
        reversible=Reversible.NO,
        loses="What the snapshot held is gone for good.",
        permissions=("Microsoft.Compute/snapshots/delete",),
    ),
    examples=(
        fires(_snapshot(91), parameters=_A_QUARTER),
        # The whole bill of 6.40 USD.
        fires(
            _snapshot(91),
            parameters=_A_QUARTER,
            bills={_snapshot(0).native_id: usd(Decimal("6.40"))},
        ),
        quiet(_snapshot(89), parameters=_A_QUARTER),
    ),
)
