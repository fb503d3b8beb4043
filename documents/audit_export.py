"""An export of the audit log: what was asked for, how far it is, and the file, which is kept for a week."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.base import TenantDocument
from documents.file_export import ExportFields
from documents.idempotency import encoded
from documents.transaction import Transaction
from domain.facts import topic
from domain.facts.event import LoggedEvent

BUCKET = "audit_files"


class AuditFormat(StrEnum):
    CSV = "CSV"
    JSON_LINES = "JSON_LINES"
    OCSF = "OCSF"


class AuditExportState(StrEnum):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class AuditExport(ExportFields, TenantDocument):
    """Entries from `at_from` until before `at_before`."""

    noun: ClassVar[str] = "export"
    bucket: ClassVar[str] = BUCKET

    format: AuditFormat
    at_from: datetime
    at_before: datetime
    state: AuditExportState = AuditExportState.QUEUED

    class Settings:
        name = "audit_exports"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)], name="org_created"),
            IndexModel([("expires_at", ASCENDING)], name="expires"),
        ]

    @property
    def filename(self) -> str:
        return f"audit-{self.at_from:%Y%m%d}-{self.at_before:%Y%m%d}.zip"

    @property
    def media_type(self) -> str:
        return "application/zip"

    def announce(self, tx: Transaction) -> None:
        """Log the export as it stands now."""
        tx.announce(self.org_id, topic.audit_exports(self.org_id), "AuditExportProgressed", encoded(self))


def export_of(event: LoggedEvent) -> Any:
    """The export row an event carries."""
    return AuditExport.Row(dict(event.payload))
