"""One zone can fail."""

from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.compliance.environments import AWS_TAGS
from domain.controls.cw_avl_03 import (
    BALANCERS,
    CACHES,
    CLUSTERS,
    CONTROL,
    DATABASES,
    GROUPS,
    INSTANCES,
    KUBERNETES,
    MACHINES,
    MANAGERS,
    SQL,
    STORAGE,
)
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import answers, faults, judged

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING = CheckStatus.NOT_APPLICABLE
DEV = [{"Key": "env", "Value": "dev"}]


def aws(
    databases: Any = (), balancers: Any = (), groups: Any = (), caches: Any = (), tags: Any = (), unread: Any = ()
) -> Answers:
    return answers(
        Integration.AWS,
        (DATABASES, {"DBInstances": list(databases)}),
        (BALANCERS, {"LoadBalancers": list(balancers)}),
        (GROUPS, {"AutoScalingGroups": list(groups)}),
        (CACHES, {"ReplicationGroups": list(caches)}),
        (AWS_TAGS, {"ResourceTagMappingList": [{"ResourceARN": one, "Tags": DEV} for one in tags]}),
        unread=unread,
    )


def database(name: str = "db", zone: str = "a", is_multi: bool = False, **more: Any) -> dict[str, Any]:
    made = {"DBInstanceArn": name, "AvailabilityZone": zone, "MultiAZ": is_multi}
    return {**made, "ReadReplicaDBInstanceIdentifiers": [], **more}


def balancer(*zones: str) -> dict[str, Any]:
    return {"LoadBalancerArn": "lb", "AvailabilityZones": [{"ZoneName": zone} for zone in zones]}


def group(*zones: str, tags: Any = ()) -> dict[str, Any]:
    return {"AutoScalingGroupARN": "asg", "AvailabilityZones": list(zones), "Tags": list(tags)}


def cache(state: str) -> dict[str, Any]:
    return {"ARN": "cache", "AutomaticFailover": state}


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (aws([database(is_multi=True)], [balancer("a", "b")], [group("a", "b")], [cache("enabled")]), PASS, []),
        (aws([database(ReadReplicaDBInstanceIdentifiers=["second"])]), PASS, []),
        (aws([database(ReadReplicaSourceDBInstanceIdentifier="main")]), PASS, []),
        (aws([database("x", "a", DBClusterIdentifier="c"), database("y", "b", DBClusterIdentifier="c")]), PASS, []),
        (aws([database("x", "a", DBClusterIdentifier="c")]), FAIL, ["x"]),
        (aws([database()]), FAIL, ["db"]),
        (aws([database(TagList=DEV)]), WARNING, ["db"]),
        (aws(balancers=[balancer("a")]), FAIL, ["lb"]),
        (aws(balancers=[balancer("a")], tags=["lb"]), WARNING, ["lb"]),
        (aws(groups=[group("a")]), FAIL, ["asg"]),
        (aws(groups=[group("a", tags=DEV)]), WARNING, ["asg"]),
        (aws(caches=[cache("disabled")]), FAIL, ["cache"]),
        (aws(caches=[cache("disabled")], tags=["cache"]), WARNING, ["cache"]),
        (aws(), NOTHING, []),
        *((aws(unread=[missing]), ERROR, []) for missing in (DATABASES, BALANCERS, GROUPS, CACHES, AWS_TAGS)),
    ],
)
def test_aws_stands_in_two_zones(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def azure(sql: Any = (), storage: Any = (), machines: Any = (), unread: Any = ()) -> Answers:
    return answers(
        Integration.AZURE,
        (SQL, {"value": list(sql)}),
        (STORAGE, {"value": list(storage)}),
        (MACHINES, {"value": list(machines)}),
        unread=unread,
    )


def sql(is_spread: bool | None, name: str = "sales", **more: Any) -> dict[str, Any]:
    return {"id": name, "name": name, "properties": {} if is_spread is None else {"zoneRedundant": is_spread}, **more}


def storage(sku: str, **more: Any) -> dict[str, Any]:
    return {"id": "store", "sku": {"name": sku}, **more}


def machine(name: str, *zones: str, group: str = "G", **more: Any) -> dict[str, Any]:
    made = {"id": f"/subscriptions/s/resourceGroups/{group}/providers/m/{name}"}
    return {**made, **({"zones": list(zones)} if zones else {}), **more}


@pytest.mark.parametrize(
    ("looked_at", "status", "count"),
    [
        (azure([sql(True), sql(None, "master")], [storage("Standard_ZRS"), storage("Standard_RAGZRS")]), PASS, 0),
        (azure([sql(False)]), FAIL, 1),
        (azure([sql(None)]), FAIL, 1),
        (azure([sql(False, tags={"env": "dev"})]), WARNING, 1),
        (azure(storage=[storage("Standard_LRS")]), FAIL, 1),
        (azure(storage=[storage("Standard_LRS", tags={"env": "dev"})]), WARNING, 1),
        (azure(storage=[storage("Standard_GRS")]), WARNING, 1),
        (azure(machines=[machine("a", "1"), machine("b", "2", group="g")]), PASS, 0),
        (azure(machines=[machine("a", "1"), machine("b", "2"), machine("c")]), FAIL, 1),
        (azure(machines=[machine("a", "1"), machine("b", "1")]), FAIL, 2),
        (azure(machines=[machine("a", "1"), machine("b", "2", group="other")]), FAIL, 2),
        (azure(machines=[machine("a", tags={"env": "dev"})]), WARNING, 1),
        (azure(), NOTHING, 0),
        *((azure(unread=[missing]), ERROR, 0) for missing in (SQL, STORAGE, MACHINES)),
    ],
)
def test_azure_stands_in_two_zones(looked_at: Answers, status: CheckStatus, count: int) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, len(faults(found))) == (status, count)


