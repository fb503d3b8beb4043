"""Many rules, windows and held messages of many tenants, stored raw."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId

import documents

START = datetime(2026, 1, 1, tzinfo=UTC)
ROW = dict[str, Any]


def routing_rows(org_id: ObjectId, alerts: Sequence[ROW]) -> dict[type[documents.TenantDocument], Sequence[ROW]]:
    """What telling people of these alerts leaves behind, by the document."""
    count = len(alerts)
    return {
        documents.RoutingRule: [_routing_rule(org_id, number) for number in range(max(2, count // 100))],
        documents.MaintenanceWindow: [_window(org_id, number) for number in range(max(2, count // 10))],
        documents.Hold: [_hold(alert, number) for number, alert in enumerate(alerts)],
        documents.Escalation: [_escalation(alert, number) for number, alert in enumerate(alerts)],
        documents.NoiseMeter: [{"org_id": org_id, "told_at": [START], "created_at": START}],
    }


def _routing_rule(org_id: ObjectId, number: int) -> ROW:
    rule = documents.RoutingRule(org_id=org_id, name=f"rule {number}", position=number, created_at=START)
    return rule.model_dump(exclude={"id", "revision_id"}) | {"org_id": org_id}


def _window(org_id: ObjectId, number: int) -> ROW:
    starts_at = START + timedelta(hours=number)
    return {
        "org_id": org_id,
        "name": f"window {number}",
        "reason": "",
        **dict.fromkeys(("account_ids", "resources", "tags"), ()),
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(hours=1),
        **dict.fromkeys(("weekly", "ended_at")),
        "version": 1,
        "created_at": START,
    }


def _hold(alert: ROW, number: int) -> ROW:
    return {
        "org_id": alert["org_id"],
        "delivery_id": ObjectId(),
        "channel_id": alert["account_id"],
        "subject": f"alert:{alert['_id']}",
        "severity": "HIGH",
        "title": "title",
        "link": "https://example.com",
        "reason": ("DIGEST", "QUIET", "NOISE")[number % 3],
        "due_at": START + timedelta(minutes=number),
        "window_id": None,
        "created_at": START,
    }


def _escalation(alert: ROW, number: int) -> ROW:
    return {
        "org_id": alert["org_id"],
        "alert_id": alert["_id"],
        "rule_id": "rule",
        "channel_ids": [alert["account_id"]],
        "repeat_times": 1,
        "repeat_minutes": 15,
        "due_at": START + timedelta(minutes=number),
        "told": 0,
        "created_at": START,
    }
