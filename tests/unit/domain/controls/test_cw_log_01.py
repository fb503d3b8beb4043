"""Every control plane writes an audit trail."""

from datetime import timedelta
from typing import Any

import pytest

from domain.compliance.answers import Call
from domain.controls.cw_log_01 import CONTROL
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import NOW, answers, call
from tests.factories.judged import judged

ARN = "arn:aws:cloudtrail:eu-west-1:123456789012:trail/all"
LOGGING = {"IsLogging": True}
CLASSIC = {"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}]}


def advanced(**read_only: Any) -> dict[str, Any]:
    fields = [{"Field": "eventCategory", "Equals": ["Management"]}]
    return {"FieldSelectors": [*fields, *({"Field": "readOnly", **one} for one in read_only.values())]}


def trail(
    status: dict[str, Any] = LOGGING, selectors: dict[str, Any] = CLASSIC, *, everywhere: bool = True
) -> tuple[Call, ...]:
    listed = {
        "TrailARN": ARN,
        "Name": "all",
        "IsMultiRegionTrail": everywhere,
        "IncludeGlobalServiceEvents": True,
        "HomeRegion": "eu-west-1",
    }
    return (
        # The list over the account and that of the home region show it.
        call("cloudtrail.describe_trails", {"trailList": [listed]}),
        call("cloudtrail.describe_trails", {"trailList": [listed]}, at="eu-west-1", includeShadowTrails=False),
        call("cloudtrail.get_trail_status", status, Name=ARN),
        call("cloudtrail.get_event_selectors", selectors, TrailName=ARN),
    )


STUCK = {"IsLogging": True, "LatestDeliveryError": "AccessDenied"}
NO_TRAIL = tuple((f"cloudtrail.{name}",) for name in ("get_trail_status", "get_event_selectors"))


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (trail(), CheckStatus.PASS),
        (trail(selectors={"AdvancedEventSelectors": [advanced()]}), CheckStatus.PASS),
        (
            trail(
                selectors={
                    "AdvancedEventSelectors": [
                        advanced(only={"Equals": ["true"]}),
                        advanced(only={"Equals": ["false"]}),
                        {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]},
                    ]
                }
            ),
            CheckStatus.PASS,
        ),
        (trail({**STUCK, "LatestDeliveryTime": "2026-05-31T13:00:00+00:00"}), CheckStatus.WARNING),
        (trail({**STUCK, "LatestDeliveryTime": "2026-05-31T11:00:00+00:00"}), CheckStatus.FAIL),
        (trail(STUCK), CheckStatus.FAIL),
        (trail({"IsLogging": False}), CheckStatus.FAIL),
        (trail(everywhere=False), CheckStatus.FAIL),
        (trail(selectors={"EventSelectors": [{"ReadWriteType": "WriteOnly"}]}), CheckStatus.FAIL),
        (
            trail(selectors={"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": False}]}),
            CheckStatus.FAIL,
        ),
        (trail(selectors={"AdvancedEventSelectors": [advanced(only={"Equals": ["true"]})]}), CheckStatus.FAIL),
        (trail(selectors={"AdvancedEventSelectors": [advanced(only={"NotEquals": ["true"]})]}), CheckStatus.FAIL),
        ((("cloudtrail.describe_trails", {"trailList": []}), *NO_TRAIL), CheckStatus.FAIL),
        ((("cloudtrail.describe_trails", {"trailList": []}),), CheckStatus.FAIL),
        (NO_TRAIL, CheckStatus.ERROR),
        (trail()[:2], CheckStatus.ERROR),
    ],
)
def test_an_aws_account_needs_a_trail_over_all_regions_that_delivers(asked: Any, status: CheckStatus) -> None:
    assert judged(CONTROL, answers(Integration.AWS, *asked)).status is status


def setting(*categories: str, enabled: bool = True, group: str | None = None, sent: str | None = "w") -> dict[str, Any]:
    logs: list[dict[str, Any]] = [{"category": one, "enabled": enabled} for one in categories]
    logs += [{"categoryGroup": group, "enabled": True}] if group else []
    return {"properties": {"logs": logs, "workspaceId": sent}}


FOUR = ("Administrative", "Security", "Policy", "Alert")


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ([setting(*FOUR)], CheckStatus.PASS),
        ([setting(*FOUR[:2]), setting(*FOUR[2:])], CheckStatus.PASS),
        ([setting(group="allLogs")], CheckStatus.PASS),
        ([setting(*FOUR[:3])], CheckStatus.WARNING),
        ([setting(*FOUR[:2])], CheckStatus.FAIL),
        ([setting(*FOUR, enabled=False)], CheckStatus.FAIL),
        ([setting(*FOUR, sent=None)], CheckStatus.FAIL),
        ([{"properties": {"storageAccountId": "s", "logs": None}}], CheckStatus.FAIL),
        ([], CheckStatus.FAIL),
    ],
)
def test_an_azure_subscription_exports_its_activity(settings: list[Any], status: CheckStatus) -> None:
    operation = "GET Microsoft.Insights/diagnosticSettings"
    asked = call(operation, {"value": settings}, id="/subscriptions/THE-account")
    other = call(operation, {"value": [setting(*FOUR)]}, id="/subscriptions/the-account/resourceGroups/g/vaults/v")
    assert judged(CONTROL, answers(Integration.AZURE, asked, other)).status is status
    assert judged(CONTROL, answers(Integration.AZURE, asked, unread=[operation])).status is CheckStatus.ERROR


