"""Trails cannot be altered and last long enough."""

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from typing import Any

from domain.compliance.answers import Answers, Unread
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

DAYS_OF_YEAR = 365
LOCK, VERSIONING = "s3.get_object_lock_configuration", "s3.get_bucket_versioning"
LIFECYCLE = "s3.get_bucket_lifecycle_configuration"
LOCKED = ("COMPLIANCE", "GOVERNANCE")
# Containers that Azure itself writes logs to. Source: Azure Monitor, "Send to Azure Storage" and "data export".
ARCHIVES = ("insights-activity-logs", "insights-logs-", "am-")
ANCHORED, ANCHORED_LATE = timedelta(hours=24), timedelta(hours=48)


def _home_of(bucket: str, case: Case) -> Answers:
    """The account the bucket lies in, which may be another one than the trail's.

    Raises Unread when it is none of those connected.
    """
    for answers in (case.answers, *case.of(Integration.AWS)):
        if any(call.arguments.get("Bucket") == bucket for call in answers.calls(VERSIONING)):
            return answers
    raise Unread(LOCK, f"the bucket {bucket} is in an account that is not connected")


def _locked_days(bucket: str, home: Answers) -> int:
    """For how long objects cannot be taken away; 0 where they can. Source: S3 GetObjectLockConfiguration."""
    found = home.answer(LOCK, Bucket=bucket)
    rule = ((found or {}).get("ObjectLockConfiguration") or {}).get("Rule")
    if not rule or rule["DefaultRetention"]["Mode"] not in LOCKED:
        return 0
    kept = rule["DefaultRetention"]
    return int(kept["Days"] if "Days" in kept else kept["Years"] * DAYS_OF_YEAR)


def _prefix(rule: Mapping[str, Any]) -> str:
    """What a lifecycle rule is for, "" for all. One by tag or size may be for anything."""
    chosen = rule.get("Filter") or {}
    return str(chosen.get("Prefix") or (chosen.get("And") or {}).get("Prefix") or rule.get("Prefix") or "")


def _expiry(trail: Mapping[str, Any], home: Answers) -> int | None:
    """After how many days the trail's files are deleted, None for never; 0 where a date is set for that."""
    found = home.answer(LIFECYCLE, Bucket=trail["S3BucketName"])
    own = "/".join(part for part in (trail.get("S3KeyPrefix"), "AWSLogs/") if part)
    days = []
    for rule in (found or {}).get("Rules") or []:
        expires, prefix = rule.get("Expiration") or {}, _prefix(rule)
        is_ours = own.startswith(prefix) or prefix.startswith(own)
        if rule["Status"] == "Enabled" and is_ours and ("Days" in expires or "Date" in expires):
            days.append(int(expires.get("Days", 0)))
    return min(days, default=None)


def _of_trail(trail: Mapping[str, Any], case: Case) -> Item:
    arn, wanted_days = trail["TrailARN"], case.parameters["retention_days"]
    if not trail["LogFileValidationEnabled"]:
        return failed(arn, "files are not validated", "files validated")
    bucket = trail["S3BucketName"]
    home = _home_of(bucket, case)
    expiry, locked = _expiry(trail, home), _locked_days(bucket, home)
    wanted = f"locked and kept for {wanted_days} days"
    if expiry is not None and expiry < wanted_days:
        return failed(arn, f"{bucket} deletes after {expiry} days", wanted)
    if locked >= wanted_days:
        return passed(arn, f"{bucket} is locked for {locked} days")
    # Of a bucket that never had versions the answer has no status at all.
    is_versioned = home.answer(VERSIONING, Bucket=bucket).get("Status") == "Enabled"
    seen = f"{bucket} is locked for {locked} days and " + ("has versions" if is_versioned else "has no versions")
    return warned(arn, seen, wanted) if locked or is_versioned else failed(arn, seen, wanted)


def _of_copies(trails: Collection[Mapping[str, Any]], case: Case) -> Iterator[Item]:
    """The log groups that trails also write to: what is at hand, while the buckets are the archive."""
    written, hot = {str(one.get("CloudWatchLogsLogGroupArn") or "") for one in trails}, case.parameters["hot_days"]
    wanted = {arn.removesuffix(":*") for arn in written}
    for group in case.answers.items("logs.describe_log_groups", "logGroups"):
        if group["arn"].removesuffix(":*") not in wanted:
            continue
        # Without the field nothing is ever deleted. Source: CloudWatch Logs DescribeLogGroups.
        days = group.get("retentionInDays")
        if days is None or days >= hot:
            yield passed(group["arn"], "kept for good" if days is None else f"kept for {days} days")
        else:
            yield failed(group["arn"], f"kept for {days} days", f"kept at hand for {hot} days")


def _aws(case: Case) -> Iterator[Item]:
    """Each trail with its bucket, and the log groups they also write to."""
    trails = {trail["TrailARN"]: trail for trail in case.answers.items("cloudtrail.describe_trails", "trailList")}
    for trail in trails.values():
        yield _of_trail(trail, case)
    yield from _of_copies(trails.values(), case)


def _sealed_days(container: Mapping[str, Any]) -> int:
    """Until a policy is locked, whoever may write to the account can shorten it or take it away.

    Source: Azure Storage, "Time-based retention policies for immutable blob data", locked versus unlocked policies.
    """
    own = container["properties"]
    if not own["hasImmutabilityPolicy"]:
        return 0
    policy = own["immutabilityPolicy"]["properties"]
    return int(policy["immutabilityPeriodSinceCreationInDays"]) if policy["state"] == "Locked" else 0


