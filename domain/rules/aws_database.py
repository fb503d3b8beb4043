"""Changes of a single setting of an RDS database. No rules here."""

from typing import Any

from domain.facts.resource import Resource
from domain.remediation.remedy import NoPlan
from domain.remediation.step import Call, Look, Step


def refuse_cluster_member(database: Resource) -> None:
    """Raises NoPlan for a database whose cluster holds this setting. Source: RDS ModifyDBInstance."""
    cluster = database.config.get("DBClusterIdentifier")
    if cluster:
        raise NoPlan(f"{database.name} belongs to the cluster {cluster}, where this has to be changed.")


def changed(
    database: Resource, name: str, says: str, setting: str, value: Any, *undo: Step, is_at_once: bool = False
) -> Step:
    """One setting, waited for. Without `is_at_once` other changes that wait for the maintenance window stay there."""
    own = database.config["DBInstanceIdentifier"]
    now = {"ApplyImmediately": True} if is_at_once else {}
    look = Call(operation="rds.describe_db_instances", region=database.region, arguments={"DBInstanceIdentifier": own})
    return Step(
        name=name,
        says=says,
        call=Call(
            operation="rds.modify_db_instance",
            region=database.region,
            arguments={"DBInstanceIdentifier": own, setting: value, **now},
        ),
        wait=Look(call=look, path=f"DBInstances.0.{setting}", ready=(str(value),)),
        undo=undo,
    )
