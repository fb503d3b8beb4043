"""What a provider sent, as it came: stored once by the provider's own id before it is acknowledged, read by a job."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.base import TenantDocument, utc_now
from documents.intake_endpoint import IntakeEndpoint
from documents.outbox import QUICK
from documents.transaction import Transaction
from domain.facts.provider import Provider

PROCESS_EVENTS = "process_events"
# Providers send again for a day; after a month nobody asks what an event looked like.
KEPT = timedelta(days=30)


class ReceivedState(StrEnum):
    WAITING = "WAITING"
    PROCESSED = "PROCESSED"
    UNREADABLE = "UNREADABLE"


class ReceivedEvent(TenantDocument):
    """`event_id` is the provider's own, unique in the endpoint. `kind` and `body` are those of a TakenMessage."""

    noun: ClassVar[str] = "received event"

    endpoint_id: PydanticObjectId
    account_id: PydanticObjectId
    provider: Provider
    event_id: str
    kind: str
    body: str = Field(repr=False)
    sent_at: datetime | None = None
    received_at: datetime
    state: ReceivedState = ReceivedState.WAITING
    problem: str | None = None
    processed_at: datetime | None = None

    class Settings:
        name = "received_events"
        indexes = [
            IndexModel([("endpoint_id", ASCENDING), ("event_id", ASCENDING)], unique=True, name="endpoint_event"),
            IndexModel(
                [
                    ("org_id", ASCENDING),
                    ("endpoint_id", ASCENDING),
                    ("received_at", DESCENDING),
                    ("_id", DESCENDING),
                ],
                name="org_endpoint_newest",
            ),
            IndexModel([("account_id", ASCENDING)], name="account"),
            IndexModel(
                [("org_id", ASCENDING), ("state", ASCENDING), ("received_at", ASCENDING), ("_id", ASCENDING)],
                name="org_state_received",
            ),
            IndexModel([("state", ASCENDING), ("received_at", ASCENDING)], name="state_received"),
            IndexModel([("received_at", ASCENDING)], name="expiry", expireAfterSeconds=int(KEPT.total_seconds())),
        ]


async def store_received(tx: Transaction, endpoint: IntakeEndpoint, drafts: Sequence[dict[str, Any]]) -> int:
    """Store drafts {event_id, kind, body (JSON text), sent_at} that are new, and ask for their job; how many were."""
    ids = [draft["event_id"] for draft in drafts]
    query = {"endpoint_id": endpoint.id, "event_id": {"$in": ids}}
    known = {raw["event_id"] async for raw in ReceivedEvent.rows().find(query, {"event_id": 1}, session=tx.session)}
    fresh = {draft["event_id"]: draft for draft in drafts if draft["event_id"] not in known}
    if not fresh:
        return 0
    now = utc_now()
    common = {
        "org_id": endpoint.org_id,
        "endpoint_id": endpoint.id,
        "account_id": endpoint.account_id,
        "provider": endpoint.way.provider.value,
        "received_at": now,
        "created_at": now,
        "state": ReceivedState.WAITING.value,
        "problem": None,
        "processed_at": None,
    }
    await ReceivedEvent.rows().insert_many([{**draft, **common} for draft in fresh.values()], session=tx.session)
    ask_processing(tx, endpoint.org_id)
    return len(fresh)


def ask_processing(tx: Transaction, org_id: ObjectId) -> None:
    """Ask for the events of an organization that wait to be read."""
    tx.enqueue(PROCESS_EVENTS, queue=QUICK, key=str(org_id), args={"org_id": str(org_id)})


def unreadable_of(endpoint_id: ObjectId | None) -> str:
    """The fingerprint of the alert that says that events of this endpoint cannot be read."""
    return f"endpoint:{endpoint_id}:unreadable"
