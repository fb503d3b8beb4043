"""Databases that a mistake would take away for good."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Step
from domain.rules.aws_database import changed, refuse_cluster_member
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

RETENTION = "BackupRetentionPeriod"
PRODUCTION_WORDS = ("production", "prod", "prd", "live")


def keeps_few_backups(database: Resource, context: RuleContext) -> Observation | None:
    """Fires when automated backups are kept for fewer than `min_days`, or not made."""
    kept, wanted = database.config.get(RETENTION), context.parameters["min_days"]
    if kept is None or kept >= wanted:
        return None
    told = f"keeps its automated backups for {kept} days only" if kept else "has no automated backups"
    return Observation(
        reason=f"Database {database.name} {told}; {wanted} days are asked for.",
        observed={RETENTION: kept, "wanted": wanted},
    )


def keep_backups(database: Resource, context: RuleContext) -> tuple[Step, ...]:
    """Keeps them for `min_days`. Beginning with backups has to be asked for at once, with all else that waits."""
    refuse_cluster_member(database)
    kept, wanted = database.config[RETENTION], context.parameters["min_days"]
    is_beginning = kept == 0
    if is_beginning and database.config.get("PendingModifiedValues"):
        raise NoPlan(f"Other changes of {database.name} wait for its maintenance window and would be made at once.")
    rest = ": it may stand still for some minutes, and the first backup is made" if is_beginning else ""
    back = changed(
        database,
        "back",
        f"Keep the backups of {database.name} for {kept} days again.",
        RETENTION,
        kept,
        is_at_once=is_beginning,
    )
    says = f"Keep the backups of {database.name} for {wanted} days{rest}."
    return (changed(database, "keep", says, RETENTION, wanted, back, is_at_once=is_beginning),)


def is_unprotected(database: Resource, _: RuleContext) -> Observation | None:
    """Fires on a database that is tagged as production and may be deleted by one call."""
    told = {key.lower(): value.lower() for key, value in database.tags.items()}
    if database.config.get("DeletionProtection") is not False or told.get("environment") not in PRODUCTION_WORDS:
        return None
    return Observation(
        reason=f"Database {database.name} of production may be deleted by one call.",
        observed={"DeletionProtection": False, "tags": database.tags},
    )


def protect(database: Resource, _: RuleContext) -> tuple[Step, ...]:
    """One switch, which AWS turns at once."""
    refuse_cluster_member(database)
    setting = "DeletionProtection"
    back = changed(database, "back", f"Let {database.name} be deleted again.", setting, False)
    return (changed(database, "protect", f"Protect {database.name} from being deleted.", setting, True, back),)


def _database(tags: dict[str, str] | None = None, **config: Any) -> Resource:
    return Resource(
        kind=ResourceKind.AWS_RDS_INSTANCE,
        native_id="arn:aws:rds:us-east-1:123456789012:db:orders",
        name="orders",
        region="us-east-1",
        tags=tags or {},
        config={"DBInstanceIdentifier": "orders", **config},
    )


WEEK = {"min_days": 7}
PRODUCTION = {"environment": "production"}

FEW_BACKUPS = Rule(
    id="aws-rds-backup-retention",
    title="Database keeps its backups too short",
    description="What is noticed after a week cannot be restored from the backups of three days.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_RDS_INSTANCE,
    permissions=("rds:DescribeDBInstances",),
    source="AWS Security Hub RDS.11; RDS ModifyDBInstance (BackupRetentionPeriod)",
    blind_spots="Plans of AWS Backup and snapshots made by hand do not count. A replica is judged like its source. "
    "A database of a cluster is reported, and has to be changed at its cluster.",
    parameters=(Parameter(name="min_days", default=7, meaning="Days backups must be kept.", least=1, most=35),),
    needs=(RETENTION,),
    check=keeps_few_backups,
    group="resilience",
    remedy=Remedy(
        says="Keeps automated backups for as long as asked for. Where there were none it stands still shortly.",
        plan=keep_backups,
        reversible=Reversible.YES,
        permissions=("rds:ModifyDBInstance",),
    ),
    examples=(
        fires(_database(BackupRetentionPeriod=1), parameters=WEEK),
        fires(_database(BackupRetentionPeriod=0), parameters=WEEK),
        fires(_database(BackupRetentionPeriod=0, PendingModifiedValues={"AllocatedStorage": 200}), parameters=WEEK),
        fires(_database(BackupRetentionPeriod=1, DBClusterIdentifier="shop"), parameters=WEEK),
        quiet(_database(BackupRetentionPeriod=7), parameters=WEEK),
    ),
)

UNPROTECTED = Rule(
    id="aws-rds-deletion-protection",
    title="Database of production may be deleted",
    description="Deletion protection turns a slip of the hand into an error message.",
    category=FindingCategory.SECOPS,
    severity=Severity.LOW,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_RDS_INSTANCE,
    permissions=("rds:DescribeDBInstances",),
    source="AWS Security Hub RDS.8; RDS DescribeDBInstances (DeletionProtection)",
    blind_spots="Only the tag environment says that a database belongs to production. A database of a "
    "cluster is reported, and has to be changed at its cluster.",
    needs=("DeletionProtection",),
    check=is_unprotected,
    group="resilience",
    remedy=Remedy(
        says="Turns deletion protection on.",
        plan=protect,
        reversible=Reversible.YES,
        permissions=("rds:ModifyDBInstance",),
    ),
    examples=(
        fires(_database(PRODUCTION, DeletionProtection=False)),
        fires(_database({"Environment": "Prod"}, DeletionProtection=False, DBClusterIdentifier="shop")),
        quiet(_database({"environment": "staging"}, DeletionProtection=False)),
        quiet(_database(DeletionProtection=False)),
        quiet(_database(PRODUCTION, DeletionProtection=True)),
    ),
)
