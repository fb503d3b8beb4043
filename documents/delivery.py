"""One notice for one channel: what is to be told, how often it was tried, and what the channel answered."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.base import TenantDocument, utc_now
from documents.transaction import Transaction
from domain.facts.channel import ChannelState, DeliveryState
from domain.facts.notice import Notice, NoticeKind

DELIVER = "deliver"
# Slow channels must not hold up what is quick.
DELIVERIES = "cloudwatcher:deliveries"
USABLE = (ChannelState.VERIFIED, ChannelState.FAILING)
# A day of trying, and time to look at what became of it.
KEPT = timedelta(days=30)
GIVEN_UP_AFTER = timedelta(hours=24)


class Delivery(TenantDocument):
    """`key` is unique in the organization: what asks twice for the same message gets one.

    `subject` is that of the notice. `due_at` is when it is to be tried (again); a HELD one waits for then. `tries`,
    `answer` and `problem` tell how it went. `reference` is the channel's own name for what it made of it.
    """

    noun: ClassVar[str] = "delivery"

    channel_id: PydanticObjectId
    key: str
    kind: NoticeKind
    subject: str
    title: str
    notice: dict[str, Any] = Field(repr=False)
    state: DeliveryState = DeliveryState.WAITING
    due_at: datetime
    tries: int = 0
    first_tried_at: datetime | None = None
    answer: str | None = None
    problem: str | None = None
    reference: str | None = None
    sequence: int | None = None
    folded_into: PydanticObjectId | None = None
    sent_at: datetime | None = None

    class Settings:
        name = "deliveries"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("key", ASCENDING)], unique=True, name="org_key"),
            IndexModel([("org_id", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)], name="org_newest"),
            IndexModel(
                [
                    ("org_id", ASCENDING),
                    ("channel_id", ASCENDING),
                    ("created_at", DESCENDING),
                    ("_id", DESCENDING),
                    ("state", ASCENDING),
                ],
                name="org_channel_newest",
            ),
            IndexModel(
                [("org_id", ASCENDING), ("channel_id", ASCENDING), ("subject", ASCENDING), ("created_at", ASCENDING)],
                name="org_channel_subject",
            ),
            IndexModel([("state", ASCENDING), ("due_at", ASCENDING)], name="state_due"),
            IndexModel([("created_at", ASCENDING)], name="expiry", expireAfterSeconds=int(KEPT.total_seconds())),
        ]


async def add_delivery(
    tx: Transaction,
    org_id: ObjectId,
    channel_id: ObjectId,
    key: str,
    notice: Notice,
    *,
    held_until: datetime | None = None,
    sequence: int | None = None,
) -> ObjectId | None:
    """Ask for a notice to be delivered, once per `key`; returns its id, None when it was asked for before.

    With `held_until` it waits till then as HELD, without a job: whoever ends the waiting asks for it.
    """
    known = await Delivery.rows().find_one({"org_id": org_id, "key": key}, {"_id": 1}, session=tx.session)
    if known is not None:
        return None
    now = utc_now()
    row: dict[str, Any] = {
        "_id": ObjectId(),
        "org_id": org_id,
        "channel_id": channel_id,
        "key": key,
        "kind": notice.kind.value,
        "subject": notice.subject,
        "title": notice.title,
        "notice": notice.model_dump(mode="json"),
        "state": (DeliveryState.HELD if held_until else DeliveryState.WAITING).value,
        "due_at": held_until or now,
        "tries": 0,
        "sequence": sequence,
        **dict.fromkeys(("first_tried_at", "answer", "problem", "reference", "folded_into", "sent_at")),
        "created_at": now,
    }
    await Delivery.rows().insert_one(row, session=tx.session)
    if held_until is None:
        ask_delivery(tx, org_id, row["_id"])
    return ObjectId(row["_id"])


def ask_delivery(tx: Transaction, org_id: ObjectId, delivery_id: ObjectId) -> None:
    """Ask for a try at a delivery."""
    args = {"org_id": str(org_id), "delivery_id": str(delivery_id)}
    tx.enqueue(DELIVER, queue=DELIVERIES, key=str(delivery_id), args=args)
