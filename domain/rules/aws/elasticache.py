"""ElastiCache groups that nothing is connected to."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Look, Step
from domain.rules.aws_series import daily, last_days
from domain.rules.list_price import usd
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet

# What ElastiCache itself keeps open to watch a node. Source: ElastiCache user guide, "Which metrics should I monitor".
OWN_CONNECTIONS = 3
# Settings that a group is made again with as they are listed.
KEPT = (
    *("CacheNodeType", "Engine", "SnapshotRetentionLimit", "SnapshotWindow", "TransitEncryptionEnabled"),
    *("TransitEncryptionMode", "AtRestEncryptionEnabled", "KmsKeyId", "UserGroupIds", "AutoMinorVersionUpgrade"),
    *("NetworkType", "IpDiscovery"),
)
# Settings that are listed as "enabled" or "disabled", and asked for as yes or no.
SWITCHES = {
    "AutomaticFailover": "AutomaticFailoverEnabled",
    "MultiAZ": "MultiAZEnabled",
    "DataTiering": "DataTieringEnabled",
}


def is_idle(group: Resource, context: RuleContext) -> Observation | None:
    """Fires when no node of the group had more connections than ElastiCache's own on any of the days."""
    nodes, days = group.config.get("MemberClusters") or [], context.parameters["lookback_days"]
    series = [last_days(group, f"{node} CurrConnections.Maximum", days) for node in nodes]
    known = [max(values) for values in series if values is not None]
    if group.config.get("Status") != "available" or not known or len(known) < len(nodes):
        return None
    if max(known) > OWN_CONNECTIONS:
        return None
    billed = context.billed_usd(group.native_id)
    return Observation(
        reason=f"Nothing was connected to cache {group.name} in {days} days.",
        observed={"nodes": nodes, "most_connections": max(known)},
        estimated_monthly_saving=None if billed is None else usd(billed),
        saving_formula=None if billed is None else f"{usd(billed).amount} USD of the bill",
    )


