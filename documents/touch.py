"""Asking for a narrow sync: of what events say has changed, and of nothing else.

What has changed is kept on the account until a sync begins that reads it, whichever that is. A narrow sync begins at
once, and then no sooner than follows from how long the last one took; each books some time ahead, as the others do.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.account import CONNECTED_STATES, Account, AccountState
from documents.nudge import BOOKED_AHEAD, NUDGE_EVERY, PAUSE_OF_SYNC, less, milliseconds
from documents.sync_run import SyncRun, last_whole_run, narrow_since
from documents.transaction import Transaction

# Changes come in bursts, and their events over some seconds.
TOUCH_PAUSE = timedelta(seconds=10)
# What a narrow sync books ahead: in times that it took, and at least. A tenth of the time is for them on average.
BOOKS, BOOKS_AT_LEAST = 10, timedelta(seconds=30)
# Should an ask be lost, the clock asks anew.
ASKED_AGAIN = timedelta(minutes=1)
# Then everything is read again: what is known of an account is put together of no more syncs than these.
MOST_NARROW = 100
_CONNECTED = {"state": {"$in": [state.value for state in CONNECTED_STATES]}}


async def touch(tx: Transaction, account: Account, touches: Collection[str], at: datetime) -> bool:
    """Note what has changed, as `connectors.reading.touching` writes it; whether a sync is to be asked for now.

    Of two workers one is told True.
    """
    known = {"_id": account.id, **_CONNECTED}
    every = {"$setUnion": [{"$ifNull": ["$touched", []]}, {"$literal": sorted(touches)}]}
    due = {"$max": [at, "$touch_free_at", less("$booked_until", BOOKED_AHEAD)]}
    change = [{"$set": {"touched": every, "touch_due_at": {"$min": ["$touch_due_at", due]}}}]
    await Account.rows().update_one(known, change, session=tx.session)
    claimed = {**known, "touch_due_at": {"$lte": at}}
    taken = await Account.rows().update_one(claimed, _asked(at), session=tx.session)
    return bool(taken.modified_count)


async def claim_touched_accounts(now: datetime, *, limit: int = 1000) -> list[Account]:
    """Accounts that a narrow sync is due in; each is moved on, so that no other worker claims it too.

    For the tick, which serves every tenant and therefore takes no Scope.
    """
    rows, claimed = Account.rows(), []
    due = {"touch_due_at": {"$lte": now}, **_CONNECTED}
    async for found in rows.find(due, {"touch_due_at": 1}).limit(limit):
        raw = await rows.find_one_and_update(found, _asked(now), return_document=ReturnDocument.AFTER)
        if raw is not None:
            claimed.append(Account.stored(raw))
    return claimed


async def is_touch_due(account: Account, now: datetime) -> bool:
    """Whether something has changed that may be read now."""
    free = {"$or": [{"touch_free_at": None}, {"touch_free_at": {"$lte": now}}]}
    has_left = {"$or": [{"booked_until": None}, {"booked_until": {"$lte": now + BOOKED_AHEAD}}]}
    waiting = {"_id": account.id, "touched.0": {"$exists": True}, "$and": [free, has_left]}
    return await Account.rows().find_one(waiting, {"_id": 1}) is not None


async def take_touches(account: Account, session: AsyncClientSession) -> list[str]:
    """What has changed, for the sync that begins now: it is asked for no more."""
    taken: dict[str, Any] = {"$set": {"touched": [], "touch_due_at": None}}
    raw = await Account.rows().find_one_and_update({"_id": account.id}, taken, session=session)
    return sorted((raw or {}).get("touched") or ())


async def can_be_narrow(account: Account) -> bool:
    """Whether the rest is known well enough: it was read in whole, the account lets us in, and not for too long."""
    if account.state is not AccountState.CONNECTED:
        return False
    whole = await last_whole_run(account)
    return whole is not None and len(await narrow_since(whole)) < MOST_NARROW


async def settle_touches(tx: Transaction, account: Account, run: SyncRun, at: datetime, *, is_read: bool) -> None:
    """With the end of a sync: when a narrow one may come next, and when it does should there be something to read.

    Without `is_read` what it was to read is waited for again.
    """
    took = max(at - (run.started_at or at), timedelta(0))
    pause = min(max(PAUSE_OF_SYNC * took, TOUCH_PAUSE), NUDGE_EVERY)
    # A sync of the whole has its own pause, and keeps nothing else waiting.
    free = at + NUDGE_EVERY if not is_read else (run.started_at or at) + pause if run.is_narrow else at
    books = min(max(BOOKS * took, BOOKS_AT_LEAST), NUDGE_EVERY) if run.is_narrow else timedelta(0)
    again = [] if is_read else run.touched
    known = {
        "touch_free_at": free,
        "touched": {"$setUnion": [{"$ifNull": ["$touched", []]}, {"$literal": again}]},
        "booked_until": {"$add": [{"$max": ["$booked_until", at]}, milliseconds(books)]},
    }
    is_waiting = {"$gt": [{"$size": "$touched"}, 0]}
    due = {"$max": ["$touch_free_at", less("$booked_until", BOOKED_AHEAD)]}
    change: list[dict[str, Any]] = [{"$set": known}, {"$set": {"touch_due_at": {"$cond": [is_waiting, due, None]}}}]
    await Account.rows().update_one({"_id": account.id}, change, session=tx.session)


def _asked(at: datetime) -> dict[str, Any]:
    return {"$set": {"touch_due_at": at + ASKED_AGAIN}}
