"""Capacity, health and spend are watched."""

from dataclasses import replace
from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.controls.cw_avl_04 import (
    ALERTS,
    AWS_BUDGETS,
    AZURE_BUDGETS,
    BALANCE,
    BALANCERS,
    CHECKS,
    CONTROL,
    DROPLETS,
    GCP_BUDGETS,
    GROUPS,
    LEVELS,
    MEASURES,
    MONITORS,
    OUR_BUDGETS,
    PROBES,
    QUOTAS,
    REGIONS,
    SCALING,
    TEAM,
    UPTIME,
    USAGES,
)
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import answers, call, faults, judged

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING = CheckStatus.NOT_APPLICABLE
METRIC = {"MetricNamespace": "AWS/Usage", "MetricName": "ResourceCount", "MetricDimensions": {"Resource": "vCPU"}}
QUERY = {
    "Id": "q0",
    "MetricStat": {
        "Metric": {
            "Namespace": "AWS/Usage",
            "MetricName": "ResourceCount",
            "Dimensions": [{"Name": "Resource", "Value": "vCPU"}],
        }
    },
}
OTHER = {**QUERY, "Id": "q1", "MetricStat": {"Metric": {"Namespace": "AWS/RDS", "MetricName": "x", "Dimensions": []}}}


def measured(*values: float, at: str = "eu-west-1") -> Any:
    result = {"Id": "q0", "Values": list(values)}
    return call(MEASURES, {"MetricDataResults": [result]}, at=at, MetricDataQueries=[QUERY, OTHER])


