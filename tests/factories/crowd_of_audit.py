"""Rows of the audit log of a tenant, for the crowd."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId

START = datetime(2026, 1, 1, tzinfo=UTC)
ROW = dict[str, Any]


def audit_entry_row(org_id: ObjectId, number: int) -> ROW:
    at = START + timedelta(seconds=number // 5, milliseconds=int(str(org_id), 16) % 1000)
    return {
        "org_id": org_id,
        "seq": 1_000_000 + number,  # beyond what a test adds
        "at": at,
        "action": f"thing.do{number % 10}",
        "actor": f"user:{number % 20}",
        "target": f"thing:{number % 100}",
        "outcome": ("DONE", "REFUSED", "FAILED")[number % 7 % 3],
        "changed": [],
        "prev_hash": "0" * 64,
        "hash": "0" * 64,
        "created_at": at,
    }


def audit_export_row(org_id: ObjectId, number: int) -> ROW:
    return {
        "org_id": org_id,
        "format": "CSV",
        "at_from": START,
        "at_before": START,
        "state": "FAILED",
        "done": 0,
        "total": 0,
        "requested_by": "user:1",
        "file_id": None,
        "expires_at": START + timedelta(days=3650),
        "created_at": START + timedelta(seconds=number),
    }
