"""What buckets cost: data that nobody reads in the dearest class, and deleted data that is kept."""

from decimal import Decimal

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Step
from domain.rules import gcp_example as example
from domain.rules.gcp_recommendation import KIND, NEEDS, SOURCE, is_active, must_target, observed, target, wanted
from domain.rules.gcp_step import bucket_step
from domain.rules.list_price import GCP_NEARLINE, GCP_STANDARD, usd
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

RECOMMENDER = "google.storage.bucket.SoftDeleteRecommender"
BUCKET = ResourceKind.GCP_BUCKET
PERMISSIONS = ("storage.buckets.get", "storage.buckets.update")
RETENTION = "/softDeletePolicy/retentionDurationSeconds"
SECONDS_PER_DAY = 86400
BYTES_PER_GIB = Decimal(2**30)
# How much of the data of an ordinary bucket nobody reads for a month, by the rule catalogue.
COLD_RATIO = Decimal("0.6")


def keeps_deleted(recommendation: Resource, context: RuleContext) -> Observation | None:
    """Fires while deleted data is kept longer than recommended; without a named time none is."""
    if not is_active(recommendation, RECOMMENDER):
        return None
    bucket = target(recommendation, BUCKET, context, "gcp-soft-delete")
    present = None if bucket is None else _retention(bucket)
    if bucket is None or present is None or present <= _recommended(recommendation):
        return None
    days = present / SECONDS_PER_DAY
    what = f"Bucket {bucket.name} keeps what is deleted for {days:g} days at full price"
    return observed(recommendation, what, retentionDurationSeconds=present)


def keep_shorter(recommendation: Resource, context: RuleContext) -> tuple[Step, ...]:
    """The recommended time. What is deleted before it is undone is not brought back."""
    bucket = must_target(recommendation, BUCKET, context)
    present, better = _retention(bucket), _recommended(recommendation)
    back = _kept(bucket, "keep-as-before", present or 0, f"Let {bucket.name} keep deleted data as long as before.")
    says = (
        f"Let {bucket.name} keep deleted data for {better / SECONDS_PER_DAY:g} days. What is deleted from then on "
        "cannot be brought back after that."
    )
    return (_kept(bucket, "keep-shorter", better, says, undo=(back,)),)


def is_never_tiered(bucket: Resource, context: RuleContext) -> Observation | None:
    """Fires on a large bucket of the class STANDARD that no rule of its own, nor Google, moves to a cheaper one."""
    config = bucket.config
    if config.get("storageClass") != "STANDARD" or (config.get("lifecycle") or {}).get("rule"):
        return None
    if (config.get("autoclass") or {}).get("enabled") or config.get("total_bytes") is None:
        return None
    gib = Decimal(str(config["total_bytes"])) / BYTES_PER_GIB
    if gib < context.parameters["min_gib"]:
        return None
    saved = COLD_RATIO * gib * (GCP_STANDARD.usd - GCP_NEARLINE.usd)
    return Observation(
        reason=f"Bucket {bucket.name} holds {gib:.0f} GiB in the class STANDARD for ever.",
        observed={"storageClass": "STANDARD", "lifecycle": None, "total_bytes": config["total_bytes"]},
        estimated_monthly_saving=usd(saved),
        saving_formula=f"{COLD_RATIO} * {gib:.2f} GiB * ({GCP_STANDARD.usd} - {GCP_NEARLINE.usd})",
    )


