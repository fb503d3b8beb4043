"""Finds what may belong together with new alerts: recent alerts and open findings that share a name or a place."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.alert import Alert, AlertState
from documents.finding import Finding
from domain.facts.alert import AlertCategory, AlertSource
from domain.facts.finding import FindingState
from domain.facts.severity import Severity
from domain.incidents.cloud_service import service_in, service_of
from domain.incidents.rules import DAY, WEEK
from domain.incidents.signal import STANDING, Signal

# The oldest and the newest of each name and incident. All that share a name are in few incidents, or joined already.
EACH = 20
MOST_FINDINGS = 1000
_READ = dict.fromkeys(
    (
        *("source", "severity", "title", "state", "account_id", "finding_id", "category", "resource_native_id"),
        *("principal", "region", "service", "occurred_at", "raised_at", "incident_id"),
    ),
    1,
)
_FINDING = dict.fromkeys(
    ("account_id", "resource_native_id", "region", "category", "severity", "title", "opened_at", "state"), 1
)
Raw = Mapping[str, Any]


def alert_signal(raw: Raw) -> Signal:
    """A stored alert as a signal."""
    return Signal(
        id=f"alert:{raw['_id']}",
        category=AlertCategory(raw.get("category") or AlertCategory.OPERATIONS),
        source=AlertSource(raw["source"]),
        severity=Severity(raw["severity"]),
        title=raw["title"],
        at=raw.get("occurred_at") or raw["raised_at"],
        account=_text(raw.get("account_id")),
        region=raw.get("region"),
        resource=raw.get("resource_native_id"),
        principal=raw.get("principal"),
        service=service_of(raw.get("service")) or service_in(raw.get("resource_native_id")),
    )


def finding_signal(raw: Raw) -> Signal:
    """A stored finding as a signal."""
    return Signal(
        id=f"finding:{raw['_id']}",
        category=AlertCategory(raw["category"]),
        source=AlertSource.FINDING,
        severity=Severity(raw["severity"]),
        title=raw["title"],
        at=raw["opened_at"],
        account=_text(raw["account_id"]),
        region=raw["region"],
        resource=raw["resource_native_id"],
    )


def _text(id: Any) -> str | None:
    return None if id is None else str(id)


async def alerts_by_id(org_id: ObjectId, ids: Collection[ObjectId], session: AsyncClientSession) -> list[Raw]:
    """These alerts as they stand now; those that are gone are left out."""
    query = {"_id": {"$in": list(ids)}, "org_id": org_id}
    return list(await Alert.rows().find(query, _READ, hint="_id_", session=session).to_list()) if ids else []


async def alerts_around(org_id: ObjectId, signals: Sequence[Signal], session: AsyncClientSession) -> list[Raw]:
    """Alerts that a rule may link to one of these signals, these among them."""
    first = min(signal.at for signal in signals)
    names = _names(signals)
    accounts = {ObjectId(signal.account) for signal in signals if signal.account and not signal.is_standing}
    standing = {"source": {"$in": [source.value for source in STANDING]}, "state": {"$ne": AlertState.RESOLVED.value}}
    named = {"$or": [{"raised_at": {"$gte": first - WEEK}}, standing]}
    found: list[Raw] = []
    for field in ("resource_native_id", "principal"):
        match = {"org_id": org_id, field: {"$in": names}, **named}
        found += await _spread(match, [f"${field}"], session) if names else []
    # Only what happens is joined by where and when it does; without accounts there is nothing to ask for.
    place = {"org_id": org_id, "account_id": {"$in": sorted(accounts)}, "raised_at": {"$gte": first - DAY}}
    happened = {"source": {"$nin": [source.value for source in STANDING]}}
    keys = ["$account_id", "$region", "$category"]
    found += await _spread({**place, **happened}, keys, session) if accounts else []
    return list({raw["_id"]: raw for raw in found}.values())


async def _spread(match: dict[str, Any], keys: Sequence[str], session: AsyncClientSession) -> list[Raw]:
    """A few of each key and incident, so that a storm about one thing does not hide what was there before it."""
    ends = {
        name: {"$topN": {"n": EACH, "sortBy": {"raised_at": way, "_id": way}, "output": "$$ROOT"}}
        for name, way in (("oldest", 1), ("newest", -1))
    }
    pipeline = [{"$match": match}, {"$project": _READ}, {"$group": {"_id": [*keys, "$incident_id"], **ends}}]
    groups = await (await Alert.rows().aggregate(pipeline, session=session)).to_list()
    return [raw for group in groups for raw in (*group["oldest"], *group["newest"])]


async def findings_around(
    org_id: ObjectId, signals: Sequence[Signal], alerts: Iterable[Raw], session: AsyncClientSession
) -> list[Raw]:
    """Open findings on what these signals name. Those that an alert was made of stand for themselves by it."""
    names, told = _names(signals), {raw.get("finding_id") for raw in alerts}
    query = {"org_id": org_id, "resource_native_id": {"$in": names}, "state": FindingState.OPEN.value}
    found = Finding.rows().find(query, _FINDING, session=session, limit=MOST_FINDINGS)
    return [raw async for raw in found if raw["_id"] not in told] if names else []


def _names(signals: Iterable[Signal]) -> list[str]:
    return sorted({name for signal in signals for name in (signal.resource, signal.principal) if name})
