"""Something a person must hear about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, cast

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument

from documents.base import TenantDocument
from documents.transaction import Transaction
from domain.errors import Conflict, NotFound
from domain.facts import topic
from domain.facts.alert import AlertCategory as AlertCategory
from domain.facts.alert import AlertSource as AlertSource
from domain.facts.alert import AlertState as AlertState
from domain.facts.scope import Scope
from domain.facts.severity import Severity

_NEWEST_FIRST = (
    ("raised_at", DESCENDING),
    ("_id", DESCENDING),
    ("severity", ASCENDING),
    ("source", ASCENDING),
)


class Alert(TenantDocument):
    """`fingerprint` names the cause: the same cause raises again only after it was resolved.

    `resource_native_id`, `principal` (who did it) and `region` are as the provider writes them; `tags` are those of
    the resource. `occurrences` counts how often the cause was seen since it was raised last, the first time included.
    """

    noun: ClassVar[str] = "alert"

    fingerprint: str
    source: AlertSource
    severity: Severity
    title: str
    message: str
    state: AlertState = AlertState.OPEN
    account_id: PydanticObjectId | None = None
    finding_id: PydanticObjectId | None = None
    budget_id: PydanticObjectId | None = None
    category: AlertCategory = AlertCategory.OPERATIONS
    resource_id: PydanticObjectId | None = None
    resource_native_id: str | None = None
    principal: str | None = None
    region: str | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    occurred_at: datetime | None = None
    last_seen_at: datetime | None = None
    occurrences: int = 1
    assignee_id: PydanticObjectId | None = None
    snoozed_until: datetime | None = None
    incident_id: PydanticObjectId | None = None
    raised_at: datetime
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    times_raised: int = 1
    version: int = 1

    class Settings:
        name = "alerts"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("fingerprint", ASCENDING)], unique=True, name="org_fingerprint"),
            # What lists filter by and are not sorted by stands behind the order, so that no row is fetched in vain.
            IndexModel([("org_id", ASCENDING), *_NEWEST_FIRST], name="org_newest"),
            IndexModel([("org_id", ASCENDING), ("state", ASCENDING), *_NEWEST_FIRST], name="org_state_newest"),
        ]


@dataclass(frozen=True, slots=True)
class Cause:
    """What an alert is raised for. `is_once`: a resolved alert of this fingerprint is never raised again.

    `occurred_at` is when it happened, where that is not now; the other fields are those of the alert.
    """

    fingerprint: str
    source: AlertSource
    severity: Severity
    title: str
    message: str
    account_id: PydanticObjectId | None = None
    finding_id: PydanticObjectId | None = None
    budget_id: PydanticObjectId | None = None
    is_once: bool = False
    category: AlertCategory = AlertCategory.OPERATIONS
    resource_id: PydanticObjectId | None = None
    resource_native_id: str | None = None
    principal: str | None = None
    region: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    occurred_at: datetime | None = None

    def fields(self) -> dict[str, Any]:
        """The stored fields that follow from the cause."""
        return {
            "source": self.source.value,
            "severity": self.severity.value,
            "title": self.title,
            "message": self.message,
            "account_id": self.account_id,
            "finding_id": self.finding_id,
            "budget_id": self.budget_id,
            "category": self.category.value,
            "resource_id": self.resource_id,
            "resource_native_id": self.resource_native_id,
            "principal": self.principal,
            "region": self.region,
            "tags": dict(self.tags),
            "occurred_at": self.occurred_at,
        }


async def raise_alert(tx: Transaction, org_id: PydanticObjectId, cause: Cause, at: datetime) -> bool:
    """Raise an alert and announce it, once: True when it was raised now, False when it stands already."""
    key = {"org_id": org_id, "fingerprint": cause.fingerprint}
    stored = await Alert.rows().find_one(key, session=tx.session)
    if stored is not None and (cause.is_once or stored["state"] != AlertState.RESOLVED):
        return False
    raised = {
        **cause.fields(),
        "state": AlertState.OPEN.value,
        "raised_at": at,
        "last_seen_at": at,
        "occurrences": 1,
        "acknowledged_at": None,
        "resolved_at": None,
        "snoozed_until": None,
    }
    raw = await Alert.rows().find_one_and_update(
        key,
        {"$set": raised, "$inc": {"times_raised": 1, "version": 1}, "$setOnInsert": {"created_at": at}},
        upsert=True,
        return_document=ReturnDocument.AFTER,
        session=tx.session,
    )
    tx.count(org_id, {f"open_alerts.{cause.severity}": 1})
    tx.announce(org_id, topic.alerts(org_id), "AlertRaised", _snapshot(cast("dict[str, Any]", raw)))
    return True


async def resolve_alerts(tx: Transaction, org_id: PydanticObjectId, fingerprints: Sequence[str], at: datetime) -> int:
    """Resolve the alerts whose cause is gone and announce each; returns how many."""
    query = {"org_id": org_id, "fingerprint": {"$in": list(fingerprints)}, "state": {"$ne": AlertState.RESOLVED.value}}
    raws = await Alert.rows().find(query, session=tx.session).to_list()
    for raw in raws:
        change = {"state": AlertState.RESOLVED.value, "resolved_at": at}
        await Alert.rows().update_one({"_id": raw["_id"]}, {"$set": change, "$inc": {"version": 1}}, session=tx.session)
        if raw["state"] == AlertState.OPEN:
            tx.count(org_id, {f"open_alerts.{raw['severity']}": -1})
        tx.announce(
            org_id, topic.alerts(org_id), "AlertResolved", _snapshot({**raw, **change, "version": raw["version"] + 1})
        )
    return len(raws)


async def acknowledge_alert(
    tx: Transaction, scope: Scope, id: str, *, at: datetime, expected_version: int | None
) -> Alert:
    """Say that a person has taken this alert on.

    Raises NotFound, or Conflict when it is not open any more or its version is another than expected.
    """
    alert = await Alert.get_in(scope, id, session=tx.session)
    expected = {"_id": alert.id, "state": AlertState.OPEN.value, "version": expected_version or alert.version}
    raw = await Alert.rows().find_one_and_update(
        expected,
        {"$set": {"state": AlertState.ACKNOWLEDGED.value, "acknowledged_at": at}, "$inc": {"version": 1}},
        return_document=ReturnDocument.AFTER,
        session=tx.session,
    )
    if raw is None:
        raise Conflict(
            f"This alert is {alert.state.value.lower()} at version {alert.version}: load it again and decide anew.",
            current=alert,
        )
    tx.count(alert.org_id, {f"open_alerts.{alert.severity}": -1})
    tx.announce(alert.org_id, topic.alerts(alert.org_id), "AlertAcknowledged", _snapshot(raw))
    return Alert.stored(raw)


def _snapshot(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The alert as it is at the moment of the event, so that a replay shows what the live feed showed."""
    return dict(raw)


def from_snapshot(payload: dict[str, Any]) -> Any:
    """The alert row an event carries."""
    if not isinstance(payload.get("_id"), ObjectId):
        raise NotFound.of("alert")
    return Alert.Row(dict(payload))
