"""Something a person must hear about."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, cast

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument

from documents.alert_entry import AlertStep, add_entries, entry
from documents.base import TenantDocument
from documents.transaction import Transaction
from domain.alert_counts import is_power_of_ten
from domain.errors import NotFound
from domain.facts import topic
from domain.facts.alert import AlertCategory as AlertCategory
from domain.facts.alert import AlertSource as AlertSource
from domain.facts.alert import AlertState as AlertState
from domain.facts.severity import Severity

_NEWEST_FIRST = (
    ("raised_at", DESCENDING),
    ("_id", DESCENDING),
    ("severity", ASCENDING),
    ("source", ASCENDING),
    ("category", ASCENDING),
)


class Alert(TenantDocument):
    """`fingerprint` names the cause: the same cause raises again only after it was resolved.

    `resource_native_id`, `principal` (who did it) and `region` are as the provider writes them; `tags` are those of
    the resource. `occurrences` counts how often the cause was seen since it was raised last, the first time included.
    `muted_by` is the maintenance window because of which nobody was told. `resolution` says why it was resolved by a
    person, None when its cause was gone.
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
    service: str | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    occurred_at: datetime | None = None
    last_seen_at: datetime | None = None
    occurrences: int = 1
    assignee_id: PydanticObjectId | None = None
    snoozed_until: datetime | None = None
    incident_id: PydanticObjectId | None = None
    muted_by: PydanticObjectId | None = None
    resolution: str | None = None
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
            IndexModel([("org_id", ASCENDING), *_NEWEST_FIRST], name="org_newest_first"),
            IndexModel([("org_id", ASCENDING), ("state", ASCENDING), *_NEWEST_FIRST], name="org_state_newest_first"),
            IndexModel(
                [("org_id", ASCENDING), ("account_id", ASCENDING), *_NEWEST_FIRST, ("state", ASCENDING)],
                name="org_account_newest",
            ),
            IndexModel(
                [("org_id", ASCENDING), ("assignee_id", ASCENDING), *_NEWEST_FIRST, ("state", ASCENDING)],
                name="org_assignee_newest",
            ),
            IndexModel([("state", ASCENDING), ("snoozed_until", ASCENDING)], name="state_snoozed"),
            # For jobs that look over all organizations for alerts of one sort; all that they read stands in it.
            IndexModel([("fingerprint", ASCENDING), ("state", ASCENDING), ("org_id", ASCENDING)], name="fingerprint"),
            IndexModel([("org_id", ASCENDING), ("resource_native_id", ASCENDING)], name="org_native"),
            IndexModel([("org_id", ASCENDING), ("principal", ASCENDING)], name="org_principal"),
            IndexModel([("org_id", ASCENDING), ("incident_id", ASCENDING), ("state", ASCENDING)], name="org_incident"),
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
    service: str | None = None
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
            "service": self.service,
            "tags": dict(self.tags),
            "occurred_at": self.occurred_at,
        }


async def raise_alert(tx: Transaction, org_id: PydanticObjectId, cause: Cause, at: datetime) -> bool:
    """Raise an alert and announce it, once: True when it was raised now, False when it stands already.

    What stands already counts the repeat, and is announced again at the tenth, hundredth, thousandth … occurrence and
    when the cause has become more severe.
    """
    key = {"org_id": org_id, "fingerprint": cause.fingerprint}
    stored = await Alert.rows().find_one(key, session=tx.session)
    if stored is not None and cause.is_once:
        return False
    if stored is not None and stored["state"] != AlertState.RESOLVED:
        await _repeat(tx, stored, cause, at)
        return False
    raised = {**cause.fields(), **_BEGINNING, "raised_at": at, "last_seen_at": at}
    raw = await Alert.rows().find_one_and_update(
        key,
        {"$set": raised, "$inc": {"times_raised": 1, "version": 1}, "$setOnInsert": {"created_at": at}},
        upsert=True,
        return_document=ReturnDocument.AFTER,
        session=tx.session,
    )
    await record_step(tx, cast("dict[str, Any]", raw), AlertStep.RAISED, at)
    tx.count(org_id, {f"open_alerts.{cause.severity}": 1})
    return True


