"""Which rows count: each billing period of a billing account has one current edition, put in place in one step."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import BaseModel, Field
from pymongo import ASCENDING, DESCENDING, IndexModel, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from documents.stored_decimal import stored_decimal
from documents.transaction import Transaction
from domain.costs.rollup import DaySums
from domain.costs.slice import CostSlice, SliceKey
from domain.facts.scope import Scope


class RetiredEdition(BaseModel):
    """Rows that no longer count, and since when; they go after a while, when nobody reads them any more."""

    edition_id: PydanticObjectId
    at: datetime


class DayTotal(BaseModel):
    """Everything of a period on the UTC `day` (midnight), added up: the same as its cost days together."""

    day: datetime
    billed: Decimal
    effective: Decimal
    listed: Decimal
    contracted: Decimal
    line_count: int


class CostPeriod(TenantDocument):
    """The rows of one source, provider, billing account and billing period. Lines and days name their `edition_id`.

    `first_on` and `last_on` are the first and last midnight (UTC) of a day on which a charge begins. `billed` is in
    `currency`. `fingerprint` tells whether rows loaded again are the same rows; `restatements` counts how often others
    took their place. `totals` add up the edition named by `totalled_id`: where that is not `edition_id`, they are not
    made yet, and cost days are read instead. `usage_id` is the edition whose usage days are made, and `months_id` the
    one whose cost months are.
    """

    noun: ClassVar[str] = "billing period"

    source: str
    provider: str
    billing_account_id: str
    period_start: datetime
    period_end: datetime
    currency: str
    billed: Decimal
    line_count: int
    fingerprint: str
    first_on: datetime
    last_on: datetime
    edition_id: PydanticObjectId
    load_id: PydanticObjectId
    loaded_at: datetime
    restatements: int = 0
    retired: list[RetiredEdition] = Field(default_factory=list)
    totalled_id: PydanticObjectId | None = None
    totals: list[DayTotal] = Field(default_factory=list)
    usage_id: PydanticObjectId | None = None
    months_id: PydanticObjectId | None = None

    class Settings:
        name = "cost_periods"
        indexes = [
            IndexModel(
                [
                    ("org_id", ASCENDING),
                    ("source", ASCENDING),
                    ("provider", ASCENDING),
                    ("billing_account_id", ASCENDING),
                    ("period_start", ASCENDING),
                ],
                unique=True,
                name="natural",
            ),
            IndexModel([("org_id", ASCENDING), ("last_on", ASCENDING)], name="org_last_on"),
            IndexModel([("load_id", ASCENDING)], name="load"),
            IndexModel([("org_id", ASCENDING), ("period_start", DESCENDING), ("_id", DESCENDING)], name="org_newest"),
            IndexModel([("retired.at", ASCENDING)], name="retired", sparse=True),
        ]


@dataclass(frozen=True, slots=True)
class Edition:
    """Staged rows of one slice, waiting to count, and what they add up to on each day."""

    id: ObjectId
    slice: CostSlice
    totals: Mapping[date, DaySums]


class CurrentEdition(NamedTuple):
    """An edition that counts, its days as in the period, and whether its daily totals and its months are made."""

    id: ObjectId
    currency: str
    is_totalled: bool
    has_months: bool
    first_on: datetime
    last_on: datetime


@dataclass(frozen=True, slots=True)
class PeriodChange:
    """What putting an edition in place did. `old_lines` is None where the period is new."""

    slice: CostSlice
    old_lines: int | None
    old_load_id: ObjectId | None
    is_unchanged: bool


@asynccontextmanager
async def one_moment() -> AsyncIterator[AsyncClientSession]:
    """A session whose reads all see the store as it is at its first read."""
    async with CostPeriod.rows().database.client.start_session(snapshot=True) as session:
        yield session


async def current_editions(
    scope: Scope,
    *,
    first: date | None = None,
    until: date | None = None,
    currency: str | None = None,
    only: Mapping[str, Any] | None = None,
    session: AsyncClientSession | None = None,
) -> list[CurrentEdition]:
    """The edition of every period in scope with charges that begin from `first` up to before `until`.

    All as of one moment: never some periods from before a load and some from after it. A `session` given is one of
    `one_moment`. `only` is a filter on further fields of the periods.
    """
    if session is None:
        async with one_moment() as one:
            return await current_editions(scope, first=first, until=until, currency=currency, only=only, session=one)
    query = {**(only or {}), **periods_between(scope, first=first, until=until, currency=currency)}
    fields = ("edition_id", "currency", "totalled_id", "months_id", "first_on", "last_on")
    rows = CostPeriod.rows().find(query, projection=fields, session=session)
    return [_edition(raw) async for raw in rows]


def _edition(raw: Mapping[str, Any]) -> CurrentEdition:
    id = raw["edition_id"]
    is_totalled, has_months = (raw.get(name) == id for name in ("totalled_id", "months_id"))
    return CurrentEdition(id, raw["currency"], is_totalled, has_months, raw["first_on"], raw["last_on"])


def periods_between(
    scope: Scope, *, first: date | None = None, until: date | None = None, currency: str | None = None
) -> dict[str, Any]:
    """The filter for periods with charges that begin from `first` up to before `until`."""
    query: dict[str, Any] = CostPeriod.within(scope)
    if first is not None:
        query["last_on"] = {"$gte": midnight(first)}
    if until is not None:
        query["first_on"] = {"$lt": midnight(until)}
    if currency is not None:
        query["currency"] = currency
    return query


async def are_current(scope: Scope, fingerprints: Mapping[SliceKey, str]) -> bool:
    """Whether each of these periods has just these rows, so that loading them again would change nothing."""
    stored = await _stored(scope, fingerprints)
    return all(key in stored and stored[key]["fingerprint"] == wanted for key, wanted in fingerprints.items())


async def put_in_place(
    tx: Transaction, scope: Scope, load_id: ObjectId, editions: Sequence[Edition], at: datetime
) -> list[PeriodChange]:
    """Let staged editions count, each instead of the one before, all in this transaction.

    An edition with the same rows as the current one is not needed: it is retired at once.
    """
    org_id = ObjectId(scope.only())
    stored = await _stored(scope, [edition.slice.key for edition in editions], session=tx.session)
    writes, changes = [], []
    for edition in editions:
        old = stored.get(edition.slice.key)
        change = _change(edition, old)
        changes.append(change)
        update: dict[str, Any] = {}
        if not change.is_unchanged:
            update["$set"] = _fields(edition, load_id, at)
        if old is None:
            update["$setOnInsert"] = {"created_at": at, "retired": [], "restatements": 0}
        else:
            unneeded = edition.id if change.is_unchanged else old["edition_id"]
            update["$push"] = {"retired": {"edition_id": unneeded, "at": at}}
            update["$inc"] = {"restatements": int(not change.is_unchanged)}
        writes.append(UpdateOne({"org_id": org_id, **edition.slice.key._asdict()}, update, upsert=True))
    await CostPeriod.rows().bulk_write(writes, ordered=False, session=tx.session)
    return changes


async def loads_without_periods(load_ids: set[ObjectId], session: AsyncClientSession) -> set[ObjectId]:
    """Which of these loads have no current edition left."""
    kept = await CostPeriod.rows().distinct("load_id", {"load_id": {"$in": sorted(load_ids)}}, session=session)
    return load_ids - set(kept)


async def overlapping(scope: Scope, slices: Sequence[CostSlice]) -> list[tuple[CostSlice, SliceKey]]:
    """Pairs of a slice and another current period of its billing account that shares days with it.

    Their rows may tell of the same charges twice: loaded under another source, or in periods that are cut differently.
    """
    accounts = sorted({slice.key.billing_account_id for slice in slices})
    query = {"billing_account_id": {"$in": accounts}, **CostPeriod.within(scope)}
    raws = CostPeriod.rows().find(query, projection={"retired": 0, "totals": 0})
    others = [(_key_of(raw), raw["period_end"]) async for raw in raws]
    return [
        (slice, key)
        for slice in slices
        for key, period_end in others
        if (key.provider, key.billing_account_id) == (slice.key.provider, slice.key.billing_account_id)
        and key != slice.key
        and key.period_start < slice.period_end
        and period_end > slice.key.period_start
    ]


async def retired_editions(before: datetime) -> list[ObjectId]:
    """Editions retired before this moment, of every tenant: their rows may be deleted."""
    rows = CostPeriod.rows().find({"retired.at": {"$lt": before}}, projection={"retired": 1})
    return [old["edition_id"] async for raw in rows for old in raw["retired"] if old["at"] < before]


async def strike_off(edition_ids: Sequence[ObjectId]) -> None:
    """Forget retired editions whose rows are gone."""
    gone = {"retired": {"edition_id": {"$in": list(edition_ids)}}}
    await CostPeriod.rows().update_many({"retired.edition_id": {"$in": list(edition_ids)}}, {"$pull": gone})


def midnight(day: date) -> datetime:
    """The beginning of a day in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


