"""One sync of one account, from the ask to its end."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from documents.account import Account
from documents.base import TenantDocument
from documents.idempotency import encoded
from documents.transaction import Transaction
from domain.errors import NotFound
from domain.facts import topic
from domain.facts.event import LoggedEvent
from domain.facts.scope import Scope


class SyncState(StrEnum):
    """PARTIAL: something could not be read; what it was stands in `gaps`. CANCELLED: a person ended it."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


ENDED = frozenset({SyncState.SUCCEEDED, SyncState.PARTIAL, SyncState.FAILED, SyncState.CANCELLED})

ENDED_WELL = (SyncState.SUCCEEDED.value, SyncState.PARTIAL.value)
# Syncs that have read what there is.
WHOLE: Mapping[str, Any] = {"state": {"$in": list(ENDED_WELL)}, "is_narrow": {"$ne": True}}

# Time enough for the relay; asking for a job that is still there does nothing.
STRANDED_AFTER = timedelta(minutes=1)
# A worker that has not said for so long that it still works on a run has died.
LEASE = timedelta(seconds=45)


class SyncRun(TenantDocument):
    """`active_key` is the account's id while the run has not ended, so that an account has one run at a time.

    `lease` names the worker that is on it, until `leased_until` unless it says anew that it is. `tries` counts the
    attempts that a provider ended. `with_costs`: what has the cadence of costs is read too. `added`, `changed`, `gone`
    and `unchanged` count resources. `unread` are the gaps as fields, `gaps` the same as sentences. `touched` is what
    events had said to have changed when it began, see `documents.touch`; with `is_narrow` that alone is read.
    `is_parked` while one steps aside for another, which it has done `parkings` times: `documents.sync_parking`.
    """

    noun: ClassVar[str] = "sync"

    account_id: PydanticObjectId
    state: SyncState = SyncState.QUEUED
    step: str = "Waiting for a worker"
    done: int = 0
    total: int = 0
    resources: int = 0
    added: int = 0
    changed: int = 0
    gone: int = 0
    unchanged: int = 0
    findings_opened: int = 0
    findings_resolved: int = 0
    gaps: list[str] = Field(default_factory=list)
    unread: list[dict[str, Any]] = Field(default_factory=list)
    problem: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    active_key: PydanticObjectId | None = None
    with_costs: bool = False
    tries: int = 0
    lease: str | None = None
    leased_until: datetime | None = None
    is_cancel_asked: bool = False
    is_narrow: bool = False
    touched: list[str] = Field(default_factory=list)
    is_parked: bool = False
    parkings: int = 0

    class Settings:
        name = "sync_runs"
        indexes = [
            IndexModel(
                [("active_key", ASCENDING)],
                unique=True,
                name="one_active",
                partialFilterExpression={"active_key": {"$type": "objectId"}},
            ),
            IndexModel([("org_id", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)], name="org_created"),
            IndexModel(
                [("org_id", ASCENDING), ("account_id", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)],
                name="org_account_created",
            ),
            IndexModel([("account_id", ASCENDING)], name="parked", partialFilterExpression={"is_parked": True}),
            IndexModel([("created_at", ASCENDING)], name="expiry", expireAfterSeconds=90 * 24 * 3600),
        ]


async def find_active_run(account: Account, session: AsyncClientSession | None = None) -> SyncRun | None:
    """The run of this account that has not ended yet."""
    raw = await SyncRun.rows().find_one({"active_key": account.id}, session=session)
    return None if raw is None else SyncRun.stored(raw)


async def open_run(account: Account, session: AsyncClientSession, *, is_narrow: bool = False) -> tuple[SyncRun, bool]:
    """A run to do: (the active one, False) when there is one, else (a new one, True)."""
    active = await find_active_run(account, session)
    if active is not None:
        return active, False
    run = SyncRun(org_id=account.org_id, account_id=account.id, active_key=account.id, is_narrow=is_narrow)
    try:
        await run.insert(session=session)
    except DuplicateKeyError:  # another request was faster; its transaction has committed by now
        active = await find_active_run(account)
        if active is None:
            raise
        return active, False
    return run, True


async def widen_run(run: SyncRun, session: AsyncClientSession) -> SyncRun:
    """The run, which is to read everything: one that is narrow goes on with the rest when it has read what it was for.

    One that has ended stays as it is.
    """
    wide = {"$set": {"is_narrow": False}}
    narrow = {"_id": run.id, "active_key": run.account_id, "is_narrow": True}
    rows = SyncRun.rows()
    raw = await rows.find_one_and_update(narrow, wide, return_document=ReturnDocument.AFTER, session=session)
    return run if raw is None else SyncRun.stored(raw)


async def is_narrow_still(run: SyncRun, session: AsyncClientSession) -> bool:
    """Whether nobody has asked for the whole meanwhile."""
    raw = await SyncRun.rows().find_one({"_id": run.id}, {"is_narrow": 1}, session=session)
    return raw is not None and bool(raw.get("is_narrow"))


