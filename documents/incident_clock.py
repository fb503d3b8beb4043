"""Notices that are owed for incidents, and when they went out."""

from datetime import datetime
from typing import ClassVar

from documents.base import TenantDocument
from documents.register_entry import Entry, in_order


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
