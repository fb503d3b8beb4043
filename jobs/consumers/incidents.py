"""Puts alerts that belong together into incidents, and keeps incidents in step with their alerts and findings."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId

from documents.incident import incidents_by_id, is_joinable
from documents.incident_change import refresh
from documents.incident_matching import match
from documents.incident_member import change_members, current_members, point_alerts, refresh_findings
from documents.incident_signal import alert_signal, alerts_by_id
from documents.sync_run import ENDED
from documents.transaction import Transaction
from domain.facts.alert import AlertState
from domain.facts.event import LoggedEvent
from jobs.consumer import Consumer
from jobs.context import JobContext

OF_ALERTS = frozenset({"AlertRaised", "AlertWorsened", "AlertReopened", "AlertResolved"})
SYNCED = "SyncProgressed"
Raw = Mapping[str, Any]


def wants(event: LoggedEvent) -> bool:
    """Alerts that begin, get worse or end, and syncs that are over."""
    return event.type in OF_ALERTS or (event.type == SYNCED and event.payload.get("state") in ENDED)


async def take(tx: Transaction, context: JobContext, org_id: ObjectId, events: Sequence[LoggedEvent]) -> None:
    """Bring the incidents of an organization up to date with these events."""
    at, session = context.now(), tx.session
    ids = {event.payload["_id"] for event in events if event.type in OF_ALERTS}
    raws = await alerts_by_id(org_id, ids, session)
    touched, placed = await _follow(tx, org_id, raws, at)
    for account_id in {event.payload["account_id"] for event in events if event.type == SYNCED}:
        touched |= await refresh_findings(org_id, account_id, session)
    begun = {event.payload["_id"] for event in events if event.type == "AlertRaised"}
    fresh = [raw for raw in raws if raw["_id"] in begun and f"alert:{raw['_id']}" not in placed]
    if fresh:
        touched |= await match(tx, org_id, [alert_signal(raw) for raw in fresh], at)
    for incident_id in sorted(touched):
        await refresh(tx, org_id, incident_id, at)


async def _follow(
    tx: Transaction, org_id: ObjectId, raws: Collection[Raw], at: datetime
) -> tuple[set[ObjectId], set[str]]:
    """Bring members in step with their alerts; returns the incidents this changes, and which alerts have a place.

    What was raised again goes back to its incident, unless that has been over for too long.
    """
    members = await current_members(org_id, [f"alert:{raw['_id']}" for raw in raws], tx.session)
    incidents = await incidents_by_id(org_id, {row["incident_id"] for row in members.values()}, tx.session)
    changes: dict[ObjectId, dict[str, Any]] = {}
    touched, placed = set(), set()
    for raw in raws:
        row = members.get(f"alert:{raw['_id']}")
        if row is None or not is_joinable(incidents[row["incident_id"]], at):
            continue
        placed.add(row["signal"])
        now = {"severity": raw["severity"], "title": raw["title"], "is_open": raw["state"] != AlertState.RESOLVED}
        if any(row[field] != value for field, value in now.items()):
            changes[row["_id"]] = now
            touched.add(row["incident_id"])
        if raw["incident_id"] != row["incident_id"]:
            await point_alerts(org_id, [row["signal"]], row["incident_id"], tx.session)
    await change_members(changes, tx.session)
    return touched, placed


CONSUMER = Consumer(name="incidents", order=10, wants=wants, take=take)
