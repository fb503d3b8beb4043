"""Relational databases of RDS with their snapshots and settings, and clusters of Redshift."""

from collections.abc import Sequence
from typing import Any

from connectors.clouds.aws import fields, hiding, metrics
from connectors.reading.listing import Answer, Detail, Item, Listing, Place, at, first, joined
from domain.facts.resource import Resource, ResourceKind

PAGE_SIZE = 100
INSTANCE, SNAPSHOT = ResourceKind.AWS_RDS_INSTANCE, ResourceKind.AWS_RDS_SNAPSHOT
CLUSTER = ResourceKind.AWS_REDSHIFT_CLUSTER
# Those of the some hundred parameters that decide whether connections must be encrypted, by engine.
# Sources: RDS user guide, "Using SSL/TLS" with PostgreSQL and SQL Server, MySQL and MariaDB.
WANTED_PARAMETERS = frozenset({"rds.force_ssl", "require_secure_transport"})


def wanted_parameters(pages: Sequence[Answer]) -> list[Item]:
    """The parameters that controls ask about."""
    return [one for one in joined("Parameters")(pages) if one.get("ParameterName") in WANTED_PARAMETERS]


def _parse_cluster(item: Item, details: Any, place: Place) -> Resource:
    own = fields.arn("redshift", place, f"cluster:{item['ClusterIdentifier']}")
    return fields.resource(CLUSTER, "Arn", name="ClusterIdentifier", created="ClusterCreateTime")(
        {**item, "Arn": own}, details, place
    )


INSTANCE_DETAILS = (
    Detail(
        key="Parameters",
        operation=fields.call("rds.describe_db_parameters", "rds:DescribeDBParameters", page_size=PAGE_SIZE),
        arguments=lambda item, _: {"DBParameterGroupName": item["DBParameterGroups"][0]["DBParameterGroupName"]},
        pick=wanted_parameters,
        applies=lambda item: bool(item.get("DBParameterGroups")),
    ),
    Detail(
        key="EngineVersions",
        operation=fields.call("rds.describe_db_engine_versions", "rds:DescribeDBEngineVersions", page_size=PAGE_SIZE),
        arguments=fields.asks(Engine="Engine", EngineVersion="EngineVersion"),
        pick=lambda pages: [_engine(version) for version in joined("DBEngineVersions")(pages)],
    ),
)
LISTINGS = (
    Listing(
        operation=fields.call("rds.describe_db_instances", "rds:DescribeDBInstances", page_size=PAGE_SIZE),
        items=at("DBInstances"),
        kind=INSTANCE,
        parse=fields.resource(
            INSTANCE,
            "DBInstanceArn",
            name="DBInstanceIdentifier",
            created="InstanceCreateTime",
            by_hour=("LatestRestorableTime",),
        ),
        details=INSTANCE_DETAILS,
        batches=(
            metrics.measured(
                "AWS/RDS",
                metrics.one(DBInstanceIdentifier="DBInstanceIdentifier"),
                metrics.Metric("DatabaseConnections", "Maximum"),
                days=7,
            ),
        ),
        is_regional=True,
    ),
    # What controls judge of clusters; their databases are resources by their instances.
    Listing(
        operation=fields.call(
            "rds.describe_db_clusters",
            "rds:DescribeDBClusters",
            hidden=hiding.without("MasterUserPassword"),
            page_size=PAGE_SIZE,
        ),
        items=at("DBClusters"),
        is_regional=True,
    ),
    # What bundles judge of databases.
    Listing(
        operation=fields.call("rds.describe_db_proxies", "rds:DescribeDBProxies", page_size=PAGE_SIZE),
        items=at("DBProxies"),
        details=(
            Detail(
                key="Targets",
                operation=fields.call(
                    "rds.describe_db_proxy_targets",
                    "rds:DescribeDBProxyTargets",
                    absent=("DBProxyNotFoundFault",),
                    page_size=PAGE_SIZE,
                ),
                arguments=fields.asks(DBProxyName="DBProxyName"),
                pick=joined("Targets"),
            ),
        ),
        is_regional=True,
    ),
    Listing(
        operation=fields.call("rds.describe_db_snapshots", "rds:DescribeDBSnapshots", page_size=PAGE_SIZE),
        arguments=lambda _: {"SnapshotType": "manual"},
        items=at("DBSnapshots"),
        kind=SNAPSHOT,
        parse=fields.resource(SNAPSHOT, "DBSnapshotArn", name="DBSnapshotIdentifier", created="SnapshotCreateTime"),
        details=(
            Detail(
                key="DBSnapshotAttributes",
                operation=fields.call("rds.describe_db_snapshot_attributes", "rds:DescribeDBSnapshotAttributes"),
                arguments=fields.asks(DBSnapshotIdentifier="DBSnapshotIdentifier"),
                pick=first("DBSnapshotAttributesResult.DBSnapshotAttributes"),
            ),
        ),
        is_regional=True,
    ),
    Listing(
        operation=fields.call(
            "redshift.describe_clusters",
            "redshift:DescribeClusters",
            hidden=hiding.without("MasterUserPassword"),
            page_size=PAGE_SIZE,
        ),
        items=at("Clusters"),
        kind=CLUSTER,
        parse=_parse_cluster,
        batches=(
            metrics.measured(
                "AWS/Redshift",
                metrics.one(ClusterIdentifier="ClusterIdentifier"),
                metrics.Metric("DatabaseConnections", "Maximum"),
                metrics.Metric("CPUUtilization", "Average"),
                days=7,
            ),
        ),
        is_regional=True,
    ),
)


def _engine(version: Item) -> dict[str, Any]:
    """With the versions it can be brought to, and whether that is a major step."""
    kept = {key: version.get(key) for key in ("Engine", "EngineVersion", "MajorEngineVersion", "Status")}
    targets = version.get("ValidUpgradeTarget") or []
    return {
        **kept,
        "ValidUpgradeTarget": [
            {key: target.get(key) for key in ("EngineVersion", "IsMajorVersionUpgrade")} for target in targets
        ],
    }
