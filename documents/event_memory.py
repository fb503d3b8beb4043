"""What is remembered of the events of an account: bounded, and forgotten by itself. Not the events themselves."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from beanie import PydanticObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel

from documents.account import Account
from documents.base import TenantDocument, utc_now
from documents.transaction import Transaction
from domain.detection.detector import MOST_MARKS, Recollection, Trace

# Longer than the longest window of a detector.
KEPT = timedelta(days=100)
_CAUSES = "causes"


class EventMemory(TenantDocument):
    """`about` is a detector's id, `subject` mostly who it was. Each of `marks` has its text, `mark`, and when it was
    last seen, `at`.

    `first_at` is when the subject was first heard of, `newest_at` the time of its newest event.
    """

    noun: ClassVar[str] = "memory of events"

    account_id: PydanticObjectId
    about: str
    subject: str
    marks: list[dict[str, Any]] = Field(default_factory=list)
    first_at: datetime
    newest_at: datetime
    touched_at: datetime

    class Settings:
        name = "event_memory"
        indexes = [
            IndexModel(
                [("org_id", ASCENDING), ("account_id", ASCENDING), ("about", ASCENDING), ("subject", ASCENDING)],
                unique=True,
                name="natural",
            ),
            IndexModel([("touched_at", ASCENDING)], name="expiry", expireAfterSeconds=int(KEPT.total_seconds())),
        ]


async def recollect(
    tx: Transaction, account: Account, about: str, trace: Trace, window: timedelta, at: datetime
) -> Recollection:
    """What earlier events left within `window` before `at`, the time of this event; then its own trace is added.

    At most MOST_MARKS are kept of a subject, those that were seen last. Two transactions at once conflict, and one of
    them is run again.
    """
    key = {**_of(account), "about": about, "subject": trace.subject}
    raw = await EventMemory.rows().find_one(key, session=tx.session) or {}
    seen: dict[str, datetime] = {one["mark"]: one["at"] for one in raw.get("marks", [])}
    before = frozenset(mark for mark, last in seen.items() if last > at - window)
    newest = max(raw.get("newest_at", at), at)
    now = {mark: last for mark, last in {**seen, **_dated(trace, seen, at)}.items() if last > newest - window}
    kept = sorted(now.items(), key=lambda item: item[1])[-MOST_MARKS:]
    first = min(raw.get("first_at", at), at)
    marks = [{"mark": mark, "at": last} for mark, last in kept]
    await _store(tx, key, {"marks": marks, "first_at": first, "newest_at": newest})
    return Recollection(before=before, since=raw.get("first_at"))


async def is_newest(tx: Transaction, account: Account, cause: str, at: datetime) -> bool:
    """Whether nothing newer was heard of a cause; notes that this was. Providers send in any order."""
    key = {**_of(account), "about": _CAUSES, "subject": cause}
    raw = await EventMemory.rows().find_one(key, session=tx.session)
    if raw is not None and raw["newest_at"] > at:
        return False
    await _store(tx, key, {"marks": [], "newest_at": at, "first_at": at if raw is None else raw["first_at"]})
    return True


def _of(account: Account) -> dict[str, Any]:
    return {"org_id": account.org_id, "account_id": account.id}


def _dated(trace: Trace, seen: Mapping[str, datetime], at: datetime) -> dict[str, datetime]:
    return {mark: max(seen.get(mark, at), at) for mark in trace.marks}


async def _store(tx: Transaction, key: dict[str, Any], fields: dict[str, Any]) -> None:
    now = utc_now()
    change = {"$set": {**fields, "touched_at": now}, "$setOnInsert": {"created_at": now}}
    await EventMemory.rows().update_one(key, change, upsert=True, session=tx.session)
