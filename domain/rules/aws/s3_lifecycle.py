"""S3 buckets that keep paying for what nobody reads: rules of their lifecycle that are missing."""

from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.list_price import AWS_S3_INFREQUENT, AWS_S3_STANDARD, AWS_S3_WATCHING, usd
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

GIB = 2**30
# How much of the data nobody asks for in a month. S3 does not tell; it is written out in the formula of each saving.
INFREQUENT_SHARE = Decimal("0.6")
# Source: S3 user guide, "Lifecycle configuration elements".
MOST_RULES = 1000
BESIDE_THE_RULES = "TransitionDefaultMinimumObjectSize"


def is_never_tiered(bucket: Resource, context: RuleContext) -> Observation | None:
    """Fires on a bucket with more than `min_gib` of standard storage that no rule ever moves."""
    measured = _latest(bucket, "BucketSizeBytes.Average")
    if measured is None or "LifecycleRules" not in bucket.config or _has(bucket, "Transitions", "Transition"):
        return None
    gib = Decimal(measured) / GIB
    if gib <= context.parameters["min_gib"]:
        return None
    saving, formula = _saving(bucket, gib)
    return Observation(
        reason=f"Bucket {bucket.name} holds {gib:.0f} GiB of standard storage, and no rule moves what nobody reads.",
        observed={"standard_gib": int(gib), "transitions": 0, "objects": _objects(bucket)},
        estimated_monthly_saving=None if saving is None else usd(saving),
        saving_formula=formula,
    )


def _saving(bucket: Resource, gib: Decimal) -> tuple[Decimal, str] | tuple[None, None]:
    """At least that much: objects below 128 KiB are counted though they are not watched. None without their number."""
    objects = _objects(bucket)
    if objects is None:
        return None, None
    standard, infrequent = AWS_S3_STANDARD.usd, AWS_S3_INFREQUENT.usd
    tiered = (1 - INFREQUENT_SHARE) * standard + INFREQUENT_SHARE * infrequent
    formula = (
        f"{gib:.2f} GiB * ({standard} - ({1 - INFREQUENT_SHARE} * {standard} + {INFREQUENT_SHARE} * {infrequent}))"
        f" - {objects} objects / 1000 * {AWS_S3_WATCHING.usd}"
    )
    return gib * (standard - tiered) - Decimal(objects) / 1000 * AWS_S3_WATCHING.usd, formula


def tier(bucket: Resource, context: RuleContext) -> tuple[Step, ...]:
    """A rule for the whole bucket, where watching its objects does not cost more than it saves."""
    saving, _ = _saving(bucket, Decimal(_latest(bucket, "BucketSizeBytes.Average") or 0) / GIB)
    if saving is None:
        raise NoPlan(f"It is not known how many objects {bucket.name} holds, and what watching them would cost.")
    if saving <= 0:
        raise NoPlan(f"The objects of {bucket.name} are so small that watching them may cost more than it saves.")
    days = context.parameters["after_days"]
    rule = {"Transitions": [{"Days": days, "StorageClass": "INTELLIGENT_TIERING"}]}
    says = f"Move the objects of {bucket.name} to Intelligent-Tiering {days} days after they were written."
    return (_with_rule(bucket, "cloudwatcher-intelligent-tiering", rule, says),)


def keeps_broken_uploads(bucket: Resource, _: RuleContext) -> Observation | None:
    """Fires on a bucket where no rule ends uploads that were never finished."""
    if "LifecycleRules" not in bucket.config or _has(bucket, "AbortIncompleteMultipartUpload"):
        return None
    pending = bucket.config.get("MultipartUploads")
    told = "" if pending is None else f"; {len(pending)} are open now"
    return Observation(
        reason=f"No rule of bucket {bucket.name} ends uploads that break off, and their parts stay billed{told}.",
        observed={"uploads": None if pending is None else len(pending)},
    )


