"""Evidence: what every check rested on, the checkpoints over it, and whether it is as it was written."""

from datetime import datetime
from typing import Any

import strawberry
from pydantic import BaseModel, Field

import documents
from domain.audit.retention import MOST_DAYS
from domain.evidence.record import record_line
from domain.facts.evidence import BreakKind
from schema.errors import payload
from schema.node import Node, derived, said, view
from schema.organization import Organization
from schema.relation import organization_id_of
from schema.values import register_enum

FOR_ORGANIZATION = "The tenant; may be left out when only one is in reach."
RECORD = ("record",)

register_enum(
    BreakKind,
    "What is wrong with a piece of evidence.",
    {
        BreakKind.EDITED: "It is not what was written there.",
        BreakKind.DELETED: "It is missing, and what follows is there.",
        BreakKind.INSERTED: "It does not belong there.",
        BreakKind.REORDERED: "It stands in another place.",
        BreakKind.TRUNCATED: "It is missing at the end.",
        BreakKind.REPLACED: "It is whole in itself, and not what was signed or followed on.",
        BreakKind.FOREIGN: "It is of another organization.",
        BreakKind.FORGED: "It does not bear a signature of a known key.",
        BreakKind.DAMAGED: "It cannot be read.",
        BreakKind.PACK_MISSING: "Raw answers that a record rests on are not there.",
        BreakKind.PACK_CHANGED: "Raw answers that a record rests on are not as they were read.",
        BreakKind.UNSTAMPED: "Its time stamp is not one of it.",
    },
)


@strawberry.type(description="How many there are of something.")
class EvidenceCount:
    name: str = said("Of what: a verdict, or a rule of redaction.")
    count: int = said("How many.")


