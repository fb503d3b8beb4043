"""A time in which something is worked on: its alerts are raised and shown with it, and people are not told."""

from datetime import datetime
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.alert import Alert
from documents.base import TenantDocument
from domain.alerting.hours import WeeklyHours
from domain.alerting.maintenance import Window
from domain.errors import Conflict


class MaintenanceWindow(TenantDocument):
    """Once, from `starts_at` to `ends_at`, or every week in `weekly` between them. Without `ends_at`, till it is ended.

    `resources` are ids of resources as providers write them, `tags` key=value. `ended_at`: somebody ended it.
    """

    noun: ClassVar[str] = "maintenance window"

    name: str
    reason: str = ""
    account_ids: list[PydanticObjectId] = Field(default_factory=list)
    resources: list[str] = Field(default_factory=list)
    tags: list[str] = Field(default_factory=list)
    starts_at: datetime
    ends_at: datetime | None = None
    weekly: WeeklyHours | None = None
    ended_at: datetime | None = None
    version: int = 1

    class Settings:
        name = "maintenance_windows"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("starts_at", DESCENDING), ("_id", DESCENDING)], name="org_newest"),
            IndexModel([("org_id", ASCENDING), ("ended_at", ASCENDING), ("ends_at", ASCENDING)], name="org_ended"),
        ]


def as_window(raw: dict[str, Any]) -> Window:
    """The stored window as domain/alerting takes it: ids are texts there."""
    return Window.model_validate({**raw, "id": str(raw["_id"]), "account_ids": [str(id) for id in raw["account_ids"]]})


async def windows_from(
    org_id: ObjectId, at: datetime, session: AsyncClientSession | None = None
) -> list[dict[str, Any]]:
    """The stored windows of an organization that may be open at this instant or later."""
    query = {"org_id": org_id, "ended_at": None, "$or": [{"ends_at": None}, {"ends_at": {"$gt": at}}]}
    return await MaintenanceWindow.rows().find(query, session=session).limit(1000).to_list()


async def change_window(
    window: MaintenanceWindow, changes: dict[str, Any], expected_version: int | None, session: AsyncClientSession
) -> MaintenanceWindow:
    """The window with these fields changed. Raises Conflict when it was ended, or is in another version."""
    raw = await MaintenanceWindow.rows().find_one_and_update(
        {"_id": window.id, "version": expected_version or window.version, "ended_at": None},
        {"$set": changes, "$inc": {"version": 1}},
        session=session,
        return_document=ReturnDocument.AFTER,
    )
    if raw is None:
        problem = "was changed in the meantime" if window.ended_at is None else "is over"
        raise Conflict(f"The maintenance window {problem}: look at it again.", current=window)
    return MaintenanceWindow.stored(raw)


async def mark_muted(alert_id: ObjectId, window_id: ObjectId | None, session: AsyncClientSession) -> None:
    """Note on the alert which window keeps it from people; None: none does."""
    await Alert.rows().update_one({"_id": alert_id}, {"$set": {"muted_by": window_id}}, session=session)
