"""Security alarms reach a person."""

import json
from datetime import timedelta
from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.compliance.event_patterns import words_of_filter, words_of_rule
from domain.controls.cw_log_05 import CONTROL, EVENTS
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import NOW, answers, call
from tests.factories.judged import judged, verdicts

TOPIC, HERE = "arn:aws:sns:eu-west-1:1:security", "eu-west-1"
CONFIRMED = {"SubscriptionArn": f"{TOPIC}:7"}
ALL = " || ".join(f'($.x = "*{word}*")' for words, _ in EVENTS.values() for word in sorted(words))


def account(
    pattern: str = ALL,
    rule: dict[str, Any] | None = None,
    subscription: Any = CONFIRMED,
    state: str = "ENABLED",
    **alarm: Any,
) -> Answers:
    """An alarm on the metric of a filter and a rule, both telling one topic."""
    metric = {"metricNamespace": "cis", "metricName": "m"}
    set_alarm = {"Namespace": "cis", "MetricName": "m", "ActionsEnabled": True, "AlarmActions": [TOPIC], **alarm}
    set_rule = {"Name": "r", "State": state, **({"EventPattern": json.dumps(rule)} if rule else {})}
    filters = [{"filterPattern": pattern, "metricTransformations": [metric]}]
    return answers(
        Integration.AWS,
        call("logs.describe_metric_filters", {"metricFilters": filters}, at=HERE),
        call("cloudwatch.describe_alarms", {"MetricAlarms": [set_alarm, {"Metrics": []}]}, at=HERE),
        call("events.list_rules", {"Rules": [set_rule]}, at=HERE),
        call("events.list_targets_by_rule", {"Targets": [{"Arn": TOPIC}]}, at=HERE, Rule="r"),
        call("sns.list_subscriptions_by_topic", {"Subscriptions": [subscription]}, TopicArn=TOPIC),
    )


PENDING = {"SubscriptionArn": "PendingConfirmation"}


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (account(), dict.fromkeys(EVENTS, "PASS")),
        (account(subscription=PENDING), dict.fromkeys(EVENTS, "WARNING")),
        (account(subscription={"SubscriptionArn": "Deleted"}), dict.fromkeys(EVENTS, "FAIL")),
        (account(ActionsEnabled=False), dict.fromkeys(EVENTS, "FAIL")),
        (account(AlarmActions=["arn:aws:sns:eu-west-1:2:elsewhere"]), dict.fromkeys(EVENTS, "FAIL")),
        (account(Namespace="other"), dict.fromkeys(EVENTS, "FAIL")),
        (account('{ $.userIdentity.type = "Root" }'), {**dict.fromkeys(EVENTS, "FAIL"), "root use": "PASS"}),
        (account('{ $.eventName = "StopLogging" }'), dict.fromkeys(EVENTS, "FAIL")),
        (account("", {"source": ["aws.iam"]}), {**dict.fromkeys(EVENTS, "FAIL"), "IAM change": "PASS"}),
        (account("", {"source": ["aws.iam"]}, state="DISABLED"), dict.fromkeys(EVENTS, "FAIL")),
        (
            account("{ $.eventName = StopLogging }", {"detail": {"eventName": ["DeleteTrail", "UpdateTrail"]}}),
            {**dict.fromkeys(EVENTS, "FAIL"), "trail change": "PASS"},
        ),
    ],
)
def test_events_of_aws_raise_an_alarm_that_somebody_hears(read: Answers, expected: dict[str, str]) -> None:
    assert verdicts(judged(CONTROL, read)) == expected


def test_filter_tells_what_it_asks_for_and_not_what_it_leaves_out() -> None:
    pattern = '{ $.errorCode = "*Client.UnauthorizedOperation" && $.eventType != "AwsServiceEvent" }'
    assert words_of_filter(pattern) == {"UnauthorizedOperation"}


def test_rule_compares_by_equality_only() -> None:
    asked = {"source": ["aws.ec2"], "detail": {"eventName": [{"prefix": "Create"}], "userIdentity": {"type": ["Root"]}}}
    assert words_of_rule(json.dumps(asked)) == {"Root"}
    assert words_of_rule(json.dumps({"detail": {"eventName": "CreateRoute"}})) == set()


GROUP = {"id": "G", "properties": {"enabled": True, "emailReceivers": [{"name": "a"}], "smsReceivers": []}}
OPERATIONS = {
    "policy": "Microsoft.Authorization/policyAssignments/write",
    "role": "Microsoft.Authorization/roleAssignments/write",
    "network": "Microsoft.Network/networkSecurityGroups/write",
    "key vault": "Microsoft.KeyVault/vaults/delete",
}


SUBSCRIPTION = "/subscriptions/The-Account/"


