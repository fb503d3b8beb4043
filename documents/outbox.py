"""Jobs that were asked for in a transaction and must reach the queue, whatever dies in between."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from beanie import Document
from pymongo import ASCENDING, IndexModel

# Here, because a transaction asks for mail by itself; the other names stand in jobs/queue.py.
QUICK = "cloudwatcher:quick"
SEND_MAIL = "send_mail"


class OutboxJob(Document):
    """`_id` is the deterministic job id. The row goes once the queue has taken the job."""

    id: str  # type: ignore[assignment]
    function: str
    queue: str
    args: dict[str, Any]
    created_at: datetime

    class Settings:
        name = "outbox"
        indexes = [IndexModel([("created_at", ASCENDING)], name="created_at")]


async def relay_outbox(push: Callable[[dict[str, Any]], Awaitable[bool]], *, limit: int = 500) -> int:
    """Hand waiting jobs {_id, function, queue, args} to `push`, oldest first; returns how many it took.

    A job that `push` does not take (False) stays. A crash between push and delete pushes again under the same id.
    """
    relayed = 0
    rows = OutboxJob.get_pymongo_collection()
    for job in await rows.find({}, sort=[("created_at", ASCENDING)], limit=limit).to_list():
        if not await push(job):
            continue
        # Only this very ask: a newer one under the same id stays for the next round.
        await rows.delete_one({"_id": job["_id"], "created_at": job["created_at"]})
        relayed += 1
    return relayed
