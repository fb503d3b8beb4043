"""How one part of a sync was read: a list in one region, its gaps, and the raw answers behind it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.account import Account
from documents.base import TenantDocument
from documents.sync_run import ENDED_WELL, WHOLE, SyncRun, narrow_beside, narrow_since
from domain.facts.inventory import ServiceGap
from domain.facts.scope import Scope

# operation, region
Part = tuple[str, str | None]


class ReadState(StrEnum):
    """COMPLETE: everything of it was read."""

    COMPLETE = "COMPLETE"
    INCOMPLETE = "INCOMPLETE"


class SyncRead(TenantDocument):
    """`operation` is the list's, as catalogues print it; `evidence` the hashes of the packs that hold its answers.
    `redactions` is how many values each rule of `domain.evidence.redaction` has taken out of these.

    `contents` are, for each operation, its name, a digest of its answers, and one of these with what was asked.
    `complete_since` is when the last complete read of the same part began, this one included; `was_listed` says whether
    its list was ever seen whole, were it without all details. `seen` holds eight bytes
    for each resource it listed, while its sync goes on.
    """

    noun: ClassVar[str] = "read"

    account_id: PydanticObjectId
    sync_id: PydanticObjectId
    operation: str
    region: str | None = None
    state: ReadState
    gaps: list[dict[str, Any]] = Field(default_factory=list)
    pages: int = 0
    items: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    evidence: list[str] = Field(default_factory=list)
    redactions: dict[str, int] = Field(default_factory=dict)
    contents: list[tuple[str, str, str]] = Field(default_factory=list)
    started_at: datetime
    ended_at: datetime
    complete_since: datetime | None = None
    was_listed: bool = False
    seen: bytes | None = None

    class Settings:
        name = "sync_reads"
        indexes = [
            IndexModel(
                [("sync_id", ASCENDING), ("operation", ASCENDING), ("region", ASCENDING)], unique=True, name="part"
            ),
            IndexModel(
                [("org_id", ASCENDING), ("sync_id", ASCENDING), ("operation", ASCENDING), ("_id", ASCENDING)],
                name="org_sync_operation",
            ),
            IndexModel([("created_at", ASCENDING)], name="expiry", expireAfterSeconds=90 * 24 * 3600),
        ]


async def record_read(read: SyncRead) -> None:
    """Store how a part was read; an earlier attempt of the same sync gives way."""
    fields = read.model_dump(exclude={"id", "revision_id"})
    part = {"sync_id": read.sync_id, "operation": read.operation, "region": read.region}
    await SyncRead.rows().replace_one(part, fields, upsert=True)


async def complete_reads(run: SyncRun) -> list[SyncRead]:
    """The parts that need no reading any more: an earlier attempt of this run has read them in whole, or a narrow run
    which went before it. Of each part the newest read counts.

    A narrow run that has not come to a good end may have stored what nobody noted: what was read before counts no more.
    """
    narrow = await narrow_beside(run)
    spoiled = [raw["ended_at"] for raw in narrow if raw["state"] not in ENDED_WELL]
    if None in spoiled:
        return []
    query = {"sync_id": {"$in": [run.id, *(raw["_id"] for raw in narrow)]}}
    reads = [SyncRead.stored(raw) async for raw in SyncRead.rows().find(query)]
    valid = [read for read in reads if read.started_at >= max(spoiled, default=read.started_at)]
    return [read for read in _newest(valid) if read.state is ReadState.COMPLETE]


def _newest(reads: Iterable[SyncRead]) -> list[SyncRead]:
    """Of each part the one that began last."""
    latest = {(read.operation, read.region or ""): read for read in sorted(reads, key=lambda read: read.started_at)}
    return [latest[part] for part in sorted(latest)]


async def reads_of(scope: Scope, run: SyncRun) -> list[SyncRead]:
    """How the parts of a sync that has ended were read."""
    query = {**SyncRead.within(scope), "sync_id": run.id}
    return [SyncRead.stored(raw) async for raw in SyncRead.rows().find(query, {"seen": 0})]


async def latest_reads(scope: Scope, run: SyncRun) -> list[SyncRead]:
    """How each part was read last: by this sync of the whole, or by a narrow one that has come to an end since."""
    syncs = [run.id, *await narrow_since(run)]
    query = {**SyncRead.within(scope), "sync_id": {"$in": syncs}}
    return _newest([SyncRead.stored(raw) async for raw in SyncRead.rows().find(query, {"seen": 0})])


async def reads_back_to(
    scope: Scope, account_id: ObjectId | None, operations: Collection[str], since: datetime
) -> list[SyncRead]:
    """How these parts were read by the syncs that came to an end since then, without gaps; the newest first."""
    asked = {**SyncRun.within(scope), "account_id": account_id, "created_at": {"$gte": since}}
    ended = {**asked, "state": {"$in": list(ENDED_WELL)}}
    runs = [raw["_id"] async for raw in SyncRun.rows().find(ended, {"_id": 1})]
    query = {**SyncRead.within(scope), "sync_id": {"$in": runs}, "operation": {"$in": sorted(operations)}}
    reads = [SyncRead.stored(raw) async for raw in SyncRead.rows().find(query, {"seen": 0, "gaps": 0})]
    return sorted(reads, key=lambda read: read.started_at, reverse=True)


@dataclass(slots=True)
class Earlier:
    """What the syncs before have read: when the last complete read of a part began, and which lists were ever whole."""

    since: dict[Part, datetime] = field(default_factory=dict)
    listed: set[Part] = field(default_factory=set)


async def earlier_reads(account: Account) -> Earlier:
    """Looks at the last sync of the whole that came to an end, at the last of these that asked about costs, and at the
    narrow ones since.
    """
    earlier = Earlier()
    for more in ({"with_costs": True}, {}):
        query = {"org_id": account.org_id, "account_id": account.id, **WHOLE, **more}
        raw = await SyncRun.rows().find_one(query, sort=[("created_at", DESCENDING)])
        if raw is None:
            continue
        run = SyncRun.stored(raw)
        await _take(earlier, [run.id])
    if raw is not None:
        await _take(earlier, [*await narrow_since(run)])
    return earlier


async def _take(earlier: Earlier, syncs: Collection[ObjectId | None]) -> None:
    fields = {"operation": 1, "region": 1, "complete_since": 1, "was_listed": 1}
    rows = SyncRead.rows().find({"sync_id": {"$in": list(syncs)}}, fields).sort("started_at")
    async for raw in rows:
        part = raw["operation"], raw["region"]
        if raw["complete_since"] is not None:
            earlier.since[part] = raw["complete_since"]
        if raw["was_listed"]:
            earlier.listed.add(part)


async def forget_seen(run: SyncRun) -> None:
    """Drop what only a run that goes on needs: of this one, and of those that went before it."""
    syncs = [run.id, *await narrow_since(run)]
    await SyncRead.rows().update_many({"sync_id": {"$in": syncs}, "seen": {"$ne": None}}, {"$set": {"seen": None}})


def stored_gaps(gaps: Sequence[ServiceGap]) -> list[dict[str, Any]]:
    """Gaps as they are kept."""
    return [gap.model_dump(mode="json") for gap in gaps]
