"""Billed rows in bulk, for files: all of some days, a batch at a time, from editions that were chosen at one moment."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import bson
from bson import CodecOptions, Decimal128, ObjectId

from documents.cost_line import CostLine
from documents.cost_period import current_editions, midnight
from domain.costs.memo import Memo
from domain.facts.cost_dimension import Dimension
from domain.facts.cost_filter import CostFilter, DimensionFilter, TagFilter
from domain.facts.scope import Scope

# One answer of the server; the rows of one take about 5 MB.
BATCH = 1000

_FIELDS: Mapping[Dimension, Any] = {
    # A line is filed under one name for all spellings of a cloud; sums are kept by the name as it was printed.
    Dimension.PROVIDER: {"$ifNull": ["$provider_name", "$service_provider_name", "$host_provider_name", None]},
    Dimension.BILLING_ACCOUNT: "$billing_account_id",
    Dimension.SUB_ACCOUNT: "$sub_account_id",
    Dimension.SERVICE: "$service_name",
    Dimension.SERVICE_CATEGORY: "$service_category",
    Dimension.REGION: "$region_id",
    Dimension.CHARGE_CATEGORY: "$charge_category",
    Dimension.PRICING_CATEGORY: "$pricing_category",
    Dimension.COMMITMENT: "$commitment_discount_id",
    Dimension.COMMITMENT_STATUS: "$commitment_discount_status",
    Dimension.PUBLISHER: "$publisher_name",
}


# Decimals are turned here: the driver takes longer for each than for all the rest of a row, and amounts repeat.
_PLAIN: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)
_decimals: Memo[bytes, Decimal] = Memo(lambda bid: Decimal128.from_bid(bid).to_decimal())


@dataclass(frozen=True, slots=True)
class RowsWanted:
    """Charges that begin from the day `first` up to but without the day `until` (UTC), of those `where` lets in."""

    first: date
    until: date
    where: CostFilter = field(default_factory=CostFilter)


@dataclass(frozen=True, slots=True)
class Survey:
    """What there is to read: from which editions, how many rows, and which columns FOCUS does not know."""

    editions: Sequence[ObjectId]
    rows: int
    extras: frozenset[str]


async def survey(scope: Scope, wanted: RowsWanted) -> Survey:
    """Look through the rows that are wanted as they count now."""
    editions = [edition.id for edition in await current_editions(scope, first=wanted.first, until=wanted.until)]
    rows, extras = 0, set()
    keys = {"$map": {"input": {"$objectToArray": {"$ifNull": ["$extras", {}]}}, "in": "$$this.k"}}
    for edition_id in editions:
        stages = [{"$match": _match(scope, wanted, edition_id)}, {"$group": {"_id": keys, "rows": {"$sum": 1}}}]
        async for found in await CostLine.rows().aggregate(stages, allowDiskUse=True, hint="edition"):
            rows += found["rows"]
            extras.update(found["_id"])
    return Survey(editions, rows, frozenset(extras))


async def row_batches(scope: Scope, wanted: RowsWanted, editions: Sequence[ObjectId]) -> AsyncIterator[bytes]:
    """The rows of these editions in the order in which they were stored, as the server sends them: see `rows_in`."""
    for edition_id in editions:
        query = _match(scope, wanted, edition_id)
        batches: Any = CostLine.rows().find_raw_batches(query, batch_size=BATCH, hint="edition")
        async for data in batches:
            yield data


def rows_in(data: bytes) -> list[dict[str, Any]]:
    """The rows of a batch, by our column names. Takes a while: for a thread."""
    rows = bson.decode_all(data, _PLAIN)
    for row in rows:
        for name, value in row.items():
            if isinstance(value, Decimal128):
                row[name] = _decimals[value.bid]
    return rows


def _match(scope: Scope, wanted: RowsWanted, edition_id: ObjectId) -> dict[str, Any]:
    days = {"$gte": midnight(wanted.first), "$lt": midnight(wanted.until)}
    match: dict[str, Any] = {**CostLine.within(scope), "edition_id": edition_id, "charge_period_start": days}
    parts = [_among(_FIELDS[part.dimension], part) for part in wanted.where.dimensions]
    parts += [_among(_tag(part.tag), part) for part in wanted.where.tags]
    if parts:
        match["$expr"] = {"$and": parts}
    return match


def _among(value: Any, part: DimensionFilter | TagFilter) -> dict[str, Any]:
    # Literal, or a value that begins with a dollar would be taken for a path.
    among = {"$in": [{"$ifNull": [value, None]}, {"$literal": list(part.values)}]}
    return {"$not": [among]} if part.is_excluded else among


def _tag(key: str) -> dict[str, Any]:
    return {"$getField": {"field": {"$literal": key}, "input": "$tags"}}