_BEGINNING: dict[str, Any] = {
    "state": AlertState.OPEN.value,
    "occurrences": 1,
    **dict.fromkeys(("acknowledged_at", "resolved_at", "snoozed_until", "assignee_id", "incident_id")),
    **dict.fromkeys(("muted_by", "resolution")),
}
ANNOUNCED = {
    AlertStep.RAISED: "AlertRaised",
    AlertStep.REPEATED: "AlertRepeated",
    AlertStep.WORSENED: "AlertWorsened",
    AlertStep.ACKNOWLEDGED: "AlertAcknowledged",
    AlertStep.SNOOZED: "AlertSnoozed",
    AlertStep.REOPENED: "AlertReopened",
    AlertStep.ASSIGNED: "AlertAssigned",
    AlertStep.COMMENTED: "AlertCommented",
    AlertStep.RESOLVED: "AlertResolved",
}


async def record_step(
    tx: Transaction,
    raw: Mapping[str, Any],
    step: AlertStep,
    at: datetime,
    text: str | None = None,
    member_id: ObjectId | None = None,
) -> None:
    """Write the step into the history of the alert and announce it, with the alert as it stands after it."""
    await add_entries([entry(raw, step, at, text, member_id)], tx.session)
    tx.announce(raw["org_id"], topic.alerts(raw["org_id"]), ANNOUNCED[step], _snapshot(raw))


async def _repeat(tx: Transaction, stored: Mapping[str, Any], cause: Cause, at: datetime) -> None:
    """The cause was seen again while its alert stands; the newest words and the worst severity are kept."""
    before = Severity(stored["severity"])
    is_worse = cause.severity.rank < before.rank
    newest = {"last_seen_at": at, "title": cause.title, "message": cause.message}
    if is_worse:
        newest["severity"] = cause.severity.value
    raw = await Alert.rows().find_one_and_update(
        {"_id": stored["_id"]},
        {"$set": newest, "$inc": {"occurrences": 1, **({"version": 1} if is_worse else {})}},
        return_document=ReturnDocument.AFTER,
        session=tx.session,
    )
    after = cast("dict[str, Any]", raw)
    if is_worse and after["state"] == AlertState.OPEN:
        tx.count(after["org_id"], {f"open_alerts.{before}": -1, f"open_alerts.{cause.severity}": 1})
    if is_worse:
        await record_step(tx, after, AlertStep.WORSENED, at, f"From {before} to {cause.severity}.")
    elif is_power_of_ten(after["occurrences"]):
        await record_step(tx, after, AlertStep.REPEATED, at, f"Seen {after['occurrences']} times.")


async def resolve_alerts(tx: Transaction, org_id: PydanticObjectId, fingerprints: Sequence[str], at: datetime) -> int:
    """Resolve the alerts whose cause is gone and announce each; returns how many."""
    query = {"org_id": org_id, "fingerprint": {"$in": list(fingerprints)}, "state": {"$ne": AlertState.RESOLVED.value}}
    raws = await Alert.rows().find(query, session=tx.session).to_list()
    for raw in raws:
        change = {"state": AlertState.RESOLVED.value, "resolved_at": at, "snoozed_until": None}
        await Alert.rows().update_one({"_id": raw["_id"]}, {"$set": change, "$inc": {"version": 1}}, session=tx.session)
        if raw["state"] == AlertState.OPEN:
            tx.count(org_id, {f"open_alerts.{raw['severity']}": -1})
        await record_step(tx, {**raw, **change, "version": raw["version"] + 1}, AlertStep.RESOLVED, at)
    return len(raws)


async def standing_alerts(prefix: str) -> dict[PydanticObjectId, set[str]]:
    """The fingerprints that begin so of alerts that stand, by organization; for jobs, which serve every tenant."""
    states = [state.value for state in AlertState if state is not AlertState.RESOLVED]
    query = {"state": {"$in": states}, "fingerprint": {"$regex": f"^{re.escape(prefix)}"}}
    found: dict[PydanticObjectId, set[str]] = {}
    async for raw in Alert.rows().find(query, {"_id": 0, "org_id": 1, "fingerprint": 1}):
        found.setdefault(raw["org_id"], set()).add(raw["fingerprint"])
    return found


def _snapshot(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The alert as it is at the moment of the event, so that a replay shows what the live feed showed."""
    return dict(raw)


def from_snapshot(payload: dict[str, Any]) -> Any:
    """The alert row an event carries."""
    if not isinstance(payload.get("_id"), ObjectId):
        raise NotFound.of("alert")
    return Alert.Row(dict(payload))
