"""The life of a delivery: claimed by one worker at a time, put off, ended, and asked for again."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import ASCENDING, ReturnDocument

from documents.delivery import GIVEN_UP_AFTER, Delivery, ask_delivery
from documents.transaction import Transaction
from domain.facts.channel import DeliveryState

# Longer than the job may take: whoever has a delivery for longer is dead, and somebody else may have it.
LEASE = timedelta(seconds=150)
# A delivery waits for an earlier one about the same thing, whose end asks for it; this is for when nobody does.
BEHIND = timedelta(seconds=60)
# Those that are due for less have their job under way.
LOST_AFTER = timedelta(seconds=3)
ENDED = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.EXPIRED)


async def claim_delivery(org_id: ObjectId, id: ObjectId, now: datetime) -> Delivery | None:
    """The delivery, for this worker alone; None when it is not due, or an earlier one about the same waits."""
    due = {"_id": id, "org_id": org_id, "state": DeliveryState.WAITING.value, "due_at": {"$lte": now}}
    raw = await Delivery.rows().find_one(due)
    if raw is None:
        return None
    if await _is_behind(raw):
        await Delivery.rows().update_one(due, {"$set": {"due_at": now + BEHIND}})
        # The one before may have ended in between, and found nothing to ask for.
        if await _is_behind(raw):
            return None
        due["due_at"] = now + BEHIND
    claimed = {
        "due_at": now + LEASE,
        "tries": {"$add": ["$tries", 1]},
        "first_tried_at": {"$ifNull": ["$first_tried_at", now]},
    }
    taken = await Delivery.rows().find_one_and_update(due, [{"$set": claimed}], return_document=ReturnDocument.AFTER)
    return None if taken is None else Delivery.stored(taken)


async def _is_behind(raw: Mapping[str, Any]) -> bool:
    """Whether an earlier one of its channel and subject still waits: what is told of a thing is told in order."""
    earlier = {
        "$or": [
            {"created_at": {"$lt": raw["created_at"]}},
            {"created_at": raw["created_at"], "_id": {"$lt": raw["_id"]}},
        ]
    }
    query = {**_of_thread(raw), "state": DeliveryState.WAITING.value, **earlier}
    return await Delivery.rows().find_one(query, {"_id": 1}) is not None


def _of_thread(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {name: raw[name] for name in ("org_id", "channel_id", "subject")}


def is_given_up(delivery: Delivery, now: datetime) -> bool:
    """Whether it was tried for as long as it is to be."""
    return delivery.first_tried_at is not None and now >= delivery.first_tried_at + GIVEN_UP_AFTER


async def put_off(delivery: Delivery, due_at: datetime, problem: str) -> None:
    """Try it again then, but no later than when it is given up."""
    last = (delivery.first_tried_at or due_at) + GIVEN_UP_AFTER
    change = {"due_at": min(due_at, last), "problem": problem}
    await Delivery.rows().update_one(_mine(delivery), {"$set": change})


async def end_delivery(tx: Transaction, delivery: Delivery, state: DeliveryState, **fields: Any) -> bool:
    """Note how it ended, and ask for the next one about the same. False when another worker has it by now."""
    ended = await Delivery.rows().update_one(
        _mine(delivery), {"$set": {"state": state.value, **fields}}, session=tx.session
    )
    if ended.modified_count == 0:
        return False
    query = {**_of_thread(delivery.model_dump()), "state": DeliveryState.WAITING.value}
    following = await Delivery.rows().find_one(
        query, {"_id": 1, "tries": 1}, sort=[("created_at", ASCENDING)], session=tx.session
    )
    if following is not None:
        if following["tries"] == 0:
            # When this one was claimed, which is past: it need not wait any more.
            now = {"$min": {"due_at": delivery.due_at - LEASE}}
            await Delivery.rows().update_one({"_id": following["_id"]}, now, session=tx.session)
        ask_delivery(tx, delivery.org_id, following["_id"])
    return True


def _mine(delivery: Delivery) -> dict[str, Any]:
    """As this worker claimed it: a later claim has one try more."""
    return {"_id": delivery.id, "state": DeliveryState.WAITING.value, "tries": delivery.tries}


async def reference_for(delivery: Delivery) -> str | None:
    """What the channel answered to the first message about the same subject."""
    query = {**_of_thread(delivery.model_dump()), "state": DeliveryState.SENT.value, "reference": {"$ne": None}}
    raw = await Delivery.rows().find_one(query, {"reference": 1}, sort=[("created_at", ASCENDING)])
    return None if raw is None else str(raw["reference"])


async def due_deliveries(now: datetime, *, limit: int = 1000) -> list[tuple[ObjectId, ObjectId]]:
    """(organization, delivery) of what is due and has no job under way, the longest due first. For a sweep of all."""
    query = {"state": DeliveryState.WAITING.value, "due_at": {"$lte": now - LOST_AFTER}}
    found = Delivery.rows().find(query, {"org_id": 1}, sort=[("due_at", ASCENDING)], limit=limit)
    return [(raw["org_id"], raw["_id"]) async for raw in found]


async def replay(
    tx: Transaction, org_id: PydanticObjectId, filter: Mapping[str, Any], now: datetime, *, limit: int = 1
) -> Sequence[ObjectId]:
    """Deliver ended deliveries once more, with the keys they had; returns which. The oldest first, `limit` at most."""
    query = {**filter, "org_id": org_id, "state": {"$in": [state.value for state in ENDED]}}
    found = Delivery.rows().find(query, {"_id": 1}, sort=[("created_at", ASCENDING)], limit=limit, session=tx.session)
    ids = [raw["_id"] async for raw in found]
    anew = {"state": DeliveryState.WAITING.value, "due_at": now, "tries": 0, "first_tried_at": None, "problem": None}
    await Delivery.rows().update_many({"_id": {"$in": ids}}, {"$set": anew}, session=tx.session)
    return ids
