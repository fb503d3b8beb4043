"""A pack for auditors: what was asked for, how far it is, and the file, which is kept for a week."""

from datetime import datetime
from typing import ClassVar

from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.base import TenantDocument
from documents.file_export import ExportFields
from documents.job_progress import announce_job
from documents.transaction import Transaction
from domain.facts.job import JobKind, JobProgress, JobState

# Not audit…: collections of that name outlive their organization.
BUCKET = "pack_files"


class AuditPack(ExportFields, TenantDocument):
    """Of the days from `first` until before `until` (midnights, UTC). `frameworks` are ids; none: all controls.

    `done` of `total` controls are written.
    """

    noun: ClassVar[str] = "audit pack"
    bucket: ClassVar[str] = BUCKET

    frameworks: list[str] = Field(default_factory=list)
    first: datetime
    until: datetime
    state: JobState = JobState.QUEUED

    class Settings:
        name = "packs_for_auditors"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)], name="org_created"),
            IndexModel([("expires_at", ASCENDING)], name="expires"),
        ]

    @property
    def filename(self) -> str:
        return f"audit-pack-{self.first:%Y%m%d}-{self.until:%Y%m%d}.zip"

    @property
    def media_type(self) -> str:
        return "application/zip"

    def announce(self, tx: Transaction) -> None:
        """Log how far the pack is."""
        progress = JobProgress(
            kind=JobKind.AUDIT_PACK,
            id=str(self.id),
            subject=f"AuditPack:{self.id}",
            state=self.state,
            step="Controls written",
            done=self.done,
            total=self.total,
            problem=self.problem,
            started_at=self.created_at,
            ended_at=self.ended_at,
        )
        announce_job(tx, self.org_id, progress)
