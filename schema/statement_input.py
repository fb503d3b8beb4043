"""What people do with monthly statements."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import strawberry
from pydantic import BaseModel, Field, StringConstraints

from documents.cost_export import CostFileFormat
from domain.facts.statement import StatementKind
from schema.cost_export import FOR_ORGANIZATION, CostExport
from schema.errors import payload
from schema.organization import IDEMPOTENCY_KEY
from schema.statement import Statement

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]
STATEMENT = "Global id of the statement."
EXPECTED = "Refuse when the statement has another version by now."


@strawberry.pydantic.input(description="The month to have a statement of.")
class OpenStatementInput(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description=FOR_ORGANIZATION)
    month: date = Field(description="Any day of the month.")
    kind: StatementKind | None = Field(
        default=None, description="What it is for; as the newest statement of the organization when left out."
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="The statement to close.")
class CloseStatementInput(BaseModel):
    statement_id: strawberry.ID = Field(description=STATEMENT)
    expected_version: int | None = Field(default=None, ge=1, description=EXPECTED)
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="The statement to reopen, and why.")
class ReopenStatementInput(BaseModel):
    statement_id: strawberry.ID = Field(description=STATEMENT)
    reason: Reason = Field(description="Why it must change after all.")
    expected_version: int | None = Field(default=None, ge=1, description=EXPECTED)
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="An amount to put on a target, or to take off it.")
class AddStatementAdjustmentInput(BaseModel):
    statement_id: strawberry.ID = Field(description=STATEMENT)
    target: strawberry.ID | None = Field(
        default=None, description="Global id of the allocation target, as in the lines; null for nobody."
    )
    amount: Decimal = Field(max_digits=20, decimal_places=2, description="How much; below zero takes off.")
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code, for example USD.")
    reason: Reason = Field(description="Why.")
    expected_version: int | None = Field(default=None, ge=1, description=EXPECTED)
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="The adjustment to take back.")
class RemoveStatementAdjustmentInput(BaseModel):
    statement_id: strawberry.ID = Field(description=STATEMENT)
    adjustment: str = Field(min_length=1, max_length=50, description="The id of the adjustment in its statement.")
    expected_version: int | None = Field(default=None, ge=1, description=EXPECTED)
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="The statement to make a file of, and how.")
class RequestStatementFileInput(BaseModel):
    statement_id: strawberry.ID = Field(description=STATEMENT)
    format: CostFileFormat = Field(description="STATEMENT_CSV or STATEMENT_PDF.")
    number: int | None = Field(
        default=None,
        ge=1,
        description="Which closed version; when left out, the last one, or a draft of a statement that is open.",
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="The statement to send, and to whom.")
class SendStatementInput(BaseModel):
    statement_id: strawberry.ID = Field(description=STATEMENT)
    channel_ids: list[strawberry.ID] = Field(
        min_length=1, max_length=20, description="Global ids of the channels to send it through."
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY


OpenStatementPayload = payload("OpenStatement", "statement", Statement, "The statement of the month.")
CloseStatementPayload = payload("CloseStatement", "statement", Statement, "The statement, closed.")
ReopenStatementPayload = payload("ReopenStatement", "statement", Statement, "The statement, open again.")
AddStatementAdjustmentPayload = payload("AddStatementAdjustment", "statement", Statement, "The statement.")
RemoveStatementAdjustmentPayload = payload("RemoveStatementAdjustment", "statement", Statement, "The statement.")
RequestStatementFilePayload = payload(
    "RequestStatementFile", "export", CostExport, "The export, which a worker makes now; see costDownload."
)
SendStatementPayload = payload("SendStatement", "statement", Statement, "The statement.")
