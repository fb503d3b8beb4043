"""Bills of the last days as advice on commitments needs them: summed by the store, by the hour where that is billed."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bson import ObjectId

from documents.cost_line import CostLine
from documents.cost_line_sums import count_lines
from documents.cost_period import CostPeriod, midnight, one_moment
from documents.cost_usage import CostUsageDay
from documents.resource_bill import day_long
from domain.commitments.bill import Bill, Charge, CommitmentPart, Words
from domain.commitments.coverable import POOLS, pools_of
from domain.facts.provider import Provider
from domain.facts.scope import Scope

# What providers look back on, too.
LOOK_BACK = timedelta(days=30)
# A bill whose newest day is older tells nothing of today.
OLDEST = timedelta(days=60)
# Of more bills those with the most rows are looked at.
MOST_BILLS = 20
# A second or two of reading each. Of larger bills days are looked at in place of hours, and fewer days for words.
MOST_HOURLY_ROWS, MOST_WORDY_ROWS = 300_000, 300_000
# What the newest day of the largest bill is let take, so that its SKUs are known at all.
MOST_ROWS_OF_A_DAY = 1_000_000
_WORDY_DAYS = (LOOK_BACK, timedelta(days=7), timedelta(days=1))
_HOUR_MS = int(timedelta(hours=1).total_seconds() * 1000)
_SKU = {"$ifNull": ["$sku_id", "$sku_price_id", "$charge_description"]}
_INDEX = "org_newest"


@dataclass(frozen=True, slots=True, kw_only=True)
class BillDays:
    """Where one bill stands: its complete days of late, and the editions that count."""

    provider: Provider
    billing_account_id: str
    currency: str
    days: Sequence[date]
    editions: Sequence[ObjectId]
    loaded_at: datetime
    asked_on: date
    rows: int

    @property
    def first(self) -> date:
        return self.days[0]

    @property
    def until(self) -> date:
        return self.days[-1] + timedelta(days=1)


async def bills_of_late(scope: Scope, today: date) -> list[BillDays]:
    """The bills in scope of clouds that sell commitments, with charges of the last OLDEST, the largest first."""
    names = sorted({pool.provider.value for pool in POOLS})
    query = {**CostPeriod.within(scope), "provider": {"$in": names}, "last_on": {"$gte": midnight(today - OLDEST)}}
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    async with one_moment() as session:
        fields = dict.fromkeys(
            ("provider", "billing_account_id", "currency", "edition_id", "totalled_id", "first_on", "last_on"), 1
        )
        fields |= dict.fromkeys(("line_count", "loaded_at", "totals.day"), 1)
        async for raw in CostPeriod.rows().find(query, fields, session=session):
            groups.setdefault((raw["provider"], raw["billing_account_id"], raw["currency"]), []).append(raw)
    found = [_bill_days(*key, own, today) for key, own in groups.items()]
    return sorted((one for one in found if one.days), key=lambda one: (-one.rows, one.billing_account_id))


def _bill_days(
    provider: str, account: str, currency: str, periods: Sequence[Mapping[str, Any]], today: date
) -> BillDays:
    until = min(today, max(raw["last_on"] for raw in periods).date())
    days = sorted({day for raw in periods for day in _charged(raw) if until - LOOK_BACK <= day < until})
    return BillDays(
        provider=Provider(provider),
        billing_account_id=account,
        currency=currency,
        days=days,
        editions=[raw["edition_id"] for raw in periods],
        loaded_at=max(raw["loaded_at"] for raw in periods),
        asked_on=today,
        rows=sum(raw["line_count"] for raw in periods),
    )


def _charged(raw: Mapping[str, Any]) -> list[date]:
    """The days with a charge; of a period whose totals are not made, all from the first to the last."""
    if raw.get("totalled_id") == raw["edition_id"]:
        return [total["day"].date() for total in raw.get("totals", ())]
    first, last = raw["first_on"].date(), raw["last_on"].date()
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


async def commitment_bill(scope: Scope, bill: BillDays) -> Bill:
    """The bill's charges on demand that commitments could cover, and what its commitments did."""
    found = Bill(
        provider=bill.provider,
        billing_account_id=bill.billing_account_id,
        currency=bill.currency,
        days=bill.days,
        loaded_at=bill.loaded_at,
        asked_on=bill.asked_on,
        commitments=await _commitments(scope, bill),
    )
    words, longest = await _words(scope, bill)
    found = replace(found, words=words)
    rows = await count_lines(bill.editions, first=bill.first, until=bill.until, scope=scope)
    is_hourly = 0 < longest <= _HOUR_MS and rows <= MOST_HOURLY_ROWS
    dull = _dull(found)
    if is_hourly:
        raws = await CostLine.rows().aggregate(hours_pipeline(scope, bill, dull), hint=_INDEX, allowDiskUse=True)
    else:
        raws = await CostUsageDay.rows().aggregate(days_pipeline(scope, bill, dull), allowDiskUse=True)
    # Hours of many SKUs are tens of thousands of sums.
    charges = await asyncio.to_thread(_charges, await raws.to_list())
    return replace(found, is_hourly=is_hourly, charges=charges)


