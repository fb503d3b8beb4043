"""Kubernetes clusters that nobody uses."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Look, Step, answer
from domain.rules import gcp_example as example
from domain.rules.gcp_recommendation import KIND, NEEDS, SOURCE, is_active, must_target, observed, target
from domain.rules.gcp_step import DONE
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

RECOMMENDER = "google.container.DiagnosisRecommender"
# Source: Kubernetes Engine, "Identify idle GKE clusters".
SUBTYPE = "CLUSTER_IDLE"
CLUSTER, GROUP = ResourceKind.GCP_CLUSTER, ResourceKind.GCP_INSTANCE_GROUP_MANAGER


def is_idle(recommendation: Resource, context: RuleContext) -> Observation | None:
    """Fires while the cluster that Google calls idle has nodes. Where their number is not known it stays quiet."""
    if not is_active(recommendation, RECOMMENDER, SUBTYPE):
        return None
    cluster = target(recommendation, CLUSTER, context, "gcp-gke-idle")
    if cluster is None or (cluster.config.get("autopilot") or {}).get("enabled"):
        return None
    sizes = [size for pool in _pools(cluster) for size in _sizes(pool, context)]
    nodes = None if None in sizes else sum(size or 0 for size in sizes)
    if not nodes:
        return None
    return observed(recommendation, f"Cluster {cluster.name} keeps {nodes} nodes for nobody", nodes=nodes)


def empty(recommendation: Resource, context: RuleContext) -> tuple[Step, ...]:
    """Every pool that has nodes is left with none."""
    cluster = must_target(recommendation, CLUSTER, context)
    steps = []
    for pool in _pools(cluster):
        sizes = set(_sizes(pool, context))
        if sizes <= {0}:
            continue
        if (pool.get("autoscaling") or {}).get("enabled"):
            raise NoPlan(f"The pool {pool['name']} of {cluster.name} sizes itself; set its limits to zero instead.")
        if len(sizes) != 1 or None in sizes:
            raise NoPlan(f"Not all zones of the pool {pool['name']} of {cluster.name} have the same number of nodes.")
        (size,) = sizes
        steps.append(_sized(cluster, pool, "empty", 0, undo=(_sized(cluster, pool, "refill", size or 0),)))
    return tuple(steps)


def _sized(cluster: Resource, pool: dict[str, Any], verb: str, size: int, undo: tuple[Step, ...] = ()) -> Step:
    name = f"{verb}-{pool['name']}"
    location = cluster.config["location"]
    where = {"location": location, "cluster": cluster.name, "nodePool": pool["name"]}
    look = Call(
        operation="container.projects.locations.operations.get",
        arguments={"location": location, "operation": answer(name, "name")},
    )
    return Step(
        name=name,
        says=f"Give the pool {pool['name']} of {cluster.name} {size} nodes in each of its zones.",
        call=Call(
            operation="container.projects.locations.clusters.nodePools.setSize", arguments={**where, "nodeCount": size}
        ),
        wait=Look(call=look, path="status", ready=DONE),
        undo=undo,
    )


def _pools(cluster: Resource) -> list[dict[str, Any]]:
    return cluster.config.get("nodePools") or []


def _sizes(pool: dict[str, Any], context: RuleContext) -> list[int | None]:
    """Of the instance group of each zone: a pool itself tells only with how many nodes it began."""
    found = []
    for link in pool.get("instanceGroupUrls") or ():
        name = f"//compute.googleapis.com/projects/{link.partition('/projects/')[2]}"
        group = context.find(GROUP, name)
        found.append(None if group is None else group.config.get("targetSize"))
    return found


def _pool(name: str = "main", zones: str = "a", **config: Any) -> dict[str, Any]:
    links = [f"{example.LINK}/zones/us-central1-{zone}/instanceGroupManagers/{name}" for zone in zones]
    return {"name": name, "initialNodeCount": 3, "instanceGroupUrls": links, **config}


def _group(size: int, name: str = "main", zone: str = "a") -> Resource:
    return example.compute(GROUP, f"zones/us-central1-{zone}/instanceGroupManagers/{name}", targetSize=size)


def _cluster(*pools: dict[str, Any], **config: Any) -> Resource:
    return Resource(
        kind=CLUSTER,
        native_id=f"//container.googleapis.com/projects/{example.PROJECT}/locations/us-central1/clusters/lab",
        name="lab",
        region="us-central1",
        config={"name": "lab", "location": "us-central1", "nodePools": list(pools), **config},
    )


LAB = _cluster(_pool())
EMPTY_IT = example.recommendation(RECOMMENDER, LAB.native_id, recommenderSubtype=SUBTYPE, location="us-central1")

IDLE = Rule(
    id="gcp-gke-idle",
    title="Kubernetes cluster is in no use",
    description="The nodes of a cluster are billed whether something runs on them or not.",
    category=FindingCategory.FINOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=KIND,
    permissions=(
        "recommender.containerDiagnosisRecommendations.list",
        "container.clusters.list",
        "compute.instanceGroupManagers.list",
    ),
    source=SOURCE.format(RECOMMENDER),
    blind_spots="Google looks at thirty days. Clusters of the kind Autopilot have no nodes to take away, and the fee "
    "for the cluster itself stays.",
    needs=NEEDS,
    also_reads=(CLUSTER, GROUP),
    check=is_idle,
    group="idle",
    remedy=Remedy(
        says="Takes all nodes away and keeps the cluster.",
        plan=empty,
        reversible=Reversible.YES,
        permissions=("container.clusters.update", "container.operations.get"),
    ),
    examples=(
        fires(EMPTY_IT, LAB, _group(3)),
        fires(EMPTY_IT, _cluster(_pool(), _pool("spare")), _group(3), _group(0, "spare")),
        fires(EMPTY_IT, _cluster(_pool(autoscaling={"enabled": True})), _group(3)),
        fires(EMPTY_IT, _cluster(_pool(zones="ab")), _group(3), _group(2, zone="b")),
        quiet(EMPTY_IT, LAB, _group(0)),
        quiet(EMPTY_IT, LAB),
        quiet(EMPTY_IT, _cluster(_pool(), autopilot={"enabled": True}), _group(3)),
        quiet(EMPTY_IT),
        quiet(example.recommendation(RECOMMENDER, LAB.native_id), LAB, _group(3)),
    ),
)