def end_uploads(bucket: Resource, context: RuleContext) -> tuple[Step, ...]:
    """A rule for the whole bucket."""
    days = context.parameters["after_days"]
    rule = {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": days}}
    says = f"Drop the parts of uploads to {bucket.name} that are not finished {days} days after they began."
    return (_with_rule(bucket, "cloudwatcher-incomplete-uploads", rule, says),)


def keeps_every_version(bucket: Resource, _: RuleContext) -> Observation | None:
    """Fires on a bucket that keeps versions, and where no rule ends old ones."""
    is_versioned = (bucket.config.get("Versioning") or {}).get("Status") == "Enabled"
    if not is_versioned or "LifecycleRules" not in bucket.config or _has(bucket, "NoncurrentVersionExpiration"):
        return None
    return Observation(
        reason=f"Bucket {bucket.name} keeps every version of every object for ever, each at full price.",
        observed={"Versioning": "Enabled", "noncurrent_version_expirations": 0},
    )


def end_versions(bucket: Resource, context: RuleContext) -> tuple[Step, ...]:
    """A rule for the whole bucket, which keeps the newest of the old versions."""
    days, kept = context.parameters["noncurrent_days"], context.parameters["keep_versions"]
    rule = {"NoncurrentVersionExpiration": {"NoncurrentDays": days, "NewerNoncurrentVersions": kept}}
    says = f"Delete versions in {bucket.name} that were replaced {days} days ago, except the {kept} newest of each."
    return (_with_rule(bucket, "cloudwatcher-noncurrent-versions", rule, says),)


def _with_rule(bucket: Resource, rule_id: str, rule: dict[str, Any], says: str) -> Step:
    """The call replaces the whole configuration: all other rules are sent again, and undoing sends the former ones."""
    former: list[dict[str, Any]] = bucket.config.get("LifecycleRules") or []
    own = {"ID": rule_id, "Status": "Enabled", "Filter": {"Prefix": ""}, **rule}
    wanted = [_filtered(one) for one in former if one.get("ID") != rule_id] + [own]
    if len(wanted) > MOST_RULES:
        raise NoPlan(f"{bucket.name} has as many lifecycle rules as S3 allows.")
    undone = "Set the lifecycle rules of {} as they were before; what was added since goes, too."
    return Step(
        name="lifecycle",
        says=f"{says} Other lifecycle rules, which stay as they are: {len(wanted) - 1}.",
        call=_written(bucket, wanted),
        undo=(Step(name="back", says=undone.format(bucket.name), call=_written(bucket, former)),),
    )


def _written(bucket: Resource, rules: list[dict[str, Any]]) -> Call:
    """Without rules there is no configuration at all."""
    own = {"Bucket": bucket.native_id}
    if not rules:
        return Call(operation="s3.delete_bucket_lifecycle", region=bucket.region, arguments=own)
    beside = {key: bucket.config[key] for key in (BESIDE_THE_RULES,) if bucket.config.get(key)}
    return Call(
        operation="s3.put_bucket_lifecycle_configuration",
        region=bucket.region,
        arguments={**own, "LifecycleConfiguration": {"Rules": rules}, **beside},
    )


def _filtered(rule: dict[str, Any]) -> dict[str, Any]:
    """The same rule with its prefix in a filter: S3 takes no configuration in which some rules have one and some not.

    Source: S3 API reference, LifecycleRule, Prefix.
    """
    if "Filter" in rule:
        return rule
    rest = {key: value for key, value in rule.items() if key != "Prefix"}
    return {**rest, "Filter": {"Prefix": rule.get("Prefix") or ""}}


def _has(bucket: Resource, *actions: str) -> bool:
    """Whether a rule that is switched on does one of these."""
    rules = bucket.config.get("LifecycleRules") or []
    return any(rule.get("Status") == "Enabled" and any(rule.get(one) for one in actions) for rule in rules)


def _latest(bucket: Resource, metric: str) -> float | None:
    series: dict[str, float] = (bucket.config.get("Metrics") or {}).get(metric) or {}
    return series[max(series)] if series else None


def _objects(bucket: Resource) -> int | None:
    found = _latest(bucket, "NumberOfObjects.Average")
    return None if found is None else int(found)


def _bucket(*rules: dict[str, Any], gib: int | None = None, objects: int | None = None, **config: Any) -> Resource:
    """A bucket for the examples, measured on one day where a size is given."""
    day = "2026-06-13T00:00:00+00:00"
    sizes = {} if gib is None else {"BucketSizeBytes.Average": {day: float(gib * GIB)}}
    counts = {} if objects is None else {"NumberOfObjects.Average": {day: float(objects)}}
    plain = {"LifecycleRules": list(rules) or None, "Versioning": {}, "Metrics": {**sizes, **counts}}
    return Resource(
        kind=ResourceKind.AWS_S3_BUCKET,
        native_id="invoices",
        name="invoices",
        region="us-east-1",
        config={**plain, **config},
    )


def _rule(actions: dict[str, Any], status: str = "Enabled", rule_id: str = "own") -> dict[str, Any]:
    return {"ID": rule_id, "Status": status, "Filter": {"Prefix": ""}, **actions}


TIERED = {"Transitions": [{"Days": 30, "StorageClass": "GLACIER"}]}
OLD_RULE = {"ID": "old", "Status": "Enabled", "Prefix": "tmp/", "Expiration": {"Days": 7}}
ENDED = {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3}}
EXPIRED = {"NoncurrentVersionExpiration": {"NoncurrentDays": 30}}
TIERING = {"min_gib": 100, "after_days": 30}
UPLOADS = {"after_days": 7}
VERSIONS = {"noncurrent_days": 90, "keep_versions": 3}
VERSIONED = {"Status": "Enabled"}