def alert(
    *names: str, enabled: bool = True, groups: Any = ({"actionGroupId": "g"},), scope: str = SUBSCRIPTION, **told: Any
) -> dict[str, Any]:
    leaves = [{"field": "operationName", "equals": OPERATIONS[name]} for name in names]
    condition = {"allOf": [{"field": "category", "equals": "Administrative"}, told or {"anyOf": leaves}]}
    own = {"enabled": enabled, "scopes": [scope], "condition": condition, "actions": {"actionGroups": groups}}
    return {"properties": own}


@pytest.mark.parametrize(
    ("alerts", "groups", "status"),
    [
        ([alert(*OPERATIONS)], [GROUP], CheckStatus.PASS),
        ([alert(field="operationName", containsAny=[*OPERATIONS.values()])], [GROUP], CheckStatus.PASS),
        ([alert(*OPERATIONS, scope=f"{SUBSCRIPTION}resourceGroups/rg1")], [GROUP], CheckStatus.FAIL),
        ([alert("policy", "role"), alert("network")], [GROUP], CheckStatus.WARNING),
        ([alert("policy", "role")], [GROUP], CheckStatus.FAIL),
        ([alert(*OPERATIONS, enabled=False)], [GROUP], CheckStatus.FAIL),
        ([alert(*OPERATIONS, groups=None)], [GROUP], CheckStatus.FAIL),
        ([alert(*OPERATIONS)], [], CheckStatus.FAIL),
        ([alert(*OPERATIONS)], [{"id": "G", "properties": {"enabled": True, "emailReceivers": []}}], CheckStatus.FAIL),
        ([alert(*OPERATIONS)], [{"id": "G", "properties": {"enabled": False}}], CheckStatus.FAIL),
        ([], [], CheckStatus.FAIL),
    ],
)
def test_changes_in_azure_tell_an_action_group(alerts: list[Any], groups: list[Any], status: CheckStatus) -> None:
    read = answers(
        Integration.AZURE,
        ("GET Microsoft.Insights/activityLogAlerts", {"value": alerts}),
        ("GET Microsoft.Insights/actionGroups", {"value": groups}),
    )
    assert judged(CONTROL, read).status is status


FILTERS = ('type="iam_role"', "policyDelta.auditConfigDeltas:*", 'type="gce_firewall_rule"', 'role="roles/owner"')


def policy(*filters: str, measured: bool = False, **more: Any) -> dict[str, Any]:
    conditions = [
        {"conditionThreshold": {"filter": 'metric.type="logging.googleapis.com/user/m"'}}
        if measured
        else {"conditionMatchedLog": {"filter": one}}
        for one in filters
    ]
    return {"enabled": True, "notificationChannels": ["c"], "conditions": conditions, **more}


@pytest.mark.parametrize(
    ("policies", "disabled", "status"),
    [
        ([policy(*FILTERS)], False, CheckStatus.PASS),
        ([policy(*FILTERS[1:]), policy("m", measured=True)], False, CheckStatus.PASS),
        ([policy(*FILTERS[1:]), policy("m", measured=True)], True, CheckStatus.WARNING),
        ([policy(*FILTERS[2:])], False, CheckStatus.FAIL),
        ([policy(*FILTERS, enabled=False)], False, CheckStatus.FAIL),
        ([policy(*FILTERS, notificationChannels=[])], False, CheckStatus.FAIL),
        ([{"enabled": True, "notificationChannels": ["c"]}], False, CheckStatus.FAIL),
    ],
)
def test_changes_in_google_tell_a_channel(policies: list[Any], disabled: bool, status: CheckStatus) -> None:
    metric = {"name": "m", "filter": 'protoPayload.methodName="google.iam.admin.v1.CreateRole"', "disabled": disabled}
    read = answers(
        Integration.GCP,
        ("logging.v2:projects.metrics.list", {"metrics": [metric]}),
        ("monitoring.v3:projects.alertPolicies.list", {"alertPolicies": policies}),
    )
    assert judged(CONTROL, read).status is status


def droplet_alert(*emails: str, slack: Any = (), **more: Any) -> dict[str, Any]:
    told = {"email": list(emails), "slack": list(slack)}
    return {"enabled": True, "type": "v1/insights/droplet/cpu", "entities": [], "tags": [], "alerts": told, **more}


