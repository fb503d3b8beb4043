"""Threat and anomaly detection is on everywhere."""

from datetime import timedelta
from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.compliance.used_regions import SIGNS
from domain.controls.cw_log_04 import CONTROL, PLANS
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import NOW, answers, call
from tests.factories.judged import judged, verdicts

HERE, THERE = "eu-west-1", "us-east-1"


def account(status: str | None, *, used: str | None = None, unread: tuple[str, ...] = ()) -> Answers:
    """Two regions, of which the first has a detector; in `used` there is a function."""
    asked = [call("ec2.describe_regions", {"Regions": [{"RegionName": one}]}, at=one) for one in (HERE, THERE)]
    asked += [call("guardduty.list_detectors", {"DetectorIds": []}, at=THERE)]
    asked += [call("guardduty.get_detector", {"Status": "ENABLED"}, at=HERE, DetectorId="d")]
    asked += [call("guardduty.get_detector", {"Status": status}, at=THERE, DetectorId="e")] if status else []
    asked += [call("lambda.list_functions", {"Functions": [{}]}, at=used)] if used else []
    signs = [(operation,) for operation in SIGNS if operation not in unread]
    return answers(Integration.AWS, *asked, *signs)


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (account("ENABLED"), {HERE: "PASS", THERE: "PASS"}),
        (account("DISABLED"), {HERE: "PASS", THERE: "WARNING"}),
        (account(None, used=HERE), {HERE: "PASS", THERE: "WARNING"}),
        (account(None, used=THERE), {HERE: "PASS", THERE: "FAIL"}),
        (account("ENABLED", unread=tuple(SIGNS)), {HERE: "PASS", THERE: "PASS"}),
        (account(None, unread=("dynamodb.list_tables",)), {}),
    ],
)
def test_every_used_region_of_aws_is_watched(read: Answers, expected: dict[str, str]) -> None:
    said = judged(CONTROL, read)
    assert verdicts(said) == expected
    assert (said.status is CheckStatus.ERROR) is (not expected)


@pytest.mark.parametrize(
    ("standard", "status"),
    [
        (PLANS, CheckStatus.PASS),
        (PLANS[1:], CheckStatus.WARNING),
        (PLANS[:1], CheckStatus.WARNING),
        ((), CheckStatus.FAIL),
    ],
)
def test_defender_is_on_for_what_matters(standard: tuple[str, ...], status: CheckStatus) -> None:
    plans = [
        {"name": name, "properties": {"pricingTier": "Standard" if name in standard else "Free"}}
        for name in (*PLANS, "Dns")
    ]
    read = answers(Integration.AZURE, ("GET Microsoft.Security/pricings", {"value": plans}))
    assert judged(CONTROL, read).status is status


POSTURE = "securitycentermanagement.v1:projects.locations.securityCenterServices.list"


@pytest.mark.parametrize(
    ("threats", "health", "status"),
    [
        ("ENABLED", "ENABLED", CheckStatus.PASS),
        ("ENABLED", "DISABLED", CheckStatus.WARNING),
        ("DISABLED", "DISABLED", CheckStatus.FAIL),
    ],
)
def test_google_watches_for_threats_and_faults(threats: str, health: str, status: CheckStatus) -> None:
    states = {"event-threat-detection": threats, "security-health-analytics": health}
    services = [{"name": f"projects/p/{name}", "effectiveEnablementState": state} for name, state in states.items()]
    read = answers(Integration.GCP, (POSTURE, {"securityCenterServices": services}))
    assert judged(CONTROL, read).status is status


@pytest.mark.parametrize(
    ("integration", "operation"),
    [
        (Integration.AZURE, "GET Microsoft.Security/pricings"),
        (Integration.GCP, POSTURE),
        (Integration.DIGITALOCEAN, "GET /v2/security/scans/latest"),
    ],
)
def test_detection_that_was_never_switched_on_fails(integration: Integration, operation: str) -> None:
    assert judged(CONTROL, answers(integration, off=[operation])).status is CheckStatus.FAIL


@pytest.mark.parametrize(
    ("action", "rules", "status"),
    [
        ("block", ["ACTIVE"], CheckStatus.PASS),
        ("audit", ["ACTIVE"], CheckStatus.WARNING),
        ("block", ["ACTIVE", "INACTIVE"], CheckStatus.WARNING),
        ("block", [], CheckStatus.WARNING),
        ("none", ["ACTIVE"], CheckStatus.FAIL),
    ],
)
def test_okta_blocks_and_watches_behaviour(action: str, rules: list[str], status: CheckStatus) -> None:
    behaviors = [{"id": str(number), "name": "New city", "status": one} for number, one in enumerate(rules)]
    read = answers(
        Integration.OKTA,
        ("GET /api/v1/threats/configuration", {"action": action}),
        ("GET /api/v1/behaviors", behaviors),
    )
    assert judged(CONTROL, read).status is status


@pytest.mark.parametrize(
    ("state", "age", "status"),
    [
        ("COMPLETED", timedelta(hours=48), CheckStatus.PASS),
        ("COMPLETED", timedelta(hours=49), CheckStatus.WARNING),
        ("RUNNING", timedelta(hours=1), CheckStatus.WARNING),
        ("COMPLETED", timedelta(days=7, seconds=1), CheckStatus.FAIL),
        ("FAILED", timedelta(hours=1), CheckStatus.FAIL),
        ("CSPM_NOT_ENABLED", timedelta(hours=1), CheckStatus.FAIL),
    ],
)
def test_digitalocean_was_scanned_lately(state: str, age: timedelta, status: CheckStatus) -> None:
    page = {"scan": {"status": state, "created_at": (NOW - age).isoformat()}}
    assert judged(CONTROL, answers(Integration.DIGITALOCEAN, ("GET /v2/security/scans/latest", page))).status is status


@pytest.mark.parametrize(
    ("hours", "covered", "status"),
    [
        (26, 3, CheckStatus.PASS),
        (50, 3, CheckStatus.WARNING),
        (51, 3, CheckStatus.FAIL),
        (1, 2, CheckStatus.FAIL),
        (None, 3, CheckStatus.FAIL),
    ],
)
def test_own_models_run_daily_over_all_accounts(hours: int | None, covered: int, status: CheckStatus) -> None:
    ran = None if hours is None else NOW - timedelta(hours=hours)
    row = {"last_run_at": ran, "accounts_covered": covered, "accounts_total": 3}
    assert judged(CONTROL, answers(Integration.PLATFORM, ("platform:anomaly_models", [row]))).status is status


@pytest.mark.parametrize("one", CONTROL.procedures, ids=lambda one: one.integration)
def test_nothing_is_said_of_what_was_not_read(one: Any) -> None:
    assert judged(CONTROL, answers(one.integration)).status is CheckStatus.ERROR
