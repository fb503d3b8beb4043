"""Malicious software is detected and stopped."""

from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.compliance.used_regions import SIGNS
from domain.controls.cw_vul_04 import CONTROL, POSTURE
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import answers, call
from tests.factories.judged import judged, verdicts

HERE, THERE = "eu-west-1", "us-east-1"
BOTH = ("EBS_MALWARE_PROTECTION", "RUNTIME_MONITORING")


def account(
    *on: str, plan: bool = False, sign: str | None = "s3.list_buckets", status: str = "ENABLED", used: str = HERE
) -> Answers:
    """A detector with these features in the first of two regions; `sign` shows that the one `used` is."""
    paths = {"s3.list_buckets": "Buckets", "lambda.list_functions": "Functions"}
    features = [{"Name": name, "Status": "ENABLED" if name in on else "DISABLED"} for name in (*BOTH, "S3_DATA_EVENTS")]
    return answers(
        Integration.AWS,
        *(call("ec2.describe_regions", {"Regions": [{"RegionName": one}]}, at=one) for one in (HERE, THERE)),
        *((operation,) for operation in SIGNS),
        *([call(sign, {paths[sign]: [{}]}, at=used)] if sign else []),
        call("guardduty.get_detector", {"Status": status, "Features": features}, at=HERE, DetectorId="d"),
        call("guardduty.list_malware_protection_plans", {"MalwareProtectionPlans": [{}] if plan else []}, at=HERE),
    )


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (account(*BOTH, plan=True), {HERE: "PASS"}),
        (account(*BOTH, sign="lambda.list_functions"), {HERE: "PASS"}),
        (account(*BOTH), {HERE: "WARNING"}),
        (account(BOTH[0], plan=True), {HERE: "WARNING"}),
        (account(plan=True), {HERE: "FAIL"}),
        (account(), {HERE: "FAIL"}),
        (account(*BOTH, plan=True, status="DISABLED"), {HERE: "FAIL"}),
        (account(*BOTH, plan=True, used=THERE), {THERE: "FAIL"}),
        (account(sign=None), {}),
    ],
)
def test_used_regions_of_aws_are_watched_for_malware(read: Answers, expected: dict[str, str]) -> None:
    assert verdicts(judged(CONTROL, read)) == expected


def subscription(plan: dict[str, Any], *uploads: bool) -> Answers:
    stores = [{"properties": {"malwareScanning": {"onUpload": {"isEnabled": one}}}} for one in uploads]
    operation = "GET Microsoft.Security/defenderForStorageSettings"
    return answers(
        Integration.AZURE,
        ("GET Microsoft.Security/pricings", {"value": [{"name": "VirtualMachines", "properties": plan}]}),
        *(call(operation, store, id=str(number)) for number, store in enumerate(stores)),
        *([] if stores else [call(operation, id="0")]),
    )


SERVERS, FREE = {"pricingTier": "Standard", "subPlan": "P2"}, {"pricingTier": "Free"}


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (subscription(SERVERS, True), {"VirtualMachines": "PASS", "0": "PASS"}),
        (subscription({**SERVERS, "subPlan": "P1"}, True), {"VirtualMachines": "PASS", "0": "PASS"}),
        (subscription(SERVERS, True, False), {"VirtualMachines": "PASS", "0": "PASS", "1": "WARNING"}),
        (subscription(SERVERS), {"VirtualMachines": "PASS", "0": "WARNING"}),
        (subscription({"pricingTier": "Standard"}, True), {"VirtualMachines": "FAIL", "0": "PASS"}),
        (subscription(FREE, False), {"VirtualMachines": "FAIL", "0": "FAIL"}),
    ],
)
def test_servers_and_uploads_of_azure_are_scanned(read: Answers, expected: dict[str, str]) -> None:
    assert verdicts(judged(CONTROL, read)) == expected


def test_defender_that_was_never_switched_on_fails() -> None:
    store = call("GET Microsoft.Security/defenderForStorageSettings", id="0")
    read = answers(Integration.AZURE, store, off=["GET Microsoft.Security/pricings"])
    assert verdicts(judged(CONTROL, read)) == {"VirtualMachines": "FAIL", "0": "FAIL"}


@pytest.mark.parametrize(
    ("machines", "containers", "status"),
    [
        ("ENABLED", "ENABLED", CheckStatus.PASS),
        ("ENABLED", "DISABLED", CheckStatus.WARNING),
        ("DISABLED", "DISABLED", CheckStatus.FAIL),
    ],
)
def test_google_detects_threats_to_what_runs(machines: str, containers: str, status: CheckStatus) -> None:
    states = {"vm-threat-detection": machines, "container-threat-detection": containers}
    services = [{"name": f"projects/p/{name}", "effectiveEnablementState": state} for name, state in states.items()]
    assert judged(CONTROL, answers(Integration.GCP, (POSTURE, {"securityCenterServices": services}))).status is status
    assert judged(CONTROL, answers(Integration.GCP, off=[POSTURE])).status is CheckStatus.FAIL


def rule(*ids: str, status: str = "ACTIVE") -> dict[str, Any]:
    return {"status": status, "conditions": {"device": {"assurance": {"include": list(ids)}}}}


def organization(*rules: dict[str, Any], platforms: tuple[str, ...] = ("MACOS",)) -> Answers:
    policies = [{"id": str(number), "name": "Disk", "platform": one} for number, one in enumerate(platforms)]
    return answers(
        Integration.OKTA,
        ("GET /api/v1/device-assurances", policies),
        ("GET /api/v1/policies/{policyId}/rules", list(rules)),
    )


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (organization(rule("0")), {"0": "PASS"}),
        (organization(rule("0"), platforms=("MACOS", "MACOS")), {"0": "PASS", "1": "PASS"}),
        (organization(rule("0"), platforms=("MACOS", "WINDOWS")), {"0": "PASS", "1": "WARNING"}),
        (organization(rule("0", status="INACTIVE")), {"0": "WARNING"}),
        (organization({"status": "ACTIVE", "conditions": None}), {"0": "WARNING"}),
        (organization(platforms=()), {"device assurance": "FAIL"}),
    ],
)
def test_okta_asks_devices_for_assurance(read: Answers, expected: dict[str, str]) -> None:
    assert verdicts(judged(CONTROL, read)) == expected


def test_okta_without_device_assurance_is_not_assessed() -> None:
    read = answers(Integration.OKTA, off=["GET /api/v1/device-assurances"])
    assert judged(CONTROL, read).status is CheckStatus.NOT_ASSESSED


@pytest.mark.parametrize("one", CONTROL.procedures, ids=lambda one: one.integration)
def test_nothing_is_said_of_what_was_not_read(one: Any) -> None:
    assert judged(CONTROL, answers(one.integration)).status is CheckStatus.ERROR
