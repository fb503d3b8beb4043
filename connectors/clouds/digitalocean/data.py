"""Managed databases, Spaces and their keys, and what the CDN serves of them.

A database costs three more calls (five with PostgreSQL and MySQL, two for a cache, which has no copies), a bucket two.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.clouds.digitalocean import calls, measure, parse
from connectors.reading.listing import Answer, Arguments, Detail, Item, Listing, Operation, Place
from connectors.rest.values import moment
from domain.facts.resource import Resource, ResourceKind

# Where a cluster is reached and with which password; a log sink's settings hold the keys of where the logs go.
CONNECTIONS = (
    "connection",
    "private_connection",
    "standby_connection",
    "standby_private_connection",
    "ui_connection",
    "schema_registry_connection",
    "password",
    "access_key",
    "access_cert",
    "uri",
)
SPACES_ACCESS = "Spaces access key with read access to all buckets"


def spaces(name: str, absent: frozenset[str] = frozenset()) -> Operation:
    """A call of the S3 interface."""
    return Operation(name=f"SPACES s3.{name}", service=calls.SPACES, permissions=(SPACES_ACCESS,), absent=absent)


def with_replicas(item: Item) -> bool:
    """Whether there are read-only nodes of such a database. Source: API reference, "Create a Read-only Replica"."""
    return item["engine"] in ("pg", "mysql")


def with_backups(item: Item) -> bool:
    """Whether copies are made of such a database. Source: API reference, "List Backups for a Database Cluster"."""
    return item["engine"] not in ("redis", "valkey")


def cpu_of(item: Item, place: Place) -> Arguments:
    """The arguments of a database's measures."""
    return {"db_id": item["id"], "aggregate": "max", **calls.window(place.now)}


def bucket(item: Item, _: Place) -> Arguments:
    return {"Bucket": item["Name"]}


def parse_space(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
    """A bucket by its name, which is also its id on the bill. Source: ListBuckets of S3."""
    return Resource(
        kind=ResourceKind.DIGITALOCEAN_SPACE,
        native_id=item["Name"],
        name=item["Name"],
        region=place.region,
        config={**item, **details},
        created_at=moment(item.get("CreationDate")),
    )


def rules(pages: Sequence[Answer]) -> list[Item] | None:
    """The lifecycle rules, None when there are none. Raises KeyError for an answer without."""
    return pages[0]["Rules"] if pages else None


LISTINGS = (
    Listing(
        operation=calls.get("/v2/databases", "database:read", hide=calls.dropping(*CONNECTIONS)),
        items=calls.listed("databases"),
        kind=ResourceKind.DIGITALOCEAN_DATABASE,
        parse=parse.parse_as(ResourceKind.DIGITALOCEAN_DATABASE),
        volatile=frozenset({"backups", "cpu_percent"}),
        details=(
            Detail(
                key="firewall_rules",
                operation=calls.get("/v2/databases/{database_cluster_uuid}/firewall", "database:read"),
                arguments=calls.by_id("database_cluster_uuid"),
                pick=calls.joined("rules"),
            ),
            Detail(
                key="backups",
                operation=calls.get("/v2/databases/{database_cluster_uuid}/backups", "database:read"),
                arguments=calls.by_id("database_cluster_uuid"),
                pick=calls.joined("backups"),
                applies=with_backups,
            ),
            Detail(
                key="log_sinks",
                operation=calls.get(
                    "/v2/databases/{database_cluster_uuid}/logsink", "database:read", hide=calls.dropping("config")
                ),
                arguments=calls.by_id("database_cluster_uuid"),
                pick=calls.joined("sinks"),
            ),
            # What bundles judge of databases. Both carry the connections with their passwords.
            Detail(
                key="pools",
                operation=calls.get(
                    "/v2/databases/{database_cluster_uuid}/pools", "database:read", hide=calls.dropping(*CONNECTIONS)
                ),
                arguments=calls.by_id("database_cluster_uuid"),
                pick=calls.joined("pools"),
                applies=lambda item: item["engine"] == "pg",
            ),
            Detail(
                key="replicas",
                operation=calls.get(
                    "/v2/databases/{database_cluster_uuid}/replicas",
                    "database:read",
                    hide=calls.dropping(*CONNECTIONS),
                ),
                arguments=calls.by_id("database_cluster_uuid"),
                pick=calls.joined("replicas"),
                applies=with_replicas,
            ),
            Detail(
                key="cpu_percent",
                operation=calls.get("/v2/monitoring/metrics/database/mysql/cpu_usage", "monitoring:read"),
                arguments=cpu_of,
                pick=measure.gauge,
                applies=lambda item: item["engine"] == "mysql",
            ),
        ),
    ),
    Listing(
        operation=calls.get("/v2/spaces/keys", "spaces_key:read", hide=calls.dropping("secret_key")),
        arguments=calls.full_pages,
        items=calls.listed("keys"),
        kind=ResourceKind.DIGITALOCEAN_SPACES_KEY,
        parse=parse.parse_as(ResourceKind.DIGITALOCEAN_SPACES_KEY, key="access_key"),
    ),
    # What bundles judge of the CDN; an endpoint names the bucket it serves.
    Listing(
        operation=calls.get("/v2/cdn/endpoints", "cdn:read"),
        arguments=calls.full_pages,
        items=calls.listed("endpoints"),
    ),
    Listing(
        operation=spaces("list_buckets"),
        items=calls.listed("Buckets"),
        is_regional=True,
        kind=ResourceKind.DIGITALOCEAN_SPACE,
        parse=parse_space,
        details=(
            Detail(key="Grants", operation=spaces("get_bucket_acl"), arguments=bucket, pick=calls.joined("Grants")),
            Detail(
                key="LifecycleRules",
                operation=spaces("get_bucket_lifecycle_configuration", frozenset({"NoSuchLifecycleConfiguration"})),
                arguments=bucket,
                pick=rules,
            ),
        ),
    ),
)
