"""A sync of the whole steps aside for a narrow one: it is parked while that reads, and then goes on where it was.

What the narrow one has read the whole one need not read again. So what changes in an account is known soon, however
long it takes to read all of it.
"""

from datetime import timedelta

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.account import Account
from documents.sync_run import SyncRun, SyncState

# So long it is left alone each time, and then it steps aside no more: parts that were under way are read anew.
UNDISTURBED = timedelta(seconds=20)
MOST_PARKINGS = 10


async def park_run(run: SyncRun, session: AsyncClientSession) -> SyncRun | None:
    """The run, which another one of its account may now go before; None when it is not this worker's any more."""
    ours = {"_id": run.id, "active_key": run.account_id, "lease": run.lease}
    parked = {"active_key": None, "is_parked": True, "lease": None, "leased_until": None}
    step = {"step": "Waiting until what has just changed is read"}
    change = {"$set": {**parked, **step}, "$inc": {"parkings": 1}}
    raw = await SyncRun.rows().find_one_and_update(ours, change, return_document=ReturnDocument.AFTER, session=session)
    return None if raw is None else SyncRun.stored(raw)


async def parked_run(account: Account, session: AsyncClientSession) -> SyncRun | None:
    """The run of this account that has stepped aside."""
    raw = await SyncRun.rows().find_one({"account_id": account.id, "is_parked": True}, session=session)
    return None if raw is None else SyncRun.stored(raw)


async def unpark_run(account_id: ObjectId | None, session: AsyncClientSession) -> SyncRun | None:
    """The run that had stepped aside and may go on: call it when the one before it has ended. None without one."""
    raw = await SyncRun.rows().find_one_and_update(
        {"account_id": account_id, "is_parked": True},
        {"$set": {"active_key": account_id, "is_parked": False}},
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    return None if raw is None else SyncRun.stored(raw)


async def find_left_parked(*, limit: int = 200) -> list[SyncRun]:
    """Parked runs of any tenant that nothing goes before any more; for the sweep."""
    runs = [SyncRun.stored(raw) async for raw in SyncRun.rows().find({"is_parked": True}, limit=limit)]
    keys = [run.account_id for run in runs]
    active = {raw["active_key"] async for raw in SyncRun.rows().find({"active_key": {"$in": keys}}, {"active_key": 1})}
    return [run for run in runs if run.account_id not in active and run.state is SyncState.RUNNING]