NEVER_TIERED = Rule(
    id="aws-s3-intelligent-tiering",
    title="S3 bucket keeps all its data in the dearest class",
    description="Intelligent-Tiering stores what nobody reads for about half, and gives it back without delay.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_S3_BUCKET,
    permissions=("cloudwatch:GetMetricData", "s3:GetLifecycleConfiguration", "s3:ListAllMyBuckets"),
    source="S3 GetBucketLifecycleConfiguration, CloudWatch BucketSizeBytes; Amazon S3 pricing",
    blind_spots=f"How much is really read is not known: {INFREQUENT_SHARE} of the data is taken to be unread. Moving "
    "is charged once for each object. A rule for a part of the bucket counts. What was moved stays moved after undo.",
    parameters=(
        Parameter(name="min_gib", default=100, meaning="GiB of standard storage that are too little to care."),
        Parameter(name="after_days", default=30, meaning="Days after which an object is moved."),
    ),
    needs=("LifecycleRules", "Metrics"),
    check=is_never_tiered,
    group="storage-tier",
    remedy=Remedy(
        says="Adds a rule that moves objects to Intelligent-Tiering.",
        plan=tier,
        reversible=Reversible.YES,
        permissions=("s3:PutLifecycleConfiguration",),
    ),
    examples=(
        # 200 * (0.023 - (0.4 * 0.023 + 0.6 * 0.0125)) = 1.26, and 100 * 0.0025 = 0.25 for watching: 1.01 USD.
        fires(_bucket(OLD_RULE, gib=200, objects=100_000), parameters=TIERING),
        fires(_bucket(_rule(TIERED, status="Disabled"), gib=200, objects=100_000), parameters=TIERING),
        # 1000 * 0.0025 = 2.50 for watching is more than the 1.26 above.
        fires(_bucket(gib=200, objects=1_000_000), parameters=TIERING),
        fires(_bucket(gib=200), parameters=TIERING),
        quiet(_bucket(_rule(TIERED), gib=200, objects=100_000), parameters=TIERING),
        quiet(_bucket(gib=100, objects=100_000), parameters=TIERING),
    ),
)

BROKEN_UPLOADS = Rule(
    id="aws-s3-incomplete-uploads",
    title="S3 bucket keeps uploads that were never finished",
    description="Parts of an upload that broke off are billed like objects and shown nowhere, until a rule ends them.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_S3_BUCKET,
    permissions=("s3:GetLifecycleConfiguration", "s3:ListBucketMultipartUploads"),
    source="S3 GetBucketLifecycleConfiguration, ListMultipartUploads; Amazon S3 pricing",
    blind_spots="How large the parts are is not read, so no saving is told. A rule for a part of the bucket counts.",
    parameters=(
        Parameter(name="after_days", default=7, meaning="Days after which an upload is taken for broken.", least=1),
    ),
    needs=("LifecycleRules",),
    check=keeps_broken_uploads,
    group="storage-tier",
    remedy=Remedy(
        says="Adds a rule that ends uploads which are not finished in time.",
        plan=end_uploads,
        reversible=Reversible.YES,
        permissions=("s3:PutLifecycleConfiguration",),
    ),
    examples=(
        fires(_bucket(OLD_RULE, MultipartUploads=[{"Key": "a"}, {"Key": "b"}]), parameters=UPLOADS),
        fires(_bucket(TransitionDefaultMinimumObjectSize="varies_by_storage_class"), parameters=UPLOADS),
        fires(_bucket(*(_rule(EXPIRED, rule_id=str(number)) for number in range(MOST_RULES))), parameters=UPLOADS),
        quiet(_bucket(_rule(ENDED)), parameters=UPLOADS),
    ),
)

EVERY_VERSION = Rule(
    id="aws-s3-noncurrent-versions",
    title="S3 bucket keeps every old version for ever",
    description="A versioned bucket never lets go of what was replaced or deleted, unless a rule does.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_S3_BUCKET,
    permissions=("s3:GetBucketVersioning", "s3:GetLifecycleConfiguration"),
    source="S3 GetBucketVersioning, GetBucketLifecycleConfiguration; Amazon S3 pricing",
    blind_spots="How much old versions take is not read, so that no saving is told. A rule for a part of the bucket "
    "counts. Old versions may be kept for ever because a law asks for it.",
    parameters=(
        Parameter(name="noncurrent_days", default=90, meaning="Days an old version is kept.", least=1),
        Parameter(name="keep_versions", default=3, meaning="Old versions kept in any case.", least=1, most=100),
    ),
    needs=("Versioning", "LifecycleRules"),
    check=keeps_every_version,
    group="storage-tier",
    remedy=Remedy(
        says="Adds a rule that deletes old versions, except the newest of them.",
        plan=end_versions,
        reversible=Reversible.PARTLY,
        loses="Versions that the rule has deleted are gone.",
        permissions=("s3:PutLifecycleConfiguration",),
    ),
    examples=(
        fires(_bucket(_rule(ENDED), Versioning=VERSIONED), parameters=VERSIONS),
        quiet(_bucket(_rule(EXPIRED), Versioning=VERSIONED), parameters=VERSIONS),
        quiet(_bucket(), parameters=VERSIONS),
    ),
)
