"""Jobs that were asked for in a transaction and must reach the queue, whatever dies in between."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from beanie import Document
from pymongo import ASCENDING, IndexModel

# Here, because a transaction asks for these by itself; the other names stand in jobs/queue.py.
QUICK = "cloudwatcher:quick"
# Crash recovery waits for the longest timeout of a queue, so slow work has its own beside QUICK.
SLOW = "cloudwatcher:slow"
SEND_MAIL = "send_mail"
DISPATCH_EVENTS = "dispatch_events"


class OutboxJob(Document):
    """`_id` is the deterministic job id. The row goes once the queue has taken the job.

    `tried_at` is when the queue last refused it while others had to wait for that, None before: it then waits behind
    those that were not tried for longer.
    """

    id: str  # type: ignore[assignment]  # ours, not an ObjectId
    function: str
    queue: str
    args: dict[str, Any]
    created_at: datetime
    tried_at: datetime | None = None

    class Settings:
        name = "outbox"
        indexes = [IndexModel([("tried_at", ASCENDING), ("created_at", ASCENDING)], name="tried")]


async def asked_jobs(ids: Sequence[str]) -> set[str]:
    """Those of these job ids that wait to be taken by the queue."""
    rows = OutboxJob.get_pymongo_collection().find({"_id": {"$in": list(ids)}}, {"_id": 1})
    return {raw["_id"] async for raw in rows}


async def relay_outbox(push: Callable[[dict[str, Any]], Awaitable[bool]], *, limit: int = 500) -> int:
    """Hand waiting jobs {_id, function, queue, args} to `push`, oldest first; returns how many it took.

    A job that `push` does not take (False) stays, and goes behind those that were not tried for longer where there may
    be such. Where all were tried it is not written to: every transaction under way that asks for the same job would
    have to begin anew. A crash between push and delete pushes again under the same id.
    """
    relayed = 0
    rows = OutboxJob.get_pymongo_collection()
    waiting = await rows.find({}, sort=[("tried_at", ASCENDING), ("created_at", ASCENDING)], limit=limit).to_list()
    for job in waiting:
        # Only this very ask: a newer one under the same id stays for the next round.
        this = {"_id": job["_id"], "created_at": job["created_at"]}
        if await push(job):
            await rows.delete_one(this)
            relayed += 1
        elif len(waiting) == limit:
            await rows.update_one(this, {"$set": {"tried_at": datetime.now(UTC)}})
    return relayed
