"""Databases have replicas to read from, and a pool or proxy for their connections.

Which of them a storefront uses is not told: all count on which production may depend by their tags.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from domain.compliance.call_index import joined
from domain.compliance.control import Case, Item, Procedure, failed, passed, warned
from domain.compliance.environments import is_critical
from domain.facts.compliance import Integration

DATABASES, PROXIES = "rds.describe_db_instances", "rds.describe_db_proxies"
TARGETS = "rds.describe_db_proxy_targets"
CLUSTERS = "GET /v2/databases"
POOLS = "GET /v2/databases/{database_cluster_uuid}/pools"
REPLICAS = "GET /v2/databases/{database_cluster_uuid}/replicas"
# What DigitalOcean makes pools for, and what it makes replicas of. Source: its API reference, databases.
WITH_POOLS, WITH_REPLICAS = frozenset({"pg"}), frozenset({"pg", "mysql"})
WANTED = "a replica to read from, and a pool or proxy for connections"


class _Found(NamedTuple):
    """A database as it is judged: all instances of a cluster are one. `ids` are the names by which proxies know it."""

    name: str
    ids: frozenset[tuple[str | None, str]]
    has_replica: bool
    is_critical: bool


def _aws(case: Case) -> Iterator[Item]:
    proxied = _proxied(case)
    for one in _databases(case):
        if one.is_critical:
            yield _scaled(one.name, has_replica=one.has_replica, has_pool=bool(one.ids & proxied))


def _proxied(case: Case) -> set[tuple[str | None, str]]:
    """What proxies stand before, by region and name: an instance, or a cluster by its name or that of an instance."""
    case.answers.calls(PROXIES)
    found = case.answers.located(TARGETS, "Targets")
    fields = ("RdsResourceId", "TrackedClusterId")
    return {(region, one[field]) for region, one in found for field in fields if one.get(field)}


def _databases(case: Case) -> Iterator[_Found]:
    """Each instance that is no replica itself, and each cluster; a cluster of two has one to read from."""
    clusters: dict[tuple[str | None, str], list[Mapping[str, Any]]] = {}
    for region, one in case.answers.located(DATABASES, "DBInstances"):
        cluster, name = one.get("DBClusterIdentifier"), one["DBInstanceIdentifier"]
        if cluster:
            clusters.setdefault((region, cluster), []).append(one)
        elif not one.get("ReadReplicaSourceDBInstanceIdentifier"):
            has_replica = bool(one["ReadReplicaDBInstanceIdentifiers"])
            known = frozenset({(region, name)})
            yield _Found(one["DBInstanceArn"], known, has_replica, is_critical(one.get("TagList")))
    for (region, cluster), members in clusters.items():
        arn = members[0]["DBInstanceArn"].rpartition(":db:")[0]
        known = frozenset((region, name) for name in (cluster, *(one["DBInstanceIdentifier"] for one in members)))
        matters = any(is_critical(one.get("TagList")) for one in members)
        yield _Found(f"{arn}:cluster:{cluster}", known, len(members) > 1, matters)


def _digitalocean(case: Case) -> Iterator[Item]:
    """Databases that can be read from replicas; those of MySQL have no pools."""
    pools = joined(case.answers, POOLS, "database_cluster_uuid", "pools")
    replicas = joined(case.answers, REPLICAS, "database_cluster_uuid", "replicas")
    for one in case.answers.items(CLUSTERS, "databases"):
        if one["engine"] in WITH_REPLICAS and is_critical(one.get("tags")):
            own = one["id"]
            yield _scaled(own, has_replica=bool(replicas.get(own)), has_pool=bool(pools.get(own)))


def _scaled(name: str, *, has_replica: bool, has_pool: bool) -> Item:
    seen = f"{'a' if has_replica else 'no'} replica, {'a' if has_pool else 'no'} pool or proxy"
    if has_replica and has_pool:
        return passed(name, seen)
    return warned(name, seen, WANTED) if has_replica or has_pool else failed(name, seen, WANTED)


PROCEDURES = (
    Procedure(
        integration=Integration.AWS,
        scope="resource",
        operations=(PROXIES, TARGETS, DATABASES),
        passes="Each database has a replica, or its cluster a second instance, and a proxy stands before it.",
        warns="A database has one of the two.",
        fails="A database has neither.",
        judge=_aws,
    ),
    Procedure(
        integration=Integration.DIGITALOCEAN,
        scope="resource",
        operations=(POOLS, REPLICAS, CLUSTERS),
        passes="Each database of PostgreSQL or MySQL has a read-only node and a connection pool.",
        warns="A database has one of the two. For MySQL there are no pools.",
        fails="A database has neither.",
        judge=_digitalocean,
        version=2,
    ),
)
