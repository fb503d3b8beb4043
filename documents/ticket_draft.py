"""What a ticket is made from: the rule's settings and templates, filled with an alert."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from documents.ticket_template import description_of, summary_of

# An alert keeps these under the names that templates know; the others are worked out.
_PLAIN = {
    "title": "title",
    "message": "message",
    "severity": "severity",
    "source": "source",
    "category": "category",
    "region": "region",
    "principal": "principal",
    "resource": "resource_native_id",
}


def values_of(alert: Mapping[str, Any], *, public_url: str, named: Mapping[str, str]) -> dict[str, str]:
    """The values of a template. `named` has the names of the account and the organization."""
    values = {name: str(alert.get(field) or "") for name, field in _PLAIN.items()}
    raised_at = alert.get("raised_at")
    return {
        **values,
        **named,
        "raised_at": "" if raised_at is None else f"{raised_at:%Y-%m-%d %H:%M} UTC",
        "link": link_of(public_url, alert["_id"]),
    }


def link_of(public_url: str, alert_id: object) -> str:
    """Where an alert is looked at: the page is named by its global id."""
    global_id = b64encode(f"Alert:{alert_id}".encode()).decode().rstrip("=")
    return f"{public_url.rstrip('/')}/alerts/{global_id}"


def draft_of(
    rule: Mapping[str, Any], alert: Mapping[str, Any], *, public_url: str, named: Mapping[str, str]
) -> dict[str, Any]:
    """{project, issue_type, summary, description, labels, priority, fields} of the ticket."""
    values = values_of(alert, public_url=public_url, named=named)
    return {
        "project": rule["project"],
        "issue_type": rule["issue_type"],
        "summary": summary_of(rule["summary"], values),
        "description": description_of(rule["description"], values),
        "labels": list(rule["labels"]),
        "priority": rule["priorities"].get(values["severity"]),
        "fields": dict(rule["fields"]),
    }
