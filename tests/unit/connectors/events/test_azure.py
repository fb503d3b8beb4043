"""Every kind of message of Azure, in both schemas of Event Grid."""

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.events.azure import parse_events, subscription_of
from domain.errors import Misshapen
from domain.facts.provider_event import EventKind, ProviderEvent
from domain.facts.severity import Severity

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
VAULT = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v"
MACHINE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm"
AT = datetime(2026, 6, 15, 12, tzinfo=UTC)


def grid(what: str, data: dict[str, Any], **fields: Any) -> ProviderEvent:
    common = {"id": "e-1", "topic": f"/subscriptions/{SUBSCRIPTION}", "eventTime": "2026-06-15T12:00:00Z"}
    (event,) = parse_events("event_grid", [{**common, "eventType": what, "data": data, **fields}])
    return event


def cloud(what: str, data: dict[str, Any], **fields: Any) -> ProviderEvent:
    common = {"specversion": "1.0", "id": "e-1", "source": f"/subscriptions/{SUBSCRIPTION}"}
    body = {**common, "time": "2026-06-15T12:00:00Z", "type": what, "data": data, **fields}
    (event,) = parse_events("cloud_event", body)
    return event


CHANGE = {
    "operationName": "Microsoft.Compute/virtualMachines/write",
    "resourceProvider": "Microsoft.Compute",
    "resourceUri": MACHINE,
    "status": "Succeeded",
    "claims": {"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": "ann@example.com"},
    "authorization": {"evidence": {"principalType": "User"}},
    "httpRequest": {"clientIpAddress": "52.95.110.1"},
}


@pytest.mark.parametrize("schema", [grid, cloud])
def test_a_change_is_read_with_who_did_what_to_which_thing(schema):
    event = schema("Microsoft.Resources.ResourceWriteSuccess", CHANGE)

    assert (event.kind, event.name, event.source) == (
        EventKind.API_CALL,
        "Microsoft.Compute/virtualMachines/write",
        "Microsoft.Compute",
    )
    assert (event.id, event.at, event.account_native_id) == ("e-1", AT, SUBSCRIPTION)
    assert (event.principal, event.principal_kind, event.address) == ("ann@example.com", "User", "52.95.110.1")
    assert (event.resources, event.error) == ((MACHINE,), None)
    assert event.service == "Microsoft.Compute"


@pytest.mark.parametrize("outcome", ["Failure", "Cancel"])
def test_a_change_that_did_not_come_about_has_an_error(outcome):
    event = grid(f"Microsoft.Resources.ResourceWrite{outcome}", {**CHANGE, "status": None, "claims": {"appid": "a"}})

    assert (event.error, event.principal) == (f"Write{outcome}", "a")


@pytest.mark.parametrize(
    ("state", "what", "is_over"),
    [
        ("NonCompliant", "Changed", False),
        ("Compliant", "Changed", True),
        ("NonCompliant", "Deleted", True),
    ],
)
def test_a_policy_is_broken_until_it_is_not(state, what, is_over):
    data = {"policyDefinitionId": "/x/p", "policyAssignmentId": "/x/a", "complianceState": state}
    event = grid(f"Microsoft.PolicyInsights.PolicyState{what}", data, subject=MACHINE)

    assert (event.kind, event.is_over) == (EventKind.POLICY, is_over)
    assert event.cause == f"policy:/x/a:/x/p:{MACHINE}".lower()
    assert event.title == "Azure policy p is broken by vm"


def test_a_secret_that_ends_is_told_of_until_there_is_a_new_one():
    data = {"VaultName": "V", "ObjectName": "db", "ObjectType": "Secret"}
    soon = grid("Microsoft.KeyVault.SecretNearExpiry", data, topic=VAULT)
    late = grid("Microsoft.KeyVault.SecretExpired", data, topic=VAULT)
    new = grid("Microsoft.KeyVault.SecretNewVersionCreated", data, topic=VAULT)
    other = grid("Microsoft.KeyVault.VaultAccessPolicyChanged", data, topic=VAULT)

    assert (soon.kind, soon.severity, late.severity) == (EventKind.HEALTH, Severity.MEDIUM, Severity.HIGH)
    assert soon.cause == late.cause == new.cause == "vault:v:secret:db"
    assert (soon.is_over, new.is_over) == (False, True)
    assert late.title == "Secret db of key vault V has expired"
    assert soon.account_native_id == SUBSCRIPTION
    assert (other.kind, other.cause) == (EventKind.OTHER, None)