def _dull(bill: Bill) -> list[str]:
    """The SKUs of which it is known that no commitment covers them."""
    covered = {sku for service, sku in bill.words if bill.place(service, sku) is not None}
    return sorted({sku for _, sku in bill.words if sku is not None} - covered)


async def named_accounts(scope: Scope, bill: BillDays) -> set[str]:
    """The accounts that the bill names, by the ids their provider lists them by; itself included."""
    named = await CostUsageDay.rows().distinct("sub_account_id", _within(CostUsageDay, scope, bill, "day"))
    return {str(id).removeprefix("/subscriptions/") for id in (*named, bill.billing_account_id) if id}


async def _words(scope: Scope, bill: BillDays) -> tuple[dict[tuple[str, str | None], Words], int]:
    """What the SKUs of services that commitments cover are, by the newest rows; and the longest charge, in ms."""
    for back in _WORDY_DAYS:
        first = max(bill.first, bill.until - back)
        most = MOST_WORDY_ROWS if back > _WORDY_DAYS[-1] else MOST_ROWS_OF_A_DAY
        if await count_lines(bill.editions, first=first, until=bill.until, scope=scope) <= most:
            break
    else:
        return {}, 0
    words: dict[tuple[str, str | None], Words] = {}
    longest = 0
    async for raw in await CostLine.rows().aggregate(words_pipeline(scope, bill, first), hint=_INDEX):
        longest = max(longest, raw["longest"])
        told = (raw["usage"], raw["meter"], raw["details"], raw["description"])
        words[raw["_id"]["service"], raw["_id"].get("sku")] = told
    return words, longest


def words_pipeline(scope: Scope, bill: BillDays, first: date) -> list[dict[str, Any]]:
    """One document for each SKU with a charge of at most a day, from the day `first` on."""
    match = _within(CostLine, scope, bill, "charge_period_start")
    match["charge_period_start"] = {"$gte": midnight(first), "$lt": midnight(bill.until)}
    return [
        {"$match": match},
        day_long(),
        {
            "$group": {
                "_id": {"service": "$service_name", "sku": _SKU},
                "usage": {"$first": "$extras.x_UsageType"},
                "meter": {"$first": "$sku_meter"},
                "details": {"$first": "$sku_price_details"},
                "description": {"$first": "$charge_description"},
                "longest": {"$max": {"$subtract": ["$charge_period_end", "$charge_period_start"]}},
            }
        },
    ]


def days_pipeline(scope: Scope, bill: BillDays, dull: Sequence[str] = ()) -> list[dict[str, Any]]:
    """What was used on demand, by day, from the sums that loads keep; without the `dull` SKUs."""
    match = _within(CostUsageDay, scope, bill, "day") | _ON_DEMAND
    return [{"$match": match}, *_summed("$day", "$sku", "$effective", "$line_count", dull)]


