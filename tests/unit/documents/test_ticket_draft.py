"""What a ticket is made from."""

from datetime import UTC, datetime
from typing import Any

from documents.ticket_draft import draft_of, link_of, values_of

ALERT: dict[str, Any] = {
    "_id": "0123",
    "title": "Open bucket",
    "message": "Close it.",
    "severity": "HIGH",
    "source": "FINDING",
    "category": "SECOPS",
    "region": None,
    "resource_native_id": "arn:x",
    "raised_at": datetime(2026, 11, 26, 12, 5, tzinfo=UTC),
}
NAMED = {"account": "cloud", "organization": "Company"}


def test_values_are_texts_and_empty_where_the_alert_has_nothing() -> None:
    values = values_of(ALERT, public_url="https://x", named=NAMED)

    assert values["resource"] == "arn:x"
    assert (values["region"], values["principal"]) == ("", "")
    assert values["raised_at"] == "2026-11-26 12:05 UTC"
    assert values_of({"_id": "1"}, public_url="https://x", named={})["raised_at"] == ""


def test_the_link_leads_to_the_alert_by_its_global_id() -> None:
    # base64 of "Alert:0123".
    assert link_of("https://x/", "0123") == "https://x/alerts/QWxlcnQ6MDEyMw"


def test_the_draft_has_what_the_rule_says() -> None:
    rule = {
        "project": "OPS",
        "issue_type": "Bug",
        "summary": "{{ account }}: {{ title }}",
        "description": "{{ organization }}",
        "labels": ["a"],
        "priorities": {"HIGH": "High"},
        "fields": {"customfield_1": 1},
    }

    assert draft_of(rule, ALERT, public_url="https://x", named=NAMED) == {
        "project": "OPS",
        "issue_type": "Bug",
        "summary": "cloud: Open bucket",
        "description": "Company",
        "labels": ["a"],
        "priority": "High",
        "fields": {"customfield_1": 1},
    }
