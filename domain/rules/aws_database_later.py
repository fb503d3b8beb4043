"""What RDS tells of a database, and the call that changes it at its next maintenance. No rules here."""

from decimal import Decimal
from typing import Any

from domain.facts.resource import Resource
from domain.remediation.step import Call, Step
from domain.rules.aws_list_price import DATABASE_STORAGE

LATER = "at its next maintenance window"


def identifier(database: Resource) -> str:
    """The name by which RDS is asked about it."""
    return str(database.config["DBInstanceIdentifier"])


def is_pending(database: Resource, setting: str) -> bool:
    """Whether a change of this setting already waits for the maintenance window."""
    return setting in (database.config.get("PendingModifiedValues") or {})


def storage_usd(database: Resource) -> Decimal | None:
    """What its storage costs a month by list price; None for a type without one."""
    price = DATABASE_STORAGE.get(str(database.config.get("StorageType")))
    return Decimal(database.config.get("AllocatedStorage") or 0) * price.usd if price else None


def changed(database: Resource, says: str, back_says: str, wanted: dict[str, Any], former: dict[str, Any]) -> Step:
    """One change of settings that waits for the maintenance window; setting the former ones takes it back, waiting
    or done. Source: RDS API reference, ModifyDBInstance.
    """
    back = Step(name="back", says=back_says, call=_modified(database, former))
    return Step(name="modify", says=says, call=_modified(database, wanted), undo=(back,))


def _modified(database: Resource, settings: dict[str, Any]) -> Call:
    return Call(
        operation="rds.modify_db_instance",
        region=database.region,
        arguments={"DBInstanceIdentifier": identifier(database), **settings, "ApplyImmediately": False},
    )
