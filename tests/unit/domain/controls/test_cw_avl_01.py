"""Backups run and are fresh. NOW is 2026-06-01 12:00, and 26 hours before is 2026-05-31 10:00."""

from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.controls.cw_avl_01 import (
    CLUSTER_BACKUPS,
    CONTROL,
    DATABASES,
    DROPLETS,
    INSTANCES,
    ITEMS,
    POLICIES,
    PROTECTED,
    RETENTION,
    RUNS,
    TABLES,
    VAULT,
)
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import answers, call, faults, judged

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING = CheckStatus.NOT_APPLICABLE
FRESH, STALE = "2026-05-31T10:00:00+00:00", "2026-05-31T09:59:59+00:00"
SAFE = {"BackupVaultArn": "v", "Locked": True, "MinRetentionDays": 7}
TABLE = "arn:aws:dynamodb:eu-west-1:123:table/orders"


def aws(protected: Any = (), vault: Any = SAFE, databases: Any = (), tables: Any = (), unread: Any = ()) -> Answers:
    results = [
        {"ResourceArn": name, "LastBackupTime": last, "LastBackupVaultArn": where} for name, last, where in protected
    ]
    return answers(
        Integration.AWS,
        (PROTECTED, {"Results": results}),
        (VAULT, vault),
        (DATABASES, {"DBInstances": list(databases)}),
        *(
            call(
                TABLES,
                {"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": one}},
                at="eu-west-1",
                TableName="orders",
            )
            for one in tables
        ),
        needless=[TABLES],
        unread=unread,
        account="123",
    )


def database(days: int = 7, last: str | None = FRESH, **more: Any) -> dict[str, Any]:
    told = {"LatestRestorableTime": last} if last else {}
    return {"DBInstanceArn": "db", "BackupRetentionPeriod": days, **told, **more}