@pytest.mark.parametrize(
    ("policies", "status"),
    [
        ([droplet_alert("a@example.com")], CheckStatus.PASS),
        ([droplet_alert(slack=[{"channel": "ops"}], entities=["7"])], CheckStatus.PASS),
        ([droplet_alert("a@example.com", tags=["web"])], CheckStatus.PASS),
        ([droplet_alert(entities=None, tags=None)], CheckStatus.WARNING),
        ([droplet_alert("a@example.com", entities=["8"])], CheckStatus.FAIL),
        ([droplet_alert("a@example.com", enabled=False)], CheckStatus.FAIL),
        ([droplet_alert("a@example.com", type="v1/dbaas/alerts/cpu_alerts")], CheckStatus.FAIL),
    ],
)
def test_droplets_have_an_alert_that_reaches_somebody(policies: list[Any], status: CheckStatus) -> None:
    asked = ("GET /v2/droplets", {"droplets": [{"id": 7, "tags": ["web"]}]})
    alerts = ("GET /v2/monitoring/alerts", {"policies": policies})
    assert judged(CONTROL, answers(Integration.DIGITALOCEAN, asked, alerts)).status is status
    minor = answers(Integration.DIGITALOCEAN, ("GET /v2/droplets", {"droplets": [{"id": 8, "tags": ["test"]}]}), alerts)
    assert judged(CONTROL, minor).status is CheckStatus.NOT_APPLICABLE


def post(hours: int, *, ok: bool = True, purpose: str = "heartbeat", channel: str = "C") -> dict[str, Any]:
    at = NOW - timedelta(hours=hours)
    return {"purpose": purpose, "channel": channel, "ok": ok, "posted_at": at, "error": None if ok else "is_archived"}


def workspace(*posts: dict[str, Any], archived: bool = False, member: bool = True, ok: bool = True) -> Answers:
    """A workspace with the one channel #alerts, which can be looked into by its members only."""
    info = call("conversations.info", {"ok": True, "channel": {"is_archived": archived}}, channel="C")
    return answers(
        Integration.SLACK,
        ("auth.test", {"ok": ok}),
        ("conversations.list", {"channels": [{"id": "C", "name": "alerts", "is_archived": archived}]}),
        info if member else ("conversations.info",),
        ("chat.postMessage", list(posts)),
    )


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (workspace(post(24)), {"token": "PASS", "C": "PASS", "heartbeat": "PASS"}),
        (workspace(post(1, channel="private")), {"token": "PASS", "private": "PASS", "heartbeat": "PASS"}),
        (workspace(post(48)), {"token": "PASS", "C": "PASS", "heartbeat": "WARNING"}),
        (workspace(post(49)), {"token": "PASS", "C": "PASS", "heartbeat": "FAIL"}),
        (workspace(post(1, purpose="failure")), {"token": "PASS", "C": "PASS", "heartbeat": "FAIL"}),
        (workspace(), {"token": "PASS", "heartbeat": "FAIL"}),
        (workspace(post(1), archived=True), {"token": "PASS", "C": "FAIL", "heartbeat": "PASS"}),
        (
            workspace(post(1, channel="#alerts"), archived=True),
            {"token": "PASS", "#alerts": "FAIL", "heartbeat": "PASS"},
        ),
        (
            workspace(post(1, channel="#alerts"), archived=True, member=False),
            {"token": "PASS", "#alerts": "FAIL", "heartbeat": "PASS"},
        ),
        (
            workspace(post(1, channel="#alerts", ok=False), post(2, channel="#alerts")),
            {"token": "PASS", "#alerts": "PASS", "heartbeat": "PASS"},
        ),
        (
            workspace(post(1, channel="#alerts", ok=False), post(2, channel="#alerts"), member=False),
            {"token": "PASS", "#alerts": "FAIL", "heartbeat": "PASS"},
        ),
        (
            workspace(post(1, channel="private", ok=False), post(2, channel="private")),
            {"token": "PASS", "private": "FAIL", "heartbeat": "PASS"},
        ),
        (workspace(post(1), ok=False), {"token": "FAIL", "C": "PASS", "heartbeat": "PASS"}),
    ],
)
def test_slack_takes_our_messages(read: Answers, expected: dict[str, str]) -> None:
    assert verdicts(judged(CONTROL, read)) == expected


@pytest.mark.parametrize(
    ("delivered", "attempted", "steps", "status"),
    [
        (99, 100, 1, CheckStatus.PASS),
        (98, 100, 1, CheckStatus.WARNING),
        (95, 100, 1, CheckStatus.WARNING),
        (94, 100, 1, CheckStatus.FAIL),
        (100, 100, 0, CheckStatus.FAIL),
        (0, 0, 1, CheckStatus.WARNING),
    ],
)
def test_own_notices_are_delivered(delivered: int, attempted: int, steps: int, status: CheckStatus) -> None:
    row = {"attempted": attempted, "delivered": delivered, "p95_seconds": 1.0, "escalation_steps": steps}
    assert judged(CONTROL, answers(Integration.PLATFORM, ("platform:alert_deliveries", [row]))).status is status


@pytest.mark.parametrize("one", CONTROL.procedures, ids=lambda one: one.integration)
def test_nothing_is_said_of_what_was_not_read(one: Any) -> None:
    assert judged(CONTROL, answers(one.integration)).status is CheckStatus.ERROR
