"""One sync of one account, from the ask to its end."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from beanie import PydanticObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from documents.account import Account
from documents.base import TenantDocument
from documents.idempotency import encoded
from documents.transaction import Transaction
from domain.facts import topic
from domain.facts.event import LoggedEvent


class SyncState(StrEnum):
    """PARTIAL: something could not be read; what it was stands in `gaps`."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"


ENDED = frozenset({SyncState.SUCCEEDED, SyncState.PARTIAL, SyncState.FAILED})

# Time enough for the relay; asking for a job that is still there does nothing.
STRANDED_AFTER = timedelta(minutes=1)


class SyncRun(TenantDocument):
    """`active_key` is the account's id while the run has not ended, so that an account has one run at a time."""

    noun: ClassVar[str] = "sync"

    account_id: PydanticObjectId
    state: SyncState = SyncState.QUEUED
    step: str = "Waiting for a worker"
    done: int = 0
    total: int = 0
    resources: int = 0
    findings_opened: int = 0
    findings_resolved: int = 0
    gaps: list[str] = Field(default_factory=list)
    problem: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    active_key: PydanticObjectId | None = None

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
            IndexModel([("created_at", ASCENDING)], name="expiry", expireAfterSeconds=90 * 24 * 3600),
        ]


async def find_active_run(account: Account, session: AsyncClientSession | None = None) -> SyncRun | None:
    """The run of this account that has not ended yet."""
    raw = await SyncRun.rows().find_one({"active_key": account.id}, session=session)
    return None if raw is None else SyncRun.stored(raw)


async def open_run(account: Account, session: AsyncClientSession) -> tuple[SyncRun, bool]:
    """A run to do: (the active one, False) when there is one, else (a new one, True)."""
    active = await find_active_run(account, session)
    if active is not None:
        return active, False
    run = SyncRun(org_id=account.org_id, account_id=account.id, active_key=account.id)
    try:
        await run.insert(session=session)
    except DuplicateKeyError:  # another request was faster; its transaction has committed by now
        active = await find_active_run(account)
        if active is None:
            raise
        return active, False
    return run, True


async def update_run(run: SyncRun, session: AsyncClientSession, **fields: Any) -> SyncRun:
    """Set fields of a run that has not ended; an ended run stays as it is. Returns the run."""
    if fields.get("state") in ENDED:
        fields["active_key"] = None
    raw = await SyncRun.rows().find_one_and_update(
        {"_id": run.id, "active_key": run.account_id},
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
    """Runs of any tenant that have not ended and were asked for more than STRANDED_AFTER ago; for the sweep."""
    query = {"active_key": {"$type": "objectId"}, "created_at": {"$lt": now - STRANDED_AFTER}}
    return [SyncRun.stored(raw) async for raw in SyncRun.rows().find(query, limit=limit)]


def announce_sync(tx: Transaction, run: SyncRun) -> None:
    """Log the run as it stands now."""
    tx.announce(run.org_id, topic.syncs(run.org_id), "SyncProgressed", encoded(run))


def sync_of(event: LoggedEvent) -> Any:
    """The run row an event carries."""
    return SyncRun.Row(dict(event.payload))
