"""Tables of DynamoDB, domains of OpenSearch and cache groups of ElastiCache."""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.clouds.aws import fields, hiding, metrics
from connectors.reading.listing import Answer, Batch, Detail, Item, Listing, Place, at, first, joined
from domain.facts.resource import Resource, ResourceKind

TABLE, DOMAIN, GROUP = (
    ResourceKind.AWS_DYNAMODB_TABLE,
    ResourceKind.AWS_OPENSEARCH_DOMAIN,
    ResourceKind.AWS_ELASTICACHE_GROUP,
)
# Source: OpenSearch Service API reference, DescribeDomains.
DOMAINS_AT_ONCE = 5
# The most clusters of one group; source: ElastiCache user guide, quotas.
CLUSTERS_AT_MOST = 90
ON_TABLE = fields.asks(TableName="TableName")


def parse_table(item: Item, details: Mapping[str, Any], place: Place) -> Resource | None:
    """By ARN, which is the same whether or not the table could be described."""
    own = {**item, "TableArn": fields.arn("dynamodb", place, f"table/{item['TableName']}")}
    return fields.merged(
        "Table",
        fields.resource(
            TABLE, "TableArn", name="TableName", created="CreationDateTime", passing=("ItemCount", "TableSizeBytes")
        ),
    )(own, details, place)


def parse_domain(item: Item, details: Mapping[str, Any], place: Place) -> Resource | None:
    """By ARN, as `parse_table`."""
    own = {**item, "ARN": fields.arn("es", place, f"domain/{item['DomainName']}")}
    return fields.merged("Domain", fields.resource(DOMAIN, "ARN", name="DomainName"))(own, details, place)


def _table_arn(item: Item, place: Place) -> dict[str, str]:
    return {"ResourceArn": fields.arn("dynamodb", place, f"table/{item['TableName']}")}


def _domains(items: Sequence[Item], pages: Sequence[Answer]) -> list[Item]:
    by_name = {one["DomainName"]: one for one in joined("DomainStatusList")(pages)}
    return [by_name[item["DomainName"]] for item in items]


def _clusters(group: Item, _: Place) -> dict[str, dict[str, str]]:
    return {name: {"CacheClusterId": name} for name in group.get("MemberClusters") or []}


TABLE_DETAILS = (
    Detail(
        key="Table",
        operation=fields.call("dynamodb.describe_table", "dynamodb:DescribeTable"),
        arguments=ON_TABLE,
        pick=first("Table"),
    ),
    Detail(
        key="ContinuousBackupsDescription",
        operation=fields.call("dynamodb.describe_continuous_backups", "dynamodb:DescribeContinuousBackups"),
        arguments=ON_TABLE,
        # The times until which a table can be restored move on by themselves.
        pick=lambda pages: hiding.without("EarliestRestorableDateTime", "LatestRestorableDateTime")(
            first("ContinuousBackupsDescription")(pages)
        ),
    ),
    Detail(
        key="TimeToLiveDescription",
        operation=fields.call("dynamodb.describe_time_to_live", "dynamodb:DescribeTimeToLive"),
        arguments=ON_TABLE,
        pick=first("TimeToLiveDescription"),
    ),
    Detail(
        key="Tags",
        operation=fields.call("dynamodb.list_tags_of_resource", "dynamodb:ListTagsOfResource"),
        arguments=_table_arn,
        pick=joined("Tags"),
    ),
)
LISTINGS = (
    Listing(
        operation=fields.call("dynamodb.list_tables", "dynamodb:ListTables"),
        items=lambda answer: [{"TableName": name} for name in at("TableNames")(answer)],
        kind=TABLE,
        parse=parse_table,
        details=TABLE_DETAILS,
        batches=(
            metrics.measured(
                "AWS/DynamoDB",
                metrics.one(TableName="TableName"),
                metrics.Metric("ConsumedReadCapacityUnits", "Sum"),
                metrics.Metric("ConsumedWriteCapacityUnits", "Sum"),
                days=14,
            ),
        ),
        is_regional=True,
    ),
    Listing(
        operation=fields.call("opensearch.list_domain_names", "es:ListDomainNames"),
        items=at("DomainNames"),
        kind=DOMAIN,
        parse=parse_domain,
        batches=(
            Batch(
                key="Domain",
                operation=fields.call("opensearch.describe_domains", "es:DescribeDomains"),
                size=DOMAINS_AT_ONCE,
                arguments=lambda items, _: {"DomainNames": [item["DomainName"] for item in items]},
                values=_domains,
            ),
        ),
        is_regional=True,
    ),
    Listing(
        operation=fields.call(
            "elasticache.describe_replication_groups", "elasticache:DescribeReplicationGroups", page_size=100
        ),
        items=at("ReplicationGroups"),
        kind=GROUP,
        parse=fields.resource(GROUP, "ARN", name="ReplicationGroupId", created="ReplicationGroupCreateTime"),
        batches=(
            metrics.measured(
                "AWS/ElastiCache",
                _clusters,
                metrics.Metric("CurrConnections", "Maximum"),
                days=14,
                at_once=500 // CLUSTERS_AT_MOST,
            ),
        ),
        is_regional=True,
    ),
)
