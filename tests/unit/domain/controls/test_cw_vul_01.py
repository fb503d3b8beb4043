"""Hosts, images and functions are scanned, and findings meet their deadline."""

from datetime import timedelta
from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.compliance.used_regions import SIGNS
from domain.controls.cw_vul_01 import CONTROL
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import NOW, answers, call
from tests.factories.judged import judged, verdicts

HERE, THERE = "eu-west-1", "us-east-1"


def ago(days: float) -> str:
    return (NOW - timedelta(days=days)).isoformat()


def account(*off: str, findings: Any = (), used: str | None = HERE) -> Answers:
    """Two regions, of which the first scans all but what is `off`."""
    state = {name: {"status": "DISABLED" if name in off else "ENABLED"} for name in ("ec2", "ecr", "lambda")}
    return answers(
        Integration.AWS,
        *(call("ec2.describe_regions", {"Regions": [{"RegionName": one}]}, at=one) for one in (HERE, THERE)),
        *((operation,) for operation in SIGNS),
        *([call("s3.list_buckets", {"Buckets": [{}]}, at=used)] if used else []),
        call("inspector2.batch_get_account_status", {"accounts": [{"resourceState": state}]}, at=HERE),
        ("inspector2.list_findings", {"findings": list(findings)}),
    )


def finding(severity: str, days: float, **more: Any) -> dict[str, Any]:
    return {"findingArn": "f", "severity": severity, "firstObservedAt": ago(days), "fixAvailable": "YES", **more}


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (account(), {HERE: "PASS"}),
        (account("lambda"), {HERE: "FAIL"}),
        (account(used=THERE), {THERE: "FAIL"}),
        (account(used=None), {}),
        # Of 15 days 80 % are 12, of 30 days 24, of 90 days 72.
        (account(findings=[finding("CRITICAL", 12)]), {HERE: "PASS", "f": "PASS"}),
        (account(findings=[finding("CRITICAL", 12.1)]), {HERE: "PASS", "f": "WARNING"}),
        (account(findings=[finding("CRITICAL", 15.1)]), {HERE: "PASS", "f": "FAIL"}),
        (account(findings=[finding("HIGH", 24.1)]), {HERE: "PASS", "f": "WARNING"}),
        (account(findings=[finding("HIGH", 30.1)]), {HERE: "PASS", "f": "FAIL"}),
        (account(findings=[finding("MEDIUM", 400)]), {HERE: "PASS", "f": "WARNING"}),
        (account(findings=[finding("LOW", 400)]), {HERE: "PASS", "f": "PASS"}),
        (account(findings=[finding("CRITICAL", 400, fixAvailable="NO")]), {HERE: "PASS", "f": "PASS"}),
        (account(findings=[finding("CRITICAL", 400, fixAvailable=None)]), {HERE: "PASS", "f": "FAIL"}),
    ],
)
def test_inspector_scans_used_regions_and_findings_are_closed(read: Answers, expected: dict[str, str]) -> None:
    assert verdicts(judged(CONTROL, read)) == expected


def test_a_tenant_may_ask_for_earlier() -> None:
    read = account(findings=[finding("HIGH", 10)])
    assert judged(CONTROL, read, deadline_days={"high": 7}).status is CheckStatus.FAIL


def subscription(*assessments: dict[str, Any], plans: Any = ("VirtualMachines", "Containers")) -> Answers:
    listed = [{"name": name, "properties": {"pricingTier": "Standard"}} for name in plans]
    rows = [{"id": "A", "properties": {"severity": "Medium"}}, {"id": "B", "properties": {"severity": "High"}}]
    operation = "POST Microsoft.ResourceGraph/resources"
    return answers(
        Integration.AZURE,
        (
            "GET Microsoft.Security/pricings",
            {"value": [*listed, {"name": "Dns", "properties": {"pricingTier": "Free"}}]},
        ),
        ("GET Microsoft.Security/assessments", {"value": list(assessments)}),
        call(operation, {"data": rows}, query="securityresources | project id"),
        call(operation, {"data": [{"id": "other"}]}, query="resources"),
    )


def assessment(name: str, days: float, code: str = "Unhealthy", **more: Any) -> dict[str, Any]:
    return {"id": name, "properties": {"status": {"code": code, "statusChangeDate": ago(days)}, **more}}