async def _stored(
    scope: Scope, keys: Collection[SliceKey], *, session: AsyncClientSession | None = None
) -> dict[SliceKey, dict[str, Any]]:
    accounts = sorted({key.billing_account_id for key in keys})
    query = {"billing_account_id": {"$in": accounts}, **CostPeriod.within(scope)}
    raws = CostPeriod.rows().find(query, projection={"retired": 0, "totals": 0}, session=session)
    found = {_key_of(raw): raw async for raw in raws}
    return {key: found[key] for key in keys if key in found}


def _key_of(raw: Mapping[str, Any]) -> SliceKey:
    return SliceKey(raw["source"], raw["provider"], raw["billing_account_id"], raw["period_start"])


def _change(edition: Edition, old: Mapping[str, Any] | None) -> PeriodChange:
    if old is None:
        return PeriodChange(edition.slice, None, None, is_unchanged=False)
    is_unchanged = bool(old["fingerprint"] == edition.slice.fingerprint())
    return PeriodChange(edition.slice, old["line_count"], old["load_id"], is_unchanged)


def _fields(edition: Edition, load_id: ObjectId, at: datetime) -> dict[str, Any]:
    slice = edition.slice
    return {
        "period_end": slice.period_end,
        "currency": slice.currency,
        "billed": stored_decimal(slice.billed),
        "line_count": slice.rows,
        "fingerprint": slice.fingerprint(),
        "first_on": midnight(slice.first_on),
        "last_on": midnight(slice.last_on),
        "edition_id": edition.id,
        "load_id": load_id,
        "loaded_at": at,
        "totals": [_total(day, sums) for day, sums in edition.totals.items()],
        **dict.fromkeys(("totalled_id", "usage_id", "months_id"), edition.id),
    }


def _total(day: date, sums: DaySums) -> dict[str, Any]:
    return {
        "day": midnight(day),
        "billed": stored_decimal(sums.billed),
        "effective": stored_decimal(sums.effective),
        "listed": stored_decimal(sums.listed),
        "contracted": stored_decimal(sums.contracted),
        "line_count": sums.rows,
    }