def replace_with_snapshot(group: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Deletes the group and keeps a last snapshot, named by when the group was made, so that none is named twice."""
    if group.config.get("AuthTokenEnabled"):
        raise NoPlan(f"{group.name} is entered with a token that is not readable and could not be given back.")
    if group.config.get("GlobalReplicationGroupInfo", {}).get("GlobalReplicationGroupId"):
        raise NoPlan(f"{group.name} is part of a global datastore, which it has to leave first.")
    made = f"{group.created_at:%Y%m%d%H%M%S}" if group.created_at else "last"
    snapshot, own = f"{group.name}-{made}", {"ReplicationGroupId": group.name}
    return (
        Step(
            name="delete",
            says=f"Take a last snapshot {snapshot} and delete {group.name}.",
            call=_call(group, "delete_replication_group", {**own, "FinalSnapshotIdentifier": snapshot}),
            found=Look(call=_call(group, "describe_snapshots", {"SnapshotName": snapshot}), path="Snapshots.0"),
            gone=("ReplicationGroupNotFoundFault", "SnapshotNotFoundFault"),
            wait=Look(call=_call(group, "describe_replication_groups", own), path="ReplicationGroups.0.Status"),
            undo=(_made_again(group, snapshot),),
        ),
    )


def _made_again(group: Resource, snapshot: str) -> Step:
    config = group.config
    given = {name: config[name] for name in KEPT if config.get(name) not in (None, "", [])}
    switched = {asked: config[listed] == "enabled" for listed, asked in SWITCHES.items() if config.get(listed)}
    own = {"ReplicationGroupId": group.name}
    return Step(
        name="create",
        says=f"Make {group.name} again from the snapshot.",
        call=_call(
            group,
            "create_replication_group",
            {
                **own,
                "ReplicationGroupDescription": config.get("Description") or group.name,
                "SnapshotName": snapshot,
                **given,
                **switched,
                **_size(config),
            },
        ),
        gone=("ReplicationGroupAlreadyExists",),
        wait=Look(
            call=_call(group, "describe_replication_groups", own),
            path="ReplicationGroups.0.Status",
            ready=("available",),
            failed=("create-failed",),
        ),
    )


def _size(config: dict[str, Any]) -> dict[str, int]:
    """As many shards and nodes as there are now."""
    nodes, shards = len(config.get("MemberClusters") or []), max(len(config.get("NodeGroups") or []), 1)
    if not config.get("ClusterEnabled"):
        return {"NumCacheClusters": nodes}
    return {"NumNodeGroups": shards, "ReplicasPerNodeGroup": nodes // shards - 1}


def _call(group: Resource, method: str, arguments: dict[str, Any]) -> Call:
    return Call(operation=f"elasticache.{method}", region=group.region, arguments=arguments)


def _group(*connections: dict[str, float], **config: Any) -> Resource:
    """A group of two nodes in one shard for the examples."""
    nodes = ["sessions-001", "sessions-002"]
    series = {f"{node} CurrConnections.Maximum": values for node, values in zip(nodes, connections, strict=False)}
    plain: dict[str, Any] = {
        "Status": "available",
        "MemberClusters": nodes,
        "Metrics": series,
        "CacheNodeType": "cache.t4g.small",
    }
    plain |= {"NodeGroups": [{"NodeGroupId": "0001"}], "AutomaticFailover": "enabled", "Engine": "redis"}
    return Resource(
        kind=ResourceKind.AWS_ELASTICACHE_GROUP,
        native_id="arn:aws:elasticache:us-east-1:123456789012:replicationgroup:sessions",
        name="sessions",
        region="us-east-1",
        created_at=EXAMPLE_NOW,
        config={**plain, **config},
    )


def _in_global_store() -> Resource:
    return _group(daily(3), daily(2), GlobalReplicationGroupInfo={"GlobalReplicationGroupId": "ldgnf-sessions"})


IDLE = Rule(
    id="aws-elasticache-idle",
    title="Nothing is connected to the cache",
    description="A cache is billed by the hour for all its nodes, used or not. A snapshot keeps what is in it.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_ELASTICACHE_GROUP,
    permissions=("cloudwatch:GetMetricData", "elasticache:DescribeReplicationGroups"),
    source="ElastiCache DescribeReplicationGroups; CloudWatch metrics of ElastiCache",
    blind_spots="Up to three connections of a customer look like those of ElastiCache itself. A node that gave no "
    "value on some day is not taken as idle. Memcached clusters are no replication groups.",
    parameters=(
        Parameter(name="lookback_days", default=14, meaning="Days looked at, of the 14 read.", least=1, most=14),
    ),
    needs=("Status", "MemberClusters", "Metrics"),
    check=is_idle,
    group="idle",
    remedy=Remedy(
        says="Deletes the group and keeps a last snapshot.",
        plan=replace_with_snapshot,
        reversible=Reversible.PARTLY,
        loses="The group comes back in the default network and parameter groups, without its tags and log delivery.",
        permissions=(
            "elasticache:CreateReplicationGroup",
            "elasticache:DeleteReplicationGroup",
            "elasticache:DescribeSnapshots",
        ),
    ),
    examples=(
        fires(_group(daily(3), daily(2)), parameters={"lookback_days": 14}),
        fires(_group(daily(3), daily(2), ClusterEnabled=True), parameters={"lookback_days": 14}),
        fires(_group(daily(3), daily(2), AuthTokenEnabled=True), parameters={"lookback_days": 14}),
        fires(_in_global_store(), parameters={"lookback_days": 14}),
        quiet(_group(daily(3), daily(4)), parameters={"lookback_days": 14}),
        quiet(_group(daily(3)), parameters={"lookback_days": 14}),
        quiet(_group(daily(3), daily(2), Status="modifying"), parameters={"lookback_days": 14}),
    ),
)
