"""Records of health data and trails are kept for six years, whatever part of a bucket a rule that destroys is about.

The archive copy that makes a shorter term a warning is what Object Lock keeps. Older versions are not looked at.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.compliance.call_index import first_pages, joined
from domain.compliance.control import Case, Item, Procedure, failed, passed, warned
from domain.compliance.health_data import aws_buckets
from domain.facts.compliance import Integration

TAGS, TRAILS = "resourcegroupstaggingapi.get_resources", "cloudtrail.describe_trails"
RULES, LOCKS = "s3.get_bucket_lifecycle_configuration", "s3.get_object_lock_configuration"
BUCKETS = "s3.list_buckets"
# Source: 45 CFR 164.316(b)(2)(i), six years.
KEPT_DAYS, LEAST_DAYS = 2190, 365
WANTED = f"nothing destroyed before {KEPT_DAYS} days"


def _aws(case: Case) -> Iterator[Item]:
    """Buckets labelled phi, and those of this account into which a trail writes."""
    own = {one["Name"] for one in case.answers.items(BUCKETS, "Buckets")}
    written = {trail["S3BucketName"] for trail in case.answers.items(TRAILS, "trailList")}
    rules, locks = joined(case.answers, RULES, "Bucket", "Rules"), first_pages(case.answers, LOCKS, "Bucket")
    for name in sorted({*aws_buckets(case.answers), *(written & own)}):
        days = [day for rule in rules.get(name, []) for day in _days(rule)]
        yield _kept(name, min(days, default=None), _locked_days(locks.get(name)))


def _days(rule: Mapping[str, Any]) -> Iterator[int]:
    """After how many days it destroys. One that names a day destroys what is of the day before: 0 days."""
    end = rule.get("Expiration") or {}
    if rule["Status"] == "Enabled" and (end.get("Days") or end.get("Date")):
        yield end.get("Days") or 0


def _locked_days(page: Mapping[str, Any] | None) -> int:
    """For how long nothing new can be deleted. A year of S3 has 365 days."""
    rule = page["ObjectLockConfiguration"].get("Rule") if page else None
    kept = (rule or {}).get("DefaultRetention") or {}
    return int(kept.get("Days") or 365 * (kept.get("Years") or 0))


def _kept(name: str, days: int | None, locked: int) -> Item:
    if days is None or days >= KEPT_DAYS:
        return passed(name, "nothing is destroyed" if days is None else f"destroyed after {days} days")
    if days >= LEAST_DAYS and locked >= KEPT_DAYS:
        return warned(name, f"destroyed after {days} days, locked for {locked}", WANTED)
    return failed(name, f"destroyed after {days} days", WANTED)


PROCEDURES = (
    Procedure(
        integration=Integration.AWS,
        scope="resource",
        operations=(RULES, LOCKS, BUCKETS, TRAILS, TAGS),
        passes="No rule destroys anything in a bucket labelled phi, or of a trail, before 2190 days.",
        warns="A rule does so after 365 days or more, and Object Lock keeps a copy for 2190 days.",
        fails="A rule does so after less than 365 days, or with no such copy.",
        judge=_aws,
    ),
)
