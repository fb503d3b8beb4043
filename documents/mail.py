"""Mail that is to be sent and what became of it: whom to, which letter, with which values. Never what it says."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from beanie import Document
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import utc_now

# Long enough to answer "I have no mail"; addresses are not kept for longer than that.
KEPT = timedelta(days=7)
# A mail that waits this long without its job has lost it together with Redis.
STRANDED_AFTER = timedelta(minutes=10)


class MailState(StrEnum):
    """DROPPED: its link could not be used any more before it was sent."""

    WAITING = "WAITING"
    SENT = "SENT"
    DROPPED = "DROPPED"
    FAILED = "FAILED"


class OutgoingMail(Document):
    """`values` go into the letter; `token`, if there is one, is the id of the one-time token whose link it carries."""

    to: str = Field(repr=False)
    template: str
    values: dict[str, str] = Field(default_factory=dict, repr=False)
    state: MailState = MailState.WAITING
    problem: str | None = None
    created_at: datetime = Field(default_factory=utc_now)
    ended_at: datetime | None = None

    class Settings:
        name = "outgoing_mails"
        indexes = [
            IndexModel([("created_at", ASCENDING)], name="expiry", expireAfterSeconds=int(KEPT.total_seconds())),
            IndexModel([("state", ASCENDING), ("created_at", ASCENDING)], name="state_created"),
            IndexModel([("to", ASCENDING)], name="to"),
        ]


def new_mail(to: str, template: str, values: Mapping[str, str]) -> dict[str, Any]:
    """The row of a mail to be stored and sent."""
    return {
        "_id": ObjectId(),
        "to": to,
        "template": template,
        "values": dict(values),
        "state": MailState.WAITING.value,
        "problem": None,
        "created_at": utc_now(),
        "ended_at": None,
    }


async def store_mails(rows: list[dict[str, Any]], session: AsyncClientSession) -> None:
    """Store mails together with the change they tell of."""
    if rows:
        await OutgoingMail.get_pymongo_collection().insert_many(rows, session=session)


async def find_mail(id: str) -> OutgoingMail | None:
    """The mail with this id (24 hex digits), or None when it is too old to be kept."""
    raw = await OutgoingMail.get_pymongo_collection().find_one({"_id": ObjectId(id)})
    return None if raw is None else OutgoingMail.model_validate(raw)


async def end_mail(mail: OutgoingMail, state: MailState, at: datetime, problem: str | None = None) -> MailState:
    """Write down what became of it; what was written first stays. An address nothing was sent to is forgotten."""
    change: dict[str, Any] = {"state": state.value, "problem": problem, "ended_at": at}
    if state is MailState.DROPPED:
        change["to"] = ""
    query = {"_id": mail.id, "state": MailState.WAITING.value}
    await OutgoingMail.get_pymongo_collection().update_one(query, {"$set": change})
    return state


async def find_stranded_mails(at: datetime, *, limit: int = 100) -> list[OutgoingMail]:
    """Mails that have waited for long, oldest first."""
    query = {"state": MailState.WAITING.value, "created_at": {"$lt": at - STRANDED_AFTER}}
    rows = OutgoingMail.get_pymongo_collection().find(query, sort=[("created_at", ASCENDING)], limit=limit)
    return [OutgoingMail.model_validate(raw) async for raw in rows]


async def forget_mails_to(address: str, session: AsyncClientSession) -> None:
    """Delete what is known of mails to this address; those that wait are not sent."""
    await OutgoingMail.get_pymongo_collection().delete_many({"to": address}, session=session)
