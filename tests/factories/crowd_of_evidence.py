"""Rows of the evidence of a tenant, for the crowd."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId

START = datetime(2026, 1, 1, tzinfo=UTC)
ROW = dict[str, Any]


def evidence_record_row(org_id: ObjectId, number: int) -> ROW:
    at = START + timedelta(seconds=number // 5, milliseconds=int(str(org_id), 16) % 1000)
    return {
        "org_id": org_id,
        "seq": 1_000_000 + number,  # beyond what a test adds
        "at": at,
        "record": {"control_id": f"CW-ACC-{number % 10:02d}", "account": f"account {number % 20}", "evidence": []},
        "prev_hash": "0" * 64,
        "hash": "0" * 64,
        "created_at": at,
    }


def evidence_checkpoint_row(org_id: ObjectId, number: int) -> ROW:
    return {
        "org_id": org_id,
        "form": "cloudwatcher-evidence-checkpoint-1",
        "number": 1_000_000 + number,
        "first_seq": number,
        "last_seq": number,
        **dict.fromkeys(("last_hash", "window_root", "root", "previous"), "0" * 64),
        "at": "2026-01-01T00:00:00.000Z",
        "peaks": [],
        "key_id": "0" * 16,
        "signature": "0" * 128,
        "stamp": None,
        "created_at": START + timedelta(seconds=number),
    }


def audit_pack_row(org_id: ObjectId, number: int) -> ROW:
    return {
        "org_id": org_id,
        "frameworks": [],
        "first": START,
        "until": START + timedelta(days=365),
        "state": "FAILED",
        "done": 0,
        "total": 0,
        "requested_by": "user:1",
        "file_id": None,
        "expires_at": START + timedelta(days=3650),
        "created_at": START + timedelta(seconds=number),
    }
