"""Steps that keep an RDS database as a snapshot, upgrade it, and bring the former one back. No rules here."""

from typing import Any

from domain.facts.resource import Resource
from domain.remediation.step import TOKEN, Call, Look, Step
from domain.rules.aws_database_later import identifier
from domain.rules.aws_tagging import tags_with_mark

SNAPSHOT_ID = "DBSnapshot.DBSnapshotIdentifier"
MISSING = "DBSnapshotNotFound"


def snapshot_of(database: Resource) -> Step:
    """A manual snapshot, named by the token of its step; it is known by that name."""
    look = Call(
        operation="rds.describe_db_snapshots", region=database.region, arguments={"DBSnapshotIdentifier": TOKEN}
    )
    return Step(
        name="snapshot",
        says=f"Take a snapshot of {database.name} and wait until it is complete.",
        call=Call(
            operation="rds.create_db_snapshot",
            region=database.region,
            arguments={
                "DBInstanceIdentifier": identifier(database),
                "DBSnapshotIdentifier": TOKEN,
                "Tags": tags_with_mark(database.tags),
            },
        ),
        found=Look(call=look, path="DBSnapshots.0", within="DBSnapshot"),
        gone=(MISSING,),
        wait=Look(call=look, path="DBSnapshots.0.Status", ready=("available",), failed=("failed",)),
    )


def upgraded(database: Resource, says: str, version: str, undo: tuple[Step, ...]) -> Step:
    """Another version of its engine, at its next maintenance. Source: RDS API reference, ModifyDBInstance."""
    arguments = {
        "DBInstanceIdentifier": identifier(database),
        "EngineVersion": version,
        "AllowMajorVersionUpgrade": True,
        "ApplyImmediately": False,
    }
    call = Call(operation="rds.modify_db_instance", region=database.region, arguments=arguments)
    return Step(name="upgrade", says=says, call=call, undo=undo)


def restored(database: Resource, snapshot_id: Any) -> tuple[Step, ...]:
    """Calls the upgrade off, if it still waits, and puts the snapshot beside the database, named by its token."""
    former = str(database.config["EngineVersion"])
    off = Step(
        name="call-off",
        says=f"Call the upgrade of {database.name} off, if it still waits for its maintenance window.",
        call=Call(
            operation="rds.modify_db_instance",
            region=database.region,
            arguments={
                "DBInstanceIdentifier": identifier(database),
                "EngineVersion": former,
                "ApplyImmediately": False,
            },
        ),
        # It was upgraded already, and no version can be brought back in place.
        gone=("InvalidParameterCombination", "InvalidParameterValue"),
    )
    copy = Call(
        operation="rds.restore_db_instance_from_db_snapshot",
        region=database.region,
        arguments={
            **_settings(database),
            "DBInstanceIdentifier": TOKEN,
            "DBSnapshotIdentifier": snapshot_id,
            "Tags": tags_with_mark(database.tags),
        },
    )
    look = Call(
        operation="rds.describe_db_instances", region=database.region, arguments={"DBInstanceIdentifier": TOKEN}
    )
    again = Step(
        name="restore",
        says=f"Restore the snapshot beside {database.name}, under a name of its own, and wait until it is available.",
        call=copy,
        found=Look(call=look, path="DBInstances.0", within="DBInstance"),
        gone=("DBInstanceNotFound",),
        wait=Look(call=look, path="DBInstances.0.DBInstanceStatus", ready=("available",), failed=("failed",)),
    )
    return (off, again)


def _settings(database: Resource) -> dict[str, Any]:
    """What the restore takes of what describes the database."""
    config = database.config
    kept = (
        "DBInstanceClass",
        "MultiAZ",
        "PubliclyAccessible",
        "AutoMinorVersionUpgrade",
        "CopyTagsToSnapshot",
        "DeletionProtection",
        "EngineLifecycleSupport",
    )
    groups = [one["DBParameterGroupName"] for one in config.get("DBParameterGroups") or []]
    given = {
        **{name: config.get(name) for name in kept},
        "DBSubnetGroupName": (config.get("DBSubnetGroup") or {}).get("DBSubnetGroupName"),
        "VpcSecurityGroupIds": [one["VpcSecurityGroupId"] for one in config.get("VpcSecurityGroups") or []],
        "Port": (config.get("Endpoint") or {}).get("Port"),
        "DBParameterGroupName": groups[0] if groups else None,
    }
    return {name: value for name, value in given.items() if value not in (None, "", [])}