@view(documents.EvidenceRecord, description="One judgement and what it rested on, as a link of a chain. Never changed.")
class EvidenceRecord(Node):
    seq: int = said("Its place in the chain of the organization, from 1 without gaps.")
    at: datetime = said("When it was recorded.")
    prev_hash: str = said("The hash of the record before.")
    hash: str = said("SHA-256 over the text `entry` of `line`.")

    @derived("The tenant whose evidence it is.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)

    @derived("The control that was judged.", reads=RECORD)
    def control_id(self) -> str | None:
        return _text(self, "control_id")

    @derived("What it was judged of, such as AWS or PLATFORM.", reads=RECORD)
    def integration(self) -> str | None:
        return _text(self, "integration")

    @derived("The account it was judged of; null for the platform itself.", reads=RECORD)
    def account(self) -> str | None:
        return _text(self, "account")

    @derived("How it was judged.", reads=RECORD)
    def status(self) -> str | None:
        return _text(self, "status")

    @derived("How many items got which verdict.", reads=RECORD)
    def counts(self) -> list[EvidenceCount]:
        return _counts(self, "counts")

    @derived("SHA-256 of each pack of raw answers that it rests on.", reads=RECORD)
    def packs(self) -> list[str]:
        return [str(sha256) for sha256 in _record(self).get("evidence") or ()]

    @derived("What was taken out of these as personal, by rule.", reads=RECORD)
    def redactions(self) -> list[EvidenceCount]:
        return _counts(self, "redactions")


@strawberry.type(description="A record as it is hashed, word for word.")
class EvidenceText:
    line: str = said('A line as in packs: {"hash":…,"entry":…}; SHA-256 of the text of `entry` is `hash`.')


@strawberry.type(description="A record and its text.")
class EvidenceDetail:
    record: EvidenceRecord = said("The record.")
    text: EvidenceText = said("What is hashed of it.")


@strawberry.type(description="One page of one call, as the provider answered, without secrets and what is personal.")
class EvidenceAnswer:
    operation: str = said("The call, as catalogues print it.")
    region: str | None = said("Where it was asked; null for the whole account.")
    arguments: str = said("What it was asked with, as JSON.")
    page: int = said("Which page of the answer, from 0.")
    answer: str = said("The page, as JSON.")
    is_cut: bool = said("Whether the page was longer than what is shown of it.")


@strawberry.type(description="Some raw answers of a pack.")
class EvidenceAnswers:
    answers: list[EvidenceAnswer] = said("The answers, by operation, arguments and page.")
    total: int = said("How many the pack holds.")
    next_skip: int | None = said("What to skip for the next ones; null after the last.")


@view(documents.EvidenceCheckpoint, description="A signature under everything up to a record; made once an hour.")
class EvidenceCheckpoint(Node):
    number: int = said("Counts from 1.")
    first_seq: int = said("The first record since the checkpoint before.")
    last_seq: int = said("The last record it is over.")
    last_hash: str = said("The hash of that record.")
    window_root: str = said("Merkle root (RFC 6962) over the hashes of the records since the checkpoint before.")
    root: str = said("Merkle root over the hashes of all records so far.")
    previous: str | None = said("SHA-256 of what was signed of the checkpoint before.")
    at: str = said("When it was made, as it was signed.")
    key_id: str = said("The key that has signed it.")
    signature: str = said("The Ed25519 signature, in hex.")
    stamped_at: datetime | None = said("When the time authority stamped it; null while it has not.")
    stamp_problem: str | None = said("Why the time authority has not stamped it yet.")

    @derived("The tenant whose evidence it is over.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.type(description="One place where evidence is not as it was written.")
class EvidenceBreak:
    kind: BreakKind = said("What is wrong.")
    place: str = said("Where, such as: record 4.")
    problem: str = said("In a sentence.")


@strawberry.type(description="Whether the evidence of an organization is as it was written.")
class EvidenceVerification:
    organization_id: strawberry.ID = said("The tenant whose evidence was verified.")
    is_intact: bool = said("Whether nothing that was looked at was edited, deleted, inserted, reordered or cut off.")
    broken_count: int = said("How many breaks there are.")
    breaks: list[EvidenceBreak] = said("The first of them, in order; at most a thousand.")
    first_seq: int = said("Records from here on were checked one by one; signed checkpoints vouch for those before.")
    checked_count: int = said("How many records were checked one by one.")
    pack_count: int = said("How many packs of raw answers were read and hashed.")
    checkpoint_count: int = said("How many checkpoints were checked.")
    stamped_count: int = said("How many of these bear a time stamp.")
    head: str | None = said("Where the chain ends, as SEQ:HASH: keep it, and give it to a later verification.")
    unread: str | None = said("Why raw answers could not be looked at; null when they could.")
    public_keys: list[str] = said("The public halves (Ed25519, hex) of the keys that sign here, newest first.")


@strawberry.pydantic.input(description="Which records; every field that is given must match.")
class EvidenceFilter(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description="Of this tenant only.")
    control_id: str | None = Field(default=None, max_length=40, description="Of this control only.")
    account: str | None = Field(default=None, max_length=200, description="Of this account only, as records name it.")
    at_from: datetime | None = Field(default=None, description="From this moment on.")
    at_before: datetime | None = Field(default=None, description="Until before this moment.")


@strawberry.pydantic.input(description="How long to keep raw answers that a record rests on.")
class SetEvidenceRetentionInput(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description=FOR_ORGANIZATION)
    days: int = Field(
        ge=400, le=MOST_DAYS, description="Days, from when a record names them; frameworks in use set a floor."
    )


@strawberry.pydantic.input(description="Where to send, once a day, where the chain of evidence ends.")
class SetEvidenceChannelInput(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description=FOR_ORGANIZATION)
    channel_id: strawberry.ID | None = Field(default=None, description="The channel; null to send it nowhere.")


SetEvidenceRetentionPayload = payload("SetEvidenceRetention", "organization", Organization, "The organization.")
SetEvidenceChannelPayload = payload("SetEvidenceChannel", "organization", Organization, "The organization.")


def text_of(row: Any) -> EvidenceText:
    """The line of a stored record."""
    names = ("org_id", "seq", "at", "record", "prev_hash", "hash")
    stored = {name: getattr(row, name) for name in names}
    return EvidenceText(line=record_line({**stored, "_id": row.hash[:24], "created_at": row.at}).decode())


def _record(row: Any) -> dict[str, Any]:
    found: dict[str, Any] = row.record
    return found


def _text(row: Any, name: str) -> str | None:
    value = _record(row).get(name)
    return None if value is None else str(value)


def _counts(row: Any, name: str) -> list[EvidenceCount]:
    counts = _record(row).get(name) or {}
    return [EvidenceCount(name=str(each), count=int(count)) for each, count in sorted(counts.items())]
