"""Webhooks of GitHub: its scanners' alerts and what people do."""

from typing import Any

import pytest

from connectors.events.github import parse_events
from connectors.events.reading import UNDATED
from domain.errors import Misshapen
from domain.facts.provider_event import EventKind, ProviderEvent
from domain.facts.severity import Severity

COMMON = {
    "organization": {"id": 9919, "login": "acme"},
    "repository": {"id": 17, "full_name": "acme/shop", "owner": {"id": 5}},
    "sender": {"login": "ann", "type": "User"},
}


def one(kind: str, **payload: Any) -> ProviderEvent:
    (event,) = parse_events(kind, {**COMMON, **payload})
    return event


@pytest.mark.parametrize(
    ("kind", "alert", "event_kind", "severity", "what"),
    [
        (
            "dependabot_alert",
            {"security_advisory": {"severity": "critical", "summary": "Bad"}},
            EventKind.POLICY,
            Severity.CRITICAL,
            "Dependabot: Bad in acme/shop",
        ),
        (
            "code_scanning_alert",
            {"rule": {"severity": "warning", "description": "Sloppy"}},
            EventKind.POLICY,
            Severity.MEDIUM,
            "Code scanning: Sloppy in acme/shop",
        ),
        (
            "code_scanning_alert",
            {"rule": {"severity": "warning", "security_severity_level": "high"}},
            EventKind.POLICY,
            Severity.HIGH,
            "Code scanning: alert in acme/shop",
        ),
        (
            "secret_scanning_alert",
            {"secret_type": "aws_key"},
            EventKind.THREAT,
            Severity.HIGH,
            "Secret scanning: aws_key in acme/shop",
        ),
    ],
)
def test_an_alert_of_a_scanner_has_its_severity_and_its_cause(kind, alert, event_kind, severity, what):
    event = one(kind, action="created", alert={"number": 3, "state": "open", **alert})

    assert (event.kind, event.severity, event.title) == (event_kind, severity, what)
    assert (event.cause, event.is_over) == (f"{kind}:17:3", False)
    assert (event.account_native_id, event.principal, event.resources) == ("9919", "ann", ("acme/shop",))


@pytest.mark.parametrize(
    ("action", "state"), [("fixed", "fixed"), ("resolved", "resolved"), ("closed_by_user", "open")]
)
def test_an_alert_that_is_settled_is_over(action, state):
    assert one("code_scanning_alert", action=action, alert={"number": 3, "state": state}).is_over


@pytest.mark.parametrize(
    ("kind", "payload", "name"),
    [
        ("repository", {"action": "publicized"}, "repo.access"),
        ("organization", {"action": "member_added"}, "org.add_member"),
        ("repository", {"action": "edited"}, "repository.edited"),
        ("push", {}, "push"),
        ("security_and_analysis", {}, "security_and_analysis"),
    ],
)
def test_a_deed_has_the_name_that_the_audit_log_gives_it(kind, payload, name):
    event = one(kind, **payload)

    assert (event.kind, event.name, event.at) == (EventKind.CODE, name, UNDATED)


def test_a_scanner_that_is_turned_off_is_named():
    before = {"from": {"security_and_analysis": {"secret_scanning": {"status": "enabled"}}}}
    now = {**COMMON["repository"], "security_and_analysis": {"secret_scanning": {"status": "disabled"}}}  # type: ignore[dict-item]  # as GitHub has it
    event = one("security_and_analysis", changes=before, repository=now)

    assert event.name == "repository_secret_scanning.disable"


def test_a_repository_of_a_person_is_of_that_person():
    (event,) = parse_events("push", {"repository": COMMON["repository"]})

    assert event.account_native_id == "5"


def test_a_leaked_secret_is_not_kept():
    event = one("secret_scanning_alert", action="created", alert={"number": 1, "secret": "hush"})

    assert event.raw["alert"] == {"number": 1, "secret": "REDACTED"}


def test_what_is_no_webhook_is_refused():
    with pytest.raises(Misshapen):
        parse_events("push", [])
