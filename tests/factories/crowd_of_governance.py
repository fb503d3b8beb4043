"""Rows of what many people have decided and filed for compliance, for the crowd."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from beanie import Document
from bson import ObjectId

import documents
from domain.facts.governance import ExceptionState

START = datetime(2026, 1, 1, tzinfo=UTC)
ROW = dict[str, Any]


def governance_rows(org_id: ObjectId, count: int) -> dict[type[Document], Sequence[ROW]]:
    """The rows by document."""
    return {documents.ControlException: [_exception(org_id, number) for number in range(count)]}


def _exception(org_id: ObjectId, number: int) -> ROW:
    states = list(ExceptionState)
    return {
        "org_id": org_id,
        "control_id": f"CW-IAM-{number % 10:02d}",
        "account_id": None,
        "resources": [f"resource {number}"],
        "reason": "reason",
        "compensating_control": "something else",
        "starts_at": START,
        "ends_at": START + timedelta(days=30),
        "state": states[number // 10 % len(states)].value,
        **_by_nobody("decided_by", "decided_at", "revoked_by", "revoked_at"),
        "requested_by": ObjectId(),
        "comment": "",
        "version": 1,
        "created_at": START + timedelta(minutes=number),
    }


def _by_nobody(*names: str) -> ROW:
    return dict.fromkeys(names)
