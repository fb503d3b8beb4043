"""Asking for a sync because something has changed: soon, and not once for each of a storm of changes."""

from datetime import datetime, timedelta
from typing import Any

from pymongo import ReturnDocument

from documents.account import CONNECTED_STATES, Account
from documents.transaction import Transaction

# Small changes come in bursts; a sync that reads the whole burst is worth more than one that reads its beginning.
NUDGE_EVERY = timedelta(minutes=5)


async def nudge(tx: Transaction, account: Account, at: datetime) -> bool:
    """Whether a sync is to be asked for now, because an event says that something in the account has changed.

    At most once in NUDGE_EVERY. A change that comes sooner brings the next due sync forward to the end of that time, so
    that it is not forgotten. One statement decides; of two workers one is told True.
    """
    known = {"_id": account.id, "state": {"$in": [state.value for state in CONNECTED_STATES]}}
    is_free: dict[str, Any] = {"$or": [{"nudged_at": None}, {"nudged_at": {"$lte": at - NUDGE_EVERY}}]}
    taken = await Account.rows().update_one({**known, **is_free}, {"$set": {"nudged_at": at}}, session=tx.session)
    if taken.modified_count:
        return True
    await bring_forward(tx, account)
    return False


async def bring_forward(tx: Transaction, account: Account) -> datetime | None:
    """Have the next due sync come no later than a nudge may ask again; returns when it is due, None if never."""
    due = {"$min": ["$next_sync_at", {"$add": ["$nudged_at", int(NUDGE_EVERY.total_seconds() * 1000)]}]}
    raw = await Account.rows().find_one_and_update(
        {"_id": account.id, "next_sync_at": {"$type": "date"}, "nudged_at": {"$type": "date"}},
        [{"$set": {"next_sync_at": due}}],
        return_document=ReturnDocument.AFTER,
        session=tx.session,
    )
    return None if raw is None else raw["next_sync_at"]
