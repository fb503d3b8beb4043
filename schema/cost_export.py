"""Files of costs: asked for, made by a worker, fetched by a signed address."""

from datetime import date, datetime

import strawberry
from pydantic import BaseModel, Field

import documents
from documents.cost_export import CostFileFormat
from schema.cost_filter import CostFilterInput
from schema.errors import payload
from schema.job import JobState
from schema.node import Node, derived, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of
from schema.scalars import BigInt
from schema.values import register_enum

FOR_ORGANIZATION = "The tenant; may be left out when only one is in reach."

register_enum(
    CostFileFormat,
    "What a file of costs holds, and how.",
    {
        CostFileFormat.FOCUS_CSV: "Billed rows as FOCUS, CSV packed with gzip.",
        CostFileFormat.FOCUS_PARQUET: "Billed rows as FOCUS, Parquet.",
        CostFileFormat.FINANCE_CSV: "Sums by month, account, service and currency, for a spreadsheet.",
        CostFileFormat.STATEMENT_CSV: "A statement of a month, for a spreadsheet.",
        CostFileFormat.STATEMENT_PDF: "A statement of a month, to read and print.",
    },
)


@view(documents.CostExport, description="A file of costs or of a statement. It is kept for a week.")
class CostExport(Node):
    format: CostFileFormat = said("What the file holds, and how.")
    focus_version: str | None = said("The version of FOCUS; null for files that are not FOCUS.")
    state: JobState = said("How far it is: QUEUED, RUNNING, SUCCEEDED or FAILED.")
    problem: str | None = said("Why it failed and what to do.")
    requested_by: str = said("Who asked for it, as kind:id.")
    sha256: str | None = said("SHA-256 of the file; null until it is there.")
    created_at: datetime = said("When it was asked for.")
    ended_at: datetime | None = said("When it ended.")
    expires_at: datetime = said("When the export and its file go.")

    @derived("The first day (UTC) on which charges in it begin.", reads=("first",), name="first")
    def first_day(self) -> date:
        return self.first.date()  # type: ignore[attr-defined, no-any-return]  # of the row

    @derived("The day (UTC) before which charges in it begin.", reads=("until",), name="until")
    def until_day(self) -> date:
        return self.until.date()  # type: ignore[attr-defined, no-any-return]  # of the row

    @derived("Rows or lines written so far.", reads=("done",), name="done")
    def done_rows(self) -> BigInt:
        return BigInt(self.done)  # type: ignore[attr-defined]  # of the row

    @derived("Rows or lines to write; 0 where nobody knows yet.", reads=("total",), name="total")
    def total_rows(self) -> BigInt:
        return BigInt(self.total)  # type: ignore[attr-defined]  # of the row

    @derived("Bytes of the file; null until it is there.", reads=("size",), name="size")
    def file_size(self) -> BigInt | None:
        return None if self.size is None else BigInt(self.size)  # type: ignore[attr-defined]  # of the row

    @derived("The tenant whose costs these are.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.type(description="Where a file of costs can be fetched for a while, by whoever has the address.")
class CostDownload:
    url: str = said("The address. Ask for a new one when it has expired.")
    expires_at: datetime = said("Until when it works.")


@strawberry.pydantic.input(description="Which costs to write into a file, and how.")
class RequestCostExportInput(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description=FOR_ORGANIZATION)
    format: CostFileFormat = Field(description="FOCUS_CSV, FOCUS_PARQUET or FINANCE_CSV.")
    focus_version: str | None = Field(
        default=None, pattern=r"^1\.[23]$", description="For FOCUS files: 1.2 or 1.3; 1.3 when left out."
    )
    first: date = Field(description="The first day (UTC) on which charges begin.")
    until: date = Field(description="The day (UTC) before which charges begin.")
    filter: CostFilterInput | None = Field(default=None, description="Only these costs; all when left out.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


RequestCostExportPayload = payload("RequestCostExport", "export", CostExport, "The export, which a worker makes now.")
