"""Entries of Okta's System Log, one by one and as a hook delivers them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.events.okta import parse_events
from domain.errors import Misshapen
from domain.facts.provider_event import EventKind


def entry(name: str = "user.mfa.factor.deactivate", **fields: Any) -> dict[str, Any]:
    return {
        "uuid": "u-1",
        "published": "2026-06-15T12:00:00.000Z",
        "eventType": name,
        "displayMessage": "Reset factor",
        "severity": "INFO",
        "actor": {"id": "00u1", "type": "User", "alternateId": "ann@example.com"},
        "client": {"ipAddress": "52.95.110.1"},
        "outcome": {"result": "SUCCESS"},
        "target": [{"id": "00u2", "alternateId": "bob@example.com"}, {"id": "f1"}],
        **fields,
    }


def test_an_entry_is_read_with_who_did_what_to_whom():
    (event,) = parse_events("system_log", entry())

    assert (event.kind, event.id, event.name) == (EventKind.API_CALL, "u-1", "user.mfa.factor.deactivate")
    assert event.at == datetime(2026, 6, 15, 12, tzinfo=UTC)
    assert (event.principal, event.principal_kind, event.address) == ("ann@example.com", "User", "52.95.110.1")
    assert (event.resources, event.message, event.error) == (("bob@example.com", "f1"), "Reset factor", None)


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        ({"result": "FAILURE", "reason": "INVALID_CREDENTIALS"}, "INVALID_CREDENTIALS"),
        ({"result": "DENY"}, "DENY"),
        ({"result": "ALLOW"}, None),
        ({}, None),
    ],
)
def test_what_was_refused_says_why(outcome, error):
    (event,) = parse_events("system_log", entry(outcome=outcome))

    assert event.error == error


def test_a_hook_delivers_several():
    body = {"eventType": "com.okta.event_hook", "data": {"events": [entry("user.session.start"), entry("x.y")]}}

    first, second = parse_events("system_log", body)

    assert (first.kind, second.name) == (EventKind.SIGN_IN, "x.y")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("system_log", {}),
        ("system_log", {"data": {"events": []}}),
        ("system_log", {"data": {"events": ["x"]}}),
        ("system_log", {"data": {"events": [entry()] * 1001}}),
        ("system_log", {"eventType": None}),
        ("carrier pigeon", entry()),
    ],
)
def test_what_cannot_be_read_is_refused(kind, body):
    with pytest.raises(Misshapen):
        parse_events(kind, body)