def _of_container(container: Mapping[str, Any], case: Case, at_hand: int) -> Item:
    days, wanted_days = _sealed_days(container), case.parameters["retention_days"]
    seen, wanted = f"sealed for {days} days", f"sealed for {wanted_days} days"
    if days >= wanted_days:
        return passed(container["id"], seen)
    say = warned if at_hand >= case.parameters["hot_days"] else failed
    return say(container["id"], f"{seen}, {at_hand} days at hand", wanted)


def _of_workspace(workspace: Mapping[str, Any], case: Case, archived: list[int]) -> Item:
    """`archived` are for how many days the archives are sealed."""
    days, wanted_days = int(workspace["properties"]["retentionInDays"]), case.parameters["retention_days"]
    seen, wanted = f"kept for {days} days", f"kept for {wanted_days} days, or archived"
    if days >= wanted_days or max(archived, default=0) >= wanted_days:
        return passed(workspace["id"], seen)
    if archived and days >= case.parameters["hot_days"]:
        return warned(workspace["id"], f"{seen}, and the archive can be altered", wanted)
    return failed(workspace["id"], seen, wanted)


def _azure(case: Case) -> Iterator[Item]:
    """Archives are known by the names Azure gives to the containers it writes logs to."""
    listed = case.answers.items("GET Microsoft.Storage/storageAccounts/blobServices/containers", "value")
    archives = [one for one in listed if str(one["name"]).startswith(ARCHIVES)]
    workspaces = list(case.answers.items("GET Microsoft.OperationalInsights/workspaces", "value"))
    at_hand = max((int(one["properties"]["retentionInDays"]) for one in workspaces), default=0)
    for container in archives:
        yield _of_container(container, case, at_hand)
    archived = [_sealed_days(one) for one in archives]
    for workspace in workspaces:
        yield _of_workspace(workspace, case, archived)


def _gcp(case: Case) -> Iterator[Item]:
    """Every bucket of logs, since audit logs of data access may be in any."""
    wanted_days = case.parameters["retention_days"]
    for bucket in case.answers.items("logging.v2:projects.locations.buckets.list", "buckets"):
        # Google leaves out what is false.
        is_locked, days = bucket.get("locked", False), bucket["retentionDays"]
        seen, wanted = f"{'locked' if is_locked else 'not locked'}, {days} days", f"locked, {wanted_days} days"
        if days < wanted_days:
            yield failed(bucket["name"], seen, wanted)
        else:
            yield passed(bucket["name"], seen) if is_locked else warned(bucket["name"], seen, wanted)


def _platform(case: Case) -> Iterator[Item]:
    wanted = "whole, and anchored within 24 hours"
    for row in case.answers.items("platform:audit_log.verify"):
        anchored = row["anchored_until"]
        ago = None if anchored is None else case.now - anchored
        if row["broken_at"] is not None:
            yield failed("audit log", f"broken at entry {row['broken_at']}", wanted)
        elif ago is None or ago > ANCHORED_LATE:
            yield failed("audit log", f"anchored until {anchored or 'nothing'}", wanted)
        elif ago > ANCHORED:
            yield warned("audit log", f"anchored until {anchored:%Y-%m-%d %H:%M}", wanted)
        else:
            yield passed("audit log", f"whole from entry {row['first_sequence']} to {row['last_sequence']}")


CONTROL = Control(
    id="CW-LOG-02",
    name="Trails cannot be altered and last long enough",
    category="logging",
    severity=Severity.CRITICAL,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC7.2", "CC7.3", "PI1.5"),
    objective="Logs are sealed, locked and held for at least the longest term any active framework asks.",
    owner_role="security",
    parameters={
        "retention_days": 365,
        "hot_days": 90,
        "floors": {"pci_dss_4_0_1": 365, "cert_in": 180, "hipaa_security_rule": 2190},
    },
    remediations=(
        "aws.cloudtrail.enable_validation",
        "aws.s3.enable_versioning",
        "gcp.logging.extend_retention",
    ),
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="resource",
            operations=(
                "cloudtrail.describe_trails",
                "s3.get_object_lock_configuration",
                "s3.get_bucket_versioning",
                "s3.get_bucket_lifecycle_configuration",
                "logs.describe_log_groups",
            ),
            passes=(
                "Files of every trail are validated, and its bucket is locked and keeps them for at least "
                "retention_days."
            ),
            warns="The bucket is not locked for that long, but has versions or a shorter lock.",
            fails=(
                "Files are not validated, can be altered, or are deleted before retention_days; or a trail's "
                "log group keeps less than hot_days."
            ),
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="resource",
            operations=(
                "GET Microsoft.Storage/storageAccounts/blobServices/containers",
                "GET Microsoft.OperationalInsights/workspaces",
            ),
            passes=(
                "Containers that logs are archived in are sealed for at least retention_days by a policy that is "
                "locked, or workspaces keep logs that long."
            ),
            warns="Workspaces keep logs for hot_days, and the archive can be altered.",
            fails="Logs are kept for less than retention_days.",
            judge=_azure,
            version=2,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="project",
            operations=("logging.v2:projects.locations.buckets.list",),
            passes="Every bucket of logs is locked and keeps them for at least retention_days.",
            warns="A bucket keeps them long enough, but is not locked.",
            fails="A bucket keeps them for less than retention_days.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.PLATFORM,
            scope="organization",
            operations=("platform:audit_log.verify",),
            passes="The chain of the audit log is whole from end to end and was anchored within 24 hours.",
            warns="It was last anchored between 24 and 48 hours ago.",
            fails="The chain is broken, or was not anchored for 48 hours.",
            judge=_platform,
        ),
    ),
)
