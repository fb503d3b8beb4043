"""The twelve numbers of the dashboard as the bare server works them out, each time anew, from the same totals."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase

Row = dict[str, Any]
DAY = timedelta(days=1)
URGENT = ("CRITICAL", "HIGH")
CONNECTED = ["CONNECTING", "CONNECTED", "FAILING"]


def spans(now: datetime) -> dict[str, tuple[datetime, datetime]]:
    """The days each sum is about, as [first, until)."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    this_month = today.replace(day=1)
    last_month = (this_month - DAY).replace(day=1)
    return {
        "costMonthToDate": (this_month, today + DAY),
        "costLastMonth": (last_month, this_month),
        "costSameDaysLastMonth": (last_month, min(last_month + (today + DAY - this_month), this_month)),
        "costYesterday": (today - DAY, today),
        "costLast30Days": (today - 30 * DAY, today),
    }


async def twelve_numbers(db: AsyncDatabase[Row], org_id: ObjectId) -> Row:
    within = {"org_id": {"$in": [org_id]}}
    sums, counter, states, newest = await asyncio.gather(
        _costs(db, within),
        db["event_counters"].find_one({"_id": org_id}, {"tally": 1}),
        _states(db, within),
        db["cost_periods"].find_one(within, {"last_on": 1}, sort=[("last_on", -1)]),
    )
    tally = (counter or {})["tally"]
    findings, alerts = tally.get("open_findings", {}), tally.get("open_alerts", {})
    return {
        **sums,
        "costsUntil": None if newest is None else newest["last_on"].date().isoformat(),
        "openFindings": sum(findings.values()),
        "criticalFindings": sum(findings.get(name, 0) for name in URGENT),
        "monthlySaving": str(tally.get("saving", {}).get(sums.get("currency"), 0)),
        "openAlerts": sum(alerts.values()),
        "criticalAlerts": sum(alerts.get(name, 0) for name in URGENT),
        "accounts": sum(states.values()),
        "failingAccounts": states.get("FAILING", 0),
    }


async def _costs(db: AsyncDatabase[Row], within: Row) -> Row:
    wanted = spans(datetime.now(UTC))
    first, until = min(span[0] for span in wanted.values()), max(span[1] for span in wanted.values())
    sums = {name: {"$sum": {"$cond": [_is_within(span), "$totals.billed", 0]}} for name, span in wanted.items()}
    pipeline: list[Row] = [
        {"$match": {**within, "last_on": {"$gte": first}, "first_on": {"$lt": until}}},
        {"$unwind": "$totals"},
        {"$match": {"totals.day": {"$gte": first, "$lt": until}}},
        {"$group": {"_id": "$currency", **sums}},
        {"$project": {"currency": "$_id", "_id": 0, **{name: {"$toString": f"${name}"} for name in wanted}}},
    ]
    rows = await (await db["cost_periods"].aggregate(pipeline)).to_list()
    return rows[0]


def _is_within(span: tuple[datetime, datetime]) -> Row:
    return {"$and": [{"$gte": ["$totals.day", span[0]]}, {"$lt": ["$totals.day", span[1]]}]}


async def _states(db: AsyncDatabase[Row], within: Row) -> dict[str, int]:
    pipeline: list[Row] = [
        {"$match": {**within, "state": {"$in": CONNECTED}}},
        {"$group": {"_id": "$state", "count": {"$sum": 1}}},
    ]
    return {row["_id"]: row["count"] async for row in await db["accounts"].aggregate(pipeline)}
