"""Histories of alerts, incidents and their members for the crowd of rows that queries are explained over."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId

import documents
from domain.facts.incident import IncidentState
from domain.facts.severity import Severity

START = datetime(2026, 1, 1, tzinfo=UTC)
Rows = dict[type[documents.TenantDocument], Sequence[dict[str, Any]]]


def incident_rows(org_id: ObjectId, alerts: Sequence[dict[str, Any]]) -> Rows:
    """As many incidents as alerts; each thirtieth of them holds thirty."""
    incidents = [_incident(org_id, number) for number in range(len(alerts))]
    members = [_member(incidents[number // 30 * 30], alert, number) for number, alert in enumerate(alerts)]
    return {documents.Incident: incidents, documents.IncidentMember: members}


def _incident(org_id: ObjectId, number: int) -> dict[str, Any]:
    at = START + timedelta(minutes=number // 3)
    return {
        "_id": ObjectId(),
        "org_id": org_id,
        "number": number + 1,
        "title": "title",
        "severity": list(Severity)[number % 5].value,
        "state": list(IncidentState)[number % 3].value,
        "categories": [("SECOPS", "FINOPS", "COMPLIANCE")[number % 7 % 3]],
        "account_ids": [],
        **dict.fromkeys(("opened_at", "first_at", "last_at", "created_at"), at),
        "happened": True,
        "member_count": 1,
        "open_count": 1,
        "coincidences": 0,
        "decisions": [],
        "version": 1,
    }


def _member(incident: dict[str, Any], alert: dict[str, Any], number: int) -> dict[str, Any]:
    return {
        "org_id": incident["org_id"],
        "incident_id": incident["_id"],
        "signal": f"alert:{alert['_id']}",
        "alert_id": alert["_id"],
        "finding_id": None,
        "account_id": alert["account_id"],
        "at": START + timedelta(seconds=number // 2),
        "category": "SECOPS",
        "source": "EVENT",
        "severity": "HIGH",
        "title": "title",
        "happened": True,
        "is_open": True,
        "links": [],
        "created_at": START,
    }


def alert_entry(alert: dict[str, Any], number: int) -> dict[str, Any]:
    """A step of its history that is not forgotten yet."""
    return {
        "org_id": alert["org_id"],
        "alert_id": alert["_id"],
        "step": "COMMENTED",
        "at": datetime.now(UTC) - timedelta(minutes=number),
        "text": "text",
        "created_at": START,
    }
