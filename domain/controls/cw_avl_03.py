"""One zone can fail."""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.environments import AWS_TAGS, aws_tags, is_critical
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

DATABASES, BALANCERS = "rds.describe_db_instances", "elbv2.describe_load_balancers"
GROUPS, CACHES = "autoscaling.describe_auto_scaling_groups", "elasticache.describe_replication_groups"
SQL, STORAGE = "GET Microsoft.Sql/servers/databases", "GET Microsoft.Storage/storageAccounts"
MACHINES = "GET Microsoft.Compute/virtualMachines"
INSTANCES, MANAGERS = "sqladmin.v1:instances.list", "compute.v1:regionInstanceGroupManagers.list"
CLUSTERS, KUBERNETES = "GET /v2/databases", "GET /v2/kubernetes/clusters"
TWO_ZONES = "two zones or more"
AT_LEAST = 2


def _aws(case: Case) -> Iterator[Item]:
    """Databases, load balancers, groups of machines and caches, each with the tags it has or AWS lists for it."""
    tags = aws_tags(case.answers)
    yield from _databases(case)
    for one in case.answers.items(BALANCERS, "LoadBalancers"):
        name, zones = one["LoadBalancerArn"], {zone["ZoneName"] for zone in one["AvailabilityZones"]}
        yield _spread(name, len(zones) >= AT_LEAST, f"in {_listed(zones)}", tags.get(name))
    for one in case.answers.items(GROUPS, "AutoScalingGroups"):
        zones = set(one["AvailabilityZones"])
        yield _spread(one["AutoScalingGroupARN"], len(zones) >= AT_LEAST, f"in {_listed(zones)}", one["Tags"])
    for one in case.answers.items(CACHES, "ReplicationGroups"):
        state = one["AutomaticFailover"]
        yield _spread(one["ARN"], state == "enabled", f"automatic failover {state}", tags.get(one["ARN"]))


def _databases(case: Case) -> Iterator[Item]:
    """A cluster of Aurora stands in the zones of all its instances; a replica is the second place of its source."""
    every = list(case.answers.items(DATABASES, "DBInstances"))
    zones: dict[str, set[str]] = {}
    for one in every:
        zones.setdefault(one.get("DBClusterIdentifier") or one["DBInstanceArn"], set()).add(one["AvailabilityZone"])
    for one in every:
        name = one["DBInstanceArn"]
        own = zones[one.get("DBClusterIdentifier") or name]
        source, replicas = one.get("ReadReplicaSourceDBInstanceIdentifier"), one["ReadReplicaDBInstanceIdentifiers"]
        if source:
            yield passed(name, f"a replica of {source}")
        else:
            is_spread = one["MultiAZ"] or bool(replicas) or len(own) >= AT_LEAST
            said = f"replicas: {_listed(replicas)}" if replicas else f"MultiAZ {one['MultiAZ']}, in {_listed(own)}"
            # AWS leaves the list out of an instance without tags.
            yield _spread(name, is_spread, said, one.get("TagList"))


def _azure(case: Case) -> Iterator[Item]:
    """A machine stands in one zone: it can fail where others of its resource group stand in another one."""
    for one in case.answers.items(SQL, "value"):
        if one["name"] != "master":
            # Left out of the answer by tiers that cannot be spread.
            spread = one["properties"].get("zoneRedundant", False)
            yield _spread(one["id"], spread, f"zone redundant: {spread}", one.get("tags"))
    for one in case.answers.items(STORAGE, "value"):
        yield _storage(one)
    machines = list(case.answers.items(MACHINES, "value"))
    zones: dict[str, set[str]] = {}
    for one in machines:
        zones.setdefault(_group_of(one), set()).update(one.get("zones") or ())
    for one in machines:
        found = zones[_group_of(one)]
        said = f"the machines of its resource group stand in zone {_listed(found)}"
        yield _spread(one["id"], len(found) >= AT_LEAST and bool(one.get("zones")), said, one.get("tags"))


