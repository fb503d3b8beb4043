"""Channels and deliveries of a crowd, stored raw."""

from datetime import timedelta
from typing import Any

from bson import ObjectId

import documents
from documents.base import utc_now

# The log of deliveries is forgotten after 30 days, so these are of the last two.
START = utc_now() - timedelta(days=2)
ROW = dict[str, Any]


def channels_of(org_id: ObjectId, count: int) -> dict[type[documents.TenantDocument], list[ROW]]:
    """`count` deliveries through two of a hundredth as many channels."""
    channels = [_channel(org_id, number) for number in range(max(2, count // 100))]
    deliveries = [_delivery(channels[number % 2], number) for number in range(count)]
    return {documents.Channel: channels, documents.Delivery: deliveries}


def _channel(org_id: ObjectId, number: int) -> ROW:
    return {
        "_id": ObjectId(),
        "org_id": org_id,
        "name": f"channel {number}",
        "kind": "EMAIL",
        "shown": "on-call@example.com",
        "settings": b"",
        "state": "VERIFIED",
        "topics": [],
        "templates": {},
        "version": 1,
        "created_at": START,
    }


def _delivery(channel: ROW, number: int) -> ROW:
    return {
        "_id": ObjectId(),
        "org_id": channel["org_id"],
        "channel_id": channel["_id"],
        "key": f"key {number}",
        "kind": "RAISED",
        "subject": f"alert:{number % 50}",
        "title": "title",
        "state": ("SENT", "SENT", "FAILED", "EXPIRED")[number % 4],
        "due_at": START,
        "tries": 1,
        "created_at": START + timedelta(seconds=number // 3),
    }
