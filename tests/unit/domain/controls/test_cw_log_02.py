"""Trails cannot be altered and last long enough."""

from datetime import timedelta
from typing import Any

import pytest

from domain.compliance.answers import Answers, Call
from domain.controls.cw_log_02 import CONTROL
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import NOW, answers, call
from tests.factories.judged import judged, verdicts

ARN, GROUP = "arn:aws:cloudtrail:eu-west-1:1:trail/all", "arn:aws:logs:eu-west-1:1:log-group:trail"
SETTINGS = {
    "lock": "s3.get_object_lock_configuration",
    "versions": "s3.get_bucket_versioning",
    "rules": "s3.get_bucket_lifecycle_configuration",
}


def lock(mode: str = "COMPLIANCE", **kept: int) -> dict[str, Any]:
    return {"ObjectLockConfiguration": {"Rule": {"DefaultRetention": {"Mode": mode, **kept}}}}


def expires(days: int | None = None, *, status: str = "Enabled", **more: Any) -> dict[str, Any]:
    expiration = more.pop("expiration", {"Days": days})
    return {"Rules": [{"Status": status, "Expiration": expiration, **more}]}


def bucket(**settings: Any) -> list[Call | tuple[Any, ...]]:
    """The settings of the trail's bucket; what is not named is not set."""
    named = {"versions": {}, **settings}
    asked: list[Call | tuple[Any, ...]] = [call(SETTINGS[name], page, Bucket="logs") for name, page in named.items()]
    return asked + [(operation,) for name, operation in SETTINGS.items() if name not in named]


def account(*settings: Any, validated: bool = True, days: int | None = 90, **trail: Any) -> Answers:
    group = {"arn": f"{GROUP}:*", **({} if days is None else {"retentionInDays": days})}
    listed = {"TrailARN": ARN, "LogFileValidationEnabled": validated, "S3BucketName": "logs", **trail}
    return answers(
        Integration.AWS,
        ("cloudtrail.describe_trails", {"trailList": [listed]}, {"trailList": [listed]}),
        ("logs.describe_log_groups", {"logGroups": [group]}),
        *settings,
    )