def aws(
    *used: Any,
    budgets: Any = ("all",),
    monitors: Any = ("DIMENSIONAL",),
    probes: Any = (),
    group: Any = (1, 2),
    scheme: str = "internal",
    limit: float = 100.0,
    unread: Any = (),
) -> Answers:
    quotas = [{"QuotaArn": "quota", "Value": limit, "UsageMetric": METRIC}, {"QuotaArn": "fixed", "Value": 5.0}]
    unmeasured = {"QuotaArn": "odd", "Value": 5.0, "UsageMetric": {"MetricDimensions": {}}}
    return answers(
        Integration.AWS,
        call(QUOTAS, {"Quotas": [*quotas, unmeasured]}, at="eu-west-1", ServiceCode="ec2"),
        *(used or [measured()]),
        (
            GROUPS,
            {"AutoScalingGroups": [{"AutoScalingGroupARN": "asg", "DesiredCapacity": group[0], "MaxSize": group[1]}]},
        ),
        (AWS_BUDGETS, {"Budgets": [{"BudgetName": one} for one in budgets]}),
        (MONITORS, {"AnomalyMonitors": [{"MonitorType": one} for one in monitors]}),
        (PROBES, {"HealthChecks": [{"Id": one} for one in probes]}),
        (BALANCERS, {"LoadBalancers": [{"LoadBalancerArn": "lb", "Scheme": scheme}]}),
        unread=unread,
    )


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (aws(), PASS, []),
        (aws(measured(10, 79.9, 20)), PASS, []),
        (aws(measured(10, 80)), WARNING, ["quota"]),
        (aws(measured(95)), WARNING, ["quota"]),
        (aws(measured(95.1)), FAIL, ["quota"]),
        (aws(measured(1), limit=0.0), FAIL, ["quota"]),
        # The same quota of another region is not this one.
        (aws(measured(99, at="us-east-1")), ERROR, []),
        (aws(group=(2, 2)), WARNING, ["asg"]),
        (aws(budgets=[]), FAIL, ["budget"]),
        (aws(monitors=[]), WARNING, ["anomaly monitor"]),
        (aws(scheme="internet-facing"), WARNING, ["public endpoints"]),
        (aws(scheme="internet-facing", probes=["front"]), PASS, []),
        *(
            (aws(unread=[missing]), ERROR, [])
            for missing in (QUOTAS, MEASURES, GROUPS, AWS_BUDGETS, MONITORS, PROBES, BALANCERS)
        ),
    ],
)
def test_aws_has_room_and_is_watched(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def azure(used: int = 3, limit: int = 10, budgets: Any = ("all",), **more: Any) -> Answers:
    usage = {"currentValue": used, "limit": limit, "name": {"value": "cores"}}
    return answers(
        Integration.AZURE,
        call(USAGES, {"value": [usage]}, at="westeurope"),
        (AZURE_BUDGETS, {"value": [{"name": one, "properties": {"amount": 100.0}} for one in budgets]}),
        (SCALING, {"value": [{"id": "scale", "properties": {"enabled": False}}]}),
        **more,
    )


CORES = ["westeurope: cores"]


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (azure(), PASS, []),
        (azure(0, 0), PASS, []),
        (azure(8), WARNING, CORES),
        (azure(19, 20), WARNING, CORES),
        (azure(10), FAIL, CORES),
        (azure(budgets=[]), FAIL, ["budget"]),
        (azure(off=[AZURE_BUDGETS]), CheckStatus.NOT_ASSESSED, []),
        *((azure(unread=[missing]), ERROR, []) for missing in (USAGES, AZURE_BUDGETS, SCALING)),
    ],
)
def test_azure_has_room_and_a_budget(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def gcp(used: float = 1.0, probes: Any = ("front",), amount: Any = "100", unread: Any = ()) -> Answers:
    quotas = [{"metric": "CPUS", "usage": used, "limit": 10.0}]
    return answers(
        Integration.GCP,
        (REGIONS, {"items": [{"name": "r", "quotas": quotas}, {"name": "new"}]}),
        (UPTIME, {"uptimeCheckConfigs": [{"name": one} for one in probes]}),
        (GCP_BUDGETS, {"budgets": [{"name": "all", "amount": amount}]}),
        unread=unread,
    )


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (gcp(), PASS, []),
        (gcp(8.0), WARNING, ["r: CPUS"]),
        (gcp(9.6), FAIL, ["r: CPUS"]),
        (gcp(probes=[]), FAIL, ["uptime checks"]),
        (gcp(amount=None), WARNING, ["budget"]),
        *((gcp(unread=[missing]), ERROR, []) for missing in (REGIONS, UPTIME, GCP_BUDGETS)),
    ],
)
def test_google_has_room_and_is_probed(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def digitalocean(droplets: int = 1, checks: Any = (True,), alerts: Any = (True,), unread: Any = ()) -> Answers:
    return answers(
        Integration.DIGITALOCEAN,
        (TEAM, {"account": {"droplet_limit": 10}}),
        (DROPLETS, {"droplets": [{"id": number} for number in range(droplets)]}),
        (CHECKS, {"checks": [{"name": "front", "enabled": one} for one in checks]}),
        (ALERTS, {"policies": [{"type": "v1/insights/droplet/cpu", "enabled": one} for one in alerts]}),
        (BALANCE, {"month_to_date_usage": "12.00"}),
        unread=unread,
    )


def platform(*budgets: float | None, available: float = 0.999, unread: Any = ()) -> Answers:
    level = {"name": "api", "availability_30d": available, "availability_target": 0.999, "p95_ms": 40.0}
    rows = [{"name": "cloud", "forecast_ratio": one} for one in budgets]
    return answers(Integration.PLATFORM, (OUR_BUDGETS, rows), (LEVELS, [level]), unread=unread)


def test_budgets_count_where_no_service_is_measured() -> None:
    rows = [{"name": "cloud", "forecast_ratio": 1.3}]

    judgement = judged(CONTROL, answers(Integration.PLATFORM, (OUR_BUDGETS, rows), off=[LEVELS]))

    assert (judgement.status, [item.resource for item in judgement.items]) == (FAIL, ["cloud"])


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (digitalocean(), PASS, []),
        (digitalocean(8), WARNING, ["droplets"]),
        (digitalocean(10), FAIL, ["droplets"]),
        (digitalocean(checks=[False]), FAIL, ["public endpoints"]),
        (digitalocean(alerts=[False]), WARNING, ["alerts"]),
        *((digitalocean(unread=[missing]), ERROR, []) for missing in (TEAM, DROPLETS, CHECKS, ALERTS, BALANCE)),
    ],
)
def test_team_has_room_and_is_probed(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at, platform(0.5))

    assert (found.status, faults(found)) == (status, faulty)


def test_spend_of_a_team_is_watched_by_a_budget_here() -> None:
    assert faults(judged(CONTROL, digitalocean(), platform())) == ["spend alert"]
    assert faults(judged(CONTROL, digitalocean())) == ["spend alert"]


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (platform(0.999), PASS, []),
        (platform(1.0), WARNING, ["cloud"]),
        (platform(1.2), WARNING, ["cloud"]),
        (platform(1.21), FAIL, ["cloud"]),
        (platform(None), WARNING, ["cloud"]),
        (platform(available=0.9989), FAIL, ["api"]),
        (answers(Integration.PLATFORM, (OUR_BUDGETS, []), (LEVELS, [])), NOTHING, []),
        *((platform(0.5, unread=[missing]), ERROR, []) for missing in (OUR_BUDGETS, LEVELS)),
    ],
)
def test_forecast_and_availability_keep_their_targets(
    looked_at: Answers, status: CheckStatus, faulty: list[str]
) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def test_a_balancer_without_a_scheme_is_between_networks_and_not_public():
    gateway = aws()
    balancers = {"LoadBalancers": [{"LoadBalancerArn": "gateway", "Type": "gateway"}]}
    by_operation = {**gateway.by_operation, BALANCERS: (call(BALANCERS, balancers),)}

    found = judged(CONTROL, replace(gateway, by_operation=by_operation))

    assert found.problem is None