def let_google_tier(bucket: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Autoclass, which moves back at once what is read again."""
    back = bucket_step("stop", f"Let {bucket.name} move nothing any more.", bucket, {"autoclass": {"enabled": False}})
    says = (
        f"Let Google move objects of {bucket.name} that nobody reads for a month to cheaper classes, and back when "
        "somebody does (Autoclass). What it has moved by then stays there when this is undone."
    )
    return (bucket_step("tier", says, bucket, {"autoclass": {"enabled": True}}, undo=(back,)),)


def _kept(bucket: Resource, name: str, seconds: int, says: str, undo: tuple[Step, ...] = ()) -> Step:
    return bucket_step(name, says, bucket, {"softDeletePolicy": {"retentionDurationSeconds": str(seconds)}}, undo=undo)


def _retention(bucket: Resource) -> int | None:
    found = (bucket.config.get("softDeletePolicy") or {}).get("retentionDurationSeconds")
    return None if found is None else int(found)


def _recommended(recommendation: Resource) -> int:
    return int(float(wanted(recommendation, RETENTION) or 0))


LOGS = example.bucket()
NAMED = "//storage.googleapis.com/projects/_/buckets/shop-logs"
WEEK = {"action": "replace", "path": RETENTION, "value": "604800"}
SHORTEN_IT = example.recommendation(RECOMMENDER, NAMED, location="us-central1")
SIZE = {"min_gib": 100}
BYTES = 100 * 2**30

SOFT_DELETE = Rule(
    id="gcp-soft-delete",
    title="Bucket keeps deleted data that is hardly worth it",
    description="Deleted objects are billed as long as they are kept. Where much is deleted, that is dear.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.HIGH,
    applies_to=KIND,
    permissions=("recommender.storageBucketSoftDeleteRecommendations.list", "storage.buckets.list"),
    source=SOURCE.format(RECOMMENDER),
    blind_spots="What the deleted data is worth to somebody who deletes too much by mistake, nobody knows beforehand.",
    needs=NEEDS,
    also_reads=(BUCKET,),
    check=keeps_deleted,
    group="storage-tier",
    remedy=Remedy(
        says="Shortens the time for which deleted data is kept, or keeps it no more.",
        plan=keep_shorter,
        reversible=Reversible.YES,
        permissions=PERMISSIONS,
    ),
    examples=(
        fires(SHORTEN_IT, LOGS),
        quiet(example.recommendation(RECOMMENDER, NAMED, changes=(WEEK,)), LOGS),
        quiet(SHORTEN_IT, example.bucket(softDeletePolicy={"retentionDurationSeconds": "0"})),
        quiet(SHORTEN_IT, example.bucket(softDeletePolicy=None)),
        quiet(SHORTEN_IT),
        quiet(example.recommendation("google.other", NAMED), LOGS),
    ),
)

LIFECYCLE = Rule(
    id="gcp-bucket-lifecycle",
    title="Bucket keeps all data in the dearest class",
    description="Most data is read soon after it was written or never again. Cheaper classes are made for that.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.LOW,
    applies_to=BUCKET,
    permissions=("storage.buckets.list", "monitoring.timeSeries.list"),
    source="Cloud Storage, buckets.list; Cloud Monitoring, storage/total_bytes; Cloud Storage pricing",
    blind_spots="What is read how often is not looked at: 60 percent are taken as cold. Autoclass has a fee for each "
    "thousand objects, which outweighs the saving where they are small.",
    parameters=(Parameter(name="min_gib", default=100, meaning="GiB from which a bucket is worth it."),),
    needs=("storageClass", "total_bytes"),
    check=is_never_tiered,
    group="storage-tier",
    remedy=Remedy(
        says="Lets Google move what nobody reads to cheaper classes.",
        plan=let_google_tier,
        reversible=Reversible.YES,
        permissions=PERMISSIONS,
    ),
    examples=(
        # 0.6 * 100 GiB * (0.020 - 0.010) USD = 0.60 USD.
        fires(example.bucket(total_bytes=BYTES), parameters=SIZE),
        quiet(example.bucket(total_bytes=BYTES - 1), parameters=SIZE),
        quiet(example.bucket(), parameters=SIZE),
        quiet(example.bucket(total_bytes=BYTES, lifecycle={"rule": [{"action": {"type": "Delete"}}]}), parameters=SIZE),
        quiet(example.bucket(total_bytes=BYTES, autoclass={"enabled": True}), parameters=SIZE),
        quiet(example.bucket(total_bytes=BYTES, storageClass="NEARLINE"), parameters=SIZE),
    ),
)
