"""Buckets with the settings that decide who reaches them, how long what is in them is kept, and what it costs."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from connectors.clouds.aws import fields, metrics
from connectors.reading.listing import WHOLE, Answer, Detail, Listing, at, first, joined
from domain.facts.resource import ResourceKind

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
        pick=first("Rules"),
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
# S3 measures once a day, and may be a day late.
SIZE = metrics.measured(
    "AWS/S3",
    lambda bucket, _: {"": {"BucketName": bucket["Name"], "StorageType": "StandardStorage"}},
    metrics.Metric("BucketSizeBytes", "Average"),
    days=3,
)
# Asked for in each region, so that buckets elsewhere are left out. Source: S3 ListBuckets, parameter bucket-region.
LISTINGS = (
    Listing(
        operation=fields.call("s3.list_buckets", "s3:ListAllMyBuckets", page_size=PAGE_SIZE),
        arguments=lambda place: {"BucketRegion": place.region},
        items=at("Buckets"),
        keeps=lambda bucket, place: bucket.get("BucketRegion", place.region) == place.region,
        kind=BUCKET,
        parse=fields.resource(BUCKET, "Name", name="Name", created="CreationDate"),
        details=DETAILS,
        batches=(SIZE,),
        is_regional=True,
    ),
)