def hours_pipeline(scope: Scope, bill: BillDays, dull: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The same by hour, from the rows."""
    hour = {"$dateTrunc": {"date": "$charge_period_start", "unit": "hour"}}
    match = _within(CostLine, scope, bill, "charge_period_start") | _ON_DEMAND
    return [{"$match": match}, *_summed(hour, _SKU, "$effective_cost", 1, dull)]


# Corrections are of other days than those they are booked on.
_ON_DEMAND = {"pricing_category": "Standard", "commitment_discount_id": None, "charge_class": None}


def _summed(at: Any, sku: Any, cost: str, rows: Any, dull: Sequence[str]) -> list[dict[str, Any]]:
    """One document for each SKU in each region, with its sums in columns. As text, because the driver reads decimals
    slowly.
    """
    key = {"service": "$service_name", "region": "$region_id", "sku": sku}
    return [
        {"$group": {"_id": {"at": at, **key}, "cost": {"$sum": cost}, "rows": {"$sum": rows}}},
        {"$match": {"_id.sku": {"$nin": list(dull)}}},
        {
            "$group": {
                "_id": {name: f"$_id.{name}" for name in key},
                "at": {"$push": "$_id.at"},
                "costs": {"$push": {"$toString": "$cost"}},
                "rows": {"$push": "$rows"},
            }
        },
    ]


def _within(of: type[CostLine] | type[CostUsageDay], scope: Scope, bill: BillDays, at: str) -> dict[str, Any]:
    """Usage of the bill's days in services that commitments cover."""
    services = sorted({name for pool in pools_of(bill.provider) for name in pool.services})
    return {
        **of.within(scope),
        at: {"$gte": midnight(bill.first), "$lt": midnight(bill.until)},
        "edition_id": {"$in": list(bill.editions)},
        "charge_category": "Usage",
        "service_name": {"$in": services},
    }


def _charges(raws: Sequence[Mapping[str, Any]]) -> list[Charge]:
    return [
        Charge(at, raw["_id"]["service"], raw["_id"].get("region"), raw["_id"].get("sku"), Decimal(cost), rows)
        for raw in raws
        for at, cost, rows in zip(raw["at"], raw["costs"], raw["rows"], strict=True)
    ]


async def _commitments(scope: Scope, bill: BillDays) -> list[CommitmentPart]:
    raws = await CostUsageDay.rows().aggregate(commitments_pipeline(scope, bill), allowDiskUse=True)
    return [
        CommitmentPart(
            commitment=raw["_id"]["id"],
            name=raw["name"],
            kind=raw["kind"],
            is_spend_based=raw["category"] == "Spend",
            service=raw["_id"]["service"],
            region=raw["_id"].get("region"),
            sku=raw["_id"].get("sku"),
            is_unused=raw["_id"].get("status") == "Unused",
            effective=Decimal(raw["effective"]),
            contracted=Decimal(raw["contracted"]),
        )
        async for raw in raws
    ]


def commitments_pipeline(scope: Scope, bill: BillDays) -> list[dict[str, Any]]:
    """What each commitment was used for and not used for on these days, whatever the service."""
    match = _within(CostUsageDay, scope, bill, "day")
    del match["service_name"]
    key = {"id": "commitment_discount_id", "status": "commitment_discount_status", "service": "service_name"}
    key |= {"region": "region_id", "sku": "sku"}
    return [
        {"$match": {**match, "commitment_discount_id": {"$exists": True}}},
        {
            "$group": {
                "_id": {name: f"${field}" for name, field in key.items()},
                "name": {"$first": "$commitment_discount_name"},
                "kind": {"$first": "$commitment_discount_type"},
                "category": {"$first": "$commitment_discount_category"},
                "effective": {"$sum": "$effective"},
                "contracted": {"$sum": "$contracted"},
            }
        },
        {"$set": {name: {"$toString": f"${name}"} for name in ("effective", "contracted")}},
    ]