ON, OFF = {"PointInTimeRecoveryStatus": "ENABLED"}, {"PointInTimeRecoveryStatus": "DISABLED"}


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (aws([("disk", FRESH, "v")]), PASS, []),
        (aws([("disk", STALE, "v")]), FAIL, ["disk"]),
        (aws([("disk", None, "v")]), FAIL, ["disk"]),
        (aws([("disk", FRESH, None)]), WARNING, ["disk"]),
        (aws([("disk", FRESH, "v")], {**SAFE, "Locked": False}), WARNING, ["disk"]),
        (aws([("disk", FRESH, "v")], {**SAFE, "MinRetentionDays": 6}), WARNING, ["disk"]),
        (aws([("disk", FRESH, "v")], {**SAFE, "MinRetentionDays": None}), WARNING, ["disk"]),
        (aws(databases=[database()]), WARNING, ["db"]),
        (aws(databases=[database(6)]), FAIL, ["db"]),
        (aws(databases=[database(0, None)]), FAIL, ["db"]),
        (aws(databases=[database(last=STALE)]), FAIL, ["db"]),
        (aws(databases=[database(last=None)]), FAIL, ["db"]),
        (aws(databases=[database(last=None, DBClusterIdentifier="aurora")]), WARNING, ["db"]),
        (aws(databases=[database(0, None, ReadReplicaSourceDBInstanceIdentifier="main")]), PASS, []),
        # The better of two ways counts.
        (aws([("db", FRESH, "v")], databases=[database(0)]), PASS, []),
        (aws([("db", STALE, "v")], databases=[database()]), WARNING, ["db"]),
        (aws(tables=[ON]), WARNING, [TABLE]),
        (aws(tables=[{**ON, "RecoveryPeriodInDays": 6}]), FAIL, [TABLE]),
        (aws(tables=[OFF]), FAIL, [TABLE]),
        (aws([(TABLE, FRESH, "v")], tables=[OFF]), PASS, []),
        (aws(), NOTHING, []),
        *((aws(unread=[missing]), ERROR, []) for missing in (PROTECTED, VAULT, DATABASES, TABLES)),
    ],
)
def test_copies_in_aws_are_fresh_kept_and_locked(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def azure(status: str | None = "Completed", last: str | None = FRESH, days: int = 7, unread: Any = ()) -> Answers:
    item = {"id": "vm", "properties": {"lastBackupStatus": status, "lastBackupTime": last}}
    policy = call(RETENTION, {"properties": {"retentionDays": days}}, id="sql")
    return answers(Integration.AZURE, (ITEMS, {"value": [item]}), policy, unread=unread)


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (azure(), PASS, []),
        (azure("Healthy"), PASS, []),
        # Twice 26 hours before NOW is 2026-05-30 08:00.
        (azure(last=STALE), WARNING, ["vm"]),
        (azure(last="2026-05-30T08:00:00.0000000Z"), WARNING, ["vm"]),
        (azure(last="2026-05-30T07:59:59Z"), FAIL, ["vm"]),
        (azure("Failed"), FAIL, ["vm"]),
        (azure(None, None), FAIL, ["vm"]),
        (azure(last=None), FAIL, ["vm"]),
        (azure(days=6), FAIL, ["sql"]),
        (answers(Integration.AZURE, (ITEMS, {"value": []}), needless=[RETENTION]), NOTHING, []),
        *((azure(unread=[missing]), ERROR, []) for missing in (ITEMS, RETENTION)),
    ],
)
def test_copies_in_azure_are_fresh(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def gcp(settings: Any = None, *runs: tuple[str, str], unread: Any = (), **more: Any) -> Answers:
    instance = {"name": "shop", "settings": {"backupConfiguration": settings} if settings else {}, **more}
    made = {"items": [{"status": status, "endTime": end} for status, end in runs]} if runs else {}
    return answers(
        Integration.GCP,
        (INSTANCES, {"items": [instance]}),
        call(RUNS, made, instance="shop"),
        (POLICIES, {}),
        unread=unread,
    )


BACKED_UP = {"enabled": True, "pointInTimeRecoveryEnabled": True}
GOOD_RUN = ("SUCCESSFUL", "2026-05-31T10:00:00.123Z")


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (gcp(BACKED_UP, ("FAILED", FRESH), GOOD_RUN), PASS),
        (gcp({"enabled": True, "binaryLogEnabled": True}, GOOD_RUN), PASS),
        (gcp({"enabled": True}, GOOD_RUN), WARNING),
        (gcp(BACKED_UP, ("FAILED", FRESH)), FAIL),
        (gcp(BACKED_UP, ("SUCCESSFUL", STALE)), FAIL),
        (gcp(BACKED_UP), FAIL),
        (gcp({"enabled": False}, GOOD_RUN), FAIL),
        (gcp(), FAIL),
        (gcp(instanceType="READ_REPLICA_INSTANCE", masterInstanceName="main"), PASS),
        *((gcp(BACKED_UP, unread=[missing]), ERROR) for missing in (INSTANCES, RUNS, POLICIES)),
    ],
)
def test_databases_of_google_are_copied(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(CONTROL, looked_at).status is status


@pytest.mark.parametrize(
    ("schedule", "keeps", "status"),
    [
        ({"hourlySchedule": {"hoursInCycle": 4}}, 7, PASS),
        ({"dailySchedule": {"daysInCycle": 1}}, 7, PASS),
        ({"dailySchedule": {"daysInCycle": 1}}, 6, FAIL),
        ({"weeklySchedule": {"dayOfWeeks": [{}] * 7}}, 7, PASS),
        ({"weeklySchedule": {"dayOfWeeks": [{}] * 6}}, 7, FAIL),
    ],
)
def test_disks_are_copied_by_schedule(schedule: Any, keeps: int, status: CheckStatus) -> None:
    policy = {"schedule": schedule, "retentionPolicy": {"maxRetentionDays": keeps}}
    found = [{"name": "nightly", "snapshotSchedulePolicy": policy}, {"name": "night-off", "instanceSchedulePolicy": {}}]
    told = answers(
        Integration.GCP,
        (INSTANCES, {}),
        (POLICIES, {"items": {"regions/a": {"resourcePolicies": found}, "regions/b": {"warning": {}}}}),
        needless=[RUNS],
    )

    assert judged(CONTROL, told).status is status


def digitalocean(*copies: str, features: Any = ("backups",), tags: Any = (), unread: Any = (), **more: Any) -> Answers:
    made = [{"created_at": one} for one in copies]
    droplet = {"id": 7, "features": list(features), "tags": list(tags), "image": {"public": True}, **more}
    return answers(
        Integration.DIGITALOCEAN,
        call(CLUSTER_BACKUPS, {"backups": made}, database_cluster_uuid="db"),
        (DROPLETS, {"droplets": [droplet]}),
        unread=unread,
    )


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (digitalocean(STALE, FRESH), PASS, []),
        (digitalocean(FRESH, next_backup_window={"start": "2026-06-02T00:00:00Z"}), PASS, []),
        (digitalocean(STALE), FAIL, ["db"]),
        (digitalocean(), FAIL, ["db"]),
        (digitalocean(FRESH, features=[]), FAIL, ["7"]),
        (digitalocean(FRESH, features=[], image={"public": False}), WARNING, ["7"]),
        (digitalocean(FRESH, features=[], tags=["k8s:worker"]), WARNING, ["7"]),
        (digitalocean(FRESH, features=[], tags=["staging"]), PASS, []),
        *((digitalocean(FRESH, unread=[missing]), ERROR, []) for missing in (CLUSTER_BACKUPS, DROPLETS)),
    ],
)
def test_copies_in_digitalocean_are_fresh(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)
