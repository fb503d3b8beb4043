"""Groups of machines that scale, and databases that bear a peak."""

from typing import Any

import pytest

from domain.bundled import ps_trf_04, ps_trf_06
from domain.compliance.answers import Answers
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import answers, call, faults, judged
from tests.factories.bundled import check_of

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING = CheckStatus.NOT_APPLICABLE
TARGET, AHEAD = {"PolicyType": "TargetTrackingScaling"}, {"PolicyType": "PredictiveScaling"}
STEP = {"PolicyType": "StepScaling"}


def group(*policies: dict[str, Any], most: int = 4, at: str = "eu-west-1") -> Answers:
    """The group `web` of eu-west-1 with policies of `at`."""
    found = [{"AutoScalingGroupName": "web", "PolicyName": f"p{at}", **one} for at, one in enumerate(policies)]
    groups = [{"AutoScalingGroupName": "web", "AutoScalingGroupARN": "arn:web", "MaxSize": most}]
    return answers(
        Integration.AWS,
        call(ps_trf_04.GROUPS, {"AutoScalingGroups": groups}, at="eu-west-1"),
        call(ps_trf_04.POLICIES, {"ScalingPolicies": found}, at=at),
    )


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (group(TARGET), PASS),
        (group({**TARGET, "Enabled": True}, STEP), PASS),
        (group({**AHEAD, "PredictiveScalingConfiguration": {"Mode": "ForecastAndScale"}}), PASS),
        (group({**AHEAD, "PredictiveScalingConfiguration": {"Mode": "ForecastOnly"}}), FAIL),
        (group({**AHEAD, "PredictiveScalingConfiguration": {}}, STEP), WARNING),
        (group(STEP), WARNING),
        (group({"PolicyType": "SimpleScaling"}), WARNING),
        (group({**TARGET, "Enabled": False}), FAIL),
        (group(TARGET, at="us-east-1"), FAIL),
        (group(), FAIL),
        (group(most=0), NOTHING),
    ],
)
def test_groups_are_scaled_towards_a_target(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(check_of("PS-TRF-04"), looked_at).status is status


LINK = "https://www.googleapis.com/compute/v1/projects/p/zones/z/instanceGroupManagers/web"
WARNED = {"warning": {"code": "NO_RESULTS_ON_PAGE"}}


def managed(*policies: dict[str, Any], size: int = 2, name: str = "web") -> Answers:
    """A managed group, and autoscalers for it."""
    scalers = [{"target": LINK, "autoscalingPolicy": policy} for policy in policies]
    manager = {"name": name, "selfLink": LINK, "targetSize": size}
    return answers(
        Integration.GCP,
        (ps_trf_04.MANAGERS, {"items": {"global": WARNED, "zones/z": {"instanceGroupManagers": [manager]}}}, {}),
        (ps_trf_04.AUTOSCALERS, {"items": {"regions/r": WARNED, "zones/z": {"autoscalers": scalers}}}),
    )


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (managed({"mode": "ON", "cpuUtilization": {"utilizationTarget": 0.6}}), PASS),
        (managed({"loadBalancingUtilization": {"utilizationTarget": 0.8}}), PASS),
        (managed({"customMetricUtilizations": [{"metric": "m"}]}, size=0), PASS),
        (managed({"mode": "ON", "scalingSchedules": {"sale": {}}}), WARNING),
        (managed({"mode": "OFF", "cpuUtilization": {"utilizationTarget": 0.6}}), FAIL),
        (managed(), FAIL),
        (managed(size=0), NOTHING),
        (managed(name="gke-shop-pool-1-grp"), NOTHING),
    ],
)
def test_groups_of_google_have_an_autoscaler_with_a_target(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(check_of("PS-TRF-04"), looked_at).status is status


def database(name: str = "shop", **more: Any) -> dict[str, Any]:
    return {
        "DBInstanceIdentifier": name,
        "DBInstanceArn": f"arn:aws:rds:eu-west-1:1:db:{name}",
        "ReadReplicaDBInstanceIdentifiers": [],
        **more,
    }


def served(*databases: dict[str, Any], targets: Any = (), at: str = "eu-west-1") -> Answers:
    """Databases of eu-west-1, and a proxy of `at` before these targets."""
    proxies = [{"DBProxyName": "pool"}] if targets else []
    asked = [call(ps_trf_06.TARGETS, {"Targets": list(targets)}, at=at, DBProxyName="pool")] if targets else []
    return answers(
        Integration.AWS,
        call(ps_trf_06.DATABASES, {"DBInstances": list(databases)}, at="eu-west-1"),
        call(ps_trf_06.PROXIES, {"DBProxies": proxies}, at=at),
        *asked,
        needless=[ps_trf_06.TARGETS],
    )


COPIED = {"ReadReplicaDBInstanceIdentifiers": ["shop-2"]}
REPLICA = {"ReadReplicaSourceDBInstanceIdentifier": "shop"}
BEFORE_SHOP = ({"Type": "RDS_INSTANCE", "RdsResourceId": "shop"},)
IN_CLUSTER = {"DBClusterIdentifier": "orders"}
MINOR = {"TagList": [{"Key": "environment", "Value": "dev"}]}


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (served(database(**COPIED), database("shop-2", **REPLICA), targets=BEFORE_SHOP), PASS, []),
        (served(database(**COPIED)), WARNING, ["db:shop"]),
        (served(database(), targets=BEFORE_SHOP), WARNING, ["db:shop"]),
        (served(database(**COPIED), targets=BEFORE_SHOP, at="us-east-1"), WARNING, ["db:shop"]),
        (served(database()), FAIL, ["db:shop"]),
        (served(database(**MINOR)), NOTHING, []),
        (served(database("shop-2", **REPLICA)), NOTHING, []),
        (
            served(
                database("o-1", **IN_CLUSTER),
                database("o-2", **IN_CLUSTER, **MINOR),
                targets=[{"Type": "TRACKED_CLUSTER", "TrackedClusterId": "orders"}],
            ),
            PASS,
            [],
        ),
        (
            served(database("o-1", **IN_CLUSTER), targets=[{"Type": "RDS_INSTANCE", "RdsResourceId": "o-1"}]),
            WARNING,
            ["cluster:orders"],
        ),
        (served(database("o-1", **IN_CLUSTER)), FAIL, ["cluster:orders"]),
        (served(database("o-1", **IN_CLUSTER, **MINOR)), NOTHING, []),
    ],
)
def test_databases_have_replicas_and_a_proxy(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(check_of("PS-TRF-06"), looked_at)

    assert (found.status, [name.split(":", 5)[-1] for name in faults(found)]) == (status, faulty)


def cluster(engine: str = "pg", tags: Any = None, *, pools: int | None = 0, replicas: int | None = 0) -> Answers:
    """A database of DigitalOcean; None of pools or replicas were not asked for."""
    own = {"database_cluster_uuid": "db-1"}
    asked = [
        call(operation, {key: [{"name": str(at)} for at in range(count)] or None}, **own)
        for operation, key, count in ((ps_trf_06.POOLS, "pools", pools), (ps_trf_06.REPLICAS, "replicas", replicas))
        if count is not None
    ]
    return answers(
        Integration.DIGITALOCEAN,
        (ps_trf_06.CLUSTERS, {"databases": [{"id": "db-1", "engine": engine, "tags": tags}]}),
        *asked,
        needless=[ps_trf_06.POOLS, ps_trf_06.REPLICAS],
    )


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (cluster(pools=1, replicas=2), PASS),
        (cluster(pools=1), WARNING),
        (cluster("mysql", pools=None, replicas=1), WARNING),
        (cluster(), FAIL),
        (cluster("mysql", pools=None), FAIL),
        (cluster(tags=["env:staging"]), NOTHING),
        (cluster("valkey", pools=None, replicas=None), NOTHING),
    ],
)
def test_databases_of_digitalocean_have_replicas_and_pools(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(check_of("PS-TRF-06"), looked_at).status is status