async def update_run(run: SyncRun, session: AsyncClientSession, **fields: Any) -> SyncRun:
    """Set fields of a run that has not ended; an ended run stays as it is. Returns the run.

    A run that was leased when it was read stays as it is, too, when another worker is on it by now.
    """
    if fields.get("state") in ENDED:
        fields["active_key"] = None
    ours = {"_id": run.id, "active_key": run.account_id}
    raw = await SyncRun.rows().find_one_and_update(
        ours if run.lease is None else {**ours, "lease": run.lease},
        {"$set": fields},
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    return run if raw is None else SyncRun.stored(raw)


async def end_waiting_run(tx: Transaction, account: Account, problem: str, at: datetime) -> None:
    """End the run of this account that no worker has begun; one that runs ends by itself."""
    run = await find_active_run(account, tx.session)
    if run is not None and run.state is SyncState.QUEUED:
        fields = {"state": SyncState.FAILED.value, "step": "Stopped", "problem": problem, "ended_at": at}
        announce_sync(tx, await update_run(run, tx.session, **fields))


async def find_stranded_runs(now: datetime, *, limit: int = 200) -> list[SyncRun]:
    """Runs of any tenant that were asked for more than STRANDED_AFTER ago and that no worker is on; for the sweep."""
    query = {
        "active_key": {"$type": "objectId"},
        "created_at": {"$lt": now - STRANDED_AFTER},
        "$or": [{"leased_until": None}, {"leased_until": {"$lt": now}}],
    }
    return [SyncRun.stored(raw) async for raw in SyncRun.rows().find(query, limit=limit)]


async def take_lease(run: SyncRun, holder: str, now: datetime) -> SyncRun | None:
    """The run, for `holder` alone to work on; None when it has ended or another one is on it."""
    is_free = [{"leased_until": None}, {"leased_until": {"$lt": now}}]
    return await _leased({"_id": run.id, "active_key": run.account_id, "$or": is_free}, holder, now + LEASE)


async def keep_lease(run: SyncRun, holder: str, now: datetime, session: AsyncClientSession | None = None) -> bool:
    """Say that `holder` still works on the run. False when it has been taken by another one, or has ended."""
    query = {"_id": run.id, "active_key": run.account_id, "lease": holder}
    return await _leased(query, holder, now + LEASE, session) is not None


async def drop_lease(run: SyncRun, holder: str) -> None:
    """Let another worker go on at once."""
    change = {"$set": {"lease": None, "leased_until": None}}
    await SyncRun.rows().update_one({"_id": run.id, "lease": holder}, change)


async def is_cancel_asked(run: SyncRun) -> bool:
    """Whether somebody wants the run to end."""
    raw = await SyncRun.rows().find_one({"_id": run.id}, projection={"is_cancel_asked": 1})
    return raw is None or bool(raw.get("is_cancel_asked"))


async def request_cancel(run: SyncRun, session: AsyncClientSession, now: datetime) -> SyncRun:
    """The run as it is now: ended when no worker is on it, else it ends within seconds. An ended one stays as it is.

    Raises NotFound when it is no longer stored.
    """
    is_worked_on = [{"active_key": run.account_id, "leased_until": {"$gte": now}}, {"is_parked": True}]
    running = {"_id": run.id, "$or": is_worked_on}
    asked = {"$set": {"is_cancel_asked": True}}
    if (await SyncRun.rows().update_one(running, asked, session=session)).matched_count == 0:
        free = run.model_copy(update={"lease": None})
        await update_run(free, session, state=SyncState.CANCELLED.value, step="Cancelled", ended_at=now)
    raw = await SyncRun.rows().find_one({"_id": run.id}, session=session)
    if raw is None:
        raise NotFound.of(SyncRun.noun)
    return SyncRun.stored(raw)


async def _leased(
    query: dict[str, Any], holder: str, until: datetime, session: AsyncClientSession | None = None
) -> SyncRun | None:
    raw = await SyncRun.rows().find_one_and_update(
        query,
        {"$set": {"lease": holder, "leased_until": until}},
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    return None if raw is None else SyncRun.stored(raw)


async def last_run(scope: Scope, account_id: ObjectId | None, *, with_costs: bool) -> SyncRun | None:
    """The last sync of the account that has read what there is; with costs: the last that has read these, too."""
    more = {"with_costs": True} if with_costs else {}
    query = {**SyncRun.within(scope), "account_id": account_id, **WHOLE, **more}
    raw = await SyncRun.rows().find_one(query, sort=[("created_at", DESCENDING), ("_id", DESCENDING)])
    return None if raw is None else SyncRun.stored(raw)


async def last_whole_run(account: Account) -> SyncRun | None:
    """The last sync that has read what there is of the account."""
    query = {"org_id": account.org_id, "account_id": account.id, **WHOLE}
    raw = await SyncRun.rows().find_one(query, sort=[("created_at", DESCENDING), ("_id", DESCENDING)])
    return None if raw is None else SyncRun.stored(raw)


async def narrow_beside(run: SyncRun) -> list[Mapping[str, Any]]:
    """(_id, state, ended_at) of the narrow syncs of the same account that were asked for since this one was."""
    since = {"org_id": run.org_id, "account_id": run.account_id, "created_at": {"$gt": run.created_at}}
    fields = {"state": 1, "ended_at": 1}
    return [raw async for raw in SyncRun.rows().find({**since, "is_narrow": True}, fields)]


async def narrow_since(run: SyncRun) -> list[ObjectId]:
    """Those of them that have come to a good end."""
    return [raw["_id"] for raw in await narrow_beside(run) if raw["state"] in ENDED_WELL]


def announce_sync(tx: Transaction, run: SyncRun) -> None:
    """Log the run as it stands now."""
    tx.announce(run.org_id, topic.syncs(run.org_id), "SyncProgressed", encoded(run))


def sync_of(event: LoggedEvent) -> Any:
    """The run row an event carries."""
    return SyncRun.Row(dict(event.payload))
