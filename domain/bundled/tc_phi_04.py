"""Stores of health data have no public path, and are reached by private endpoints."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from domain.compliance.call_index import first_pages
from domain.compliance.control import Case, Item, Procedure, failed, passed, warned
from domain.compliance.health_data import aws_stores, bucket_of, is_labelled, is_phi
from domain.facts.compliance import Integration

TAGS, ENDPOINTS = "resourcegroupstaggingapi.get_resources", "ec2.describe_vpc_endpoints"
DATABASES, STATUSES = "rds.describe_db_instances", "s3.get_bucket_policy_status"
WANTED = "no public access, and a private endpoint"
# Source: S3 API reference, PublicAccessBlockConfiguration.
FLAGS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
BLOCKS, ACCOUNT_BLOCK = "s3.get_public_access_block", "s3control.get_public_access_block"
LINKS, ACCOUNTS = "GET Microsoft.Network/privateEndpoints", "GET Microsoft.Storage/storageAccounts"
SQL_SERVERS, COSMOS = "GET Microsoft.Sql/servers", "GET Microsoft.DocumentDB/databaseAccounts"
POSTGRESQL = "GET Microsoft.DBforPostgreSQL/flexibleServers"
# Links that answer by themselves, and links that were asked for. Source: Azure REST reference, Private Endpoints.
CONNECTIONS = ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
# What lets nobody in but by an endpoint or perimeter. Source: Azure REST reference, Storage Accounts.
CLOSED = frozenset({"Disabled", "SecuredByPerimeter"})
RULES, INSTANCES = "compute.v1:forwardingRules.list", "sqladmin.v1:instances.list"
GOOGLE_BUCKETS, GOOGLE_POLICIES = "storage.v1:buckets.list", "storage.v1:buckets.getIamPolicy"
# What an endpoint for the interfaces of Google leads to. Source: Private Service Connect, "Access Google APIs".
GOOGLE_APIS = frozenset({"all-apis", "vpc-sc"})
ANYBODY = frozenset({"allUsers", "allAuthenticatedUsers"})


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


def _azure(case: Case) -> Iterator[Item]:
    """Accounts, servers and Cosmos DB with the tag. An endpoint in a subscription that is not read is not seen."""
    linked = set(_linked(case))
    for operation in (ACCOUNTS, SQL_SERVERS, POSTGRESQL, COSMOS):
        for one in case.answers.items(operation, "value"):
            if is_phi(one.get("tags")):
                yield _of_azure(one, has_endpoint=one["id"].lower() in linked)


def _linked(case: Case) -> Iterator[str]:
    """The ids of what private endpoints lead to, in small letters."""
    for one in case.answers.items(LINKS, "value"):
        for key in CONNECTIONS:
            for link in one["properties"].get(key) or ():
                state = link["properties"].get("privateLinkServiceConnectionState") or {}
                if state.get("status") == "Approved":
                    yield link["properties"]["privateLinkServiceId"].lower()


def _of_azure(store: Mapping[str, Any], *, has_endpoint: bool) -> Item:
    """A server of PostgreSQL that stands in a network of its own is reached there. Access is on unless it says not."""
    own = store.get("properties") or {}
    network = own.get("network") or {}
    if (network.get("publicNetworkAccess") or own.get("publicNetworkAccess") or "Enabled") not in CLOSED:
        return failed(store["id"], "public network access is on", WANTED)
    return _private(store["id"], has_endpoint=has_endpoint or bool(network.get("delegatedSubnetResourceId")))


def _gcp(case: Case) -> Iterator[Item]:
    """Databases and buckets with the label. An address in a network of one's own is an endpoint, too."""
    targets = set(_targets(case))
    for one in case.answers.items(INSTANCES, "items"):
        if is_phi(one["settings"].get("userLabels")):
            yield _instance(case, one, targets)
    policies = first_pages(case.answers, GOOGLE_POLICIES, "bucket")
    for one in case.answers.items(GOOGLE_BUCKETS, "items"):
        if is_phi(one.get("labels")):
            yield _bucket(one, policies[one["name"]], has_endpoint=bool(targets & GOOGLE_APIS))


def _targets(case: Case) -> Iterator[str]:
    """What forwarding rules lead to, without what stands before the name of its project."""
    for call in case.answers.calls(RULES):
        for page in call.pages:
            for place in (page.get("items") or {}).values():
                for rule in place.get("forwardingRules") or ():
                    yield (rule.get("target") or "").rpartition("/v1/")[2]


def _instance(case: Case, one: Mapping[str, Any], targets: set[str]) -> Item:
    name = f"//cloudsql.googleapis.com/projects/{case.answers.account}/instances/{one['name']}"
    addresses = one["settings"]["ipConfiguration"]
    if addresses.get("ipv4Enabled"):
        return failed(name, "has a public address", WANTED)
    service = (one.get("pscServiceAttachmentLink") or "").rpartition("/v1/")[2]
    return _private(name, has_endpoint=bool(addresses.get("privateNetwork")) or (service != "" and service in targets))


def _bucket(one: Mapping[str, Any], policy: Mapping[str, Any], *, has_endpoint: bool) -> Item:
    """Open to nobody by its policy is closed only where there are no lists of access beside it."""
    name, access = f"//storage.googleapis.com/{one['name']}", one.get("iamConfiguration") or {}
    members = {who for binding in policy.get("bindings") or () for who in binding.get("members") or ()}
    is_uniform = (access.get("uniformBucketLevelAccess") or {}).get("enabled", False)
    if access.get("publicAccessPrevention") != "enforced":
        if members & ANYBODY:
            return failed(name, "open to everybody", WANTED)
        if not is_uniform:
            return failed(name, "public access is not prevented", WANTED)
    return _private(name, has_endpoint=has_endpoint)


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
    Procedure(
        integration=Integration.AZURE,
        scope="resource",
        operations=(LINKS, ACCOUNTS, SQL_SERVERS, POSTGRESQL, COSMOS),
        passes="Public network access to each store labelled phi is off, and an approved private endpoint leads to it.",
        warns="Public network access is off, but no private endpoint leads to it.",
        fails="Public network access is on.",
        judge=_azure,
    ),
    Procedure(
        integration=Integration.GCP,
        scope="resource",
        operations=(RULES, INSTANCES, GOOGLE_BUCKETS, GOOGLE_POLICIES),
        passes=(
            "No database labelled phi has a public address and no bucket is public, and each is reached by an address "
            "in a network or an endpoint of Private Service Connect."
        ),
        warns="There is no public path, but no endpoint either.",
        fails="A database has a public address, or public access to a bucket is not prevented.",
        judge=_gcp,
    ),
)
