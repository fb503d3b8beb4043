"""Backups run and are fresh."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.environments import is_critical
from domain.compliance.google_scopes import aggregated
from domain.compliance.instants import age
from domain.facts.compliance import EvidenceKind, Frequency, Integration, Verdict
from domain.facts.severity import Severity

PROTECTED, VAULT = "backup.list_protected_resources", "backup.describe_backup_vault"
DATABASES, TABLES = "rds.describe_db_instances", "dynamodb.describe_continuous_backups"
ITEMS = "GET Microsoft.RecoveryServices/vaults/backupProtectedItems"
RETENTION = "GET Microsoft.Sql/servers/databases/backupShortTermRetentionPolicies"
INSTANCES, RUNS = "sqladmin.v1:instances.list", "sqladmin.v1:backupRuns.list"
POLICIES = "compute.v1:resourcePolicies.aggregatedList"
CLUSTER_BACKUPS, DROPLETS = "GET /v2/databases/{database_cluster_uuid}/backups", "GET /v2/droplets"
LOCKED = "a copy in a locked vault that keeps it long enough"
# "Healthy" is how workloads in machines, such as databases, say it. Source: Backup REST API, protected items.
GOOD = frozenset({"Completed", "Healthy"})
DAYS_OF_A_WEEK = 7


def _aws(case: Case) -> Iterator[Item]:
    """What AWS Backup protects, and databases and tables, which may have copies of their own besides. A copy that is
    not known to lie in a locked vault gives a warning at best.
    """
    vaults = {page["BackupVaultArn"]: page for call in case.answers.calls(VAULT) for page in call.pages}
    found = {one["ResourceArn"]: _copy(case, one, vaults) for one in case.answers.items(PROTECTED, "Results")}
    for item in (*_databases(case), *_tables(case)):
        known = found.get(item.resource)
        found[item.resource] = item if known is None else min(known, item, key=_badness)
    yield from found.values()


def _badness(item: Item) -> int:
    return (Verdict.PASS, Verdict.WARNING, Verdict.FAIL).index(item.verdict)


def _copy(case: Case, one: Mapping[str, Any], vaults: Mapping[str, Mapping[str, Any]]) -> Item:
    name, last = one["ResourceArn"], one.get("LastBackupTime")
    if last is None or age(last, case.now) > _rpo(case):
        return failed(name, f"last copy: {last or 'none'}", _fresh(case))
    # The vault is told of newer copies only.
    vault = vaults.get(one.get("LastBackupVaultArn") or "", {})
    said = f"last copy: {last}"
    # AWS leaves the retention out of a vault that has no lock.
    keeps = vault.get("MinRetentionDays") or 0
    if vault.get("Locked") and keeps >= case.parameters["keep_days"]:
        return passed(name, f"{said}, in a locked vault, kept {keeps} days or more")
    lock = f"in a locked vault that keeps {keeps} days at least" if vault.get("Locked") else "in no locked vault"
    return warned(name, f"{said}, {lock}", LOCKED)


def _databases(case: Case) -> Iterator[Item]:
    for one in case.answers.items(DATABASES, "DBInstances"):
        name, days = one["DBInstanceArn"], one["BackupRetentionPeriod"]
        source = one.get("ReadReplicaSourceDBInstanceIdentifier")
        # Aurora copies all the time and tells the time of its cluster only.
        last = one.get("LatestRestorableTime") or (case.now if one.get("DBClusterIdentifier") else None)
        said = f"automatic copies kept {days} days"
        if source:
            yield passed(name, f"a replica of {source}")
        elif days < case.parameters["keep_days"]:
            yield failed(name, said, f"kept {case.parameters['keep_days']} days")
        elif last is None or age(last, case.now) > _rpo(case):
            yield failed(name, f"can be restored until {last or 'never'}", _fresh(case))
        else:
            yield warned(name, f"{said}, in no locked vault", LOCKED)


def _tables(case: Case) -> Iterator[Item]:
    """A restore to any second of up to 35 days reaches the present. Source: DynamoDB, point-in-time recovery."""
    for call in case.answers.calls(TABLES):
        name = f"arn:aws:dynamodb:{call.region}:{case.answers.account}:table/{call.arguments['TableName']}"
        for page in call.pages:
            recovery = page["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
            # Left out by older versions of the interface, where it is always 35.
            days = recovery.get("RecoveryPeriodInDays", 35)
            if recovery["PointInTimeRecoveryStatus"] == "ENABLED" and days >= case.parameters["keep_days"]:
                yield warned(name, f"can be restored to any second of {days} days, in no locked vault", LOCKED)
            else:
                yield failed(name, f"point-in-time recovery {recovery['PointInTimeRecoveryStatus']}", _fresh(case))


def _azure(case: Case) -> Iterator[Item]:
    for item in case.answers.items(ITEMS, "value"):
        yield _protected(case, item["id"], item["properties"])
    for call in case.answers.calls(RETENTION):
        for page in call.pages:
            days, wanted = page["properties"]["retentionDays"], case.parameters["keep_days"]
            name, said = call.arguments["id"], f"copies kept {days} days"
            yield passed(name, said) if days >= wanted else failed(name, said, f"kept {wanted} days")


def _protected(case: Case, name: str, item: Mapping[str, Any]) -> Item:
    # Both are missing until the first copy.
    status, last = item.get("lastBackupStatus"), item.get("lastBackupTime")
    said = f"last copy {status or 'none'} at {last or 'no time'}"
    if status not in GOOD or last is None or age(last, case.now) > 2 * _rpo(case):
        return failed(name, said, _fresh(case))
    return passed(name, said) if age(last, case.now) <= _rpo(case) else warned(name, said, _fresh(case))


def _gcp(case: Case) -> Iterator[Item]:
    """Databases, and the schedules by which disks are copied."""
    runs: dict[str, list[Any]] = {}
    for call in case.answers.calls(RUNS):
        for page in call.pages:
            runs.setdefault(call.arguments["instance"], []).extend(page.get("items") or ())
    for one in case.answers.items(INSTANCES, "items"):
        if one.get("instanceType") == "READ_REPLICA_INSTANCE":
            yield passed(one["name"], f"a replica of {one['masterInstanceName']}")
        else:
            yield _instance(case, one, runs.get(one["name"], ()))
    for policy in aggregated(case.answers, POLICIES, "resourcePolicies"):
        if "snapshotSchedulePolicy" in policy:
            yield _schedule(case, policy["name"], policy["snapshotSchedulePolicy"])


def _instance(case: Case, one: Mapping[str, Any], runs: Iterable[Mapping[str, Any]]) -> Item:
    name = one["name"]
    # What is off may be left out. Source: Cloud SQL Admin API, BackupConfiguration.
    settings = one["settings"].get("backupConfiguration") or {}
    if not settings.get("enabled"):
        return failed(name, "backups are off", _fresh(case))
    good = [run["endTime"] for run in runs if run["status"] == "SUCCESSFUL"]
    last = min(good, key=lambda end: age(end, case.now), default=None)
    if last is None or age(last, case.now) > _rpo(case):
        return failed(name, f"last successful copy: {last or 'none'}", _fresh(case))
    # MySQL restores to a point in time by its binary log.
    if settings.get("pointInTimeRecoveryEnabled") or settings.get("binaryLogEnabled"):
        return passed(name, f"last successful copy: {last}, any point in time")
    return warned(name, f"last successful copy: {last}, no point in time", "recovery to any point in time")


def _schedule(case: Case, name: str, policy: Mapping[str, Any]) -> Item:
    schedule, keeps = policy["schedule"], policy["retentionPolicy"]["maxRetentionDays"]
    hours = _longest_gap(schedule)
    said = f"disks copied every {hours} hours, kept {keeps} days"
    if hours <= case.parameters["rpo_hours"] and keeps >= case.parameters["keep_days"]:
        return passed(name, said)
    wanted = f"every {case.parameters['rpo_hours']} hours, kept {case.parameters['keep_days']} days"
    return failed(name, said, wanted)


def _longest_gap(schedule: Mapping[str, Any]) -> int:
    """Hours between two copies. Weekly ones are made on several days, or leave whole days out."""
    if "hourlySchedule" in schedule:
        return int(schedule["hourlySchedule"]["hoursInCycle"])
    if "dailySchedule" in schedule:
        return 24 * int(schedule["dailySchedule"]["daysInCycle"])
    return 24 if len(schedule["weeklySchedule"]["dayOfWeeks"]) == DAYS_OF_A_WEEK else 24 * DAYS_OF_A_WEEK


def _digitalocean(case: Case) -> Iterator[Item]:
    """Managed databases, and the droplets of production: those whose tags do not say otherwise."""
    for call in case.answers.calls(CLUSTER_BACKUPS):
        copies = [one["created_at"] for page in call.pages for one in page["backups"] or ()]
        last = min(copies, key=lambda made: age(made, case.now), default=None)
        name = call.arguments["database_cluster_uuid"]
        if last is None or age(last, case.now) > _rpo(case):
            yield failed(name, f"last copy: {last or 'none'}", _fresh(case))
        else:
            yield passed(name, f"last copy: {last}")
    for droplet in case.answers.items(DROPLETS, "droplets"):
        if is_critical(droplet["tags"]):
            yield _droplet(droplet)


def _droplet(droplet: Mapping[str, Any]) -> Item:
    name = str(droplet["id"])
    if "backups" in droplet["features"]:
        window = droplet.get("next_backup_window") or {}
        return passed(name, f"backups on, next at {window.get('start', 'no set time')}")
    # Nodes of a cluster and what starts from an image of one's own are made anew instead.
    if not droplet["image"]["public"] or any(tag.startswith("k8s") for tag in droplet["tags"]):
        return warned(name, "no backups, but made of an image of one's own", "backups on")
    return failed(name, "no backups", "backups on")


def _rpo(case: Case) -> timedelta:
    return timedelta(hours=case.parameters["rpo_hours"])


def _fresh(case: Case) -> str:
    return f"a copy of the last {case.parameters['rpo_hours']} hours"


CONTROL = Control(
    id="CW-AVL-01",
    name="Backups run and are fresh",
    category="availability",
    severity=Severity.CRITICAL,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("A1.2", "CC7.5", "PI1.5"),
    objective="Every store that matters has a recent copy kept out of an attacker's reach.",
    owner_role="operations",
    parameters={"rpo_hours": 26, "keep_days": 7},
    remediations=(
        "aws.rds.enable_backups",
        "aws.dynamodb.enable_pitr",
        "digitalocean.droplet.enable_backups",
        "gcp.sql.enable_backups",
    ),
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="resource",
            operations=(
                PROTECTED,
                VAULT,
                DATABASES,
                TABLES,
            ),
            passes=(
                "The last copy is not older than rpo_hours, kept for keep_days or more and lies in a locked vault; a "
                "read replica has none of its own."
            ),
            warns="The copy lies in no locked vault, or nothing says that the vault keeps it long enough.",
            fails="There is no copy, the last is older than rpo_hours, or copies are kept for less than keep_days.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="resource",
            operations=(
                ITEMS,
                RETENTION,
            ),
            passes="The last copy completed within rpo_hours; copies of SQL databases are kept for keep_days or more.",
            warns="The last copy completed within twice rpo_hours.",
            fails="The last copy failed or is older, or copies are kept for less than keep_days.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="resource",
            operations=(
                INSTANCES,
                RUNS,
                POLICIES,
            ),
            passes=(
                "Backups with recovery to a point in time are on and a run succeeded within rpo_hours; schedules for "
                "disks copy within rpo_hours and keep for keep_days or more."
            ),
            warns="Recovery to a point in time is off.",
            fails="Backups are off, the last good run is older, or a schedule for disks copies or keeps too little.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.DIGITALOCEAN,
            scope="resource",
            operations=(CLUSTER_BACKUPS, DROPLETS),
            passes="Each database has a copy not older than rpo_hours, and production droplets have backups on.",
            warns="A droplet without backups is made of an image of one's own.",
            fails="A database has no copy that fresh, or a droplet has neither backups nor such an image.",
            judge=_digitalocean,
        ),
    ),
)
