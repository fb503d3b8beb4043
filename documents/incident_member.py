"""What belongs to an incident: a row for each alert and finding, so that a large incident is no large document."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.alert import Alert
from documents.base import TenantDocument
from documents.finding import Finding
from domain.facts.alert import AlertCategory, AlertSource
from domain.facts.finding import FindingState
from domain.facts.severity import Severity
from domain.incidents.link import Link
from domain.incidents.signal import Signal
from domain.incidents.summary import Part


class IncidentMember(TenantDocument):
    """`signal` is alert:<id> or finding:<id>. `links` are those it came with, {a, b, rule, reason, at}.

    One that happened has `happened`; a fault that stands does not. `is_open` until it is resolved.
    """

    noun: ClassVar[str] = "member of an incident"

    incident_id: PydanticObjectId
    signal: str
    alert_id: PydanticObjectId | None = None
    finding_id: PydanticObjectId | None = None
    account_id: PydanticObjectId | None = None
    at: datetime
    category: AlertCategory
    source: AlertSource
    severity: Severity
    title: str
    happened: bool
    is_open: bool = True
    links: list[dict[str, Any]] = Field(default_factory=list)

    class Settings:
        name = "incident_members"
        indexes = [
            IndexModel(
                [("org_id", ASCENDING), ("incident_id", ASCENDING), ("at", ASCENDING), ("_id", ASCENDING)],
                name="org_incident_at",
            ),
            IndexModel(
                [("org_id", ASCENDING), ("signal", ASCENDING), ("incident_id", ASCENDING)],
                unique=True,
                name="org_signal",
            ),
            IndexModel(
                [("org_id", ASCENDING), ("account_id", ASCENDING), ("is_open", ASCENDING)],
                name="org_account_findings",
                partialFilterExpression={"finding_id": {"$type": "objectId"}},
            ),
        ]


async def add_members(
    org_id: ObjectId,
    incident_id: ObjectId,
    signals: Iterable[Signal],
    links: Sequence[Link],
    over: Collection[str],
    at: datetime,
    session: AsyncClientSession,
) -> None:
    """Put signals into an incident, each with the links that it came by. `over` are those that are resolved already.

    A link stands with the newer one of its signals, as far as both are new.
    """
    chosen = sorted(signals, key=lambda signal: signal.place)
    of: dict[str, list[Link]] = {signal.id: [] for signal in chosen}
    for link in links:
        of[link.b if link.b in of else link.a].append(link)
    writes = [
        UpdateOne(
            {"org_id": org_id, "incident_id": incident_id, "signal": signal.id},
            {"$set": _fields(signal, of[signal.id], over), "$setOnInsert": {"created_at": at}},
            upsert=True,
        )
        for signal in chosen
    ]
    if writes:
        await IncidentMember.rows().bulk_write(writes, ordered=False, session=session)
    await point_alerts(org_id, [signal.id for signal in chosen], incident_id, session)


def _fields(signal: Signal, links: Iterable[Link], over: Collection[str]) -> dict[str, Any]:
    kind, _, id = signal.id.partition(":")
    return {
        "alert_id": ObjectId(id) if kind == "alert" else None,
        "finding_id": ObjectId(id) if kind == "finding" else None,
        "account_id": ObjectId(signal.account) if signal.account else None,
        "at": signal.at,
        "category": signal.category.value,
        "source": signal.source.value,
        "severity": signal.severity.value,
        "title": signal.title,
        "happened": not signal.is_standing,
        "is_open": signal.id not in over,
        "links": [
            {"a": link.a, "b": link.b, "rule": link.rule, "reason": link.reason, "at": link.at} for link in links
        ],
    }


async def point_alerts(
    org_id: ObjectId, signals: Sequence[str], incident_id: ObjectId | None, session: AsyncClientSession
) -> None:
    """Note at the alerts among these where they belong."""
    ids = [ObjectId(id) for kind, _, id in (signal.partition(":") for signal in signals) if kind == "alert"]
    query = {"_id": {"$in": ids}, "org_id": org_id}
    if ids:
        await Alert.rows().update_many(query, {"$set": {"incident_id": incident_id}}, hint="_id_", session=session)


async def members_of(org_id: ObjectId, incident_id: ObjectId, session: AsyncClientSession) -> list[dict[str, Any]]:
    """All rows of an incident, in the order of occurrence."""
    query = {"org_id": org_id, "incident_id": incident_id}
    return await IncidentMember.rows().find(query, sort=[("at", 1), ("_id", 1)], session=session).to_list()


def part_of(raw: dict[str, Any]) -> Part:
    """A stored row as the summary of its incident needs it."""
    return Part(
        at=raw["at"],
        category=AlertCategory(raw["category"]),
        severity=Severity(raw["severity"]),
        title=raw["title"],
        account=str(raw["account_id"]) if raw["account_id"] else None,
        is_open=raw["is_open"],
        happened=raw["happened"],
    )


async def move_members(org_id: ObjectId, source: ObjectId, target: ObjectId, session: AsyncClientSession) -> None:
    """Move all members of one incident to another one."""
    of_source = {"org_id": org_id, "incident_id": source}
    # One that has been in both stays where it is going to; its other row would be the same member twice.
    both = [raw["signal"] async for raw in IncidentMember.rows().find(of_source, {"signal": 1}, session=session)]
    await IncidentMember.rows().delete_many(
        {"org_id": org_id, "signal": {"$in": both}, "incident_id": target}, session=session
    )
    await IncidentMember.rows().update_many(of_source, {"$set": {"incident_id": target}}, session=session)
    await Alert.rows().update_many(of_source, {"$set": {"incident_id": target}}, session=session)


async def take_out(
    org_id: ObjectId,
    source: ObjectId,
    signals: Sequence[str],
    target: ObjectId | None,
    session: AsyncClientSession,
) -> None:
    """Move these members to another incident, or to none; links between them and those that stay are forgotten."""
    out, rows = list(signals), IncidentMember.rows()
    staying = {"org_id": org_id, "incident_id": source, "signal": {"$nin": out}}
    crossing: dict[str, Any] = {"$or": [{"a": {"$in": out}}, {"b": {"$in": out}}]}
    await rows.update_many(staying, {"$pull": {"links": crossing}}, session=session)
    leaving = {"org_id": org_id, "incident_id": source, "signal": {"$in": out}}
    if target is None:
        await rows.delete_many(leaving, session=session)
    else:
        outside: dict[str, Any] = {"$or": [{"a": {"$nin": out}}, {"b": {"$nin": out}}]}
        await rows.update_many(leaving, {"$set": {"incident_id": target}, "$pull": {"links": outside}}, session=session)
    await point_alerts(org_id, out, target, session)


async def current_members(
    org_id: ObjectId, signals: Collection[str], session: AsyncClientSession
) -> dict[str, dict[str, Any]]:
    """The row of each of these in the incident it came to last; those that came to none are left out."""
    query = {"org_id": org_id, "signal": {"$in": list(signals)}}
    rows = await IncidentMember.rows().find(query, session=session).to_list() if signals else []
    return {raw["signal"]: raw for raw in sorted(rows, key=lambda raw: raw["incident_id"])}


async def change_members(changes: Mapping[ObjectId, Mapping[str, Any]], session: AsyncClientSession) -> None:
    """Set these fields of these rows."""
    writes = [UpdateOne({"_id": id}, {"$set": dict(fields)}) for id, fields in changes.items()]
    if writes:
        await IncidentMember.rows().bulk_write(writes, ordered=False, session=session)


async def refresh_findings(org_id: ObjectId, account_id: ObjectId, session: AsyncClientSession) -> set[ObjectId]:
    """Note which findings of an account are over, after a sync; returns the incidents that this changes."""
    query = {"org_id": org_id, "account_id": account_id, "is_open": True, "finding_id": {"$type": "objectId"}}
    rows = await IncidentMember.rows().find(query, {"finding_id": 1, "incident_id": 1}, session=session).to_list()
    ids = {raw["finding_id"] for raw in rows}
    over = {"_id": {"$in": list(ids)}, "org_id": org_id, "state": FindingState.RESOLVED.value}
    found = Finding.rows().find(over, {"_id": 1}, hint="_id_", session=session)
    gone = {raw["_id"] async for raw in found} if ids else set()
    ended = [raw for raw in rows if raw["finding_id"] in gone]
    if ended:
        chosen = {"_id": {"$in": [raw["_id"] for raw in ended]}}
        await IncidentMember.rows().update_many(chosen, {"$set": {"is_open": False}}, session=session)
    return {raw["incident_id"] for raw in ended}
