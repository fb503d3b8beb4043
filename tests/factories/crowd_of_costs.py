"""Files of costs and statements of a tenant, for the crowd."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId

START = datetime(2026, 1, 1, tzinfo=UTC)
ROW = dict[str, Any]


def cost_export_row(org_id: ObjectId, number: int) -> ROW:
    return {
        "org_id": org_id,
        "format": "FINANCE_CSV",
        "focus_version": None,
        "first": START,
        "until": START + timedelta(days=31),
        "state": "FAILED",
        "done": 0,
        "total": 0,
        "requested_by": "user:1",
        "file_id": None,
        "expires_at": START + timedelta(days=3650),
        "created_at": START + timedelta(seconds=number),
    }


def statement_row(org_id: ObjectId, number: int) -> ROW:
    month = datetime(2000 + number // 12, number % 12 + 1, 1, tzinfo=UTC)
    return {
        "org_id": org_id,
        "month": month,
        "kind": "SHOWBACK",
        "state": "OPEN",
        "adjustments": [],
        "versions": [],
        "version": 1,
        "created_at": START + timedelta(seconds=number),
    }
