"""A dated leave for something to fail a control: why, what is done instead, and approved by somebody else."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from domain.compliance.falling_due import LONGEST_NOTICE
from domain.errors import Invalid
from domain.facts.governance import ExceptionState

LONGEST = timedelta(days=366)
# What ended lately is still looked at, to have its control judged without it.
LOOKED_AFTER = timedelta(days=2)
MOST_OPEN = 2000
_NEWEST_FIRST = (("created_at", DESCENDING), ("_id", DESCENDING))


class ControlException(TenantDocument):
    """It covers `resources`, by the ids checks list them by; where none is named, everything in `account_id`.

    `account_id` None: these resources wherever they are. `requested_by`, `decided_by` and `revoked_by` are ids of
    people; who decides is never who has asked. It counts from `starts_at` until `ends_at`, unless revoked.
    """

    noun: ClassVar[str] = "exception"

    control_id: str
    account_id: PydanticObjectId | None = None
    resources: list[str] = Field(default_factory=list)
    reason: str
    compensating_control: str
    starts_at: datetime
    ends_at: datetime
    state: ExceptionState = ExceptionState.REQUESTED
    requested_by: PydanticObjectId
    decided_by: PydanticObjectId | None = None
    decided_at: datetime | None = None
    comment: str = ""
    revoked_by: PydanticObjectId | None = None
    revoked_at: datetime | None = None
    version: int = 1

    class Settings:
        name = "control_exceptions"
        indexes = [
            IndexModel([("org_id", ASCENDING), *_NEWEST_FIRST], name="org_newest"),
            IndexModel(
                [("org_id", ASCENDING), ("control_id", ASCENDING), *_NEWEST_FIRST, ("state", ASCENDING)],
                name="org_control_newest",
            ),
            IndexModel([("org_id", ASCENDING), ("state", ASCENDING), *_NEWEST_FIRST], name="org_state_newest"),
            IndexModel([("ends_at", ASCENDING), ("state", ASCENDING)], name="ending"),
        ]


async def add_exception(exception: ControlException, session: AsyncClientSession) -> None:
    """Store it. Raises Invalid where too many are open."""
    query = {"org_id": exception.org_id, "state": {"$in": [ExceptionState.REQUESTED, ExceptionState.APPROVED]}}
    if await ControlException.rows().count_documents(query, limit=MOST_OPEN, session=session) >= MOST_OPEN:
        raise Invalid(f"There are {MOST_OPEN} exceptions, which is the most: revoke one first.")
    await exception.insert(session=session)


async def exceptions_in_force(org_id: ObjectId, now: datetime) -> list[ControlException]:
    """Those of an organization that count now, the oldest first."""
    query = {
        "org_id": org_id,
        "state": ExceptionState.APPROVED.value,
        "starts_at": {"$lte": now},
        "ends_at": {"$gt": now},
    }
    return [ControlException.stored(raw) async for raw in ControlException.rows().find(query).sort("_id", 1)]


async def exceptions_between(
    org_id: ObjectId, control_id: str, first: datetime, until: datetime
) -> AsyncIterator[ControlException]:
    """Those of a control that were in force at some time from `first` until before `until`, the oldest first.

    A request that was withdrawn was never in force: nobody had decided on it.
    """
    query = {
        "org_id": org_id,
        "control_id": control_id,
        "state": {"$in": [ExceptionState.APPROVED.value, ExceptionState.REVOKED.value]},
        "starts_at": {"$lt": until},
        "decided_at": {"$ne": None, "$lt": until},
        "ends_at": {"$gt": first},
        "revoked_at": {"$not": {"$lte": first}},
    }
    async for raw in ControlException.rows().find(query).sort([("created_at", 1), ("_id", 1)]):
        found = ControlException.stored(raw)
        # What ended before it was decided, or was revoked before it began, covered nothing.
        if max(found.starts_at, found.decided_at or found.starts_at) < min(found.ends_at, found.revoked_at or until):
            yield found


async def ending_exceptions(at: datetime) -> Sequence[ControlException]:
    """Approved ones of all organizations that end within two weeks, or have ended lately."""
    query = {"ends_at": {"$gt": at - LOOKED_AFTER, "$lte": at + LONGEST_NOTICE}, "state": ExceptionState.APPROVED.value}
    return [ControlException.stored(raw) async for raw in ControlException.rows().find(query).sort("ends_at", 1)]
