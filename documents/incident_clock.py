"""Notices that are owed for incidents, and when they went out."""

from datetime import datetime
from typing import ClassVar

from documents.base import TenantDocument
from documents.register_entry import Entry, in_order
from domain.compliance.falling_due import LONGEST_NOTICE


class IncidentClock(TenantDocument, Entry):
    """A notice owed to a `regime` for an `incident`, which is the key of its ticket where there is one."""

    noun: ClassVar[str] = "incident clock"

    incident: str
    regime: str
    started_at: datetime
    due_at: datetime
    sent_at: datetime | None = None
    note: str = ""

    class Settings:
        name = "incident_clocks"
        indexes = [in_order()]


async def due_clocks(at: datetime) -> list[IncidentClock]:
    """Notices of all organizations that are owed within two weeks, or are late."""
    query = {"sent_at": None, "retired_at": None, "due_at": {"$lte": at + LONGEST_NOTICE}}
    return [IncidentClock.stored(raw) async for raw in IncidentClock.rows().find(query).sort("due_at", 1)]