SINKS, POLICY = "logging.v2:projects.sinks.list", "cloudresourcemanager.v3:projects.getIamPolicy"
OUT = {"destination": "storage.googleapis.com/archive"}
AUDITED = {
    "service": "allServices",
    "auditLogConfigs": [{"logType": "ADMIN_READ"}, {"logType": "DATA_READ"}, {"logType": "DATA_WRITE"}],
}
DEFAULT = {"destination": "logging.googleapis.com/projects/p/locations/global/buckets/_Default"}


@pytest.mark.parametrize(
    ("sink", "config", "status"),
    [
        (OUT, AUDITED, CheckStatus.PASS),
        ({**OUT, "filter": 'logName:"cloudaudit.googleapis.com"'}, AUDITED, CheckStatus.PASS),
        ({**OUT, "filter": "logs/cloudaudit.googleapis.com%2Fdata_access"}, AUDITED, CheckStatus.PASS),
        ({**OUT, "exclusions": [{"filter": "cloudaudit.googleapis.com", "disabled": True}]}, AUDITED, CheckStatus.PASS),
        ({**OUT, "filter": 'log_id("cloudaudit.googleapis.com/activity")'}, AUDITED, CheckStatus.WARNING),
        (OUT, {**AUDITED, "service": "storage.googleapis.com"}, CheckStatus.WARNING),
        (OUT, {**AUDITED, "auditLogConfigs": [{"logType": "DATA_READ"}]}, CheckStatus.WARNING),
        ({**OUT, "filter": "severity>=ERROR"}, AUDITED, CheckStatus.FAIL),
        ({**OUT, "filter": 'NOT log_id("cloudaudit.googleapis.com/data_access")'}, AUDITED, CheckStatus.FAIL),
        ({**OUT, "exclusions": [{"filter": "cloudaudit.googleapis.com"}]}, AUDITED, CheckStatus.FAIL),
        ({**OUT, "disabled": True}, AUDITED, CheckStatus.FAIL),
        (DEFAULT, AUDITED, CheckStatus.FAIL),
    ],
)
def test_a_project_of_google_exports_who_read_and_wrote(sink: Any, config: Any, status: CheckStatus) -> None:
    asked = ((SINKS, {"sinks": [sink]}), (POLICY, {"auditConfigs": [config]}))
    assert judged(CONTROL, answers(Integration.GCP, *asked)).status is status


def test_a_project_of_google_needs_both_the_policy_and_the_sinks_read() -> None:
    asked = ((SINKS, {"sinks": [OUT]}), (POLICY, {"auditConfigs": [AUDITED]}))
    for operation in (SINKS, POLICY):
        assert judged(CONTROL, answers(Integration.GCP, *asked, unread=[operation])).status is CheckStatus.ERROR


@pytest.mark.parametrize(
    ("minutes", "status"),
    [
        (0, CheckStatus.PASS),
        (30, CheckStatus.PASS),
        (31, CheckStatus.WARNING),
        (120, CheckStatus.WARNING),
        (121, CheckStatus.FAIL),
    ],
)
@pytest.mark.parametrize(
    ("integration", "asked"),
    [
        (Integration.GITHUB, (("GET /orgs/{org}/audit-log", []),)),
        (Integration.OKTA, (("GET /api/v1/logs", []), ("GET /api/v1/logStreams", []))),
        (Integration.DIGITALOCEAN, (("GET /v2/actions", {"actions": []}),)),
    ],
)
def test_a_log_is_read_every_half_hour(integration: Any, asked: Any, minutes: int, status: CheckStatus) -> None:
    read = answers(integration, *asked)
    assert judged(CONTROL, read, now=NOW + timedelta(minutes=minutes)).status is status
    unread = answers(integration, unread=[operation for operation, _ in asked])
    assert judged(CONTROL, unread).status is CheckStatus.ERROR


def test_github_without_an_audit_log_is_a_warning() -> None:
    assert judged(CONTROL, answers(Integration.GITHUB, off=["GET /orgs/{org}/audit-log"])).status is CheckStatus.WARNING


def test_an_active_stream_of_okta_needs_no_reading() -> None:
    streams = [{"name": "siem", "status": "ACTIVE"}, {"name": "old", "status": "INACTIVE"}]
    late = NOW + timedelta(days=1)
    assert judged(CONTROL, answers(Integration.OKTA, ("GET /api/v1/logStreams", streams)), now=late).status is (
        CheckStatus.PASS
    )
    without = answers(Integration.OKTA, ("GET /api/v1/logs", []), off=["GET /api/v1/logStreams"])
    assert judged(CONTROL, without).status is CheckStatus.PASS
    assert judged(CONTROL, without, now=late).status is CheckStatus.FAIL
