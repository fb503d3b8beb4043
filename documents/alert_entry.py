"""The history of alerts: what happened to each, who did it, and what people wrote beside it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.audit import current_act
from documents.base import TenantDocument

# Thirteen months: a yearly review looks back at a whole year.
KEPT = timedelta(days=400)


class AlertStep(StrEnum):
    """REPEATED: the cause was seen again while the alert stood. WORSENED: it is more severe than it was."""

    RAISED = "RAISED"
    REPEATED = "REPEATED"
    WORSENED = "WORSENED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    SNOOZED = "SNOOZED"
    REOPENED = "REOPENED"
    ASSIGNED = "ASSIGNED"
    COMMENTED = "COMMENTED"
    RESOLVED = "RESOLVED"


class AlertEntry(TenantDocument):
    """`actor` is kind:id as in the audit log, None for CloudWatcher itself. `text` is a comment, or says more.

    `member_id` is the membership the step is about: whom it was assigned to.
    """

    noun: ClassVar[str] = "entry"

    alert_id: PydanticObjectId
    step: AlertStep
    at: datetime
    actor: str | None = None
    text: str | None = None
    member_id: PydanticObjectId | None = None

    class Settings:
        name = "alert_entries"
        indexes = [
            IndexModel(
                [("org_id", ASCENDING), ("alert_id", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)],
                name="org_alert_newest",
            ),
            IndexModel([("at", ASCENDING)], name="expiry", expireAfterSeconds=int(KEPT.total_seconds())),
        ]


def entry(
    alert: Mapping[str, Any], step: AlertStep, at: datetime, text: str | None = None, member_id: ObjectId | None = None
) -> dict[str, Any]:
    """One row of the history of an alert (_id, org_id), by whoever acts now."""
    act = current_act.get()
    return {
        "org_id": alert["org_id"],
        "alert_id": alert["_id"],
        "step": step.value,
        "at": at,
        "actor": None if act is None else act.actor,
        "text": text,
        "member_id": member_id,
        "created_at": at,
    }


async def add_entries(rows: Sequence[dict[str, Any]], session: AsyncClientSession) -> None:
    """Write down what happened, in the transaction it happens in."""
    if rows:
        await AlertEntry.rows().insert_many(list(rows), session=session)