@pytest.mark.parametrize("is_nested", [True, False])
def test_a_threat_of_defender_is_read_in_both_spellings(is_nested):
    alert = {
        "systemAlertId": "a-1",
        "alertType": "VM_X",
        "severity": "High",
        "alertDisplayName": "T",
        "description": "D",
        "status": "Active",
        "resourceIdentifiers": [{"azureResourceId": MACHINE}],
        "compromisedEntity": "vm",
    }
    data = {"properties": alert} if is_nested else {key[0].upper() + key[1:]: value for key, value in alert.items()}
    event = cloud("Microsoft.Security.Alert", data)

    assert (event.kind, event.severity, event.cause, event.is_over) == (
        EventKind.THREAT,
        Severity.HIGH,
        "defender:a-1",
        False,
    )
    assert (event.name, event.title, event.message, event.resources) == ("VM_X", "T", "D", (MACHINE, "vm"))


@pytest.mark.parametrize("status", ["Resolved", "Dismissed"])
def test_a_threat_that_is_settled_is_over(status):
    assert grid("Microsoft.Security.Alert", {"systemAlertId": "a", "status": status}).is_over


@pytest.mark.parametrize(
    ("state", "kind", "severity", "is_over"),
    [
        ("Unavailable", EventKind.HEALTH, Severity.HIGH, False),
        ("Degraded", EventKind.HEALTH, Severity.MEDIUM, False),
        ("Available", EventKind.HEALTH, Severity.MEDIUM, True),
        ("Unknown", EventKind.OTHER, Severity.MEDIUM, False),
    ],
)
def test_a_machine_that_is_down_is_so_until_it_is_up(state, kind, severity, is_over):
    data = {"resourceInfo": {"properties": {"availabilityState": state, "targetResourceId": MACHINE}}}
    event = grid("Microsoft.ResourceNotifications.HealthResources.AvailabilityStatusChanged", data)

    assert (event.kind, event.severity, event.is_over, event.resources) == (kind, severity, is_over, (MACHINE,))


def test_an_alarm_of_azure_monitor_is_read_from_the_common_schema():
    alert = {
        "alertId": f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.AlertsManagement/alerts/1",
        "alertRule": "cpu",
        "severity": "Sev1",
        "monitorCondition": "Fired",
        "alertTargetIDs": [MACHINE],
        "description": "D",
    }
    fired = cloud("Alert", {"essentials": alert}, source="monitor")
    resolved = cloud("Alert", {"essentials": {**alert, "monitorCondition": "Resolved"}})

    assert (fired.kind, fired.severity, fired.title) == (EventKind.ALARM, Severity.HIGH, "Alarm cpu")
    assert (fired.account_native_id, fired.resources) == (SUBSCRIPTION, (MACHINE,))
    assert (fired.is_over, resolved.is_over, fired.cause) == (False, True, resolved.cause)


def test_what_is_not_known_is_kept_as_it_came():
    event = grid("Microsoft.Storage.BlobCreated", {"url": "u"}, subject="/blob")

    assert (event.kind, event.name, event.resources) == (EventKind.OTHER, "Microsoft.Storage.BlobCreated", ("/blob",))


def test_several_events_of_one_message_are_all_read():
    events = parse_events("event_grid", [{"eventType": "a"}, {"eventType": "b"}])

    assert [event.name for event in events] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "subscription"),
    [("/Subscriptions/AB/x", "ab"), ("/subscriptions/ab", "ab"), ("x/subscriptions/ab", None), ("", None)],
)
def test_a_subscription_is_what_an_id_begins_with(text, subscription):
    assert subscription_of(text) == subscription


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("event_grid", []),
        ("event_grid", ["x"]),
        ("event_grid", {}),
        ("cloud_event", {"type": "Microsoft.PolicyInsights.PolicyStateChanged", "data": {}}),
        ("carrier pigeon", {"type": "x"}),
    ],
)
def test_what_cannot_be_read_is_refused(kind, body):
    with pytest.raises(Misshapen):
        parse_events(kind, body)
