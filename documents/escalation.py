"""Who else is to be told of an alert when nobody acknowledges it, and when that is due."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.alert import Alert
from documents.base import TenantDocument
from domain.alerting.route import Escalation as PlannedEscalation


class Escalation(TenantDocument):
    """One step of a rule for one raise of an alert, as the rule was then. `told` counts how often it was told.

    Whoever moves `due_at` on, or deletes the row, has claimed the step.
    """

    noun: ClassVar[str] = "escalation"

    alert_id: PydanticObjectId
    rule_id: str
    channel_ids: list[PydanticObjectId] = Field(default_factory=list)
    repeat_times: int
    repeat_minutes: int
    due_at: datetime
    told: int = 0

    class Settings:
        name = "escalations"
        indexes = [
            IndexModel([("due_at", ASCENDING)], name="due"),
            IndexModel([("org_id", ASCENDING), ("alert_id", ASCENDING)], name="org_alert"),
        ]


async def plan_escalations(
    org_id: ObjectId,
    alert_id: ObjectId,
    planned: Sequence[PlannedEscalation],
    at: datetime,
    session: AsyncClientSession,
) -> None:
    """Store the steps that follow when nobody acknowledges, instead of those of an earlier raise."""
    await stop_escalations(org_id, alert_id, session)
    rows = [
        {
            "org_id": org_id,
            "alert_id": alert_id,
            "rule_id": one.rule_id,
            "channel_ids": [ObjectId(id) for id in one.step.channel_ids],
            "repeat_times": one.step.repeat_times,
            "repeat_minutes": one.step.repeat_minutes,
            "due_at": one.due_at,
            "told": 0,
            "created_at": at,
        }
        for one in planned
    ]
    if rows:
        await Escalation.rows().insert_many(rows, session=session)


async def stop_escalations(org_id: ObjectId, alert_id: ObjectId, session: AsyncClientSession) -> None:
    """Nobody else is told: somebody has acknowledged or put it away, or its cause is gone."""
    await Escalation.rows().delete_many({"org_id": org_id, "alert_id": alert_id}, session=session)


async def due_escalations(now: datetime, *, limit: int = 1000) -> list[dict[str, Any]]:
    """The steps that are due, the longest due first."""
    rows = Escalation.rows().find({"due_at": {"$lte": now}}, sort=[("due_at", ASCENDING)], limit=limit)
    return await rows.to_list()


async def claim_escalation(step: dict[str, Any], now: datetime, session: AsyncClientSession) -> bool:
    """Whether this worker is the one to tell of the step; it is then due again, or over."""
    this = {"_id": step["_id"], "told": step["told"]}
    if step["told"] >= step["repeat_times"]:
        return bool((await Escalation.rows().delete_one(this, session=session)).deleted_count)
    change = {"$set": {"due_at": now + timedelta(minutes=step["repeat_minutes"])}, "$inc": {"told": 1}}
    return bool((await Escalation.rows().update_one(this, change, session=session)).modified_count)


async def alert_of(step: dict[str, Any], session: AsyncClientSession) -> dict[str, Any] | None:
    """The stored alert that a step is about."""
    return await Alert.rows().find_one({"_id": step["alert_id"]}, session=session)
