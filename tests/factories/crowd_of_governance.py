"""Rows of what many people have decided and filed for compliance, for the crowd."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from beanie import Document
from bson import ObjectId

import documents
from domain.facts.governance import (
    AttestationKind,
    AttestationState,
    DriftKind,
    DriftState,
    ExceptionState,
    OwnerRole,
)
from domain.facts.resource import ResourceKind

START = datetime(2026, 1, 1, tzinfo=UTC)
ROW = dict[str, Any]


def governance_rows(org_id: ObjectId, accounts: Sequence[ROW], count: int) -> dict[type[Document], Sequence[ROW]]:
    """The rows by document."""
    people = [ObjectId() for _ in range(7)]
    policies = [{"_id": ObjectId(), **_policy(org_id, number)} for number in range(max(30, count // 10))]
    return {
        documents.Policy: policies,
        documents.PolicyVersion: [
            _policy_version(policies[number // 30 * 30 % len(policies)], number) for number in range(count)
        ],
        documents.Attestation: [_attestation(org_id, number) for number in range(count)],
        documents.ControlException: [_exception(org_id, number) for number in range(count)],
        documents.Drift: [_drift(org_id, accounts[number % len(accounts)]["_id"], number) for number in range(count)],
        documents.DriftBaseline: [_baseline(org_id, ObjectId(), number) for number in range(count)],
        documents.ControlOwner: [_owner(org_id, people[number % 7], number) for number in range(count)],
    }


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


def _drift(org_id: ObjectId, account_id: ObjectId, number: int) -> ROW:
    states = list(DriftState)
    state = states[number // 10 % len(states)]
    return {
        "org_id": org_id,
        "account_id": account_id,
        "resource_id": ObjectId(),
        "resource_kind": ResourceKind.AWS_S3_BUCKET.value,
        "native_id": f"drifting {number}",
        "name": f"name {number}",
        "region": None,
        "kind": DriftKind.CHANGED.value,
        "fields": ["config.Size"],
        "before": [1],
        "after": [2],
        "opened_at": START + timedelta(minutes=number),
        "changed_at": START + timedelta(minutes=number),
        "state": state.value,
        "is_open": True if state is DriftState.OPEN else None,
        **_by_nobody("explained_by", "settled_at", "settled_by"),
        "reason": "",
        "created_at": START + timedelta(minutes=number),
    }


def _baseline(org_id: ObjectId, account_id: ObjectId, number: int) -> ROW:
    since = START + timedelta(minutes=number)
    return {
        "org_id": org_id,
        "account_id": account_id,
        "tags": [],
        "reason": "reason",
        "since": since,
        "looked_at": since,
        "declared_by": ObjectId(),
        "created_at": since,
    }


def _attestation(org_id: ObjectId, number: int) -> ROW:
    kinds, states = list(AttestationKind), list(AttestationState)
    return {
        "org_id": org_id,
        "kind": kinds[number % len(kinds)].value,
        "control_id": "CW-GOV-03",
        "statement": f"statement {number}",
        "content": [],
        "files": [],
        "submitted_by": ObjectId(),
        "state": states[number // 10 % len(states)].value,
        **_by_nobody("reviewed_by", "reviewed_at"),
        "comment": "",
        "expires_at": START + timedelta(days=366),
        "version": 1,
        "created_at": START + timedelta(minutes=number),
    }


def _policy(org_id: ObjectId, number: int) -> ROW:
    return {
        "org_id": org_id,
        "name": f"policy {number}",
        "is_required": True,
        "newest": 1,
        "in_force": None,
        **_by_nobody("approved_at", "approved_by", "next_review_at", "archived_at"),
        "version": 1,
        "created_at": START,
    }


def _policy_version(policy: ROW, number: int) -> ROW:
    return {
        "org_id": policy["org_id"],
        "policy_id": policy["_id"],
        "number": number + 1,
        "text": f"text {number}",
        "sha256": "0" * 64,
        "written_by": ObjectId(),
        **_by_nobody("approved_at", "approved_by"),
        "version": 1,
        "created_at": START,
    }


def _owner(org_id: ObjectId, user_id: ObjectId, number: int) -> ROW:
    roles = list(OwnerRole)
    return {
        "org_id": org_id,
        # More controls than there are, because each has a role once.
        "control_id": f"CW-IAM-{number // 3:02d}",
        "role": roles[number % 3].value,
        "user_id": user_id,
        "since": START,
        "created_at": START,
    }


def _by_nobody(*names: str) -> ROW:
    return dict.fromkeys(names)
