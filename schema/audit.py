"""The audit log: its entries, whether they are as they were written, and exports of them."""

from datetime import datetime
from typing import Annotated, Union

import strawberry
from pydantic import BaseModel, Field

import documents
from documents.audit import Outcome
from documents.audit_export import AuditExportState, AuditFormat
from domain.audit.retention import MOST_DAYS
from schema.errors import payload
from schema.feed import StreamReset
from schema.node import Node, derived, said, view
from schema.organization import IDEMPOTENCY_KEY, Organization
from schema.relation import organization_id_of
from schema.scalars import Cursor

FOR_ORGANIZATION = "The tenant; may be left out when only one is in reach."


@view(documents.AuditEntry, description="One act: who did what to what, from where, and how it ended. Never changed.")
class AuditEntry(Node):
    seq: int = said("Its place in the chain of the organization, from 1 without gaps.")
    at: datetime = said("When it happened.")
    action: str = said("What was done, as noun.verb, for example account.connect.")
    actor: str = said("Who did it, as kind:id, for example user:65f1c0ffee0000000000cafe.")
    acting_for: str | None = said("On whose behalf: the provider for whom the actor works in this organization.")
    address: str | None = said("The network address it came from.")
    user_agent: str | None = said("The program it came from, by its own account.")
    request_id: str | None = said("The request, as in X-Request-Id and in the logs.")
    target: str = said("What it was done to, as noun:id; empty when a refused act named nothing.")
    outcome: Outcome = said("How it ended.")
    reason: str | None = said("Why it was refused or failed, as a code.")
    changed: list[str] = said("The names of the fields that were changed.")
    before_digest: str | None = said("SHA-256 of what the target was; null where there was nothing.")
    after_digest: str | None = said("SHA-256 of what the target became; null where nothing is left.")
    prev_hash: str = said("The hash of the entry before.")
    hash: str = said("SHA-256 over the canonical form of all of these fields.")

    @derived("The tenant whose log it is in.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.pydantic.input(description="Which entries; every field that is given must match.")
class AuditFilter(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description="Of this tenant's log only.")
    actor: str | None = Field(default=None, max_length=100, description="By this actor only, as kind:id.")
    action: str | None = Field(default=None, max_length=100, description="Of this action only, as noun.verb.")
    target: str | None = Field(default=None, max_length=300, description="Done to this only, as noun:id.")
    outcomes: list[Outcome] | None = Field(default=None, max_length=3, description="That ended so only.")
    at_from: datetime | None = Field(default=None, description="From this moment on.")
    at_before: datetime | None = Field(default=None, description="Until before this moment.")


@strawberry.type(description="Whether the audit log of an organization is as it was written.")
class AuditVerification:
    organization_id: strawberry.ID = said("The tenant whose log was verified.")
    is_intact: bool = said("Whether nothing was deleted, edited, reordered or cut off.")
    broken_seq: int | None = said("The first place that is not as it was written; null when all are.")
    problem: str | None = said("What is wrong there.")
    first_seq: int = said("Entries from here on were checked one by one; signed segments vouch for those before.")
    last_seq: int = said("How many entries the log has ever had, and the place of the newest.")
    checked_count: int = said("How many entries were checked one by one.")
    segment_count: int = said("How many sealed segments there are.")
    head_hash: str = said(
        "The hash of the newest entry. Note it elsewhere: a later verification can be held against it."
    )
    public_keys: list[str] = said("The public halves (Ed25519, hex) of the keys that sign the log here, newest first.")


@view(documents.AuditExport, description="An export of the audit log, with the proof to verify it elsewhere.")
class AuditExport(Node):
    format: AuditFormat = said("How the entries are written down.")
    at_from: datetime = said("Entries from this moment on.")
    at_before: datetime = said("Entries until before this moment.")
    state: AuditExportState = said("How far it is.")
    done: int = said("Entries written so far.")
    total: int = said("Entries to write, as far as known.")
    problem: str | None = said("Why it failed and what to do.")
    requested_by: str = said("Who asked for it, as kind:id.")
    size: int | None = said("Bytes of the file; null until it is there.")
    sha256: str | None = said("SHA-256 of the file; null until it is there.")
    created_at: datetime = said("When it was asked for.")
    ended_at: datetime | None = said("When it ended.")
    expires_at: datetime = said("When the export and its file go.")

    @derived("The tenant whose log it is of.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.type(description="Where an export can be downloaded for a while, by whoever has the address.")
class AuditDownload:
    url: str = said("The address. Ask for a new one when it has expired.")
    expires_at: datetime = said("Until when it works.")


@strawberry.pydantic.input(description="Which entries to export, and how.")
class ExportAuditInput(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description=FOR_ORGANIZATION)
    at_from: datetime = Field(description="Entries from this moment on.")
    at_before: datetime = Field(description="Entries until before this moment.")
    format: AuditFormat = Field(default=AuditFormat.JSON_LINES, description="How to write them down.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="How long to keep the audit log.")
class SetAuditRetentionInput(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description=FOR_ORGANIZATION)
    days: int = Field(
        ge=1, le=MOST_DAYS, description="Days that entries are kept; frameworks the organization must meet set a floor."
    )


@strawberry.type(description="An export of the audit log moved on.")
class AuditExportProgressed:
    cursor: Cursor = said("Place in the feed just after this message; pass it as `after` to go on from here.")
    at: datetime = said("When it moved on.")
    export: AuditExport = said("The export as it was at that moment.")


AuditExportFeed = Annotated[
    Union[AuditExportProgressed, StreamReset],  # noqa: UP007 - strawberry names the union through Annotated
    strawberry.union("AuditExportFeed", description="One message of the feed of exports."),
]
ExportAuditPayload = payload("ExportAudit", "export", AuditExport, "The export, which a worker makes now.")
SetAuditRetentionPayload = payload("SetAuditRetention", "organization", Organization, "The organization.")
