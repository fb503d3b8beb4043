"""Packs for auditors: asked for, made by a worker, fetched by a signed address."""

from datetime import date, datetime
from typing import Annotated

import strawberry
from pydantic import BaseModel, Field, StringConstraints

import documents
from schema.cost_export import FOR_ORGANIZATION
from schema.errors import payload
from schema.job import JobState
from schema.node import Node, derived, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of
from schema.scalars import BigInt

FrameworkId = Annotated[str, StringConstraints(max_length=40)]


@view(documents.AuditPack, description="A pack for auditors: report, tables, evidence, index. It is kept for a week.")
class AuditPack(Node):
    frameworks: list[str] = said("Ids of the frameworks asked for; empty: those that are switched on.")
    state: JobState = said("How far it is: QUEUED, RUNNING, SUCCEEDED or FAILED.")
    done: int = said("Controls written so far.")
    total: int = said("Controls to write; 0 where nobody knows yet.")
    problem: str | None = said("Why it failed and what to do.")
    requested_by: str = said("Who asked for it, as kind:id.")
    sha256: str | None = said("SHA-256 of the file; null until it is there.")
    created_at: datetime = said("When it was asked for.")
    ended_at: datetime | None = said("When it ended.")
    expires_at: datetime = said("When the pack and its file go.")

    @derived("The first day (UTC) of the period.", reads=("first",), name="first")
    def first_day(self) -> date:
        return self.first.date()  # type: ignore[attr-defined, no-any-return]  # of the row

    @derived("The day (UTC) before which the period ends.", reads=("until",), name="until")
    def until_day(self) -> date:
        return self.until.date()  # type: ignore[attr-defined, no-any-return]  # of the row

    @derived("Bytes of the file; null until it is there.", reads=("size",), name="size")
    def file_size(self) -> BigInt | None:
        return None if self.size is None else BigInt(self.size)  # type: ignore[attr-defined]  # of the row

    @derived("The tenant it is about.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.type(description="Where a pack for auditors can be fetched for a while, by whoever has the address.")
class AuditPackDownload:
    url: str = said("The address. Ask for a new one when it has expired.")
    expires_at: datetime = said("Until when it works.")


@strawberry.pydantic.input(description="Of which period and frameworks to make a pack for auditors.")
class RequestAuditPackInput(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description=FOR_ORGANIZATION)
    frameworks: list[FrameworkId] = Field(
        default_factory=list,
        max_length=20,
        description="Ids of frameworks; left out: those that are switched on, and the organization's own.",
    )
    first: date = Field(description="The first day (UTC) of the period.")
    until: date = Field(description="The day (UTC) before which it ends, 400 days after the first at most.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


RequestAuditPackPayload = payload("RequestAuditPack", "pack", AuditPack, "The pack, which a worker makes now.")
