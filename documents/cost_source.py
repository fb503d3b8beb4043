"""A place that the bills of an organization are fetched from, what was fetched of it, and who fetches just now."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import BaseModel, Field
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from domain.cadence import next_due
from domain.errors import Conflict, NotFound
from domain.facts.cost_source import CostSourceKind

# A worker that fetches says so every third of this.
LEASE = timedelta(seconds=60)
# More months than any provider keeps; objects beyond a hundred are counted and not named.
MOST_MONTHS, MOST_OBJECTS = 240, 100


class FetchedObject(BaseModel):
    """One file, table or answer, as its place names it; `mark` is its etag, or what else told that it is another."""

    name: str
    mark: str


class FetchedMonth(BaseModel):
    """What was last fetched of a month (YYYY-MM). `mark` is what the place said of it then, None where it says nothing.

    `size` is in bytes as delivered. `waits_for`: what is missing of a newer delivery, which is not whole yet.
    """

    month: str
    mark: str | None = None
    object_count: int = 0
    objects: list[FetchedObject] = Field(default_factory=list)
    size: int = 0
    line_count: int = 0
    fetched_at: datetime | None = None
    load_id: PydanticObjectId | None = None
    waits_for: str | None = None


class CostSource(TenantDocument):
    """The credentials are those of the account. `place` tells sources of an organization apart, and never changes.

    `fetcher` is who fetches until `fetch_until`, unless it says anew that it does. `tries` counts fetches in a row that
    failed. `newest_charge_on` is the newest day (midnight, UTC) of a charge, `newest_charge_at` when it came.
    """

    noun: ClassVar[str] = "cost source"

    account_id: PydanticObjectId
    kind: CostSourceKind
    name: str
    settings: dict[str, Any] = Field(default_factory=dict)
    place: str
    fetch_every: timedelta
    next_fetch_at: datetime | None = None
    is_paused: bool = False
    fetcher: str | None = None
    fetch_until: datetime | None = None
    tries: int = 0
    last_tried_at: datetime | None = None
    last_fetched_at: datetime | None = None
    problem: str | None = None
    months: list[FetchedMonth] = Field(default_factory=list)
    newest_charge_on: datetime | None = None
    newest_charge_at: datetime | None = None
    version: int = 1

    class Settings:
        name = "cost_sources"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING), ("_id", ASCENDING)], name="org_name_id"),
            IndexModel([("org_id", ASCENDING), ("place", ASCENDING)], unique=True, name="org_place"),
            IndexModel([("account_id", ASCENDING)], name="account"),
            IndexModel([("next_fetch_at", ASCENDING)], name="due", sparse=True),
            IndexModel([("fetch_until", ASCENDING)], name="fetch_until", sparse=True),
        ]

    @property
    def label(self) -> str:
        """The source of its loads: a month fetched again takes the place of the one before, even after the source
        was removed and made anew.
        """
        return self.place

    @property
    def alert(self) -> str:
        """The fingerprint of the alert that it cannot be fetched."""
        return f"cost_source:{self.id}"

    def marks(self) -> dict[date, str]:
        """What was fetched, by the first day of the month; months of places without marks have an empty one."""
        fetched = [one for one in self.months if one.fetched_at is not None]
        return {date.fromisoformat(f"{one.month}-01"): one.mark or "" for one in fetched}


async def change_source(source: CostSource, changes: Mapping[str, Any], session: AsyncClientSession) -> CostSource:
    """The source with other fields. Raises Conflict when somebody else has changed it, NotFound when it is gone."""
    rows = CostSource.rows()
    raw = await rows.find_one_and_update(
        {"_id": source.id, "version": source.version},
        {"$set": dict(changes), "$inc": {"version": 1}},
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    if raw is not None:
        return CostSource.stored(raw)
    current = await rows.find_one({"_id": source.id}, session=session)
    if current is None:
        raise NotFound.of(CostSource.noun)
    raise Conflict("Somebody else has changed this cost source: look at it again.", current=CostSource.stored(current))


async def delete_source(source: CostSource, session: AsyncClientSession) -> None:
    """Take it away; what was loaded stays. Raises NotFound when it is gone already."""
    gone = await CostSource.rows().delete_one({"_id": source.id}, session=session)
    if not gone.deleted_count:
        raise NotFound.of(CostSource.noun)


async def delete_sources_of(account_ids: Iterable[ObjectId | None], session: AsyncClientSession) -> int:
    """Take away all sources of accounts; returns how many there were. What was loaded stays."""
    query = {"account_id": {"$in": list(account_ids)}}
    return (await CostSource.rows().delete_many(query, session=session)).deleted_count


async def claim_due_sources(now: datetime, *, limit: int = 1000) -> list[CostSource]:
    """Sources that are due, each moved on to its next time so that nobody else claims it, and those whose worker died.

    For the schedule tick, which serves every tenant and therefore takes no Scope.
    """
    rows = CostSource.rows()
    dead = [CostSource.stored(raw) async for raw in rows.find({"fetch_until": {"$lt": now}}).limit(limit)]
    due = rows.find({"next_fetch_at": {"$lte": now}}, {"next_fetch_at": 1, "fetch_every": 1}).sort("next_fetch_at")
    claimed = {one.id: one for one in dead}
    async for found in due.limit(limit):
        every = timedelta(seconds=found["fetch_every"])
        raw = await rows.find_one_and_update(
            {"_id": found["_id"], "next_fetch_at": found["next_fetch_at"]},
            {"$set": {"next_fetch_at": next_due(str(found["_id"]), every, now)}},
            return_document=ReturnDocument.AFTER,
        )
        if raw is not None:
            claimed[raw["_id"]] = CostSource.stored(raw)
    return list(claimed.values())


async def take_fetch(id: ObjectId, fetcher: str, now: datetime) -> CostSource | None:
    """The source, to be fetched by this one now. None when another fetches it, or it is paused or gone."""
    free = {"$or": [{"fetch_until": None}, {"fetch_until": {"$lt": now}}]}
    raw = await CostSource.rows().find_one_and_update(
        {"_id": id, "is_paused": False, **free},
        {"$set": {"fetcher": fetcher, "fetch_until": now + LEASE, "last_tried_at": now}},
        return_document=ReturnDocument.AFTER,
    )
    return None if raw is None else CostSource.stored(raw)


async def keep_fetch(id: ObjectId, fetcher: str, now: datetime) -> bool:
    """Go on; False when another fetches by now, or it is paused or gone."""
    return await _set({"_id": id, "fetcher": fetcher, "is_paused": False}, {"fetch_until": now + LEASE})


async def leave_fetch(id: ObjectId, fetcher: str) -> None:
    """Let others fetch at once."""
    await _set({"_id": id, "fetcher": fetcher}, {"fetcher": None, "fetch_until": None})


async def record_month(
    id: ObjectId, fetcher: str, month: FetchedMonth, session: AsyncClientSession | None = None
) -> bool:
    """Note what was fetched of a month in place of what was noted before. False when another fetches by now."""
    rows, held = CostSource.rows(), {"_id": id, "fetcher": fetcher}
    await rows.update_one(held, {"$pull": {"months": {"month": month.month}}}, session=session)
    newest_first = {"$each": [month.model_dump()], "$sort": {"month": -1}, "$slice": MOST_MONTHS}
    done = await rows.update_one(held, {"$push": {"months": newest_first}}, session=session)
    return done.matched_count == 1


async def record_ended(
    id: ObjectId, fetcher: str, changes: Mapping[str, Any], session: AsyncClientSession | None = None
) -> bool:
    """Note how a fetch ended, and let others fetch. False when another fetches by now."""
    return await _set({"_id": id, "fetcher": fetcher}, {**changes, "fetcher": None, "fetch_until": None}, session)


def named_objects(objects: Mapping[str, str]) -> Sequence[FetchedObject]:
    """The first of them, as they are noted."""
    return [FetchedObject(name=name, mark=mark) for name, mark in list(objects.items())[:MOST_OBJECTS]]


async def _set(query: dict[str, Any], change: Mapping[str, Any], session: AsyncClientSession | None = None) -> bool:
    done = await CostSource.rows().update_one(query, {"$set": dict(change)}, session=session)
    return done.matched_count == 1
