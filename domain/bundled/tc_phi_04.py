"""Stores of health data have no public path, and are reached by private endpoints."""

from collections.abc import Iterable, Iterator

from domain.compliance.call_index import first_pages
from domain.compliance.control import Case, Item, Procedure, failed, passed, warned
from domain.compliance.health_data import aws_stores, bucket_of, is_labelled
from domain.facts.compliance import Integration

TAGS, ENDPOINTS = "resourcegroupstaggingapi.get_resources", "ec2.describe_vpc_endpoints"
DATABASES, STATUSES = "rds.describe_db_instances", "s3.get_bucket_policy_status"
WANTED = "no public access, and a private endpoint"
# Source: S3 API reference, PublicAccessBlockConfiguration.
FLAGS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
BLOCKS, ACCOUNT_BLOCK = "s3.get_public_access_block", "s3control.get_public_access_block"


def _aws(case: Case) -> Iterator[Item]:
    """The address of a database in its network is its private endpoint; buckets and tables need one of their service.

    The regions of buckets are not told: an endpoint for S3 in any region counts. A bucket whose policy is not public
    counts as public until the public access block of the bucket or account is whole, since its lists of access are
    not looked at.
    """
    stores, served = aws_stores(case.answers), _served(case)
    buckets = [name for arn in stores if (name := bucket_of(arn))]
    yield from _buckets(case, buckets, has_endpoint=any(service == "s3" for _, service in served))
    for arn in stores:
        service, region = arn.split(":")[2:4]
        if service == "dynamodb":
            yield _private(arn, has_endpoint=(region, service) in served)
    for one in case.answers.items(DATABASES, "DBInstances"):
        if is_labelled(one, stores):
            yield _database(one["DBInstanceArn"], is_public=one["PubliclyAccessible"])


def _served(case: Case) -> set[tuple[str | None, str]]:
    """The services that have an endpoint, by region."""
    found = case.answers.located(ENDPOINTS, "VpcEndpoints")
    return {(region, one["ServiceName"].rpartition(".")[2]) for region, one in found if one["State"] == "available"}


def _buckets(case: Case, names: Iterable[str], *, has_endpoint: bool) -> Iterator[Item]:
    statuses, blocks = (first_pages(case.answers, operation, "Bucket") for operation in (STATUSES, BLOCKS))
    everywhere = case.answers.answer(ACCOUNT_BLOCK)
    for name in names:
        flags = [block["PublicAccessBlockConfiguration"] for block in (blocks.get(name), everywhere) if block]
        if (statuses.get(name) or {"PolicyStatus": {"IsPublic": False}})["PolicyStatus"]["IsPublic"]:
            yield failed(name, "the bucket policy makes it public", WANTED)
        elif not all(any(one.get(flag) for one in flags) for flag in FLAGS):
            yield failed(name, "public access is not blocked", WANTED)
        else:
            yield _private(name, has_endpoint=has_endpoint)


def _private(name: str, *, has_endpoint: bool) -> Item:
    if has_endpoint:
        return passed(name, "no public access, and a private endpoint")
    return warned(name, "no public access, but no private endpoint", WANTED)


def _database(arn: str, *, is_public: bool) -> Item:
    if is_public:
        return failed(arn, "publicly accessible", WANTED)
    return passed(arn, "reached in its own network only")


PROCEDURES = (
    Procedure(
        integration=Integration.AWS,
        scope="resource",
        operations=(ENDPOINTS, TAGS, DATABASES, STATUSES, BLOCKS, ACCOUNT_BLOCK),
        passes="Public access to each store labelled phi is off, and it has a private endpoint.",
        warns="Public access is off, but there is no private endpoint for the service.",
        fails="A database is publicly accessible, or public access to a bucket is not blocked.",
        judge=_aws,
    ),
)
