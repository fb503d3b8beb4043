"""Who judges an organization's controls just now: one worker at a time."""

from datetime import datetime, timedelta
from typing import ClassVar

from bson import ObjectId
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from documents.base import TenantDocument

# A worker that has not said for so long that it still judges has died.
LEASE = timedelta(seconds=90)


class CheckRound(TenantDocument):
    """One for each organization. `lease` names the worker that is on it, until `leased_until` unless it says anew."""

    noun: ClassVar[str] = "round of checks"

    lease: str | None = None
    leased_until: datetime | None = None

    class Settings:
        name = "check_rounds"
        indexes = [IndexModel([("org_id", ASCENDING)], unique=True, name="org")]


async def take_round(org_id: ObjectId, holder: str, now: datetime) -> bool:
    """Whether `holder` alone may judge this organization from now on."""
    # A lease that ends later than any lease can was given out by a clock that was ahead.
    is_free = [{"leased_until": None}, {"leased_until": {"$lt": now}}, {"leased_until": {"$gt": now + 2 * LEASE}}]
    change = {"$set": {"lease": holder, "leased_until": now + LEASE}, "$setOnInsert": {"created_at": now}}
    try:
        await CheckRound.rows().update_one({"org_id": org_id, "$or": is_free}, change, upsert=True)
    except DuplicateKeyError:  # another worker is on it
        return False
    return True


async def keep_round(org_id: ObjectId, holder: str, now: datetime, session: AsyncClientSession | None = None) -> bool:
    """Say that `holder` still judges. False when another worker has taken over."""
    change = {"$set": {"leased_until": now + LEASE}}
    kept = await CheckRound.rows().update_one({"org_id": org_id, "lease": holder}, change, session=session)
    return kept.matched_count == 1


async def drop_round(org_id: ObjectId, holder: str) -> None:
    """Let another worker go on at once."""
    change = {"$set": {"lease": None, "leased_until": None}}
    await CheckRound.rows().update_one({"org_id": org_id, "lease": holder}, change)
