"""Asking for a sync because something has changed: soon, and not once for each of a storm of changes.

The account is left alone after each sync, for longer when it took longer, so that an event costs a third of its time at
most. And each sync books NUDGE_EVERY ahead: many may follow closely on each other, but not for ever.
"""

from datetime import datetime, timedelta
from typing import Any

from documents.account import CONNECTED_STATES, Account, AccountState
from documents.transaction import Transaction

# On average, and for an account of which it is not known how long a sync takes, or that cannot be read.
NUDGE_EVERY = timedelta(minutes=5)
# Small changes come in bursts; a sync that reads the whole burst is worth more than one that reads its beginning.
NUDGE_PAUSE = timedelta(seconds=20)
# From the beginning of one sync to that of the next, in times that the last one took.
PAUSE_OF_SYNC = 3
# Sixty syncs in quick succession, such as while somebody mends a control and looks what it says.
BOOKED_AHEAD = 60 * NUDGE_EVERY


def pause_of(account: Account) -> timedelta:
    """How long after the beginning of a sync an event may ask for the next one."""
    if account.state is not AccountState.CONNECTED or account.sync_took is None:
        return NUDGE_EVERY
    return min(max(PAUSE_OF_SYNC * account.sync_took, NUDGE_PAUSE), NUDGE_EVERY)


async def nudge(tx: Transaction, account: Account, at: datetime) -> bool:
    """Whether a sync is to be asked for now, because an event says that something in the account has changed.

    A change that comes too soon after the last sync brings the next due one forward, so that it is not forgotten. One
    statement decides; of two workers one is told True.
    """
    known = {"_id": account.id, "state": {"$in": [state.value for state in CONNECTED_STATES]}}
    is_free: list[dict[str, Any]] = [
        {"$or": [{"nudged_at": None}, {"nudged_at": {"$lte": at - pause_of(account)}}]},
        {"$or": [{"booked_until": None}, {"booked_until": {"$lte": at + BOOKED_AHEAD}}]},
    ]
    change = {"$set": {"nudged_at": at, "change_seen_at": at}}
    taken = await Account.rows().update_one({**known, "$and": is_free}, change, session=tx.session)
    if taken.modified_count:
        return True
    await Account.rows().update_one(known, {"$set": {"change_seen_at": at}}, session=tx.session)
    await bring_forward(tx, account)
    return False


async def bring_forward(tx: Transaction, account: Account) -> None:
    """Have the next due sync come no later than a nudge may ask again."""
    query = {"_id": account.id, "next_sync_at": {"$type": "date"}, "nudged_at": {"$type": "date"}}
    await Account.rows().update_one(query, [{"$set": _earlier(pause_of(account))}], session=tx.session)


async def settle_nudges(tx: Transaction, account: Account, began: datetime, at: datetime) -> None:
    """Note how long the sync took that ends now; when something has changed since it began, the next one comes soon.

    Whatever asked for that sync, it has read what events of before have told.
    """
    took = max(at - began, timedelta(0))
    ended = account.model_copy(update={"state": AccountState.CONNECTED, "sync_took": took})
    known = {
        "sync_took": took.total_seconds(),
        "nudged_at": {"$max": ["$nudged_at", began]},
        "booked_until": {"$add": [{"$max": ["$booked_until", at]}, milliseconds(NUDGE_EVERY)]},
    }
    is_late = {"$and": [{"$gt": ["$change_seen_at", began]}, {"$eq": [{"$type": "$next_sync_at"}, "date"]}]}
    soon = {name: {"$cond": [is_late, value, f"${name}"]} for name, value in _earlier(pause_of(ended)).items()}
    await Account.rows().update_one({"_id": account.id}, [{"$set": known}, {"$set": soon}], session=tx.session)


def _earlier(pause: timedelta) -> dict[str, Any]:
    free = {"$max": [{"$add": ["$nudged_at", milliseconds(pause)]}, less("$booked_until", BOOKED_AHEAD)]}
    return {"next_sync_at": {"$min": ["$next_sync_at", free]}}


def less(field: str, by: timedelta) -> dict[str, Any]:
    """Null where the field is, which $max leaves out."""
    return {"$add": [field, -milliseconds(by)]}


def milliseconds(span: timedelta) -> int:
    """As expressions of MongoDB add them to a date."""
    return int(span.total_seconds() * 1000)
