"""Many loads, billing periods, rates and saved views of one tenant, stored raw."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import Decimal128, ObjectId

import documents

START = datetime(2026, 1, 1, tzinfo=UTC)
ROW = dict[str, Any]


def cost_rows(org_id: ObjectId, count: int) -> dict[type[documents.TenantDocument], Sequence[ROW]]:
    """`count` loads and rates, and a tenth as many periods without rows and shared views."""
    few = max(2, count // 10)
    return {
        documents.CostLoad: [_load(org_id, number) for number in range(count)],
        documents.ExchangeRate: [_rate(org_id, number) for number in range(count)],
        documents.CostView: [_view(org_id, number) for number in range(few)],
    }


def more_periods(org_id: ObjectId, count: int) -> list[ROW]:
    """Periods of another account, before the year begins."""
    return [_period(org_id, number) for number in range(1, max(2, count // 10))]


def _load(org_id: ObjectId, number: int) -> ROW:
    at = START + timedelta(minutes=number)
    return {
        "org_id": org_id,
        "state": "ACTIVE",
        "content": f"content {number}",
        "files": [],
        "actor": "operator",
        "line_count": 1,
        "periods": [],
        "replaced": [],
        "staged": [],
        "started_at": at,
        "seen_at": at,
        "finished_at": at,
        "problem": None,
        "created_at": at,
    }


def _rate(org_id: ObjectId, number: int) -> ROW:
    return {
        "org_id": org_id,
        "base": "USD",
        "quote": "EUR",
        "day": START + timedelta(days=number),
        "rate": Decimal128("0.9"),
        "note": "",
        "set_by": "user:0",
        "is_current": True,
        "ended_at": None,
        "ended_by": None,
        "created_at": START,
    }


def _view(org_id: ObjectId, number: int) -> ROW:
    return {
        "org_id": org_id,
        "name": f"view {number}",
        "owner": "user:0",
        "is_shared": True,
        "question": {"period": "LAST_MONTH", "where": {"dimensions": [], "tags": []}},
        "version": 1,
        "created_at": START,
    }


def _period(org_id: ObjectId, number: int) -> ROW:
    start = START - timedelta(days=31 * number)
    return {
        "org_id": org_id,
        "source": "",
        "provider": "AWS",
        "billing_account_id": "payer 2",
        "period_start": start,
        "period_end": start + timedelta(days=31),
        "currency": "USD",
        "billed": Decimal128("1"),
        "line_count": 0,
        "fingerprint": "f",
        "first_on": start,
        "last_on": start + timedelta(days=30),
        "edition_id": ObjectId(),
        "load_id": ObjectId(),
        "loaded_at": START,
        "restatements": 0,
        "retired": [],
        "created_at": START,
    }
