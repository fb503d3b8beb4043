"""Rows of people of a tenant in a crowd: who belongs to it, was invited, or came from a provider."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId

ROW = dict[str, Any]
START = datetime(2026, 1, 1, tzinfo=UTC)


def person_row(org_id: ObjectId, number: int) -> ROW:
    return {"_id": ObjectId(), "email": f"person-{number}-{org_id}@example.com", "name": "Person", "factors": []}


def member_row(org_id: ObjectId, person: ROW, number: int) -> ROW:
    return {
        "org_id": org_id,
        "user_id": person["_id"],
        "role": ("USER", "ADMIN", "CLIENT_VIEWER")[number % 3],
        "custom_role_id": None,
        "deactivated_at": START if number % 5 == 4 else None,
        "created_at": START + timedelta(minutes=number // 3),
    }


def role_row(org_id: ObjectId, number: int) -> ROW:
    return {"org_id": org_id, "name": f"role {number}", "permissions": ["costs:read"], "version": 1}


def invitation_row(org_id: ObjectId, person: ROW, number: int) -> ROW:
    return {
        "org_id": org_id,
        "user_id": person["_id"],
        "email": person["email"],
        "role": "USER",
        "custom_role_id": None,
        "is_open": number % 2 == 0,
        "accepted_at": START if number % 2 else None,
        "revoked_at": None,
        "sent_at": START,
        "expires_at": START + timedelta(days=7),
        "created_at": START + timedelta(minutes=number),
    }


def visit_row(org_id: ObjectId, person: ROW, number: int) -> ROW:
    return {
        "org_id": org_id,
        "user_id": person["_id"],
        "access_id": ObjectId(),
        "reason": "reason",
        "expires_at": START,
        "created_at": START + timedelta(minutes=number),
    }
