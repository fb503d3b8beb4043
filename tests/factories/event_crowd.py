"""Rows of many event endpoints and of what they have received, for `crowd.py`."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId

ROW = dict[str, Any]


def endpoint_row(account: ROW, number: int) -> ROW:
    """An endpoint of an account."""
    return {
        "_id": ObjectId(),
        "org_id": account["org_id"],
        "account_id": account["_id"],
        "way": "AWS_SNS",
        "settings": {"topic_arns": []},
        "secret": None,
        "is_paused": False,
        "received": 0,
        "refused": 0,
        "version": 1,
        "created_at": account["created_at"] + timedelta(minutes=number),
    }


def cost_source_row(account: ROW, number: int) -> ROW:
    """A place that bills of an account are fetched from."""
    return {
        "_id": ObjectId(),
        "org_id": account["org_id"],
        "account_id": account["_id"],
        "kind": "AWS_DATA_EXPORT",
        "name": f"export {number}",
        "settings": {"bucket": f"bills-{number}", "prefix": "exports/focus"},
        "place": f"s3://bills-{number}/exports/focus",
        "fetch_every": 21600.0,
        "is_paused": False,
        "tries": 0,
        "months": [],
        "version": 1,
        "created_at": account["created_at"] + timedelta(minutes=number),
    }


def received_row(endpoint: ROW, number: int) -> ROW:
    """An event of an endpoint, of late, because MongoDB forgets older ones by itself."""
    return {
        "org_id": endpoint["org_id"],
        "endpoint_id": endpoint["_id"],
        "account_id": endpoint["account_id"],
        "provider": "AWS",
        "event_id": f"event {number}",
        "kind": "eventbridge",
        "body": "{}",
        "sent_at": None,
        "received_at": datetime.now(UTC) + timedelta(seconds=number),
        "state": "WAITING" if number % 10 == 0 else "PROCESSED",
        "problem": None,
        "processed_at": None,
        "created_at": endpoint["created_at"],
    }
