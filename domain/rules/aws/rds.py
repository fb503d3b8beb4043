"""RDS databases that nobody uses, or whose storage is of a type of yesterday."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.money import Money
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import TOKEN, Call, Look, Step
from domain.rules.aws_database import refuse_cluster_member
from domain.rules.aws_database_later import LATER, changed, identifier, is_pending, storage_usd
from domain.rules.aws_metric import daily
from domain.rules.list_price import usd
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet

# Up to here gp3 includes at least the operations that gp2 gives by its size: 12000, and 3000 with SQL Server, which
# does not spread a database over several disks. Source: RDS user guide, "gp3 storage" and "gp2 storage".
GP3_AS_FAST_UP_TO_GIB, SQL_SERVER_UP_TO_GIB = 4000, 1000


def is_idle(database: Resource, context: RuleContext) -> Observation | None:
    """Fires when nobody was connected on any of the last days."""
    config, days = database.config, context.parameters["lookback_days"]
    connections = daily(database, "DatabaseConnections.Maximum", days)
    if config.get("DBInstanceStatus") != "available" or _is_replicated(database):
        return None
    if connections is None or max(connections) > 0:
        return None
    saving, formula = _hours(database, context)
    return Observation(
        reason=f"Nobody was connected to database {database.name} in {days} days.",
        observed={"DBInstanceStatus": "available", "max_connections": 0, "days": days},
        estimated_monthly_saving=saving,
        saving_formula=formula,
    )


def _is_replicated(database: Resource) -> bool:
    keys = ("ReadReplicaDBInstanceIdentifiers", "ReadReplicaDBClusterIdentifiers")
    return any(database.config.get(key) for key in (*keys, "ReadReplicaSourceDBInstanceIdentifier"))


def _hours(database: Resource, context: RuleContext) -> tuple[Money, str] | tuple[None, None]:
    """The bill without the storage, which goes on."""
    billed, storage = context.billed_usd(database.native_id), storage_usd(database)
    if billed is None or storage is None:
        return None, None
    return usd(billed - storage), f"{usd(billed).amount} USD billed - {usd(storage).amount} USD of storage"


def stop(database: Resource, _: RuleContext) -> tuple[Step, ...]:
    """A snapshot and a stop, undone by a start."""
    refuse_cluster_member(database)
    if str(database.config.get("Engine")).startswith("sqlserver") and database.config.get("MultiAZ"):
        raise NoPlan(f"{database.name} is a SQL Server in several zones, which cannot be stopped.")
    again = Step(
        name="start",
        says=f"Start {database.name} again and wait until it is available.",
        call=Call(
            operation="rds.start_db_instance",
            region=database.region,
            arguments={"DBInstanceIdentifier": identifier(database)},
        ),
        # It starts already, or still stops; which of both the wait shows.
        gone=("InvalidDBInstanceState",),
        wait=_until(database, "available"),
    )
    return (
        Step(
            name="stop",
            says=f"Take a snapshot of {database.name} and stop it. Its storage stays billed, and AWS starts it again "
            "after seven days.",
            call=Call(
                operation="rds.stop_db_instance",
                region=database.region,
                arguments={"DBInstanceIdentifier": identifier(database), "DBSnapshotIdentifier": TOKEN},
            ),
            gone=("InvalidDBInstanceState",),
            wait=_until(database, "stopped"),
            undo=(again,),
        ),
    )


def _until(database: Resource, status: str) -> Look:
    arguments = {"DBInstanceIdentifier": identifier(database)}
    call = Call(operation="rds.describe_db_instances", region=database.region, arguments=arguments)
    return Look(call=call, path="DBInstances.0.DBInstanceStatus", ready=(status,), failed=("failed",))


def is_gp2(database: Resource, _: RuleContext) -> Observation | None:
    """Fires on every database on gp2 that is not on its way to another type."""
    if database.config.get("StorageType") != "gp2" or is_pending(database, "StorageType"):
        return None
    return Observation(
        reason=f"Database {database.name} is on gp2, whose speed hangs on its size.",
        observed={"StorageType": "gp2", "AllocatedStorage": database.config.get("AllocatedStorage")},
        estimated_monthly_saving=usd(Decimal(0)),
        saving_formula="0 USD at the same size; size that was bought only for its speed need not be bought any more",
    )


def make_gp3(database: Resource, _: RuleContext) -> tuple[Step, ...]:
    """One change of the type, and back."""
    refuse_cluster_member(database)
    is_sql_server = str(database.config.get("Engine")).startswith("sqlserver")
    most = SQL_SERVER_UP_TO_GIB if is_sql_server else GP3_AS_FAST_UP_TO_GIB
    if int(database.config.get("AllocatedStorage") or 0) > most:
        raise NoPlan(
            f"gp2 of this size is faster than what gp3 includes; how fast {database.name} must be is to be set."
        )
    step = changed(
        database,
        f"Change the storage of {database.name} from gp2 to gp3 {LATER}. AWS allows the next change six hours later.",
        f"Change the storage of {database.name} back to gp2.",
        {"StorageType": "gp3"},
        {"StorageType": "gp2"},
    )
    return (step,)


def _database(connections: float = 0, days: int = 7, **config: Any) -> Resource:
    """PostgreSQL with 100 GiB, for the examples."""
    start = EXAMPLE_NOW.replace(hour=0) - timedelta(days=days)
    dates = [(start + timedelta(days=day)).isoformat() for day in range(days)]
    return Resource(
        kind=ResourceKind.AWS_RDS_INSTANCE,
        native_id="arn:aws:rds:us-east-1:123456789012:db:orders",
        name="orders",
        region="us-east-1",
        config={
            "DBInstanceIdentifier": "orders",
            "DBInstanceStatus": "available",
            "Engine": "postgres",
            "StorageType": "gp3",
            "AllocatedStorage": 100,
            "Metrics": {"DatabaseConnections.Maximum": dict.fromkeys(dates, connections)},
            **config,
        },
    )


def _billed(amount: str) -> dict[str, Money]:
    return {"arn:aws:rds:us-east-1:123456789012:db:orders": Money(amount=Decimal(amount), currency="USD")}


DEFAULTS = {"lookback_days": 7}
IDLE = Rule(
    id="aws-rds-idle",
    title="Nobody connects to the database",
    description="A database is billed for every hour it runs. One that nobody asks can be stopped.",
    category=FindingCategory.FINOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_RDS_INSTANCE,
    permissions=("cloudwatch:GetMetricData", "rds:DescribeDBInstances"),
    source="CloudWatch metric DatabaseConnections; Amazon RDS user guide, stopping a DB instance",
    blind_spots="A database that is asked once a month is idle for a week. A day without values counts as not known. "
    "What storage of other types than gp2 and gp3 costs is not known, so there is no estimate then. Backups are in "
    "the bill too.",
    parameters=(Parameter(name="lookback_days", default=7, least=1, most=7, meaning="Days without a connection."),),
    needs=("DBInstanceStatus", "Metrics"),
    check=is_idle,
    group="idle",
    remedy=Remedy(
        says="Takes a snapshot of the database and stops it.",
        plan=stop,
        reversible=Reversible.YES,
        permissions=("rds:CreateDBSnapshot", "rds:StartDBInstance", "rds:StopDBInstance"),
    ),
    examples=(
        # 60.00 - 100 GiB * 0.115 = 48.50
        fires(_database(), parameters=DEFAULTS, bills=_billed("60.00")),
        fires(_database(StorageType="io1"), parameters=DEFAULTS, bills=_billed("60.00")),
        fires(_database(DBClusterIdentifier="shop"), parameters=DEFAULTS),
        fires(_database(Engine="sqlserver-se", MultiAZ=True), parameters=DEFAULTS),
        quiet(_database(connections=1), parameters=DEFAULTS),
        quiet(_database(days=6), parameters=DEFAULTS),
        quiet(_database(DBInstanceStatus="stopped"), parameters=DEFAULTS),
        quiet(_database(ReadReplicaDBInstanceIdentifiers=["orders-2"]), parameters=DEFAULTS),
    ),
)

GP2_TO_GP3 = Rule(
    id="aws-rds-gp2-to-gp3",
    title="Database storage is of the older type gp2",
    description="gp3 costs the same per GiB, and its speed can be bought without buying size.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_RDS_INSTANCE,
    permissions=("rds:DescribeDBInstances",),
    source="RDS DescribeDBInstances; Amazon RDS pricing and user guide, DB instance storage",
    blind_spots="At the same size nothing is saved. How many bytes a second are needed is not looked at: below 400 GiB "
    "gp3 includes 125 MiB/s, where gp2 may reach 250 for a while.",
    needs=("StorageType",),
    check=is_gp2,
    group="storage-tier",
    remedy=Remedy(
        says="Changes the type of the storage at the next maintenance window.",
        plan=make_gp3,
        reversible=Reversible.YES,
        permissions=("rds:ModifyDBInstance",),
    ),
    examples=(
        fires(_database(StorageType="gp2")),
        fires(_database(StorageType="gp2", AllocatedStorage=2000, Engine="sqlserver-se")),
        quiet(_database()),
        quiet(_database(StorageType="gp2", PendingModifiedValues={"StorageType": "gp3"})),
    ),
)
