"""Every kind of message of Google Cloud, as Pub/Sub carries it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.events.gcp import parse_events
from domain.errors import Misshapen
from domain.facts.provider_event import EventKind, ProviderEvent
from domain.facts.severity import Severity

AT = datetime(2026, 6, 15, 12, tzinfo=UTC)


def message(data: Any, **attributes: str) -> dict[str, Any]:
    return {
        "data": data,
        "attributes": attributes,
        "messageId": "m-1",
        "publishTime": "2026-06-15T12:00:00Z",
        "subscription": "projects/p/subscriptions/s",
    }


def one(kind: str, data: Any, **attributes: str) -> ProviderEvent:
    (event,) = parse_events(kind, message(data, **attributes))
    return event


def test_an_incident_of_monitoring_is_open_until_it_is_closed():
    incident = {
        "incident_id": "i",
        "policy_name": "cpu",
        "state": "open",
        "started_at": int(AT.timestamp()),
        "severity": "Critical",
        "summary": "S",
        "scoping_project_id": "scope",
        "resource": {"labels": {"project_id": "p", "zone": "z", "instance_id": "7"}},
    }
    opened = one("monitoring", {"incident": incident})
    closed = one("monitoring", {"incident": {**incident, "state": "closed", "ended_at": int(AT.timestamp()) + 60}})

    assert (opened.kind, opened.severity, opened.title) == (EventKind.ALARM, Severity.CRITICAL, "Alarm cpu")
    assert (opened.at, opened.account_native_id, opened.region, opened.resources) == (AT, "p", "z", ("7",))
    assert (opened.cause, opened.is_over) == ("alarm:i", False)
    assert (closed.cause, closed.is_over, (closed.at - AT).total_seconds()) == ("alarm:i", True, 60)


@pytest.mark.parametrize(
    ("actual", "forecast", "begun"),
    [
        (None, None, set()),
        (0.5, None, {"near"}),
        (None, 1.0, {"near"}),
        (0.9, 1.2, {"near"}),
        (1.0, None, {"used-up"}),
        (1.5, 2.0, {"used-up"}),
    ],
)
def test_a_budget_is_on_its_way_or_used_up_and_what_it_is_not_is_over(actual, forecast, begun):
    data = {"budgetDisplayName": "B", "costAmount": 90.0, "budgetAmount": 100.0, "currencyCode": "EUR"}
    crossed = {"alertThresholdExceeded": actual, "forecastThresholdExceeded": forecast}
    events = parse_events("budget", message({**data, **crossed}, budgetId="b-1"))

    assert {event.cause for event in events} == {"budget:b-1:near", "budget:b-1:used-up"}
    assert {str(event.cause).rpartition(":")[2] for event in events if not event.is_over} == begun
    assert all("90.0 of 100.0 EUR" in str(event.message) for event in events)
    assert len({event.id for event in events}) == 2


@pytest.mark.parametrize(
    ("fields", "kind", "is_over"),
    [
        ({"findingClass": "THREAT", "state": "ACTIVE"}, EventKind.THREAT, False),
        ({"findingClass": "MISCONFIGURATION", "state": "ACTIVE"}, EventKind.POLICY, False),
        ({"findingClass": "THREAT", "state": "INACTIVE"}, EventKind.THREAT, True),
        ({"findingClass": "THREAT", "state": "ACTIVE", "mute": "MUTED"}, EventKind.THREAT, True),
    ],
)
def test_a_finding_of_the_command_center_is_read(fields, kind, is_over):
    finding = {
        "name": "organizations/1/sources/2/findings/3",
        "category": "C",
        "severity": "HIGH",
        "resourceName": "//storage.googleapis.com/projects/my-project/buckets/b",
        "access": {"principalEmail": "ann@example.com", "callerIp": "52.95.110.1"},
        **fields,
    }
    event = one("scc", {"finding": finding, "resource": {}})

    assert (event.kind, event.is_over, event.severity) == (kind, is_over, Severity.HIGH)
    assert (event.cause, event.account_native_id) == ("scc:organizations/1/sources/2/findings/3", "my-project")
    assert (event.principal, event.address) == ("ann@example.com", "52.95.110.1")


def test_a_project_that_is_told_by_its_number_is_the_one_of_the_endpoint():
    finding = {"name": "f", "category": "C", "resourceName": "//cloudresourcemanager.googleapis.com/projects/42"}

    assert one("scc", {"finding": finding}).account_native_id is None


@pytest.mark.parametrize(
    ("status", "error"),
    [({}, None), ({"code": 0}, None), ({"code": 7, "message": "no"}, "PERMISSION_DENIED"), ({"code": 99}, "code 99")],
)
def test_an_entry_of_the_audit_log_is_a_call(status, error):
    entry = {
        "insertId": "x",
        "logName": "projects/by-name/logs/y",
        "timestamp": "2026-06-15T11:59:00.123456789Z",
        "resource": {"labels": {"project_id": "p", "location": "l"}},
        "protoPayload": {
            "methodName": "storage.buckets.delete",
            "serviceName": "storage.googleapis.com",
            "resourceName": "projects/_/buckets/b",
            "authenticationInfo": {"principalEmail": "ann@example.com"},
            "requestMetadata": {"callerIp": "52.95.110.1"},
            "status": status,
        },
    }
    event = one("audit", entry)

    assert (event.kind, event.name, event.source) == (
        EventKind.API_CALL,
        "storage.buckets.delete",
        "storage.googleapis.com",
    )
    assert (event.id, event.account_native_id, event.region) == ("x", "p", "l")
    assert (event.principal, event.address) == ("ann@example.com", "52.95.110.1")
    assert (event.resources, event.error) == (("projects/_/buckets/b",), error)
    assert event.at == datetime(2026, 6, 15, 11, 59, 0, 123456, tzinfo=UTC)
    assert event.service == "storage.googleapis.com"


def test_without_a_label_the_log_names_the_project():
    entry = {"logName": "projects/by-name/logs/y", "protoPayload": {"methodName": "m"}}

    assert one("audit", entry).account_native_id == "by-name"


def test_what_is_not_known_is_kept_as_it_came():
    event = one("other", "plain text", eventType="OBJECT_FINALIZE")

    assert (event.kind, event.name, event.at) == (EventKind.OTHER, "OBJECT_FINALIZE", AT)
    assert event.raw["data"] == "plain text"


@pytest.mark.parametrize(
    ("kind", "data"),
    [("monitoring", {}), ("monitoring", "x"), ("budget", {}), ("scc", {}), ("audit", {}), ("carrier pigeon", {})],
)
def test_what_cannot_be_read_is_refused(kind, data):
    with pytest.raises(Misshapen):
        parse_events(kind, message(data))
