"""Which run of a month counts, and whether the month is closed. Only what is asked for changes a closed one."""

from datetime import date, datetime
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import BaseModel, Field
from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.allocation_run import AllocationRun, AllocationRunState, end_run, put_aside
from documents.base import TenantDocument
from documents.cost_period import midnight
from documents.transaction import Transaction
from domain.errors import Conflict
from domain.facts.scope import Scope


class AskedRun(BaseModel):
    """Somebody (an actor) wants a closed month worked out again."""

    reason: str
    asked_by: str
    at: datetime


class AllocationMonth(TenantDocument):
    """`month` is its first midnight (UTC). `former_ids`: runs that a run on purpose replaced, oldest first.

    `rules_version` and `edition_ids` are those of the run that counted when it was closed.
    """

    noun: ClassVar[str] = "month"

    month: datetime
    run_id: PydanticObjectId | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    rules_version: int | None = None
    edition_ids: list[PydanticObjectId] = Field(default_factory=list)
    asked: AskedRun | None = None
    former_ids: list[PydanticObjectId] = Field(default_factory=list)
    version: int = 1

    class Settings:
        name = "allocation_months"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("month", ASCENDING)], unique=True, name="org_month"),
            IndexModel([("org_id", ASCENDING), ("month", DESCENDING), ("_id", DESCENDING)], name="org_newest"),
        ]


async def months_between(
    scope: Scope, first: date, until: date, *, session: AsyncClientSession | None = None
) -> list[AllocationMonth]:
    """The months in scope that are known and touch the days from `first` to before `until`."""
    query = {"month": {"$gte": midnight(first.replace(day=1)), "$lt": midnight(until)}}
    return await AllocationMonth.list_in(scope, query, limit=100_000, session=session)


async def find_month(scope: Scope, month: date, session: AsyncClientSession | None = None) -> AllocationMonth | None:
    """The month of the one organization in scope; None when it was neither worked out nor closed."""
    return await AllocationMonth.find_in(scope, {"month": midnight(month.replace(day=1))}, session=session)


async def is_closed(scope: Scope, month: date, session: AsyncClientSession | None = None) -> bool:
    """Whether the month (any day of it) of the one organization in scope is closed."""
    found = await find_month(scope, month, session)
    return found is not None and found.closed_at is not None


async def close_month(
    tx: Transaction, scope: Scope, month: date, at: datetime, expected_version: int | None = None
) -> AllocationMonth:
    """Close the month: from now on its costs stay with whom they are. Closing a closed one changes nothing.

    Raises Conflict when it was not worked out yet, or is not in the version the caller worked from. The caller audits.
    """
    found = await find_month(scope, month, tx.session)
    if found is None or found.run_id is None:
        raise Conflict(f"{month:%Y-%m} was not worked out yet: wait for its allocation, then close it.")
    if found.closed_at is not None:
        return found
    run = await AllocationRun.get_in(scope, str(found.run_id), session=tx.session)
    changes: dict[str, Any] = {"closed_at": at, "closed_by": scope.actor, "asked": None}
    of_run = {"rules_version": run.rules_version, "edition_ids": run.edition_ids}
    return await change_month(tx, found, {**changes, **of_run}, expected_version)


async def reopen_month(
    tx: Transaction, scope: Scope, month: date, expected_version: int | None = None
) -> AllocationMonth | None:
    """Open a closed month again, so that jobs keep it up to date; the caller audits and asks for its allocation."""
    found = await find_month(scope, month, tx.session)
    if found is None or found.closed_at is None:
        return found
    changes: dict[str, Any] = {
        "closed_at": None,
        "closed_by": None,
        "rules_version": None,
        "edition_ids": [],
        "asked": None,
    }
    return await change_month(tx, found, changes, expected_version)


async def change_month(
    tx: Transaction, month: AllocationMonth, changes: dict[str, Any], expected_version: int | None = None
) -> AllocationMonth:
    """The month with these fields changed. Raises Conflict when it is not in the version the caller worked from."""
    raw = await AllocationMonth.rows().find_one_and_update(
        {"_id": month.id, "version": expected_version or month.version},
        {"$set": changes, "$inc": {"version": 1}},
        session=tx.session,
        return_document=ReturnDocument.AFTER,
    )
    if raw is None:
        raise Conflict(
            "The month was changed in the meantime: look at it again.", path=("input", "expectedVersion"), current=month
        )
    return AllocationMonth.stored(raw)


async def switch_run(
    tx: Transaction, run: AllocationRun, seen: AllocationMonth | None, results: dict[str, Any], at: datetime
) -> bool:
    """Let a staged run count instead of the one `seen` had, in this transaction.

    False, and nothing changed, when the month is no longer as it was seen: another run was faster, or it was closed.
    """
    if seen is None:
        key = {"org_id": run.org_id, "month": run.month}
        fresh = {"$setOnInsert": {**AllocationMonth(**key, run_id=run.id).model_dump(exclude={"id"}), **key}}
        made = await AllocationMonth.rows().update_one(key, fresh, upsert=True, session=tx.session)
        if made.upserted_id is None:
            return False
    elif not await _replaced(tx, run, seen, at):
        return False
    await end_run(tx, ObjectId(run.id), results, at)
    return True


async def _replaced(tx: Transaction, run: AllocationRun, seen: AllocationMonth, at: datetime) -> bool:
    fields: dict[str, Any] = {"run_id": run.id, "asked": None}
    changes: dict[str, Any] = {"$inc": {"version": 1}}
    if seen.closed_at is not None:
        fields |= {"rules_version": run.rules_version, "edition_ids": run.edition_ids}
        changes["$push"] = {"former_ids": seen.run_id}
    switched = await AllocationMonth.rows().update_one(
        {"_id": seen.id, "version": seen.version}, {"$set": fields, **changes}, session=tx.session
    )
    if switched.modified_count and seen.run_id is not None:
        state = AllocationRunState.RETIRED if seen.closed_at is None else AllocationRunState.FORMER
        await put_aside(tx, ObjectId(seen.run_id), state, at)
    return bool(switched.modified_count)
