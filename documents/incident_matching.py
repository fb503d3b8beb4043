"""Matches new alerts with what is there: gathers what correlation needs to know, and stores what it says."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.alert import AlertState
from documents.incident import incidents_by_id, is_joinable
from documents.incident_change import apply_change
from documents.incident_member import current_members
from documents.incident_signal import alert_signal, alerts_around, finding_signal, findings_around
from documents.transaction import Transaction
from domain.facts.incident import DecisionKind
from domain.incidents.correlate import Incident, correlate
from domain.incidents.link import Decision
from domain.incidents.signal import Signal

Raw = Mapping[str, Any]


async def match(tx: Transaction, org_id: ObjectId, fresh: Sequence[Signal], at: datetime) -> set[ObjectId]:
    """Put new signals where they belong; returns the incidents this changes, which are to be refreshed."""
    alerts = await alerts_around(org_id, fresh, tx.session)
    findings = await findings_around(org_id, fresh, alerts, tx.session)
    signals = {one.id: one for one in (*map(alert_signal, alerts), *map(finding_signal, findings), *fresh)}
    # One that was raised again after its incident was over belongs to none, until something links it.
    left = {f"alert:{raw['_id']}" for raw in alerts if raw.get("incident_id") is None}
    members = await current_members(org_id, signals.keys() - left, tx.session)
    rows = await incidents_by_id(org_id, {row["incident_id"] for row in members.values()}, tx.session)
    new = {signal.id for signal in fresh}
    # What belongs to a story that is long over is no sign of anything any more; a new signal is.
    past = {id for id, row in members.items() if not is_joinable(rows[row["incident_id"]], at)}
    place = {id: row["incident_id"] for id, row in members.items() if id not in past}
    live = {id: rows[id] for id in set(place.values())}
    place |= await _decided_elsewhere(org_id, live, place, tx.session)
    incidents = [_incident(raw, (id for id, where in place.items() if where == raw["_id"])) for raw in live.values()]
    known = [signal for id, signal in signals.items() if id in new or id not in past]
    changes = correlate(known, incidents, _decisions(live.values()), fresh=new)
    over = {f"alert:{raw['_id']}" for raw in alerts if raw["state"] == AlertState.RESOLVED}
    return {await apply_change(tx, org_id, change, signals, over, at) for change in changes}


def _incident(raw: Raw, members: Iterable[str]) -> Incident:
    return Incident(
        id=str(raw["_id"]),
        number=raw["number"],
        members=frozenset(members),
        first_at=raw["first_at"] if raw["happened"] else None,
        last_at=raw["last_at"] if raw["happened"] else None,
        coincidences=raw["coincidences"],
    )


def _decisions(rows: Iterable[Raw]) -> list[Decision]:
    """In the order they were made, so that the last one holds."""
    stored = [one for raw in rows for one in raw["decisions"] if not one["is_void"]]
    return [
        Decision(DecisionKind(one["kind"]), one["a"], one["b"]) for one in sorted(stored, key=lambda one: one["at"])
    ]


async def _decided_elsewhere(
    org_id: ObjectId, live: Mapping[ObjectId, Raw], place: Mapping[str, ObjectId], session: AsyncClientSession
) -> dict[str, ObjectId]:
    """Where those are that people have decided about and that are not in play themselves."""
    named = {one[side] for raw in live.values() for one in raw["decisions"] for side in ("a", "b")}
    rows = await current_members(org_id, named - place.keys(), session)
    return {id: row["incident_id"] for id, row in rows.items() if row["incident_id"] in live}
