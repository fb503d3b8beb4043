"""What people do with alerts: take on, put away, open again, assign, comment, close. Each by one checked transition."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument

from documents.alert import Alert, AlertSource, AlertState, record_step
from documents.alert_entry import AlertStep
from documents.transaction import Transaction
from domain.errors import Conflict
from domain.facts.scope import Scope

UNRESOLVED = (AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.SNOOZED)
# Of these nobody sees that they are over; all others end by themselves, and only so: closing them by hand would hide
# what is still there.
CLOSED_BY_PEOPLE = frozenset({AlertSource.EVENT, AlertSource.BUDGET, AlertSource.ANOMALY})
WAKE_AT_ONCE = 200


async def acknowledge_alert(
    tx: Transaction, scope: Scope, id: str, *, at: datetime, expected_version: int | None
) -> Alert:
    """Say that a person has taken this alert on.

    Raises NotFound, or Conflict when it is not open any more or its version is another than expected.
    """
    fields = {"state": AlertState.ACKNOWLEDGED.value, "acknowledged_at": at}
    return await _move(
        tx, await _loaded(tx, scope, id), {AlertState.OPEN}, fields, AlertStep.ACKNOWLEDGED, at, expected_version
    )


async def snooze_alert(
    tx: Transaction, scope: Scope, id: str, *, until: datetime, at: datetime, expected_version: int | None = None
) -> Alert:
    """Put an unresolved alert away until then. Raises NotFound, or Conflict as `acknowledge_alert` does."""
    fields = {"state": AlertState.SNOOZED.value, "snoozed_until": until}
    text = f"Until {until:%Y-%m-%d %H:%M} UTC."
    alert = await _loaded(tx, scope, id)
    return await _move(tx, alert, UNRESOLVED, fields, AlertStep.SNOOZED, at, expected_version, text)


async def reopen_alert(
    tx: Transaction, scope: Scope, id: str, *, at: datetime, expected_version: int | None = None
) -> Alert:
    """Give an alert back that was taken on or put away. Raises NotFound, or Conflict when it is neither."""
    away = {AlertState.ACKNOWLEDGED, AlertState.SNOOZED}
    alert = await _loaded(tx, scope, id)
    return await _move(tx, alert, away, _REOPENED, AlertStep.REOPENED, at, expected_version)


async def close_alert(
    tx: Transaction, scope: Scope, id: str, *, reason: str, at: datetime, expected_version: int | None = None
) -> Alert:
    """Say that what happened is dealt with. Raises NotFound, or Conflict for what ends by itself or has ended."""
    alert = await _loaded(tx, scope, id)
    if alert.source not in CLOSED_BY_PEOPLE:
        raise Conflict(
            "This alert ends by itself once its cause is gone. Acknowledge or snooze it until then.", current=alert
        )
    fields = {"state": AlertState.RESOLVED.value, "resolved_at": at, "snoozed_until": None, "resolution": reason}
    return await _move(tx, alert, UNRESOLVED, fields, AlertStep.RESOLVED, at, expected_version, reason)


async def assign_alert(
    tx: Transaction, scope: Scope, id: str, *, member_id: ObjectId | None, at: datetime, expected_version: int | None
) -> Alert:
    """Say whose it is, or nobody's. Whether the member may see alerts there is for the caller to check.

    Raises NotFound, or Conflict when it is resolved or its version is another than expected.
    """
    alert = await _loaded(tx, scope, id)
    fields = {"assignee_id": member_id}
    return await _move(tx, alert, UNRESOLVED, fields, AlertStep.ASSIGNED, at, expected_version, member_id=member_id)


async def comment_alert(tx: Transaction, scope: Scope, id: str, *, text: str, at: datetime) -> Alert:
    """Write something beside an alert, whatever its state. Raises NotFound."""
    alert = await _loaded(tx, scope, id)
    raw = await Alert.rows().find_one({"_id": alert.id}, session=tx.session) or {}
    await record_step(tx, raw, AlertStep.COMMENTED, at, text)
    return alert


async def wake_snoozed(tx: Transaction, at: datetime) -> int:
    """Open again what was put away until now, of all organizations; returns how many at most WAKE_AT_ONCE."""
    query = {"state": AlertState.SNOOZED.value, "snoozed_until": {"$lte": at}}
    raws = await Alert.rows().find(query, session=tx.session).limit(WAKE_AT_ONCE).to_list()
    for raw in raws:
        await _move(tx, Alert.stored(raw), {AlertState.SNOOZED}, _REOPENED, AlertStep.REOPENED, at, None)
    return len(raws)


_REOPENED = {"state": AlertState.OPEN.value, "acknowledged_at": None, "snoozed_until": None}


async def _loaded(tx: Transaction, scope: Scope, id: str) -> Alert:
    return await Alert.get_in(scope, id, session=tx.session)


async def _move(
    tx: Transaction,
    alert: Alert,
    allowed: Collection[AlertState],
    fields: dict[str, Any],
    step: AlertStep,
    at: datetime,
    expected_version: int | None,
    text: str | None = None,
    member_id: ObjectId | None = None,
) -> Alert:
    expected = {
        "_id": alert.id,
        "state": {"$in": [state.value for state in allowed]},
        "version": expected_version or alert.version,
    }
    raw = await Alert.rows().find_one_and_update(
        expected,
        {"$set": fields, "$inc": {"version": 1}},
        return_document=ReturnDocument.AFTER,
        session=tx.session,
    )
    if raw is None:
        raise Conflict(
            f"This alert is {alert.state.value.lower()} at version {alert.version}: load it again and decide anew.",
            current=alert,
        )
    opened = int(raw["state"] == AlertState.OPEN) - int(alert.state is AlertState.OPEN)
    tx.count(alert.org_id, {f"open_alerts.{alert.severity}": opened})
    await record_step(tx, raw, step, at, text, member_id)
    return Alert.stored(raw)
