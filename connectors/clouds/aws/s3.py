"""Buckets with the settings that decide who reaches them."""

from typing import Any, NamedTuple

from connectors.clouds.aws import fields, session, survey
from connectors.guard import together
from domain.facts.aws_credentials import REGION
from domain.facts.resource import Resource, ResourceKind

KIND = ResourceKind.AWS_S3_BUCKET
GONE = "NoSuchBucket"
PAGE_SIZE = 1000


class Detail(NamedTuple):
    """A setting of a bucket: the part of the answer under `key`, or the whole answer without one.

    `absent` is the error code by which AWS says that it is not set.
    """

    name: str
    operation: str
    key: str | None
    absent: str | None = None


DETAILS = (
    Detail(
        "PublicAccessBlockConfiguration",
        "get_public_access_block",
        "PublicAccessBlockConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
    ),
    Detail("PolicyStatus", "get_bucket_policy_status", "PolicyStatus", "NoSuchBucketPolicy"),
    Detail("Grants", "get_bucket_acl", "Grants"),
    Detail(
        "ServerSideEncryptionConfiguration",
        "get_bucket_encryption",
        "ServerSideEncryptionConfiguration",
        "ServerSideEncryptionConfigurationNotFoundError",
    ),
    Detail("Versioning", "get_bucket_versioning", None),
    Detail("LoggingEnabled", "get_bucket_logging", "LoggingEnabled"),
    Detail("TagSet", "get_bucket_tagging", "TagSet", "NoSuchTagSet"),
)


async def fetch_buckets(run: survey.Run) -> list[Resource]:
    """One step for the list and one for each bucket. Buckets outside the account's chosen regions are left out."""
    reader = await run.session.reader("s3", run.session.home_region)
    listed = await run.whole_list(reader, "list_buckets", "Buckets", (KIND,), None, page_size=PAGE_SIZE)
    run.expect(len(listed))
    await run.advance("s3")
    found = await together(_fetch_bucket(run, reader, bucket) for bucket in listed)
    return [bucket for bucket in found if bucket is not None]


def parse_bucket(listed: dict[str, Any], region: str, details: dict[str, Any]) -> Resource:
    """A bucket by its name, which is also the id on the bill.

    `details` has a key for each setting that could be read, None where it is not set. Source: S3 ListBuckets and the
    Get operations of DETAILS.
    """
    return Resource(
        kind=KIND,
        native_id=listed["Name"],
        name=listed["Name"],
        region=region,
        tags=fields.tags_of(details.get("TagSet")),
        config={**fields.config_of(listed), **fields.config_of(details)},
        created_at=fields.utc(listed.get("CreationDate")),
    )


def parse_location(constraint: str | None) -> str:
    """The region behind a LocationConstraint. Source: S3 GetBucketLocation, with its two historical exceptions."""
    region = {"": session.DEFAULT_REGION, "EU": "eu-west-1"}.get(constraint or "", constraint or "")
    return region if REGION.fullmatch(region) else session.DEFAULT_REGION


async def _fetch_bucket(run: survey.Run, reader: session.AwsReader, listed: dict[str, Any]) -> Resource | None:
    try:
        region = await _region(run, reader, listed)
        if region is None or (run.session.regions and region not in run.session.regions):
            return None
        near = await run.session.reader("s3", region)
        read = await together(run.detail(_read(near, listed["Name"], one), region) for one in DETAILS)
    finally:
        await run.advance("s3")
    names = [one.name for one in DETAILS]
    details = {name: value for name, value in zip(names, read, strict=True) if not isinstance(value, survey.Unread)}
    parsed = run.parsed(reader, KIND, None, lambda: [parse_bucket(listed, region, details)])
    return parsed[0] if parsed else None


async def _region(run: survey.Run, reader: session.AwsReader, listed: dict[str, Any]) -> str | None:
    """None for a bucket that has just gone, or whose region could not be read, which is a gap that hides it."""
    answer: dict[str, Any] | survey.Unread | None = {"LocationConstraint": listed.get("BucketRegion")}
    if not listed.get("BucketRegion"):
        call = reader.call("get_bucket_location", absent=(GONE,), Bucket=listed["Name"])
        answer = await run.detail(call, None, KIND)
    if answer is None or isinstance(answer, survey.Unread):
        return None
    return parse_location(answer.get("LocationConstraint"))


async def _read(reader: session.AwsReader, bucket: str, detail: Detail) -> Any:
    """The setting in JSON types, None when it is not set."""
    answer = await reader.call(detail.operation, absent=(detail.absent,) if detail.absent else (), Bucket=bucket)
    if answer is None:
        return None
    return fields.json_value(answer.get(detail.key) if detail.key else answer)
