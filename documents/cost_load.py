"""The ledger of what was loaded: one document per load of billing files, and the clearing of what no load shows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import BaseModel, Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.base import TenantDocument
from documents.cost_day import delete_days
from documents.cost_line import delete_lines
from documents.cost_month import delete_months
from documents.cost_period import are_current, loads_without_periods, retired_editions, strike_off
from documents.cost_usage import delete_usage
from documents.transaction import Transaction
from domain.costs.slice import CostSlice, SliceKey
from domain.errors import Conflict
from domain.facts.scope import Scope


class CostLoadState(StrEnum):
    """STAGING: rows are coming in, unseen. RETIRED: every period of it was loaded again since. FAILED left nothing."""

    STAGING = "STAGING"
    ACTIVE = "ACTIVE"
    RETIRED = "RETIRED"
    FAILED = "FAILED"


class LoadedFile(BaseModel):
    """One file of a load; `sha256` in hex is of the file as it came, packed or not. `version` is FOCUS's or
    names the native form.
    """

    name: str
    size: int
    sha256: str
    version: str | None = None
    line_count: int = 0


class LoadedPeriod(BaseModel):
    """What the load held for one period, and the fingerprint of those rows."""

    source: str
    provider: str
    billing_account_id: str
    period_start: datetime
    fingerprint: str


class CostLoad(TenantDocument):
    """`content` is a hash over the files and the options they were read with. `actor` is who loaded them.

    `replaced` are the loads whose periods it took the place of. `staged` names the editions whose rows are stored and
    do not count yet; whoever clears up deletes those. `seen_at` is the last sign of life while STAGING.
    """

    noun: ClassVar[str] = "load of costs"

    state: CostLoadState
    content: str
    files: list[LoadedFile]
    actor: str
    line_count: int = 0
    periods: list[LoadedPeriod] = Field(default_factory=list)
    replaced: list[PydanticObjectId] = Field(default_factory=list)
    staged: list[PydanticObjectId] = Field(default_factory=list)
    started_at: datetime
    seen_at: datetime
    finished_at: datetime | None = None
    problem: str | None = None

    class Settings:
        name = "cost_loads"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("started_at", DESCENDING), ("_id", DESCENDING)], name="org_started"),
            IndexModel([("org_id", ASCENDING), ("content", ASCENDING), ("state", ASCENDING)], name="org_content"),
            IndexModel([("state", ASCENDING), ("seen_at", ASCENDING)], name="state_seen"),
        ]


async def find_equal_load(scope: Scope, content: str) -> CostLoad | None:
    """A load of the same content whose rows all still count, or whose equals do."""
    query = {"content": content, "state": CostLoadState.ACTIVE.value}
    for load in await CostLoad.list_in(scope, query, limit=10):
        fingerprints = {_key(period): period.fingerprint for period in load.periods}
        if await are_current(scope, fingerprints):
            return load
    return None


def _key(period: LoadedPeriod) -> SliceKey:
    return SliceKey(period.source, period.provider, period.billing_account_id, period.period_start)


async def is_loaded_since(scope: Scope, at: datetime) -> bool:
    """Whether costs were put in place after this moment."""
    query = {"state": CostLoadState.ACTIVE.value, "finished_at": {"$gt": at}}
    return await CostLoad.find_in(scope, query) is not None


async def note_staging(load_id: ObjectId, editions: Sequence[ObjectId], line_count: int, at: datetime) -> None:
    """Write down new editions before their rows come, and that the load is alive."""
    change = {
        "$set": {"seen_at": at, "line_count": line_count},
        "$addToSet": {"staged": {"$each": list(editions)}},
    }
    result = await CostLoad.rows().update_one({"_id": load_id, "state": CostLoadState.STAGING.value}, change)
    _still_staging(result.matched_count)


async def activate(
    tx: Transaction, load_id: ObjectId, files: Sequence[LoadedFile], slices: Sequence[CostSlice], at: datetime
) -> None:
    """Note that the load's rows count from now on. Raises Conflict when it was given up as dead meanwhile."""
    change = {
        "state": CostLoadState.ACTIVE.value,
        "files": [file.model_dump() for file in files],
        "line_count": sum(slice.rows for slice in slices),
        "periods": [slice.key._asdict() | {"fingerprint": slice.fingerprint()} for slice in slices],
        "staged": [],
        "finished_at": at,
    }
    query = {"_id": load_id, "state": CostLoadState.STAGING.value}
    result = await CostLoad.rows().update_one(query, {"$set": change}, session=tx.session)
    _still_staging(result.matched_count)


