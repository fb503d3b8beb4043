"""Alerts and findings that belong together, as one thing that people follow. Its members have rows of their own."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from documents.transaction import Transaction
from domain.errors import Conflict, NotFound
from domain.facts import topic
from domain.facts.alert import AlertCategory
from domain.facts.event import LoggedEvent
from domain.facts.incident import DecisionKind
from domain.facts.incident import IncidentState as IncidentState
from domain.facts.scope import Scope
from domain.facts.severity import Severity

# Of the newest members and links; all of them stand in the members. Keeps a row, and each event with it, below 100 kB.
SHOWN = 100
# People decide about an incident a few times; beyond this something else is wrong.
MOST_DECISIONS = 200
# A cause that comes back within a week is the same trouble; after that it is looked at anew.
REOPENED_WITHIN = timedelta(days=7)
# Without the categories: an index over a list cannot be merged in order over many organizations.
_NEWEST_FIRST = (("opened_at", DESCENDING), ("_id", DESCENDING), ("severity", ASCENDING))


class Incident(TenantDocument):
    """`number` counts up within the organization. `first_at` and `last_at` are of what happened, see `happened`.

    `timeline` are the newest members in the order of occurrence, {signal, at, category, severity, title}; `links` the
    newest links {a, b, rule, reason, at}, by ids of signals; `decisions` what people have decided, {kind, a, b, by, at,
    reason, is_void}. `coincidences` is how many joins rest on one. `merged_into_id`: it goes on there.
    """

    noun: ClassVar[str] = "incident"

    number: int
    title: str
    severity: Severity
    state: IncidentState = IncidentState.OPEN
    categories: list[AlertCategory]
    account_ids: list[PydanticObjectId] = Field(default_factory=list)
    opened_at: datetime
    first_at: datetime
    last_at: datetime
    happened: bool = True
    member_count: int = 0
    open_count: int = 0
    coincidences: int = 0
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    assignee_id: PydanticObjectId | None = None
    merged_into_id: PydanticObjectId | None = None
    timeline: list[dict[str, Any]] = Field(default_factory=list)
    links: list[dict[str, Any]] = Field(default_factory=list)
    decisions: list[dict[str, Any]] = Field(default_factory=list)
    version: int = 1

    class Settings:
        name = "incidents"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("number", ASCENDING)], unique=True, name="org_number"),
            IndexModel([("org_id", ASCENDING), *_NEWEST_FIRST], name="org_newest"),
            IndexModel([("org_id", ASCENDING), ("state", ASCENDING), *_NEWEST_FIRST], name="org_state_newest"),
        ]

    @property
    def key(self) -> ObjectId:
        """Its id, of a stored one."""
        return ObjectId(str(self.id))


async def incidents_by_id(
    org_id: ObjectId, ids: Collection[ObjectId], session: AsyncClientSession
) -> dict[ObjectId, dict[str, Any]]:
    """The stored rows of these incidents of one organization."""
    query = {"_id": {"$in": list(ids)}, "org_id": org_id}
    raws = await Incident.rows().find(query, hint="_id_", session=session).to_list() if ids else []
    return {raw["_id"]: raw for raw in raws}


async def open_incident(org_id: ObjectId, at: datetime, session: AsyncClientSession) -> ObjectId:
    """A new incident under the next number, without members yet; `refresh` fills in the rest.

    Two at once: the unique number has one of the transactions begin again.
    """
    last = await Incident.rows().find_one({"org_id": org_id}, {"number": 1}, sort=[("number", -1)], session=session)
    incident_id = ObjectId()
    row: dict[str, Any] = {
        "_id": incident_id,
        "org_id": org_id,
        "created_at": at,
        "number": last["number"] + 1 if last else 1,
        "state": IncidentState.OPEN.value,
        "opened_at": at,
        "coincidences": 0,
        "decisions": [],
        "version": 0,
    }
    await Incident.rows().insert_one(row, session=session)
    return incident_id


def is_joinable(raw: Mapping[str, Any], at: datetime) -> bool:
    """Whether something new may still belong to it."""
    resolved_at: datetime | None = raw.get("resolved_at")
    return resolved_at is None or (raw.get("merged_into_id") is None and resolved_at >= at - REOPENED_WITHIN)


async def expected_incident(scope: Scope, id: str, version: int | None, session: AsyncClientSession) -> Incident:
    """The incident, for a change. Raises NotFound, Conflict when it is another version or has been merged away."""
    incident = await Incident.get_in(scope, id, session=session)
    if version is not None and version != incident.version:
        raise Conflict(
            f"This incident is at version {incident.version}: load it again and decide anew.", current=incident
        )
    if incident.merged_into_id is not None:
        raise Conflict("This incident was merged into another one: go on there.", current=incident)
    return incident


async def change_incident(
    tx: Transaction, incident_id: ObjectId, changes: Mapping[str, Any], *, type: str = "IncidentChanged"
) -> Incident:
    """Set these stored fields, raise the version and announce it."""
    await Incident.rows().update_one(
        {"_id": incident_id}, {"$set": dict(changes), "$inc": {"version": 1}}, session=tx.session
    )
    raw = await Incident.rows().find_one({"_id": incident_id}, session=tx.session)
    if raw is None:
        raise NotFound.of(Incident.noun)
    tx.announce(raw["org_id"], topic.incidents(raw["org_id"]), type, raw)
    return Incident.stored(raw)


def decision(kind: DecisionKind, a: str, b: str, *, by: str, at: datetime, reason: str) -> dict[str, Any]:
    """A decision as an incident keeps it."""
    return {"kind": kind.value, "a": a, "b": b, "by": by, "at": at, "reason": reason, "is_void": False}


def with_decision(decisions: list[dict[str, Any]], new: dict[str, Any]) -> list[dict[str, Any]]:
    """These and a new one. Raises Conflict when there are too many to keep."""
    if len(decisions) >= MOST_DECISIONS:
        raise Conflict(f"{MOST_DECISIONS} decisions were made about this incident: no more can be kept.")
    return [*decisions, new]


def incident_of(event: LoggedEvent) -> Any:
    """The incident row an event carries."""
    return Incident.Row(dict(event.payload))
