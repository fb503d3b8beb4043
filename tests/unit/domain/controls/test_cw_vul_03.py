"""Hosts are patched, supported and hardened."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.controls.cw_vul_03 import CONTROL
from domain.facts.compliance import CheckStatus, Integration
from domain.support_ends import cluster_ends, runtime_end
from tests.factories.answers import NOW, answers, call
from tests.factories.judged import judged, verdicts

PATCHED = {"InstanceId": "i", "CriticalNonCompliantCount": 0, "MissingCount": 0, "FailedCount": 0}


def account(
    *,
    state: str | None = None,
    ping: str | None = "Online",
    patches: dict[str, Any] | None = PATCHED,
    tokens: str = "required",
    database: bool | None = None,
    function: dict[str, Any] | None = None,
    clusters: tuple[str, ...] = (),
) -> Answers:
    instance = {"InstanceId": "i", "State": {"Name": state}, "MetadataOptions": {"HttpTokens": tokens}}
    databases = [] if database is None else [{"DBInstanceArn": "db", "AutoMinorVersionUpgrade": database}]
    managed = [{"InstanceId": "i", "PingStatus": ping}] if ping else []
    # Their names are unique in a region only.
    described = [
        call("eks.describe_cluster", {"cluster": {"arn": f"k{number}", "version": version}}, at=str(number), name="k")
        for number, version in enumerate(clusters)
    ]
    made = answers(
        Integration.AWS,
        ("ssm.describe_instance_information", {"InstanceInformationList": managed}),
        ("ssm.describe_instance_patch_states", {"InstancePatchStates": [patches] if patches else []}),
        ("ec2.describe_instances", {"Reservations": [{"Instances": [instance]}] if state else []}),
        ("rds.describe_db_instances", {"DBInstances": databases}),
        ("lambda.list_functions", {"Functions": [{"FunctionArn": "f", **function}] if function else []}),
        *described,
    )
    return replace(made, whole=made.whole | {"eks.describe_cluster"})


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (account(state="running"), {"i": "PASS"}),
        (account(state="running", tokens="optional"), {"i": "WARNING"}),
        (account(state="running", patches={**PATCHED, "MissingCount": 2}), {"i": "WARNING"}),
        (account(state="running", patches={**PATCHED, "FailedCount": 1}), {"i": "WARNING"}),
        (account(state="running", patches={**PATCHED, "CriticalNonCompliantCount": 1}), {"i": "FAIL"}),
        (account(state="running", patches=None), {"i": "FAIL"}),
        (account(state="pending", ping=None), {"i": "FAIL"}),
        (account(state="running", ping="ConnectionLost"), {"i": "FAIL"}),
        (account(state="stopped", ping=None), {}),
        (account(database=True), {"db": "PASS"}),
        (account(database=False), {"db": "WARNING"}),
        (account(function={"Runtime": "python3.13"}), {"f": "PASS"}),
        (account(function={"Runtime": "python3.9"}), {"f": "FAIL"}),
        (account(function={"Runtime": "python9.9"}), {"f": "PASS"}),
        (account(function={"PackageType": "Image"}), {}),
        (account(clusters=("1.34",)), {"k0": "PASS"}),
        (account(clusters=("1.99",)), {"k0": "PASS"}),
        (account(clusters=("1.31",)), {"k0": "WARNING"}),
        (account(clusters=("1.28",)), {"k0": "FAIL"}),
        (account(clusters=("1.19",)), {"k0": "FAIL"}),
        (account(clusters=("1.28", "1.34")), {"k0": "FAIL", "k1": "PASS"}),
    ],
)
def test_things_of_aws_are_patched_and_supported(read: Answers, expected: dict[str, str]) -> None:
    said = judged(CONTROL, read)
    assert verdicts(said) == expected
    assert (said.status is CheckStatus.NOT_APPLICABLE) is (not expected)


def test_extended_support_lasts_a_year_longer() -> None:
    ends = cluster_ends("1.30")
    assert ends is not None
    assert [f"{end:%Y-%m-%d}" for end in ends] == ["2025-07-23", "2026-07-23"]
    assert runtime_end("java17") is None


def subscription(days: float | None, status: str = "Succeeded", **pending: Any) -> Answers:
    """A machine that was assessed so many days ago, or never."""
    own = {
        "status": status,
        "lastModifiedDateTime": (NOW - timedelta(days=days or 0)).isoformat(),
        "availablePatchCountByClassification": pending,
    }
    rows = [] if days is None else [{"id": "/VM/patchAssessmentResults/latest", "properties": own}]
    operation = "POST Microsoft.ResourceGraph/resources"
    return answers(
        Integration.AZURE,
        ("GET Microsoft.Compute/virtualMachines", {"value": [{"id": "/vm"}]}),
        call(operation, {"data": rows}, query="patchassessmentresources | where"),
        call(operation, {"data": [{"id": "x"}]}, query="resources"),
    )


@pytest.mark.parametrize(
    ("read", "status"),
    [
        (subscription(7, security=0, other=3), CheckStatus.PASS),
        (subscription(8, security=0), CheckStatus.WARNING),
        (subscription(1, critical=1), CheckStatus.WARNING),
        (subscription(1, security=2, critical=None), CheckStatus.WARNING),
        (subscription(31, security=2), CheckStatus.FAIL),
        (subscription(1, "Failed"), CheckStatus.FAIL),
        (subscription(None), CheckStatus.FAIL),
    ],
)
def test_machines_of_azure_are_assessed(read: Answers, status: CheckStatus) -> None:
    assert judged(CONTROL, read).status is status


def deployment(state: str = "ACTIVE", **chosen: Any) -> dict[str, Any]:
    return {"state": state, "instanceFilter": chosen}


ALL_ON = {"enableSecureBoot": True, "enableVtpm": True, "enableIntegrityMonitoring": True}
LINK = "https://www.googleapis.com/compute/v1/projects/p/zones/z/instances/web-1"


def project(*deployments: dict[str, Any], shields: Any = ALL_ON, **labels: str) -> Answers:
    machine = {"selfLink": LINK, "name": "web-1", "labels": labels, "shieldedInstanceConfig": shields}
    return answers(
        Integration.GCP,
        ("compute.v1:instances.aggregatedList", {"items": {"zones/z": {"instances": [machine]}}}),
        ("osconfig.v1:projects.patchDeployments.list", {"patchDeployments": list(deployments)}),
    )


@pytest.mark.parametrize(
    ("read", "status"),
    [
        (project(deployment(all=True)), CheckStatus.PASS),
        (project(deployment(zones=["z"], instanceNamePrefixes=["web-"])), CheckStatus.PASS),
        (project(deployment(instances=["zones/z/instances/web-1"])), CheckStatus.PASS),
        (project(deployment(instances=["projects/p/zones/z/instances/web-1"])), CheckStatus.PASS),
        (project(deployment(instances=[LINK])), CheckStatus.PASS),
        (project(deployment(groupLabels=[{"labels": {"env": "a"}}]), env="a", app="b"), CheckStatus.PASS),
        (project(deployment(groupLabels=[{"labels": {"env": "a"}}]), env="b"), CheckStatus.FAIL),
        (project(deployment(zones=["z"], instanceNamePrefixes=["db-"])), CheckStatus.FAIL),
        (project(deployment(zones=["y"])), CheckStatus.FAIL),
        (project(deployment()), CheckStatus.FAIL),
        (project(deployment("PAUSED", all=True)), CheckStatus.FAIL),
        (project(), CheckStatus.FAIL),
        (project(deployment(all=True), shields={**ALL_ON, "enableSecureBoot": False}), CheckStatus.WARNING),
        (project(deployment(all=True), shields=None), CheckStatus.FAIL),
        (project(**{"goog-gke-node": ""}), CheckStatus.PASS),
    ],
)
def test_machines_of_google_are_patched_and_shielded(read: Answers, status: CheckStatus) -> None:
    assert judged(CONTROL, read).status is status


@pytest.mark.parametrize(
    ("by_itself", "versions", "end", "expected"),
    [
        (True, [{"slug": "1.34"}], None, {"k": "PASS", "d": "PASS"}),
        (False, [{"slug": "1.34"}], None, {"k": "WARNING", "d": "PASS"}),
        (False, None, "2026-06-02T00:00:00Z", {"k": "WARNING", "d": "PASS"}),
        (True, [], "2026-06-01T12:00:00Z", {"k": "PASS", "d": "FAIL"}),
    ],
)
def test_clusters_and_databases_of_digitalocean_are_supported(
    by_itself: bool, versions: Any, end: str | None, expected: dict[str, str]
) -> None:
    read = answers(
        Integration.DIGITALOCEAN,
        ("GET /v2/kubernetes/clusters", {"kubernetes_clusters": [{"id": "k", "auto_upgrade": by_itself}]}),
        call(
            "GET /v2/kubernetes/clusters/{cluster_id}/upgrades",
            {"available_upgrade_versions": versions},
            cluster_id="k",
        ),
        ("GET /v2/databases", {"databases": [{"id": "d", "version_end_of_life": end}]}),
    )
    assert verdicts(judged(CONTROL, read)) == expected


@pytest.mark.parametrize("one", CONTROL.procedures, ids=lambda one: one.integration)
def test_nothing_is_said_of_what_was_not_read(one: Any) -> None:
    assert judged(CONTROL, answers(one.integration)).status is CheckStatus.ERROR