def _still_staging(matched: int) -> None:
    if not matched:
        raise Conflict("This load was given up because nothing was heard of it for a while: load the files again.")


async def retire_loads(tx: Transaction, load_id: ObjectId, replaced: set[ObjectId]) -> None:
    """Note on a load which ones it replaced, and mark those of all these that have no current period left."""
    await CostLoad.rows().update_one(
        {"_id": load_id}, {"$set": {"replaced": sorted(replaced - {load_id})}}, session=tx.session
    )
    empty = await loads_without_periods(replaced | {load_id}, tx.session)
    await CostLoad.rows().update_many(
        {"_id": {"$in": sorted(empty)}}, {"$set": {"state": CostLoadState.RETIRED.value}}, session=tx.session
    )


async def fail_load(load_id: ObjectId, editions: Sequence[ObjectId], problem: str, at: datetime) -> None:
    """Give up a load and delete the rows of its editions. Nothing happens when they count already."""
    given_up = {"$in": [CostLoadState.STAGING.value, CostLoadState.FAILED.value]}
    change = {
        "state": CostLoadState.FAILED.value,
        "problem": problem,
        "finished_at": at,
        # All of them: a load that was thought dead has had its list cleared, and went on storing.
        "staged": list(editions),
    }
    await CostLoad.rows().update_one({"_id": load_id, "state": given_up}, {"$set": change})
    await _clear({"_id": load_id})


async def discard_load(load_id: ObjectId, editions: Sequence[ObjectId], at: datetime) -> None:
    """Delete a staging load and its rows without a trace: it turned out to hold nothing new."""
    await fail_load(load_id, editions, "Nothing new.", at)
    await CostLoad.rows().delete_one({"_id": load_id, "state": CostLoadState.FAILED.value})


async def dead_loads(since: datetime) -> list[CostLoad]:
    """Loads of any tenant that came in and were not heard of since then; `clear_costs` gives them up."""
    query = {"state": CostLoadState.STAGING.value, "seen_at": {"$lt": since}}
    return [CostLoad.stored(raw) async for raw in CostLoad.rows().find(query)]


async def clear_costs(*, dead_since: datetime, retired_before: datetime) -> int:
    """Delete the rows of loads that died while staging, and of editions replaced long ago; returns how many rows.

    Serves every tenant and therefore takes no Scope. `dead_since`: loads not heard of since then are dead.
    `retired_before` leaves readers that began with an edition the time to end with it.
    """
    dead = {"state": CostLoadState.STAGING.value, "seen_at": {"$lt": dead_since}}
    change = {"state": CostLoadState.FAILED.value, "problem": "The load stopped without a word."}
    await CostLoad.rows().update_many(dead, {"$set": change})
    gone = await _clear({})
    retired = await retired_editions(retired_before)
    if retired:
        gone += await _delete(retired)
        await strike_off(retired)
    return gone


async def _clear(query: Mapping[str, Any]) -> int:
    """Delete what failed loads have staged."""
    failed = {**query, "state": CostLoadState.FAILED.value, "staged.0": {"$exists": True}}
    gone = 0
    async for raw in CostLoad.rows().find(failed, projection={"staged": 1}):
        gone += await _delete(raw["staged"])
        await CostLoad.rows().update_one({"_id": raw["_id"]}, {"$set": {"staged": []}})
    return gone


async def _delete(editions: Sequence[ObjectId]) -> int:
    deletes = (delete_lines, delete_days, delete_months, delete_usage)
    return sum([await delete(editions) for delete in deletes])
