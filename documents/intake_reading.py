"""Who reads a queue that events are fetched from: one worker at a time, for as long as it says that it does."""

from datetime import datetime, timedelta

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.intake_endpoint import IntakeEndpoint
from domain.facts.intake import IntakeWay

PULLED = [way.value for way in IntakeWay if way.is_pulled]
# A look at a queue takes twenty seconds, and storing what it gave a few more.
LEASE = timedelta(seconds=60)


async def find_unread(now: datetime, limit: int = 1000) -> list[IntakeEndpoint]:
    """Pulled endpoints of all tenants that nobody reads, those that have waited longest first. Not paused ones.

    For the schedule tick, which serves every tenant and therefore takes no Scope.
    """
    query = {"way": {"$in": PULLED}, "is_paused": False, **_free(now)}
    rows = IntakeEndpoint.rows().find(query, sort=[("read_until", 1)], limit=limit)
    return [IntakeEndpoint.stored(raw) async for raw in rows]


async def take_reading(id: ObjectId, reader: str, now: datetime) -> bool:
    """Whether the endpoint is this reader's now. False when another reads it, or it is paused or gone."""
    query = {"_id": id, "is_paused": False, **_free(now)}
    return await _set(query, {"reader": reader, "read_until": now + LEASE})


async def keep_reading(id: ObjectId, reader: str, now: datetime, session: AsyncClientSession | None = None) -> bool:
    """Go on; False when the endpoint is another reader's by now, or paused or gone."""
    return await _set({"_id": id, "reader": reader, "is_paused": False}, {"read_until": now + LEASE}, session)


async def leave_reading(id: ObjectId, reader: str, until: datetime | None = None) -> None:
    """Let others read at once, or after a pause `until` then."""
    await _set({"_id": id, "reader": reader}, {"reader": None, "read_until": until})


async def count_pulled(
    id: ObjectId, at: datetime, *, received: int, refusals: list[str], session: AsyncClientSession
) -> None:
    """Count what has come, and what of it must not come in. The first event proves that the queue is set up."""
    if not received and not refusals:
        return
    change: dict[str, object] = {"last_received_at": at} if received else {}
    if refusals:
        change |= {"last_refused_at": at, "last_refusal": refusals[-1]}
    counts = {"received": received, "refused": len(refusals)}
    rows = IntakeEndpoint.rows()
    await rows.update_one({"_id": id}, {"$inc": counts, "$set": change}, session=session)
    if received:
        await rows.update_one({"_id": id, "confirmed_at": None}, {"$set": {"confirmed_at": at}}, session=session)


def _free(now: datetime) -> dict[str, object]:
    return {"$or": [{"read_until": None}, {"read_until": {"$lt": now}}]}


async def _set(query: dict[str, object], change: dict[str, object], session: AsyncClientSession | None = None) -> bool:
    done = await IntakeEndpoint.rows().update_one(query, {"$set": change}, session=session)
    return done.matched_count == 1
