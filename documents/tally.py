"""How much is open in an organization, kept up to date by every change, because counting a million rows takes a while.

The numbers stand in the row that orders the organization's events: they change only with an event, in one write.
"""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.alert import Alert, AlertState
from documents.event import EventCounter, new_counter
from documents.finding import open_findings
from documents.organization import Organization
from domain.costs.value import SUMS
from domain.facts.scope import Scope
from domain.facts.severity import Severity


@dataclass(frozen=True, slots=True)
class Tally:
    """Open findings and alerts by severity; what the open findings about cost would save a month, by currency."""

    open_findings: dict[Severity, int]
    open_alerts: dict[Severity, int]
    saving: dict[str, Decimal]


async def tally_in(scope: Scope) -> Tally:
    """The tallies of all organizations in scope, added up. Counts first where nothing was counted yet."""
    wanted = [ObjectId(org_id) for org_id in sorted(scope.org_ids)]
    rows = await _counters(wanted)
    untallied = set(wanted) - {raw["_id"] for raw in rows if raw.get("is_tallied")}
    for org_id in sorted(untallied):
        await recount(org_id)
    if untallied:
        rows = await _counters(wanted)
    return _added_up([raw["tally"] for raw in rows])


async def _counters(org_ids: list[ObjectId]) -> list[dict[str, Any]]:
    fields = {"is_tallied": 1, "tally": 1}
    return await EventCounter.get_pymongo_collection().find({"_id": {"$in": org_ids}}, projection=fields).to_list()


def _added_up(tallies: list[dict[str, dict[str, Any]]]) -> Tally:
    findings: Counter[Severity] = Counter()
    alerts: Counter[Severity] = Counter()
    saving: dict[str, Decimal] = {}
    for tally in tallies:
        findings.update({Severity(name): count for name, count in tally.get("open_findings", {}).items()})
        alerts.update({Severity(name): count for name, count in tally.get("open_alerts", {}).items()})
        for currency, amount in tally.get("saving", {}).items():
            saving[currency] = SUMS.add(saving.get(currency, Decimal(0)), Decimal(amount))
    return Tally(dict(findings), dict(alerts), saving)


async def recount_all() -> int:
    """Count for every organization that has no tally yet; returns how many. Loses no change made meanwhile."""
    tallied = EventCounter.get_pymongo_collection().find({"is_tallied": True}, projection={"_id": 1})
    known = {raw["_id"] async for raw in tallied}
    rows = Organization.get_pymongo_collection().find({}, projection={"_id": 1})
    missing = [raw["_id"] async for raw in rows if raw["_id"] not in known]
    for org_id in missing:
        await recount(org_id)
    return len(missing)


async def recount(org_id: ObjectId) -> None:
    """Count the rows themselves and store that as the tally.

    A change that commits meanwhile writes the same counter row, so that one of the two begins again.
    """

    async def run(session: AsyncClientSession) -> None:
        tally: dict[str, dict[str, int | Decimal]] = {"open_findings": {}, "open_alerts": {}, "saving": {}}
        counts = await open_findings({"org_id": org_id}, session) | await _open_alerts(org_id, session)
        for place, count in counts.items():
            kind, _, name = place.partition(".")
            tally[kind][name] = count
        await EventCounter.get_pymongo_collection().update_one(
            {"_id": org_id},
            {"$set": {"tally": tally, "is_tallied": True}, "$setOnInsert": {**new_counter(), "last": 0}},
            upsert=True,
            session=session,
        )

    client = EventCounter.get_pymongo_collection().database.client
    async with client.start_session() as session:
        await session.with_transaction(run)


async def _open_alerts(org_id: ObjectId, session: AsyncClientSession) -> dict[str, int | Decimal]:
    pipeline: list[dict[str, Any]] = [
        {"$match": {"org_id": org_id, "state": AlertState.OPEN.value}},
        {"$group": {"_id": "$severity", "count": {"$sum": 1}}},
    ]
    rows = await Alert.rows().aggregate(pipeline, session=session)
    return {f"open_alerts.{raw['_id']}": raw["count"] async for raw in rows}
