"""Databases and their snapshots that strangers can reach."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.aws_database import changed
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

EVERYBODY = "all"


def is_public(database: Resource, _: RuleContext) -> Observation | None:
    """Fires on a database with a public address."""
    if database.config.get("PubliclyAccessible") is not True:
        return None
    return Observation(
        reason=f"Database {database.name} has a public address: only its security groups stand before it.",
        observed={"PubliclyAccessible": True},
    )


def take_off_internet(database: Resource, _: RuleContext) -> tuple[Step, ...]:
    """AWS makes this change at once by itself, so that nothing else that waits is made with it."""
    setting = "PubliclyAccessible"
    back = changed(database, "back", f"Give {database.name} its public address back.", setting, True)
    says = f"Take the public address from {database.name}: clients outside of its network lose it at once."
    return (changed(database, "hide", says, setting, False, back),)


def is_public_snapshot(snapshot: Resource, _: RuleContext) -> Observation | None:
    """Fires when everybody may restore the snapshot."""
    allowed = _restorers(snapshot)
    if EVERYBODY not in allowed:
        return None
    return Observation(
        reason=f"Anyone with an AWS account may restore database snapshot {snapshot.name} and read all of it.",
        observed={"restore": allowed},
    )


def hide_snapshot(snapshot: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Takes everybody out; accounts that are named keep their access."""

    def call(change: str) -> Call:
        arguments = {
            "DBSnapshotIdentifier": snapshot.config["DBSnapshotIdentifier"],
            "AttributeName": "restore",
            change: [EVERYBODY],
        }
        return Call(operation="rds.modify_db_snapshot_attribute", region=snapshot.region, arguments=arguments)

    back = Step(name="share", says=f"Let everybody restore {snapshot.name} again.", call=call("ValuesToAdd"))
    says = f"Stop everybody from restoring {snapshot.name}; accounts that are named still may."
    return (Step(name="hide", says=says, call=call("ValuesToRemove"), undo=(back,)),)


def _restorers(snapshot: Resource) -> list[str]:
    attributes = snapshot.config.get("DBSnapshotAttributes") or []
    return [
        value
        for one in attributes
        if one.get("AttributeName") == "restore"
        for value in one.get("AttributeValues") or []
    ]


def _database(**config: Any) -> Resource:
    return Resource(
        kind=ResourceKind.AWS_RDS_INSTANCE,
        native_id="arn:aws:rds:us-east-1:123456789012:db:orders",
        name="orders",
        region="us-east-1",
        config={"DBInstanceIdentifier": "orders", **config},
    )


def _snapshot(*restorers: str) -> Resource:
    attributes = [{"AttributeName": "restore", "AttributeValues": list(restorers)}]
    return Resource(
        kind=ResourceKind.AWS_RDS_SNAPSHOT,
        native_id="arn:aws:rds:us-east-1:123456789012:snapshot:orders-1",
        name="orders-1",
        region="us-east-1",
        config={"DBSnapshotIdentifier": "orders-1", "DBSnapshotAttributes": attributes},
    )


PUBLIC = Rule(
    id="aws-rds-public",
    title="Database has a public address",
    description="A database that the internet can reach waits for one wrong rule of a security group, or one guessed "
    "password.",
    category=FindingCategory.SECOPS,
    severity=Severity.CRITICAL,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_RDS_INSTANCE,
    permissions=("rds:DescribeDBInstances",),
    source="CIS AWS Foundations Benchmark 2.3.3; AWS Security Hub RDS.2; RDS DescribeDBInstances",
    blind_spots="Whether its security groups and subnets let anyone in is not looked at.",
    needs=("PubliclyAccessible",),
    check=is_public,
    group="network-exposure",
    remedy=Remedy(
        says="Takes the public address away; its name leads to the private one from then on.",
        plan=take_off_internet,
        reversible=Reversible.YES,
        permissions=("rds:ModifyDBInstance",),
    ),
    examples=(fires(_database(PubliclyAccessible=True)), quiet(_database(PubliclyAccessible=False))),
)

SNAPSHOT_PUBLIC = Rule(
    id="aws-rds-snapshot-public",
    title="Database snapshot can be restored by anyone",
    description="A public snapshot shows a whole database to every AWS account.",
    category=FindingCategory.SECOPS,
    severity=Severity.CRITICAL,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AWS_RDS_SNAPSHOT,
    permissions=("rds:DescribeDBSnapshotAttributes", "rds:DescribeDBSnapshots"),
    source="AWS Security Hub RDS.1; RDS DescribeDBSnapshotAttributes",
    blind_spots="Snapshots of Aurora clusters are not read. Who copied it while it was public is not known.",
    needs=("DBSnapshotAttributes",),
    check=is_public_snapshot,
    group="data-exposure",
    remedy=Remedy(
        says="Takes everybody out of those who may restore the snapshot.",
        plan=hide_snapshot,
        reversible=Reversible.YES,
        permissions=("rds:ModifyDBSnapshotAttribute",),
    ),
    examples=(fires(_snapshot("all", "210987654321")), quiet(_snapshot("210987654321")), quiet(_snapshot())),
)
