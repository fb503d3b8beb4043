"""An export of costs, or a statement as a file: what was asked for, how far it is, and the file, kept for a week."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from beanie import PydanticObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.base import TenantDocument
from documents.file_export import ExportFields
from documents.job_progress import announce_job
from documents.transaction import Transaction
from domain.facts.cost_filter import CostFilter
from domain.facts.job import JobKind, JobProgress, JobState

BUCKET = "cost_files"


class CostFileFormat(StrEnum):
    """FOCUS files hold billed rows; FINANCE_CSV sums by month; the others one statement of a month."""

    FOCUS_CSV = "FOCUS_CSV"
    FOCUS_PARQUET = "FOCUS_PARQUET"
    FINANCE_CSV = "FINANCE_CSV"
    STATEMENT_CSV = "STATEMENT_CSV"
    STATEMENT_PDF = "STATEMENT_PDF"


# What the name of a file ends in, and its media type.
_KINDS = {
    CostFileFormat.FOCUS_CSV: (".csv.gz", "application/gzip"),
    CostFileFormat.FOCUS_PARQUET: (".parquet", "application/vnd.apache.parquet"),
    CostFileFormat.FINANCE_CSV: (".csv", "text/csv; charset=utf-8"),
    CostFileFormat.STATEMENT_CSV: (".csv", "text/csv; charset=utf-8"),
    CostFileFormat.STATEMENT_PDF: (".pdf", "application/pdf"),
}
_STATEMENTS = frozenset({CostFileFormat.STATEMENT_CSV, CostFileFormat.STATEMENT_PDF})


class CostExport(ExportFields, TenantDocument):
    """Charges that begin from the day `first` until before the day `until` (midnights, UTC) and match `where`.

    A file of a statement names that and the number of its version; None stands for the statement as it is.
    """

    noun: ClassVar[str] = "export"
    bucket: ClassVar[str] = BUCKET

    format: CostFileFormat
    focus_version: str | None = None
    first: datetime
    until: datetime
    where: CostFilter = Field(default_factory=CostFilter)
    statement_id: PydanticObjectId | None = None
    statement_number: int | None = None
    state: JobState = JobState.QUEUED

    class Settings:
        name = "cost_exports"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)], name="org_created"),
            IndexModel([("expires_at", ASCENDING)], name="expires"),
        ]

    @property
    def filename(self) -> str:
        ending, _ = _KINDS[self.format]
        if self.format in _STATEMENTS:
            number = f"-v{self.statement_number}" if self.statement_number else ""
            return f"statement-{self.first:%Y-%m}{number}{ending}"
        version = f"focus-{self.focus_version}" if self.focus_version else "finance"
        return f"costs-{version}-{self.first:%Y%m%d}-{self.until:%Y%m%d}{ending}"

    @property
    def media_type(self) -> str:
        return _KINDS[self.format][1]

    def announce(self, tx: Transaction) -> None:
        """Log how far the export is."""
        is_statement = self.format in _STATEMENTS
        progress = JobProgress(
            kind=JobKind.STATEMENT if is_statement else JobKind.COST_EXPORT,
            id=str(self.id),
            subject=f"CostExport:{self.id}",
            state=self.state,
            step="Lines written" if is_statement else "Rows written",
            done=self.done,
            total=self.total,
            problem=self.problem,
            started_at=self.created_at,
            ended_at=self.ended_at,
        )
        announce_job(tx, self.org_id, progress)
