"""Rates of exchange of an organization: one counts for each pair and day, and what it replaced is kept."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel, InsertOne, UpdateOne

from documents.base import TenantDocument, object_id
from documents.cost_period import midnight
from documents.stored_decimal import stored_decimal
from documents.transaction import Transaction
from domain.costs.exchange import Rate, RateTable
from domain.errors import Conflict
from domain.facts.scope import Scope


class ExchangeRate(TenantDocument):
    """From the UTC `day` (midnight) on one unit of `base` is worth `rate` units of `quote`.

    `set_by` is the actor. A rate that was replaced or removed has `is_current` false, and since when and by whom.
    """

    noun: ClassVar[str] = "exchange rate"

    base: str
    quote: str
    day: datetime
    rate: Decimal
    note: str = ""
    set_by: str
    is_current: bool = True
    ended_at: datetime | None = None
    ended_by: str | None = None

    class Settings:
        name = "exchange_rates"
        indexes = [
            IndexModel(
                [("org_id", ASCENDING), ("quote", ASCENDING), ("base", ASCENDING), ("day", ASCENDING)],
                unique=True,
                partialFilterExpression={"is_current": True},
                name="current",
            ),
            IndexModel([("org_id", ASCENDING), ("day", DESCENDING), ("_id", DESCENDING)], name="org_newest"),
        ]


async def rate_table(scope: Scope, quote: str, currencies: Sequence[str], until: date) -> RateTable:
    """The rates of the one organization in scope from these currencies into `quote` that hold before `until`."""
    query = {
        "org_id": ObjectId(scope.only()),
        "quote": quote,
        "base": {"$in": list(currencies)},
        "day": {"$lt": midnight(until)},
        "is_current": True,
    }
    rows = ExchangeRate.rows().find(query, projection={"base": 1, "day": 1, "rate": 1})
    return RateTable(quote, [Rate(raw["base"], quote, raw["day"].date(), raw["rate"]) async for raw in rows])


async def set_rates(tx: Transaction, org_id: ObjectId, rates: Sequence[Rate], actor: str, at: datetime) -> list[Rate]:
    """Let these rates count, each instead of the one of its pair and day; returns those that are new or other."""
    pairs = {"quote": {"$in": sorted({one.quote for one in rates})}, "base": {"$in": sorted({r.base for r in rates})}}
    query = {"org_id": org_id, "is_current": True, **pairs, "day": {"$in": [midnight(one.day) for one in rates]}}
    raws = await ExchangeRate.rows().find(query, session=tx.session).to_list()
    stored = {(raw["base"], raw["quote"], raw["day"].date()): raw for raw in raws}
    writes: list[Any] = []
    changed = []
    for rate in rates:
        old = stored.get((rate.base, rate.quote, rate.day))
        if old is not None and (old["rate"], old["note"]) == (rate.rate, rate.note):
            continue
        if old is not None:
            writes.append(UpdateOne({"_id": old["_id"]}, _ended(actor, at)))
        writes.append(InsertOne(_fields(org_id, rate, actor, at)))
        changed.append(rate)
    if writes:
        await ExchangeRate.rows().bulk_write(writes, ordered=True, session=tx.session)
    return changed


async def remove_rate(tx: Transaction, scope: Scope, id: str, at: datetime) -> ExchangeRate:
    """Let a rate no longer count. Raises NotFound, or Conflict when it does not count any more."""
    rate = await ExchangeRate.get_in(scope, id, session=tx.session)
    query = {"_id": object_id(id, ExchangeRate.noun), "is_current": True}
    result = await ExchangeRate.rows().update_one(query, _ended(scope.actor, at), session=tx.session)
    if not result.modified_count:
        raise Conflict("This rate was replaced or removed before: look at the rates again.", current=rate)
    return await ExchangeRate.get_in(scope, id, session=tx.session)


def _ended(actor: str, at: datetime) -> dict[str, Any]:
    return {"$set": {"is_current": False, "ended_at": at, "ended_by": actor}}


def _fields(org_id: ObjectId, rate: Rate, actor: str, at: datetime) -> dict[str, Any]:
    return {
        "org_id": org_id,
        "base": rate.base,
        "quote": rate.quote,
        "day": midnight(rate.day),
        "rate": stored_decimal(rate.rate),
        "note": rate.note,
        "set_by": actor,
        "is_current": True,
        "ended_at": None,
        "ended_by": None,
        "created_at": at,
    }
