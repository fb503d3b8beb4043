"""What GitHub sends by webhooks: alerts of its own scanners, and changes to organizations and repositories."""

from collections.abc import Iterator
from typing import Any

from connectors.events.reading import found, items, made, mapping, moment, text, whole
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind, ProviderEvent
from domain.facts.severity import Severity

_ALERTS = {
    "dependabot_alert": "Dependabot",
    "code_scanning_alert": "Code scanning",
    "secret_scanning_alert": "Secret scanning",
}
_OVER = {"fixed", "resolved", "dismissed", "closed_by_user", "auto_dismissed"}
_LEVELS = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "error": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "moderate": Severity.MEDIUM,
    "warning": Severity.MEDIUM,
    "low": Severity.LOW,
    "note": Severity.LOW,
}
# Webhook and action to the name the audit log has for the same deed ("Audit log events for your organization").
_AUDITED = {
    ("repository", "publicized"): "repo.access",
    ("repository", "deleted"): "repo.destroy",
    ("repository", "archived"): "repo.archived",
    ("repository", "unarchived"): "repo.unarchived",
    ("repository", "transferred"): "repo.transfer_outgoing",
    ("organization", "member_added"): "org.add_member",
    ("organization", "member_invited"): "org.invite_member",
    ("branch_protection_rule", "deleted"): "protected_branch.destroy",
    ("installation", "created"): "integration_installation.create",
    ("personal_access_token_request", "approved"): "personal_access_token.access_granted",
}
# What these turn off has names of its own in the audit log.
_TURNED_OFF = {
    "advanced_security": "repo.advanced_security_disabled",
    "secret_scanning": "repository_secret_scanning.disable",
    "secret_scanning_push_protection": "repository_secret_scanning_push_protection.disable",
    "dependabot_security_updates": "dependabot_security_updates.disable",
}


def parse_events(kind: str, body: Any) -> tuple[ProviderEvent, ...]:
    """The event of one stored webhook; `kind` is its X-GitHub-Event. Raises Misshapen for what cannot be read.

    A webhook has no id and often no time of its own: the delivery's are those of the message.
    Source: GitHub Docs, "Webhook events and payloads".
    """
    payload = whole(body, Provider.GITHUB)
    read = _alert if kind in _ALERTS else _deed
    return (read(kind, payload),)


def _alert(kind: str, payload: dict[str, Any]) -> ProviderEvent:
    alert, action = mapping(payload.get("alert")), text(payload.get("action")) or ""
    level = _level(kind, alert)
    state = text(alert.get("state")) or ""
    what = text(found(alert, "security_advisory", "summary")) or text(found(alert, "rule", "description"))
    what = what or text(alert.get("secret_type_display_name")) or text(alert.get("secret_type"))
    return made(
        Provider.GITHUB,
        EventKind.THREAT if kind == "secret_scanning_alert" else EventKind.POLICY,
        **_frame(payload, at=alert.get("updated_at") or alert.get("created_at")),
        name=f"{kind}.{action}" if action else kind,
        severity=level,
        title=f"{_ALERTS[kind]}: {what or 'alert'} in {text(found(payload, 'repository', 'full_name'))}",
        message=text(alert.get("html_url")),
        cause=f"{kind}:{text(found(payload, 'repository', 'id'))}:{text(alert.get('number'))}",
        is_over=state in _OVER or action in _OVER,
    )


def _level(kind: str, alert: dict[str, Any]) -> Severity:
    # A secret that has leaked is in use until it is revoked.
    if kind == "secret_scanning_alert":
        return Severity.HIGH
    told = found(alert, "security_advisory", "severity") or found(alert, "rule", "security_severity_level")
    return _LEVELS.get(str(told or found(alert, "rule", "severity")), Severity.MEDIUM)


def _deed(kind: str, payload: dict[str, Any]) -> ProviderEvent:
    name = _name(kind, payload)
    return made(
        Provider.GITHUB,
        EventKind.CODE,
        **_frame(payload, at=payload.get("created_at") or found(payload, "repository", "updated_at")),
        name=name,
    )


def _name(kind: str, payload: dict[str, Any]) -> str:
    action = text(payload.get("action")) or ""
    if kind == "security_and_analysis":
        return next(_turned_off(payload), kind)
    return _AUDITED.get((kind, action)) or (f"{kind}.{action}" if action else kind)


def _turned_off(payload: dict[str, Any]) -> Iterator[str]:
    before = mapping(found(payload, "changes", "from", "security_and_analysis"))
    now = mapping(found(payload, "repository", "security_and_analysis"))
    for feature, name in _TURNED_OFF.items():
        if found(before, feature, "status") == "enabled" and found(now, feature, "status") != "enabled":
            yield name


def _frame(payload: dict[str, Any], at: Any) -> dict[str, Any]:
    owner = found(payload, "organization", "id") or found(payload, "repository", "owner", "id")
    return {
        "raw": payload,
        "id": None,
        "source": "github.com",
        "at": moment(at),
        "account_native_id": text(owner),
        "principal": text(found(payload, "sender", "login")),
        "principal_kind": text(found(payload, "sender", "type")),
        "resources": (
            found(payload, "repository", "full_name"),
            found(payload, "membership", "user", "login"),
            found(payload, "member", "login"),
            *items(payload.get("refs")),
        ),
    }
