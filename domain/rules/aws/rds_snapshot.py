"""Snapshots of RDS databases that people took and forgot."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.money import Money
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.aws_list_price import DATABASE_SNAPSHOT
from domain.rules.list_price import usd
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet


def is_old(snapshot: Resource, context: RuleContext) -> Observation | None:
    """Fires on a manual snapshot that is older than `max_age_days`."""
    config, taken = snapshot.config, snapshot.created_at
    if config.get("SnapshotType") != "manual" or config.get("Status") != "available" or taken is None:
        return None
    if context.now - taken <= context.days("max_age_days"):
        return None
    billed = context.billed_usd(snapshot.native_id)
    size = Decimal(config.get("AllocatedStorage") or 0)
    cost = size * DATABASE_SNAPSHOT.usd if billed is None else billed
    formula = f"{size} GiB * {DATABASE_SNAPSHOT.usd} USD" if billed is None else f"{usd(cost).amount} USD billed"
    return Observation(
        reason=f"Snapshot {snapshot.name} was taken by hand on {taken:%Y-%m-%d} and stays until somebody deletes it.",
        observed={"SnapshotCreateTime": taken.isoformat(), "AllocatedStorage": int(size)},
        estimated_monthly_saving=usd(cost),
        saving_formula=formula,
    )


def delete(snapshot: Resource, _: RuleContext) -> tuple[Step, ...]:
    """It goes for good, unless somebody else may use it."""
    if any(one.get("AttributeValues") for one in snapshot.config.get("DBSnapshotAttributes") or []):
        raise NoPlan(f"{snapshot.name} is shared with other accounts, which may use it.")
    return (
        Step(
            name="delete",
            says=f"Delete the snapshot {snapshot.name} of {snapshot.config.get('DBInstanceIdentifier')} for good.",
            call=Call(
                operation="rds.delete_db_snapshot",
                region=snapshot.region,
                arguments={"DBSnapshotIdentifier": snapshot.config["DBSnapshotIdentifier"]},
            ),
            gone=("DBSnapshotNotFound",),
        ),
    )


ARN = "arn:aws:rds:us-east-1:123456789012:snapshot:orders-old"


def _snapshot(age_days: int = 181, **config: Any) -> Resource:
    return Resource(
        kind=ResourceKind.AWS_RDS_SNAPSHOT,
        native_id=ARN,
        name="orders-old",
        region="us-east-1",
        created_at=EXAMPLE_NOW - timedelta(days=age_days),
        config={
            "DBSnapshotIdentifier": "orders-old",
            "DBInstanceIdentifier": "orders",
            "SnapshotType": "manual",
            "Status": "available",
            "AllocatedStorage": 100,
            **config,
        },
    )


SHARED = [{"AttributeName": "restore", "AttributeValues": ["210987654321"]}]
DEFAULTS = {"max_age_days": 180}
OLD = Rule(
    id="aws-rds-snapshot-old",
    title="Manual database snapshot is old",
    description="Snapshots taken by hand are never deleted by AWS, and are billed for all the time.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_RDS_SNAPSHOT,
    permissions=("rds:DescribeDBSnapshots",),
    source="RDS DescribeDBSnapshots; Amazon RDS pricing, backup storage",
    blind_spots="A snapshot that has to be kept by law looks the same; exempt it by its tag. Until its bill is known "
    "it is taken to cost as much as all of its database, though only what changed is billed, and some is free.",
    parameters=(Parameter(name="max_age_days", default=180, meaning="Days a manual snapshot may be kept."),),
    needs=("SnapshotType", "Status", "SnapshotCreateTime"),
    check=is_old,
    group="snapshot",
    remedy=Remedy(
        says="Deletes the snapshot.",
        plan=delete,
        reversible=Reversible.NO,
        loses="The snapshot, and what only it held.",
        permissions=("rds:DeleteDBSnapshot",),
    ),
    examples=(
        # 100 GiB * 0.095 = 9.50
        fires(_snapshot(), parameters=DEFAULTS),
        fires(_snapshot(), parameters=DEFAULTS, bills={ARN: Money(amount=Decimal("1.20"), currency="USD")}),
        fires(_snapshot(DBSnapshotAttributes=SHARED), parameters=DEFAULTS),
        quiet(_snapshot(age_days=180), parameters=DEFAULTS),
        quiet(_snapshot(SnapshotType="automated"), parameters=DEFAULTS),
    ),
)
