"""Rows of many people and groups of a directory, for `crowd.py`."""

from datetime import UTC, datetime
from typing import Any

from bson import ObjectId

START = datetime(2026, 1, 1, tzinfo=UTC)
ROW = dict[str, Any]


def directory_user_row(org_id: ObjectId, number: int) -> ROW:
    """A person as a directory knows them."""
    name = f"person {number}"
    return {
        "_id": ObjectId(),
        "org_id": org_id,
        "user_id": ObjectId(),
        "user_name_key": name,
        "external_id": name,
        "emails": [{"value": f"p{number}@example.com", "type": "work"}],
        "active": True,
        "attributes": {"userName": name},
        "version": 1,
        "created_at": START,
        "updated_at": START,
    }


def directory_group_row(org_id: ObjectId, number: int) -> ROW:
    """A group of a directory."""
    name = f"group {number}"
    return {
        "_id": ObjectId(),
        "org_id": org_id,
        "display_name": name,
        "display_name_key": name,
        "external_id": name,
        "member_ids": [ObjectId()],
        "version": 1,
        "created_at": START,
        "updated_at": START,
    }