def _storage(one: Mapping[str, Any]) -> Item:
    """GRS keeps a copy in another region, but the first three in one building."""
    name, sku = one["id"], one["sku"]["name"]
    if "ZRS" in sku:
        return passed(name, sku)
    if "GRS" in sku:
        return warned(name, sku, "a ZRS or GZRS sku")
    return _spread(name, False, sku, one.get("tags"), "a ZRS or GZRS sku")


def _group_of(machine: Mapping[str, Any]) -> str:
    return str(machine["id"]).lower().partition("/providers/")[0]


def _gcp(case: Case) -> Iterator[Item]:
    for one in case.answers.items(INSTANCES, "items"):
        settings = one["settings"]
        if one.get("instanceType") == "READ_REPLICA_INSTANCE":
            yield passed(one["name"], f"a replica of {one['masterInstanceName']}")
        else:
            kind = settings["availabilityType"]
            yield _spread(one["name"], kind == "REGIONAL", kind, settings.get("userLabels"), "REGIONAL")
    for call in case.answers.calls(MANAGERS):
        for page in call.pages:
            for where, found in (page.get("items") or {}).items():
                for group in found.get("instanceGroupManagers") or ():
                    yield _managed(where, group)


def _managed(where: str, group: Mapping[str, Any]) -> Item:
    """A group of a region keeps its machines in several zones, as soon as it has two."""
    name, size = group["selfLink"], group["targetSize"]
    if size == 0:
        return passed(name, "has no machine")
    spread = where.startswith("regions/") and size >= AT_LEAST
    labels = group.get("allInstancesConfig", {}).get("properties", {}).get("labels")
    return _spread(name, spread, f"{size} machines in {where}", labels)


def _digitalocean(case: Case) -> Iterator[Item]:
    for one in case.answers.items(CLUSTERS, "databases"):
        count = one["num_nodes"]
        yield _spread(one["id"], count >= AT_LEAST, f"nodes: {count}", one.get("tags"), "two nodes or more")
    for one in case.answers.items(KUBERNETES, "kubernetes_clusters"):
        yield _spread(one["id"], one["ha"], f"highly available: {one['ha']}", one.get("tags"), "highly available")


def _spread(name: str, is_spread: bool, said: str, tags: Any, expected: str = TWO_ZONES) -> Item:
    if is_spread:
        return passed(name, said)
    return failed(name, said, expected) if is_critical(tags) else warned(name, f"{said}, not critical", expected)


def _listed(names: Any) -> str:
    return ", ".join(sorted(names)) or "none"


CONTROL = Control(
    id="CW-AVL-03",
    name="One zone can fail",
    category="availability",
    severity=Severity.MEDIUM,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("A1.2", "CC9.1"),
    objective="Production survives the loss of a building.",
    owner_role="operations",
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="resource",
            operations=(
                DATABASES,
                BALANCERS,
                GROUPS,
                CACHES,
                AWS_TAGS,
            ),
            passes="Databases have a second zone or replica, the rest two zones, and caches fail over by themselves.",
            warns="Something in one zone is not critical by its tags.",
            fails="Something critical stands in one zone.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="resource",
            operations=(
                SQL,
                STORAGE,
                MACHINES,
            ),
            passes="Databases are zone redundant, storage is ZRS or GZRS, machines of a group stand in two zones.",
            warns="Something without that is not critical by its tags, or storage is copied to another region only.",
            fails="Something critical has no redundancy.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="resource",
            operations=(INSTANCES, MANAGERS),
            passes="Databases are REGIONAL, and groups of machines are of a region and have two machines or more.",
            warns="Something in one zone is not critical by its labels.",
            fails="Something critical stands in one zone.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.DIGITALOCEAN,
            scope="resource",
            operations=(CLUSTERS, KUBERNETES),
            passes="Databases have two nodes or more, and clusters of Kubernetes are highly available.",
            warns="A single node is not critical by its tags.",
            fails="A single node is critical.",
            judge=_digitalocean,
            version=2,
        ),
    ),
)
