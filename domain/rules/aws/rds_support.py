"""RDS databases whose engine is so old that AWS takes money for looking after it."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Step, answer
from domain.rules.aws_database import refuse_cluster_member
from domain.rules.aws_database_copy import SNAPSHOT_ID, restored, snapshot_of, upgraded
from domain.rules.aws_database_later import LATER, is_pending
from domain.rules.aws_extended_support import support_saving
from domain.rules.list_price import usd
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

# The last day of standard support by engine and major version.
# Sources: RDS user guide, "Supported MySQL major versions"; RDS for PostgreSQL release notes, "Release calendars";
# Aurora user guide, "Release calendars".
SUPPORTED_UNTIL = {
    ("mysql", "5.7"): date(2024, 2, 29),
    ("mysql", "8.0"): date(2026, 7, 31),
    ("postgres", "11"): date(2024, 2, 29),
    ("postgres", "12"): date(2025, 2, 28),
    ("postgres", "13"): date(2026, 2, 28),
    ("postgres", "14"): date(2027, 2, 28),
    ("aurora-mysql", "5.7"): date(2024, 10, 31),
    ("aurora-postgresql", "11"): date(2024, 2, 29),
    ("aurora-postgresql", "12"): date(2025, 2, 28),
    ("aurora-postgresql", "13"): date(2026, 2, 28),
    ("aurora-postgresql", "14"): date(2027, 2, 28),
}
# What RDS prints of a database that is upgraded rather than billed. Source: RDS API reference, CreateDBInstance.
DECLINED = "open-source-rds-extended-support-disabled"


def is_past_support(database: Resource, context: RuleContext) -> Observation | None:
    """Fires on a major version whose standard support has ended, unless extended support was declined; and on whatever
    version extended support is billed for.
    """
    engine, version = str(database.config.get("Engine")), str(database.config.get("EngineVersion"))
    until = next((SUPPORTED_UNTIL[key] for key in _keys(engine, version) if key in SUPPORTED_UNTIL), None)
    ended = f"{until:%Y-%m-%d}" if until is not None and context.now.date() > until else None
    billed = support_saving(database, context)
    is_declined = database.config.get("EngineLifecycleSupport") == DECLINED
    if is_pending(database, "EngineVersion") or not (billed or (ended and not is_declined)):
        return None
    why = f"whose standard support ended on {ended}" if ended else "for which extended support is billed"
    return Observation(
        reason=f"Database {database.name} runs {engine} {version}, {why}.",
        observed={"Engine": engine, "EngineVersion": version, "standard_support_until": ended},
        **billed,
    )


def _keys(engine: str, version: str) -> tuple[tuple[str, str], ...]:
    """MySQL counts majors as 8.0, PostgreSQL as 13."""
    parts = version.split(".")
    return (engine, ".".join(parts[:2])), (engine, parts[0])


def upgrade(database: Resource, _: RuleContext) -> tuple[Step, ...]:
    """A snapshot, and then the newest version that can be reached in one step."""
    refuse_cluster_member(database)
    wanted = _newest(database)
    own = [
        group["DBParameterGroupName"]
        for group in database.config.get("DBParameterGroups") or []
        if not group["DBParameterGroupName"].startswith("default.")
    ]
    if own:
        raise NoPlan(
            f"{database.name} has parameters of its own in {own[0]}; {wanted} needs a group of its kind first."
        )
    former = str(database.config["EngineVersion"])
    return (
        snapshot_of(database),
        upgraded(
            database,
            f"Upgrade {database.name} from {former} to {wanted} {LATER}. This cannot be taken back, and what uses the "
            "database must bear the new version.",
            wanted,
            undo=restored(database, answer("snapshot", SNAPSHOT_ID)),
        ),
    )


def _newest(database: Resource) -> str:
    """Of the major upgrades that RDS offers."""
    versions = database.config.get("EngineVersions") or []
    offered = [
        str(target["EngineVersion"])
        for version in versions
        if version.get("EngineVersion") == database.config.get("EngineVersion")
        for target in version.get("ValidUpgradeTarget") or []
        if target.get("IsMajorVersionUpgrade")
    ]
    if not offered:
        raise NoPlan(f"RDS offers no newer major version for {database.name} in one step.")
    return max(offered, key=lambda version: [int(number) for number in re.findall(r"\d+", version)])


ARN = "arn:aws:rds:us-east-1:123456789012:db:orders"


def _database(version: str = "12.19", group: str = "default.postgres12", **config: Any) -> Resource:
    targets = [
        {"EngineVersion": "12.22", "IsMajorVersionUpgrade": False},
        {"EngineVersion": "9.9", "IsMajorVersionUpgrade": True},
        {"EngineVersion": "16.4", "IsMajorVersionUpgrade": True},
    ]
    return Resource(
        kind=ResourceKind.AWS_RDS_INSTANCE,
        native_id=ARN,
        name="orders",
        region="us-east-1",
        config={
            "DBInstanceIdentifier": "orders",
            "Engine": "postgres",
            "EngineVersion": version,
            "DBInstanceClass": "db.m6g.large",
            "DBSubnetGroup": {"DBSubnetGroupName": "private"},
            "DBParameterGroups": [{"DBParameterGroupName": group}],
            "EngineVersions": [{"EngineVersion": version, "ValidUpgradeTarget": targets}],
            **config,
        },
    )


PAST_SUPPORT = Rule(
    id="aws-rds-extended-support",
    title="Database engine is past its standard support",
    description="AWS looks after an engine past its standard support for an extra price by processor and hour.",
    category=FindingCategory.FINOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_RDS_INSTANCE,
    permissions=("rds:DescribeDBEngineVersions", "rds:DescribeDBInstances"),
    source="RDS DescribeDBInstances; Amazon RDS user guide, Extended Support and release calendars",
    blind_spots="The ends of support are those AWS had announced when this was written; other versions are noticed by "
    "the bill alone. Without a bill that names the database there is no estimate.",
    needs=("Engine", "EngineVersion"),
    check=is_past_support,
    group="modernise",
    remedy=Remedy(
        says="Keeps a snapshot and upgrades the engine at the next maintenance window.",
        plan=upgrade,
        reversible=Reversible.PARTLY,
        loses="The old version comes back beside the upgraded database, under another name and address, and without "
        "what was written after the snapshot.",
        permissions=(
            "rds:AddTagsToResource",
            "rds:CreateDBSnapshot",
            "rds:DescribeDBSnapshots",
            "rds:ModifyDBInstance",
            "rds:RestoreDBInstanceFromDBSnapshot",
        ),
    ),
    examples=(
        fires(_database()),
        fires(_database(version="5.7.44", Engine="mysql", EngineVersions=[])),
        fires(_database(group="tuned")),
        fires(_database(DBClusterIdentifier="shop")),
        # 30.4167 days of 4.80
        fires(_database(), support_bills={ARN: usd(Decimal("146.00"))}),
        fires(_database(version="15.2"), support_bills={ARN: usd(Decimal("146.00"))}),
        fires(_database(EngineLifecycleSupport=DECLINED), support_bills={ARN: usd(Decimal("146.00"))}),
        quiet(_database(version="16.3")),
        quiet(_database(version="14.12")),
        quiet(_database(EngineLifecycleSupport=DECLINED)),
        quiet(_database(PendingModifiedValues={"EngineVersion": "16.4"})),
    ),
)
