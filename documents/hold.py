"""What is not told yet: deliveries that wait for a delay, quiet hours, a digest, a limit or the end of maintenance."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from documents.delivery import Delivery, add_delivery, ask_delivery
from documents.transaction import Transaction
from domain.alerting.route import HoldReason
from domain.facts.channel import DeliveryState
from domain.facts.notice import Notice
from domain.facts.severity import Severity

# Deliveries of one transaction, so that it stays small.
AT_ONCE = 500


class Hold(TenantDocument):
    """One for each HELD delivery of an alert; it goes when the waiting ends, so whoever deletes it has claimed it."""

    noun: ClassVar[str] = "hold"

    delivery_id: PydanticObjectId
    channel_id: PydanticObjectId
    subject: str
    severity: Severity
    title: str
    link: str
    reason: HoldReason
    due_at: datetime
    window_id: PydanticObjectId | None = None

    class Settings:
        name = "holds"
        indexes = [
            IndexModel([("due_at", ASCENDING)], name="due"),
            IndexModel(
                [("org_id", ASCENDING), ("channel_id", ASCENDING), ("reason", ASCENDING), ("due_at", ASCENDING)],
                name="org_channel_reason_due",
            ),
            IndexModel([("org_id", ASCENDING), ("subject", ASCENDING)], name="org_subject"),
            IndexModel([("org_id", ASCENDING), ("window_id", ASCENDING)], name="org_window"),
        ]


async def hold_delivery(
    tx: Transaction,
    org_id: ObjectId,
    channel_id: ObjectId,
    key: str,
    notice: Notice,
    *,
    reason: HoldReason,
    until: datetime,
    window_id: ObjectId | None = None,
) -> bool:
    """Ask for a notice of an alert to be told later, once per `key`; False when it was asked for before."""
    delivery_id = await add_delivery(tx, org_id, channel_id, key, notice, held_until=until)
    if delivery_id is None:
        return False
    row = {
        "org_id": org_id,
        "delivery_id": delivery_id,
        "channel_id": channel_id,
        "subject": notice.subject,
        "severity": (notice.severity or Severity.INFORMATIONAL).value,
        "title": notice.title,
        "link": notice.link or "",
        "reason": reason.value,
        "due_at": until,
        "window_id": window_id,
        "created_at": notice.at,
    }
    await Hold.rows().insert_one(row, session=tx.session)
    return True


async def cancel_holds(
    tx: Transaction, org_id: ObjectId, subject: str, reasons: Collection[HoldReason], because: str
) -> int:
    """Tell nobody any more of what is held about this subject for one of these reasons; returns how many there were."""
    query = {"org_id": org_id, "subject": subject, "reason": {"$in": [reason.value for reason in reasons]}}
    holds = await Hold.rows().find(query, session=tx.session).to_list()
    await _take(holds, {"state": DeliveryState.FOLDED.value, "problem": because}, tx.session)
    return len(holds)


async def release(tx: Transaction, hold: Mapping[str, Any], now: datetime) -> None:
    """Have what was held delivered now."""
    await _take([hold], {"state": DeliveryState.WAITING.value, "due_at": now}, tx.session)
    ask_delivery(tx, hold["org_id"], hold["delivery_id"])


async def fold(tx: Transaction, holds: Sequence[Mapping[str, Any]], into: ObjectId) -> None:
    """Note that another delivery tells of what was held."""
    await _take(holds, {"state": DeliveryState.FOLDED.value, "folded_into": into}, tx.session)


async def hold_on(tx: Transaction, hold: Mapping[str, Any], reason: HoldReason, until: datetime) -> None:
    """Let what was held wait for something else."""
    change = {"$set": {"reason": reason.value, "due_at": until}}
    await Hold.rows().update_one({"_id": hold["_id"]}, change, session=tx.session)
    await Delivery.rows().update_one({"_id": hold["delivery_id"]}, {"$set": {"due_at": until}}, session=tx.session)


async def _take(holds: Sequence[Mapping[str, Any]], change: Mapping[str, Any], session: AsyncClientSession) -> None:
    ids = [hold["delivery_id"] for hold in holds]
    await Hold.rows().delete_many({"_id": {"$in": [hold["_id"] for hold in holds]}}, session=session)
    held = {"_id": {"$in": ids}, "state": DeliveryState.HELD.value}
    await Delivery.rows().update_many(held, {"$set": dict(change)}, session=session)


async def move_window_holds(
    org_id: ObjectId, window_id: ObjectId, until: datetime, session: AsyncClientSession
) -> None:
    """Let what a maintenance window holds back wait till another instant."""
    query = {"org_id": org_id, "window_id": window_id}
    await Hold.rows().update_many(query, {"$set": {"due_at": until}}, session=session)


async def channels_with_due_holds(now: datetime, *, limit: int = 1000) -> list[tuple[ObjectId, ObjectId, HoldReason]]:
    """(organization, channel, reason) of the holds that are due, the longest due first."""
    due = Hold.rows().find({"due_at": {"$lte": now}}, {"org_id": 1, "channel_id": 1, "reason": 1})
    raws = due.sort([("due_at", ASCENDING)]).limit(limit)
    found = [(raw["org_id"], raw["channel_id"], HoldReason(raw["reason"])) async for raw in raws]
    return list(dict.fromkeys(found))


async def due_holds(
    org_id: ObjectId, channel_id: ObjectId, reason: HoldReason, now: datetime, session: AsyncClientSession
) -> list[dict[str, Any]]:
    """The holds of a channel that are due, the longest due first, as many as one transaction takes."""
    query = {"org_id": org_id, "channel_id": channel_id, "reason": reason.value, "due_at": {"$lte": now}}
    rows = Hold.rows().find(query, sort=[("due_at", ASCENDING)], limit=AT_ONCE, session=session)
    return await rows.to_list()


async def give_up(tx: Transaction, holds: Sequence[Mapping[str, Any]], because: str) -> None:
    """Note that what was held could not be told."""
    await _take(holds, {"state": DeliveryState.FAILED.value, "problem": because}, tx.session)


async def is_asked(org_id: ObjectId, key: str, session: AsyncClientSession) -> bool:
    """Whether a delivery under this key was asked for already."""
    return await Delivery.rows().find_one({"org_id": org_id, "key": key}, {"_id": 1}, session=session) is not None
