"""S3 buckets that remember neither what was in them before, nor who came."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.aws_log_bucket import ACCESS_LOGS, TAKES_TAG, log_bucket
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet


def is_not_versioned(bucket: Resource, _: RuleContext) -> Observation | None:
    """Fires on a bucket that does not keep versions now, whether it ever did or not."""
    if "Versioning" not in bucket.config:
        return None
    status = (bucket.config["Versioning"] or {}).get("Status")
    if status == "Enabled":
        return None
    return Observation(
        reason=f"Bucket {bucket.name} keeps no versions: what is overwritten or deleted is gone.",
        observed={"Status": status},
    )


def keep_versions(bucket: Resource, _: RuleContext) -> tuple[Step, ...]:
    """One switch; it needs the second factor of the root user where the bucket asks for that."""
    if (bucket.config["Versioning"] or {}).get("MFADelete") == "Enabled":
        raise NoPlan(f"Only the root user may change the versioning of {bucket.name}, with a second factor.")

    def call(status: str) -> Call:
        arguments = {"Bucket": bucket.native_id, "VersioningConfiguration": {"Status": status}}
        return Call(operation="s3.put_bucket_versioning", region=bucket.region, arguments=arguments)

    back = Step(name="suspend", says=f"Keep no new versions in {bucket.name}.", call=call("Suspended"))
    says = f"Keep every version of what is written to {bucket.name}; old ones are billed like objects."
    return (Step(name="enable", says=says, call=call("Enabled"), undo=(back,)),)


def is_not_logged(bucket: Resource, _: RuleContext) -> Observation | None:
    """Fires on a bucket whose requests are written down nowhere."""
    if "LoggingEnabled" not in bucket.config or bucket.config["LoggingEnabled"]:
        return None
    return Observation(
        reason=f"Nobody can say who read bucket {bucket.name}: its requests are written down nowhere.",
        observed={"LoggingEnabled": None},
    )


def log(bucket: Resource, context: RuleContext) -> tuple[Step, ...]:
    """Logs into the bucket that takes those of the region, under the name of this one."""
    if _takes_logs(bucket, context):
        raise NoPlan(f"{bucket.name} takes access logs itself; logs about logs would never end.")
    target = log_bucket(context, bucket.region, ACCESS_LOGS) or _used_target(bucket.region, context)
    if target is None:
        raise NoPlan(
            f"No bucket that takes access logs is known: tag one in {bucket.region} with {TAKES_TAG} = {ACCESS_LOGS}."
        )
    own, operation = {"Bucket": bucket.native_id}, "s3.put_bucket_logging"
    wanted = {"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": f"{bucket.native_id}/"}}
    back = Step(
        name="back",
        says=f"Write the requests of {bucket.name} down no longer.",
        call=Call(operation=operation, region=bucket.region, arguments={**own, "BucketLoggingStatus": {}}),
    )
    return (
        Step(
            name="log",
            says=f"Write the requests of {bucket.name} down in {target}; what is written there is billed.",
            call=Call(operation=operation, region=bucket.region, arguments={**own, "BucketLoggingStatus": wanted}),
            undo=(back,),
        ),
    )


def _used_target(region: str | None, context: RuleContext) -> str | None:
    """Where other buckets of the region log to: S3 takes only a bucket of the same region and account."""
    buckets = [one for one in context.every(ResourceKind.AWS_S3_BUCKET) if one.region == region]
    return next((target for one in buckets if (target := _target(one))), None)


def _takes_logs(bucket: Resource, context: RuleContext) -> bool:
    others = context.every(ResourceKind.AWS_S3_BUCKET)
    is_target = any(_target(one) == bucket.native_id for one in others)
    return is_target or ACCESS_LOGS in bucket.tags.get(TAKES_TAG, "").split()


def _target(bucket: Resource) -> str | None:
    return (bucket.config.get("LoggingEnabled") or {}).get("TargetBucket")


def _bucket(name: str = "invoices", tags: dict[str, str] | None = None, **config: Any) -> Resource:
    return Resource(
        kind=ResourceKind.AWS_S3_BUCKET,
        native_id=name,
        name=name,
        region="us-east-1",
        tags=tags or {},
        config=dict(config),
    )


TO_LOGS = {"TargetBucket": "logs", "TargetPrefix": "orders/"}
TAKES = {TAKES_TAG: ACCESS_LOGS}

NOT_VERSIONED = Rule(
    id="aws-s3-versioning",
    title="S3 bucket keeps no versions",
    description="With versions a file that was overwritten, deleted or encrypted by an intruder can be had back.",
    category=FindingCategory.SECOPS,
    severity=Severity.LOW,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_S3_BUCKET,
    permissions=("s3:GetBucketVersioning",),
    source="AWS Security Hub S3.14; S3 GetBucketVersioning",
    blind_spots="Whether another copy or a backup of the data exists is not looked at, nor how often it is rewritten.",
    needs=("Versioning",),
    check=is_not_versioned,
    group="resilience",
    remedy=Remedy(
        says="Turns versioning on.",
        plan=keep_versions,
        reversible=Reversible.PARTLY,
        loses="Versioning can be suspended, never removed: the versions that came about stay and are billed.",
        permissions=("s3:PutBucketVersioning",),
    ),
    examples=(
        fires(_bucket(Versioning={})),
        fires(_bucket(Versioning={"Status": "Suspended", "MFADelete": "Enabled"})),
        quiet(_bucket(Versioning={"Status": "Enabled"})),
    ),
)

NOT_LOGGED = Rule(
    id="aws-s3-access-logging",
    title="Requests to an S3 bucket are not written down",
    description="Access logs say who read, wrote or was refused. Without them the harm of a leak cannot be told.",
    category=FindingCategory.SECOPS,
    severity=Severity.LOW,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_S3_BUCKET,
    permissions=("s3:GetBucketLogging",),
    source="AWS Security Hub S3.9; S3 GetBucketLogging",
    blind_spots="Data events of CloudTrail, which tell the same, do not count. Whether the bucket that takes them lets "
    "the log service write is not looked at.",
    needs=("LoggingEnabled",),
    also_reads=(ResourceKind.AWS_S3_BUCKET,),
    check=is_not_logged,
    group="logging",
    remedy=Remedy(
        says="Logs into the bucket tagged for it, or where other buckets of the region log to.",
        plan=log,
        reversible=Reversible.YES,
        permissions=("s3:PutBucketLogging",),
    ),
    examples=(
        fires(_bucket(LoggingEnabled=None)),
        fires(_bucket(LoggingEnabled=None), _bucket("orders", LoggingEnabled=TO_LOGS)),
        fires(_bucket(LoggingEnabled=None), _bucket("archive", TAKES)),
        fires(_bucket("logs", LoggingEnabled=None), _bucket("orders", LoggingEnabled=TO_LOGS)),
        quiet(_bucket(LoggingEnabled=TO_LOGS)),
    ),
)
