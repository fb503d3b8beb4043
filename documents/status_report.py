"""A summary that is sent to a channel by the clock."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from documents.delivery import DELIVERIES
from documents.transaction import Transaction
from domain.errors import Conflict
from domain.facts.status import ReportEvery, StatusKind, Weekday
from domain.status.schedule import next_due

SEND_STATUS_REPORT = "send_status_report"


class StatusReport(TenantDocument):
    """`at` is HH:MM in `zone`; `weekday` counts for weekly ones. `next_at` is when it is due, None while paused."""

    noun: ClassVar[str] = "status report"

    name: str
    channel_id: PydanticObjectId
    kinds: list[StatusKind]
    every: ReportEvery
    weekday: Weekday = Weekday.MONDAY
    at: str
    zone: str
    is_paused: bool = False
    next_at: datetime | None = None
    last_sent_at: datetime | None = None
    problem: str | None = None
    version: int = 1

    class Settings:
        name = "status_reports"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING)], unique=True, name="org_name"),
            # The order of the list; MongoDB does not conclude from the unique one that no tie is left to break.
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING), ("_id", ASCENDING)], name="org_name_id"),
            IndexModel([("next_at", ASCENDING)], name="due", sparse=True),
        ]

    def due_after(self, moment: datetime) -> datetime | None:
        """When it is due next after a moment."""
        if self.is_paused:
            return None
        return next_due(self.every, self.weekday, self.at, self.zone, moment)


async def due_reports(now: datetime, *, limit: int = 500) -> list[StatusReport]:
    """Reports whose time has come. For the tick, which serves every tenant, hence not scoped."""
    rows = StatusReport.rows().find({"next_at": {"$lte": now}}).sort("next_at").limit(limit)
    return [StatusReport.stored(raw) async for raw in rows]


async def claim_report(report: StatusReport, now: datetime, session: AsyncClientSession) -> bool:
    """Move it on to its next time. False when another worker was faster, or it was changed meanwhile."""
    claimed = await StatusReport.rows().update_one(
        {"_id": report.id, "next_at": report.next_at, "version": report.version},
        {"$set": {"next_at": report.due_after(now)}},
        session=session,
    )
    return claimed.modified_count > 0


async def note_sent(report: StatusReport, at: datetime, problem: str | None, session: AsyncClientSession) -> None:
    """Note that it was handed to its channel, or why it was not."""
    sent = {} if problem else {"last_sent_at": at}
    await StatusReport.rows().update_one({"_id": report.id}, {"$set": {"problem": problem, **sent}}, session=session)


async def change_report(
    report: StatusReport, changes: Mapping[str, Any], expected_version: int | None, session: AsyncClientSession
) -> StatusReport:
    """The report with these stored fields changed. Raises Conflict when it has another version by now."""
    raw = await StatusReport.rows().find_one_and_update(
        {"_id": report.id, "version": expected_version or report.version},
        {"$set": dict(changes), "$inc": {"version": 1}},
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    if raw is None:
        message = "Somebody else has changed this report: look at it again."
        raise Conflict(message, path=("input", "expectedVersion"), current=report)
    return StatusReport.stored(raw)


async def delete_report(report: StatusReport, session: AsyncClientSession) -> None:
    """Send it no more."""
    await StatusReport.rows().delete_one({"_id": report.id}, session=session)


def ask_report(tx: Transaction, report: StatusReport) -> None:
    """Ask for it to be sent now, whatever its time."""
    key = str(ObjectId())
    args = {"org_id": str(report.org_id), "report_id": str(report.id), "key": key}
    tx.enqueue(SEND_STATUS_REPORT, queue=DELIVERIES, key=key, args=args)