ON = {"VirtualMachines": "PASS", "Containers": "PASS"}


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (subscription(), ON),
        (subscription(plans=["Containers"]), {**ON, "VirtualMachines": "FAIL"}),
        (subscription(assessment("b", 24)), {**ON, "b": "PASS"}),
        (subscription(assessment("b", 25)), {**ON, "b": "WARNING"}),
        (subscription(assessment("b", 31)), {**ON, "b": "FAIL"}),
        (subscription(assessment("b", 31, "Healthy")), ON),
        (subscription(assessment("a", 400)), ON),
        (subscription(assessment("a", 400, metadata={"severity": "High"})), {**ON, "a": "FAIL"}),
        (subscription(assessment("unknown", 400)), {**ON, "unknown": "FAIL"}),
        (
            subscription({"id": "b", "properties": {"status": {"code": "Unhealthy", "firstEvaluationDate": ago(31)}}}),
            {**ON, "b": "FAIL"},
        ),
    ],
)
def test_defender_scans_and_its_findings_are_closed(read: Answers, expected: dict[str, str]) -> None:
    assert verdicts(judged(CONTROL, read)) == expected


def project(state: str | None = "SCANNING_ACTIVE", *found: tuple[str, float]) -> Answers:
    config = {"vulnerabilityScanningConfig": {"enablementState": state}} if state else {}
    holes = [{"details": {"cve": "CVE-1", "severity": name}, "createTime": ago(days)} for name, days in found]
    return answers(
        Integration.GCP,
        ("artifactregistry.v1:projects.locations.repositories.list", {"repositories": [{"name": "r", **config}]}),
        (
            "osconfig.v1:projects.locations.instances.vulnerabilityReports.list",
            {"vulnerabilityReports": [{"name": "vm", "vulnerabilities": holes}, {"name": "clean"}]},
        ),
    )


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (project(), {"r": "PASS"}),
        (project("SCANNING_UNSUPPORTED"), {"r": "PASS"}),
        (project("SCANNING_DISABLED"), {"r": "FAIL"}),
        (project(None), {"r": "FAIL"}),
        (project("SCANNING_ACTIVE", ("CRITICAL", 5)), {"r": "PASS", "vm/CVE-1": "PASS"}),
        (project("SCANNING_ACTIVE", ("CRITICAL", 13)), {"r": "PASS", "vm/CVE-1": "WARNING"}),
        (project("SCANNING_ACTIVE", ("HIGH", 31)), {"r": "PASS", "vm/CVE-1": "FAIL"}),
        (project("SCANNING_ACTIVE", ("MEDIUM", 400)), {"r": "PASS"}),
        (project("SCANNING_ACTIVE", ("", 400)), {"r": "PASS"}),
    ],
)
def test_google_scans_images_and_machines(read: Answers, expected: dict[str, str]) -> None:
    assert verdicts(judged(CONTROL, read)) == expected


def team(*findings: dict[str, Any], end: str | None = None) -> Answers:
    return answers(
        Integration.DIGITALOCEAN,
        ("GET /v2/security/scans/latest", {"scan": {"findings": list(findings)}}),
        ("GET /v2/databases", {"databases": [{"id": "d", "version_end_of_life": end}]}),
    )


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (team(), {"d": "PASS"}),
        (team({"rule_uuid": "u", "severity": "CRITICAL", "found_at": ago(16)}), {"u": "FAIL", "d": "PASS"}),
        (team({"name": "n", "severity": "HIGH", "found_at": ago(25)}), {"n": "WARNING", "d": "PASS"}),
        (team({"severity": "HIGH", "found_at": ago(1)}), {"finding 1": "PASS", "d": "PASS"}),
        (team({"severity": "LOW", "found_at": ago(400)}), {"d": "PASS"}),
        (team(end=ago(-91)), {"d": "PASS"}),
        (team(end=ago(-90)), {"d": "WARNING"}),
        (team(end=ago(0)), {"d": "FAIL"}),
    ],
)
def test_digitalocean_was_scanned_and_databases_are_supported(read: Answers, expected: dict[str, str]) -> None:
    assert verdicts(judged(CONTROL, read)) == expected


def test_digitalocean_without_scans_is_not_assessed() -> None:
    none = answers(Integration.DIGITALOCEAN, off=["GET /v2/security/scans/latest"])
    assert judged(CONTROL, none).status is CheckStatus.NOT_ASSESSED


@pytest.mark.parametrize("one", CONTROL.procedures, ids=lambda one: one.integration)
def test_nothing_is_said_of_what_was_not_read(one: Any) -> None:
    assert judged(CONTROL, answers(one.integration)).status is CheckStatus.ERROR
