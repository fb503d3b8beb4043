"""What changes incidents: what correlation says, what becomes of members, and what people decide."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId

from documents.alert import Alert, AlertState
from documents.incident import (
    SHOWN,
    Incident,
    change_incident,
    decision,
    incidents_by_id,
    open_incident,
    with_decision,
)
from documents.incident_member import (
    IncidentMember,
    add_members,
    members_of,
    move_members,
    part_of,
    take_out,
)
from documents.transaction import Transaction
from domain.errors import Conflict, Invalid
from domain.facts.incident import DecisionKind, IncidentState
from domain.facts.severity import Severity
from domain.incidents.correlate import Change
from domain.incidents.signal import Signal
from domain.incidents.summary import summary_of

_MOMENT = ("signal", "at", "category", "severity", "title")


async def apply_change(
    tx: Transaction,
    org_id: ObjectId,
    change: Change,
    signals: Mapping[str, Signal],
    over: Collection[str],
    at: datetime,
) -> ObjectId:
    """Store what correlation has found; returns the incident, which is to be refreshed after it.

    `over` are those of the signals that are resolved already.
    """
    if change.incident is None:
        incident_id = await open_incident(org_id, at, tx.session)
    else:
        incident_id = ObjectId(change.incident)
    for absorbed in change.absorbed:
        await absorb(tx, org_id, ObjectId(absorbed), incident_id, at)
    chosen = [signals[id] for id in change.signals]
    links = [link for link in change.links if {link.a, link.b} & set(change.signals)]
    await add_members(org_id, incident_id, chosen, links, over, at, tx.session)
    await Incident.rows().update_one(
        {"_id": incident_id}, {"$set": {"coincidences": change.coincidences}}, session=tx.session
    )
    return incident_id


async def absorb(tx: Transaction, org_id: ObjectId, gone: ObjectId, into: ObjectId, at: datetime) -> None:
    """Move everything of one incident into another one, decisions included, and close it."""
    rows = await incidents_by_id(org_id, [gone, into], tx.session)
    kept = {"decisions": _both(rows[into]["decisions"], rows[gone]["decisions"])}
    await move_members(org_id, gone, into, tx.session)
    await Incident.rows().update_one({"_id": into}, {"$set": kept}, session=tx.session)
    closed = {
        "state": IncidentState.RESOLVED.value,
        "resolved_at": at,
        "merged_into_id": into,
        "member_count": 0,
        "open_count": 0,
        "timeline": [],
        "links": [],
        "decisions": [],
    }
    await change_incident(tx, gone, closed, type="IncidentClosed")


def _both(one: Sequence[dict[str, Any]], other: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A decision between two incidents stands in each of them."""
    return [*one, *(decision for decision in other if decision not in one)]


async def refresh(tx: Transaction, org_id: ObjectId, incident_id: ObjectId, at: datetime) -> Incident:
    """Work the incident out of its members again; what has changed is stored and announced, once."""
    rows = await members_of(org_id, incident_id, tx.session)
    raw = (await incidents_by_id(org_id, [incident_id], tx.session))[incident_id]
    changes = {**_summary(rows), **_decided(raw["decisions"], {row["signal"] for row in rows})}
    changes |= _state(raw, changes, at)
    if all(raw.get(field) == value for field, value in changes.items()):
        return Incident.stored(raw)
    type = "IncidentOpened" if raw["version"] == 0 else "IncidentChanged"
    if changes["state"] == IncidentState.RESOLVED.value != raw["state"]:
        type = "IncidentClosed"
    return await change_incident(tx, incident_id, changes, type=type)


def _summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    summary = summary_of([part_of(row) for row in rows])
    links = sorted((link for row in rows for link in row["links"]), key=lambda link: (link["at"], link["b"], link["a"]))
    return {
        "title": summary.title,
        "severity": summary.severity.value,
        "categories": [category.value for category in summary.categories],
        "account_ids": [ObjectId(account) for account in summary.accounts],
        "first_at": summary.first_at,
        "last_at": summary.last_at,
        "happened": summary.happened,
        "member_count": summary.members,
        "open_count": summary.open_members,
        "timeline": [{field: row[field] for field in _MOMENT} for row in rows[-SHOWN:]],
        "links": links[-SHOWN:],
    }


def _decided(decisions: Sequence[dict[str, Any]], inside: set[str]) -> dict[str, Any]:
    """A decision that the present members contradict was overtaken by a later one."""
    overtaken = {DecisionKind.APART.value: 2, DecisionKind.TOGETHER.value: 1}

    def is_void(one: dict[str, Any]) -> bool:
        return one["is_void"] or len({one["a"], one["b"]} & inside) == overtaken[one["kind"]]

    return {"decisions": [{**one, "is_void": is_void(one)} for one in decisions]}