def gcp(kind: str | None = None, groups: Any = None, unread: Any = (), **more: Any) -> Answers:
    settings = {"availabilityType": kind, "userLabels": more.pop("labels", {})}
    instances = {"items": [{"name": "shop", "settings": settings, **more}]} if kind else {}
    return answers(
        Integration.GCP, (INSTANCES, instances), (MANAGERS, {"items": groups} if groups else {}), unread=unread
    )


def managed(where: str, size: int, **more: Any) -> dict[str, Any]:
    return {where: {"instanceGroupManagers": [{"selfLink": "mig", "targetSize": size, **more}]}, "zones/z": {}}


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (gcp("REGIONAL"), PASS),
        (gcp("ZONAL"), FAIL),
        (gcp("ZONAL", labels={"env": "test"}), WARNING),
        (gcp("ZONAL", instanceType="READ_REPLICA_INSTANCE", masterInstanceName="main"), PASS),
        (gcp(groups=managed("regions/r", 2)), PASS),
        (gcp(groups=managed("regions/r", 1)), FAIL),
        (gcp(groups=managed("zones/r-a", 2)), FAIL),
        (gcp(groups=managed("zones/r-a", 0)), PASS),
        (
            gcp(groups=managed("zones/r-a", 2, allInstancesConfig={"properties": {"labels": {"env": "dev"}}})),
            WARNING,
        ),
        (gcp(), NOTHING),
        *((gcp("REGIONAL", unread=[missing]), ERROR) for missing in (INSTANCES, MANAGERS)),
    ],
)
def test_google_stands_in_two_zones(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(CONTROL, looked_at).status is status


def digitalocean(nodes: int | None = None, ha: bool | None = None, tags: Any = (), unread: Any = ()) -> Answers:
    databases = [{"id": "db", "num_nodes": nodes, "tags": list(tags)}] if nodes else []
    clusters = [{"id": "k8s", "ha": ha, "tags": list(tags)}] if ha is not None else []
    return answers(
        Integration.DIGITALOCEAN,
        (CLUSTERS, {"databases": databases}),
        (KUBERNETES, {"kubernetes_clusters": clusters}),
        unread=unread,
    )


def test_what_has_no_field_for_tags_is_critical() -> None:
    clusters = {"kubernetes_clusters": [{"id": "k8s", "ha": False}]}
    databases = {"databases": [{"id": "db", "num_nodes": 1}]}
    found = judged(CONTROL, answers(Integration.DIGITALOCEAN, (CLUSTERS, databases), (KUBERNETES, clusters)))

    assert (found.status, faults(found)) == (FAIL, ["db", "k8s"])


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (digitalocean(2, True), PASS, []),
        (digitalocean(1), FAIL, ["db"]),
        (digitalocean(1, tags=["dev"]), WARNING, ["db"]),
        (digitalocean(ha=False), FAIL, ["k8s"]),
        (digitalocean(ha=False, tags=["env:dev"]), WARNING, ["k8s"]),
        (digitalocean(), NOTHING, []),
        *((digitalocean(2, unread=[missing]), ERROR, []) for missing in (CLUSTERS, KUBERNETES)),
    ],
)
def test_digitalocean_has_a_second_node(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)
