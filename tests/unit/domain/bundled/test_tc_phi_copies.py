"""Backups, terms and copies of health data. NOW is 2026-06-01 12:00."""

from typing import Any

import pytest

from domain.bundled import tc_phi_07, tc_phi_08, tc_phi_09
from domain.compliance.answers import Answers
from domain.compliance.health_data import FINDINGS, LISTED
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import answers, call, faults, judged
from tests.factories.bundled import BUCKET, DATABASE, check_of, finding, labelled, tagged

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING, UNTOLD = CheckStatus.NOT_APPLICABLE, CheckStatus.NOT_ASSESSED
# 92 days before NOW is 2026-03-01 12:00.
RECENT, STALE = ("2026-02-27T12:00:00Z", "2026-03-01T12:00:00Z"), ("2026-02-27T12:00:00Z", "2026-03-01T11:59:59Z")
# Three days, which is not less than 72 hours.
SLOW = ("2026-05-01T12:00:00Z", "2026-05-04T12:00:00Z")
BACKED_UP = {"ResourceArn": DATABASE, "LastBackupVaultArn": "v"}


def restored(
    *jobs: tuple[str, str], protected: Any = BACKED_UP, is_locked: bool = True, status: str = "COMPLETED"
) -> Answers:
    done = [
        {"Status": status, "SourceResourceArn": DATABASE, "CreationDate": began, "CompletionDate": ended}
        for began, ended in jobs
    ]
    return answers(
        Integration.AWS,
        labelled(DATABASE),
        (tc_phi_07.VAULTS, {"BackupVaultArn": "v", "Locked": is_locked}),
        (tc_phi_07.PROTECTED, {"Results": [protected] if protected else []}),
        (tc_phi_07.RESTORES, {"RestoreJobs": done}),
    )


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (restored(RECENT), PASS),
        (restored(STALE, RECENT), PASS),
        (restored(STALE), WARNING),
        (restored(SLOW), FAIL),
        (restored(SLOW, STALE), WARNING),
        (restored(("2026-05-01T12:00:00Z", "2026-05-04T11:59:59Z")), PASS),
        (restored(RECENT, status="ABORTED"), FAIL),
        (restored(), FAIL),
        (restored(RECENT, is_locked=False), FAIL),
        (restored(RECENT, protected={"ResourceArn": DATABASE}), FAIL),
        (restored(RECENT, protected={"ResourceArn": DATABASE, "LastBackupVaultArn": "of another account"}), FAIL),
        (restored(RECENT, protected=None), FAIL),
    ],
)
def test_backups_are_locked_and_were_restored_in_time(looked_at: Answers, status: CheckStatus) -> None:
    found = judged(check_of("TC-PHI-07"), looked_at)

    assert (found.status, faults(found)) == (status, [] if status is PASS else [DATABASE])


def rule(days: int | None = None, *, is_on: bool = True, **end: Any) -> dict[str, Any]:
    expiration = {"Expiration": {"Days": days, **end}} if days or end else {}
    return {"Status": "Enabled" if is_on else "Disabled", **expiration}


def kept(
    *rules: dict[str, Any], lock: dict[str, int] | None = None, bucket: str = "records", to: str = "away"
) -> Answers:
    """`to` is the bucket a trail writes into."""
    retention = {"DefaultRetention": lock} if lock else {}
    return answers(
        Integration.AWS,
        labelled(BUCKET),
        call(tc_phi_08.BUCKETS, {"Buckets": [{"Name": "records"}, {"Name": "trails"}]}),
        (tc_phi_08.TRAILS, {"trailList": [{"S3BucketName": to}]}),
        call(tc_phi_08.RULES, {"Rules": list(rules)}, Bucket=bucket),
        call(tc_phi_08.LOCKS, {"ObjectLockConfiguration": {"Rule": retention} if lock else {}}, Bucket="records"),
    )


# 6 years of 365 days are 2190 days.
@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (kept(), PASS, []),
        (kept(rule()), PASS, []),
        (kept(rule(2190)), PASS, []),
        (kept(rule(2189)), FAIL, ["records"]),
        (kept(rule(2189), lock={"Years": 6}), WARNING, ["records"]),
        (kept(rule(365), lock={"Days": 2190}), WARNING, ["records"]),
        (kept(rule(365), lock={"Days": 2189}), FAIL, ["records"]),
        (kept(rule(364), lock={"Years": 6}), FAIL, ["records"]),
        (kept(rule(3000), rule(30)), FAIL, ["records"]),
        (kept(rule(30, is_on=False)), PASS, []),
        (kept(rule(None, Date="2030-01-01T00:00:00Z")), FAIL, ["records"]),
        (kept(rule(30), bucket="trails", to="trails"), FAIL, ["trails"]),
        (kept(rule(30), bucket="trails"), PASS, []),
    ],
)
def test_records_and_trails_are_kept_for_six_years(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(check_of("TC-PHI-08"), looked_at)

    assert (found.status, faults(found)) == (status, faulty)


DEV, MASKED = {"environment": "dev"}, {"environment": "dev", "masked": "true"}


def copied(
    bucket: dict[str, str] | None = None,
    snapshot: dict[str, str] | None = None,
    of: str = "clinic",
    at: str = "eu-west-1",
    off: Any = (),
) -> Answers:
    """A bucket with a medical finding and one snapshot, with these tags; the database `clinic` is labelled phi."""
    found = (
        [] if bucket is None else [finding("copies", "2026-05-01T12:00:00Z", ["USA_MEDICARE_BENEFICIARY_IDENTIFIER"])]
    )
    tags = [{"Key": key, "Value": value} for key, value in (snapshot or {}).items()]
    taken = {"DBSnapshotArn": "s", "DBInstanceIdentifier": of, "TagList": tags}
    return answers(
        Integration.AWS,
        tagged({DATABASE: {"data-class": "phi"}, "arn:aws:s3:::copies": bucket or {}}),
        (LISTED, {"findingIds": []}),
        (FINDINGS, {"findings": found}),
        call(
            tc_phi_09.DATABASES,
            {"DBInstances": [{"DBInstanceArn": DATABASE, "DBInstanceIdentifier": "clinic"}]},
            at="eu-west-1",
        ),
        call(tc_phi_09.SNAPSHOTS, {"DBSnapshots": [] if snapshot is None else [taken]}, at=at),
        off=off,
    )


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (copied(bucket=DEV), FAIL, ["copies"]),
        (copied(bucket=MASKED), WARNING, ["copies"]),
        (copied(bucket={"environment": "production"}), PASS, []),
        (copied(bucket={}), PASS, []),
        (copied(snapshot=DEV), FAIL, ["s"]),
        (copied(snapshot=MASKED), WARNING, ["s"]),
        (copied(snapshot={}), PASS, []),
        (copied(snapshot=DEV, of="shop"), NOTHING, []),
        (copied(snapshot=DEV, at="us-east-1"), NOTHING, []),
        (copied(snapshot={**DEV, "data-class": "phi"}, of="gone"), FAIL, ["s"]),
        (copied(), NOTHING, []),
        # What fails does so without Macie, and nothing else is said without it.
        (copied(snapshot=DEV, off=[LISTED, FINDINGS]), FAIL, ["s"]),
        (copied(snapshot={}, off=[LISTED, FINDINGS]), UNTOLD, []),
    ],
)
def test_health_data_is_not_copied_out_of_production(
    looked_at: Answers, status: CheckStatus, faulty: list[str]
) -> None:
    found = judged(check_of("TC-PHI-09"), looked_at)

    assert (found.status, faults(found)) == (status, faulty)
