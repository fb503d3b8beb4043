"""Buckets with the settings that decide who reaches them, how long what is in them is kept, and what it costs."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors.clouds.aws import fields, metrics
from connectors.reading.listing import WHOLE, Answer, Batch, Detail, Item, Listing, Place, at, first, joined
from domain.facts.resource import Resource, ResourceKind

BUCKET = ResourceKind.AWS_S3_BUCKET
PAGE_SIZE = 1000


def _setting(
    key: str,
    operation: str,
    permission: str,
    *absent: str,
    pick: Callable[[Sequence[Answer]], Any] | None = None,
    **options: Any,
) -> Detail:
    """A setting of a bucket, by default the part of the answer under its key. `absent` say that it is not set."""
    return Detail(
        key=key,
        operation=fields.call(f"s3.{operation}", f"s3:{permission}", absent=absent, **options),
        arguments=fields.asks(Bucket="Name"),
        pick=pick or first(key),
    )


def policy_text(pages: Sequence[Answer]) -> str | None:
    """The policy as it was written. Raises ValueError for something that is not JSON, since any body would be taken."""
    text: str | None = first("Policy")(pages)
    if text is not None:
        json.loads(text)
    return text


DETAILS = (
    _setting(
        "PublicAccessBlockConfiguration",
        "get_public_access_block",
        "GetBucketPublicAccessBlock",
        "NoSuchPublicAccessBlockConfiguration",
    ),
    _setting("PolicyStatus", "get_bucket_policy_status", "GetBucketPolicyStatus", "NoSuchBucketPolicy"),
    _setting("Policy", "get_bucket_policy", "GetBucketPolicy", "NoSuchBucketPolicy", pick=policy_text),
    _setting("Grants", "get_bucket_acl", "GetBucketAcl"),
    _setting(
        "ServerSideEncryptionConfiguration",
        "get_bucket_encryption",
        "GetEncryptionConfiguration",
        "ServerSideEncryptionConfigurationNotFoundError",
    ),
    _setting("Versioning", "get_bucket_versioning", "GetBucketVersioning", pick=WHOLE, may_be_empty=True),
    _setting("LoggingEnabled", "get_bucket_logging", "GetBucketLogging", may_be_empty=True),
    _setting(
        "LifecycleRules",
        "get_bucket_lifecycle_configuration",
        "GetLifecycleConfiguration",
        "NoSuchLifecycleConfiguration",
        pick=WHOLE,
    ),
    _setting(
        "ObjectLockConfiguration",
        "get_object_lock_configuration",
        "GetBucketObjectLockConfiguration",
        "ObjectLockConfigurationNotFoundError",
    ),
    _setting(
        "MultipartUploads",
        "list_multipart_uploads",
        "ListBucketMultipartUploads",
        pick=joined("Uploads"),
        page_size=PAGE_SIZE,
    ),
    _setting("TagSet", "get_bucket_tagging", "GetBucketTagging", "NoSuchTagSet"),
)
# Each metric of S3 is of one type of storage only. Source: S3 user guide, "Metrics and dimensions".
MEASURED = (
    (metrics.Metric("BucketSizeBytes", "Average"), "StandardStorage"),
    (metrics.Metric("NumberOfObjects", "Average"), "AllStorageTypes"),
)
# S3 measures once a day, and may be a day late.
MEASURED_DAYS = 3


def _size_queries(buckets: Sequence[Item], place: Place) -> dict[str, Any]:
    queries = [
        metrics.query(
            f"q{number}_{which}", "", "AWS/S3", metric, {"BucketName": bucket["Name"], "StorageType": storage}
        )
        for number, bucket in enumerate(buckets)
        for which, (metric, storage) in enumerate(MEASURED)
    ]
    return {"MetricDataQueries": queries, **metrics.whole_days(place, MEASURED_DAYS)}


SIZE = Batch(
    key="Metrics",
    operation=metrics.METRIC_DATA,
    size=metrics.QUERIES_AT_MOST // len(MEASURED),
    arguments=_size_queries,
    values=metrics.series_of,
)


def parse_bucket(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
    """A bucket by name. LifecycleRules are the rules; what else their configuration says stands beside them.

    Source: S3 GetBucketLifecycleConfiguration.
    """
    lifecycle = details.get("LifecycleRules") or {}
    beside = {key: value for key, value in lifecycle.items() if key != "Rules"}
    rules = {"LifecycleRules": lifecycle.get("Rules")} if "LifecycleRules" in details else {}
    return fields.resource(BUCKET, "Name", name="Name", created="CreationDate")(
        item, {**details, **beside, **rules}, place
    )


# Asked for in each region, so that buckets elsewhere are left out. Source: S3 ListBuckets, parameter bucket-region.
LISTINGS = (
    Listing(
        operation=fields.call("s3.list_buckets", "s3:ListAllMyBuckets", page_size=PAGE_SIZE),
        arguments=lambda place: {"BucketRegion": place.region},
        items=at("Buckets"),
        keeps=lambda bucket, place: bucket.get("BucketRegion", place.region) == place.region,
        kind=BUCKET,
        parse=parse_bucket,
        details=DETAILS,
        batches=(SIZE,),
        is_regional=True,
    ),
)