def _state(raw: Mapping[str, Any], changes: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Over once all members are; open again when one is back, and when it has become worse than what was taken on."""
    state = IncidentState(raw["state"])
    if changes["open_count"] == 0:
        return {"state": IncidentState.RESOLVED.value, "resolved_at": raw.get("resolved_at") or at}
    is_back = state is IncidentState.RESOLVED
    before = raw.get("severity", Severity.INFORMATIONAL)
    is_worse = Severity(changes["severity"]).rank < Severity(before).rank
    if is_back or (state is IncidentState.ACKNOWLEDGED and is_worse):
        return {"state": IncidentState.OPEN.value, "resolved_at": None, "acknowledged_at": None}
    return {"state": state.value, "resolved_at": None}


async def acknowledge(tx: Transaction, incident: Incident, at: datetime) -> Incident:
    """Say that a person has taken it on, or the rest of its alerts. Raises Conflict when nothing is left to take on."""
    is_taken = incident.state is IncidentState.ACKNOWLEDGED and not await open_alerts(incident, tx, limit=1)
    if is_taken or incident.state is IncidentState.RESOLVED:
        raise Conflict(f"This incident is {incident.state.value.lower()} already.", current=incident)
    taken = {"state": IncidentState.ACKNOWLEDGED.value, "acknowledged_at": at}
    return await change_incident(tx, incident.key, taken)


async def open_alerts(incident: Incident, tx: Transaction, *, limit: int) -> list[str]:
    """Ids of its alerts that nobody has taken on, at most `limit`."""
    query = {"org_id": incident.org_id, "incident_id": incident.id, "state": AlertState.OPEN.value}
    found = Alert.rows().find(query, {"_id": 1}, session=tx.session, limit=limit)
    return [str(raw["_id"]) async for raw in found]


async def split(
    tx: Transaction, incident: Incident, signals: Sequence[str], *, by: str, at: datetime, reason: str
) -> Incident:
    """Take members out for good: several become an incident of their own, a single one stands alone.

    Raises Invalid when they are no members, or all of them; Conflict when no more decisions can be kept.
    """
    out = list(dict.fromkeys(signals))
    rows = await members_of(incident.org_id, incident.key, tx.session)
    staying = [row["signal"] for row in rows if row["signal"] not in out]
    if len(staying) != len(rows) - len(out):
        raise Invalid("These do not all belong to this incident.", path=("input", "memberIds"))
    if not staying:
        raise Invalid("Somebody must stay: leave one of its members out.", path=("input", "memberIds"))
    target = await open_incident(incident.org_id, at, tx.session) if len(out) > 1 else None
    await take_out(incident.org_id, incident.key, out, target, tx.session)
    apart = decision(DecisionKind.APART, staying[0], out[0], by=by, at=at, reason=reason)
    for id, inside, gone in ((incident.key, staying, out), (target, out, staying)):
        if id is not None:
            decisions = with_decision(_anchored(incident.decisions, inside[0], gone), apart)
            await Incident.rows().update_one({"_id": id}, {"$set": {"decisions": decisions}}, session=tx.session)
            await refresh(tx, incident.org_id, id, at)
    return Incident.stored((await incidents_by_id(incident.org_id, [incident.key], tx.session))[incident.key])


def _anchored(decisions: Sequence[dict[str, Any]], anchor: str, gone: Collection[str]) -> list[dict[str, Any]]:
    """What was decided before holds for both parts: where the one it names has gone, another one stands for it."""

    def held(one: dict[str, Any]) -> dict[str, Any]:
        sides = {side: anchor if one[side] in gone else one[side] for side in ("a", "b")}
        is_void = one["is_void"] or (one["kind"] == DecisionKind.TOGETHER and sides != {"a": one["a"], "b": one["b"]})
        return {**one, "is_void": True} if is_void else {**one, **sides}

    return [held(one) for one in decisions]


async def merge(
    tx: Transaction, incident: Incident, others: Sequence[Incident], *, by: str, at: datetime, reason: str
) -> Incident:
    """Put incidents of one organization together for good; they go on as the first.

    Raises Invalid for one of another organization, Conflict when no more decisions can be kept.
    """
    decisions = list(incident.decisions)
    for other in others:
        if other.org_id != incident.org_id or other.id == incident.id:
            raise Invalid("Only other incidents of the same organization can go into it.", path=("input", "otherIds"))
        pair = [await _first_signal(tx, one) for one in (incident, other)]
        together = decision(DecisionKind.TOGETHER, *pair, by=by, at=at, reason=reason)
        decisions = with_decision(_both(decisions, other.decisions), together)
    for other in others:
        await absorb(tx, incident.org_id, other.key, incident.key, at)
    chosen = {"decisions": decisions, "coincidences": sum(one.coincidences for one in (incident, *others))}
    await Incident.rows().update_one({"_id": incident.id}, {"$set": chosen}, session=tx.session)
    return await refresh(tx, incident.org_id, incident.key, at)


async def _first_signal(tx: Transaction, incident: Incident) -> str:
    query = {"org_id": incident.org_id, "incident_id": incident.id}
    raw = await IncidentMember.rows().find_one(query, {"signal": 1}, sort=[("at", 1), ("_id", 1)], session=tx.session)
    if raw is None:
        raise Conflict("This incident holds nothing.", current=incident)
    return str(raw["signal"])