@pytest.mark.parametrize(
    ("judged_account", "status"),
    [
        (account(*bucket(lock=lock(Days=365))), CheckStatus.PASS),
        (account(*bucket(lock=lock("GOVERNANCE", Years=1), rules=expires(365))), CheckStatus.PASS),
        (account(*bucket(lock=lock(Days=365), rules=expires(1, status="Disabled"))), CheckStatus.PASS),
        (account(*bucket(lock=lock(Days=365), rules=expires(1, Prefix="tmp/"))), CheckStatus.PASS),
        (account(*bucket(lock=lock(Days=365), rules=expires(expiration=None))), CheckStatus.PASS),
        (account(*bucket(versions={"Status": "Enabled"})), CheckStatus.WARNING),
        (account(*bucket(lock=lock(Days=30))), CheckStatus.WARNING),
        (account(*bucket()), CheckStatus.FAIL),
        (account(*bucket(versions={"Status": "Suspended"})), CheckStatus.FAIL),
        (account(*bucket(lock={"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}})), CheckStatus.FAIL),
        (account(*bucket(lock=lock(Days=365), rules=expires(364))), CheckStatus.FAIL),
        (account(*bucket(lock=lock(Days=365), rules=expires(7, Filter={"Prefix": "AWSLogs/"}))), CheckStatus.FAIL),
        (
            account(
                *bucket(lock=lock(Days=365), rules=expires(7, Filter={"And": {"Prefix": "own/AWSLogs/1"}})),
                S3KeyPrefix="own",
            ),
            CheckStatus.FAIL,
        ),
        (account(*bucket(lock=lock(Days=365), rules=expires(expiration={"Date": "2027-01-01"}))), CheckStatus.FAIL),
        (account(*bucket(lock=lock(Days=365)), validated=False), CheckStatus.FAIL),
        (account(("s3.get_bucket_versioning",)), CheckStatus.ERROR),
        (account(), CheckStatus.ERROR),
    ],
)
def test_files_of_a_trail_are_locked_and_kept(judged_account: Answers, status: CheckStatus) -> None:
    assert judged(CONTROL, judged_account).status is status


def test_a_tenant_may_ask_for_longer() -> None:
    kept = account(*bucket(lock=lock(Days=365)))
    assert judged(CONTROL, kept, retention_days=2190).status is CheckStatus.WARNING


def test_bucket_in_another_connected_account_is_judged_there() -> None:
    own = account(("s3.get_bucket_versioning",), ("s3.get_object_lock_configuration",))
    other = answers(Integration.AWS, *bucket(lock=lock(Days=400)))
    assert judged(CONTROL, own, other).status is CheckStatus.PASS


@pytest.mark.parametrize(("days", "verdict"), [(None, "PASS"), (90, "PASS"), (89, "FAIL")])
def test_log_group_of_a_trail_keeps_what_is_at_hand(days: int | None, verdict: str) -> None:
    said = judged(CONTROL, account(*bucket(lock=lock(Days=365)), days=days, CloudWatchLogsLogGroupArn=f"{GROUP}:*"))
    assert verdicts(said) == {ARN: "PASS", f"{GROUP}:*": verdict}


def test_account_without_trails_has_nothing_to_keep() -> None:
    none = answers(Integration.AWS, ("cloudtrail.describe_trails", {"trailList": []}), ("logs.describe_log_groups",))
    assert judged(CONTROL, none).status is CheckStatus.NOT_APPLICABLE


def container(days: int | None, name: str = "insights-activity-logs", state: str = "Locked") -> dict[str, Any]:
    policy = {"properties": {"immutabilityPeriodSinceCreationInDays": days, "state": state}}
    return {
        "id": name,
        "name": name,
        "properties": {"hasImmutabilityPolicy": days is not None, "immutabilityPolicy": policy},
    }


@pytest.mark.parametrize(
    ("containers", "days_of_workspace", "expected"),
    [
        ([container(365)], 30, {"insights-activity-logs": "PASS", "w": "PASS"}),
        ([container(365, state="Unlocked")], 30, {"insights-activity-logs": "FAIL", "w": "FAIL"}),
        ([container(365, state="Unlocked")], 90, {"insights-activity-logs": "WARNING", "w": "WARNING"}),
        ([container(None)], 400, {"insights-activity-logs": "WARNING", "w": "PASS"}),
        ([container(None)], 90, {"insights-activity-logs": "WARNING", "w": "WARNING"}),
        ([container(364)], 89, {"insights-activity-logs": "FAIL", "w": "FAIL"}),
        ([container(None, "photos")], 90, {"w": "FAIL"}),
        ([], 365, {"w": "PASS"}),
        ([container(None)], None, {"insights-activity-logs": "FAIL"}),
        ([container(None, "photos")], None, {}),
    ],
)
def test_archives_of_azure_are_sealed(
    containers: list[Any], days_of_workspace: int | None, expected: dict[str, str]
) -> None:
    workspaces = (
        [] if days_of_workspace is None else [{"id": "w", "properties": {"retentionInDays": days_of_workspace}}]
    )
    said = judged(
        CONTROL,
        answers(
            Integration.AZURE,
            ("GET Microsoft.Storage/storageAccounts/blobServices/containers", {"value": containers}),
            ("GET Microsoft.OperationalInsights/workspaces", {"value": workspaces}),
        ),
    )
    assert verdicts(said) == expected
    assert (said.status is CheckStatus.NOT_APPLICABLE) is (not expected)


@pytest.mark.parametrize(
    ("found", "status"),
    [
        ({"retentionDays": 400, "locked": True}, CheckStatus.PASS),
        ({"retentionDays": 365}, CheckStatus.WARNING),
        ({"retentionDays": 30, "locked": True}, CheckStatus.FAIL),
        ({"locked": True}, CheckStatus.ERROR),
    ],
)
def test_buckets_of_logs_in_google_are_locked(found: dict[str, Any], status: CheckStatus) -> None:
    operation = "logging.v2:projects.locations.buckets.list"
    read = answers(Integration.GCP, (operation, {"buckets": [{"name": "b", **found}]}))
    assert judged(CONTROL, read).status is status


@pytest.mark.parametrize(
    ("broken_at", "hours", "status"),
    [
        (None, 24, CheckStatus.PASS),
        (None, 25, CheckStatus.WARNING),
        (None, 48, CheckStatus.WARNING),
        (None, 49, CheckStatus.FAIL),
        (None, None, CheckStatus.FAIL),
        (7, 1, CheckStatus.FAIL),
    ],
)
def test_own_audit_log_is_whole_and_anchored(broken_at: int | None, hours: int | None, status: CheckStatus) -> None:
    anchored = None if hours is None else NOW - timedelta(hours=hours)
    row = {"first_sequence": 1, "last_sequence": 9, "broken_at": broken_at, "anchored_until": anchored}
    assert judged(CONTROL, answers(Integration.PLATFORM, ("platform:audit_log.verify", [row]))).status is status


@pytest.mark.parametrize("integration", [Integration.AWS, Integration.AZURE, Integration.GCP, Integration.PLATFORM])
def test_nothing_is_said_of_what_was_not_read(integration: Integration) -> None:
    assert judged(CONTROL, answers(integration)).status is CheckStatus.ERROR
