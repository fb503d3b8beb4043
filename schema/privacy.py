"""The inventory of data, requests about it, exercises, and notices that are owed."""

from datetime import datetime
from typing import Annotated

import strawberry
from pydantic import Field

import documents
from domain.facts.register import ExerciseKind, PrivacyRequestKind
from schema.errors import payload
from schema.node import derived, global_id, said, view
from schema.register import OWNER, EntryInput, Instant, RegisterEntry, Word
from schema.values import register_enum

Address = Annotated[str, Field(min_length=1, max_length=500)]

register_enum(
    PrivacyRequestKind,
    "What somebody asks of data about them.",
    {
        PrivacyRequestKind.ACCESS: "To see it.",
        PrivacyRequestKind.RECTIFICATION: "To have it corrected.",
        PrivacyRequestKind.ERASURE: "To have it deleted.",
        PrivacyRequestKind.RESTRICTION: "To have it set aside.",
        PrivacyRequestKind.PORTABILITY: "To take it along.",
        PrivacyRequestKind.OBJECTION: "That it is not used.",
        PrivacyRequestKind.COMPLAINT: "That something about it be put right.",
    },
)
register_enum(
    ExerciseKind,
    "How an exercise was held.",
    {ExerciseKind.TABLETOP: "It was talked through.", ExerciseKind.TECHNICAL: "It was tried on systems."},
)


@view(documents.DataStore, description="A store of data: what is in it, for what, and for how long.")
class DataStore(RegisterEntry):
    name: str = said("What people call it.")
    place: str = said("Where it is, such as an account and a resource.")
    labels: list[str] = said("What kinds of data are in it.")
    purpose: str = said("What the data is for.")
    retention_days: int | None = said("How many days it is kept; null: without a term.")
    owner_id: strawberry.Private[object]
    patient_pages: strawberry.Private[list[str] | None]

    @derived(
        "Pages on which patients enter or see what is in it. TC-PHI-12 looks every day whether they call trackers.",
        reads=("patient_pages",),
        name="patientPages",
    )
    def told_pages(self) -> list[str]:
        return self.patient_pages or []

    @derived("Who answers for it, by global id.", reads=("owner_id",), name="ownerId")
    def told_owner(self) -> strawberry.ID:
        return global_id("User", self.owner_id)


@strawberry.pydantic.input(description="A store of data as it shall be from now on.")
class RecordDataStoreInput(EntryInput):
    name: str = Field(min_length=1, max_length=200, description="What people call it.")
    place: str = Field(min_length=1, max_length=500, description="Where it is, such as an account and a resource.")
    labels: list[Word] = Field(default_factory=list, max_length=50, description="What kinds of data are in it.")
    owner_id: strawberry.ID = OWNER
    purpose: str = Field(min_length=1, max_length=500, description="What the data is for.")
    retention_days: int | None = Field(
        default=None, ge=1, le=36500, description="How many days it is kept; left out: without a term."
    )
    patient_pages: list[Address] = Field(
        default_factory=list,
        max_length=20,
        description="Public pages, by their https:// address without ? and #, on which patients enter or see what is "
        "in it. They are fetched every day to see whether they call trackers.",
    )


@view(documents.PrivacyRequest, description="A request about somebody's data; nothing about the person is kept here.")
class PrivacyRequest(RegisterEntry):
    kind: PrivacyRequestKind = said("What is asked.")
    reference: str = said("Where it is worked on, such as the key of a ticket.")
    received_at: datetime = said("When it came.")
    identity_checked_at: datetime | None = said("When it was known who asks.")
    due_at: datetime = said("Until when it must be answered.")
    answered_at: datetime | None = said("When it was.")
    note: str = said("What came of it.")


@strawberry.pydantic.input(description="A request about somebody's data, as it stands now.")
class RecordPrivacyRequestInput(EntryInput):
    kind: PrivacyRequestKind = Field(description="What is asked.")
    reference: str = Field(
        min_length=1, max_length=200, description="Where it is worked on, such as the key of a ticket; nobody's name."
    )
    received_at: datetime = Field(description="When it came.")
    identity_checked_at: Instant = Field(default=None, description="When it was known who asks.")
    due_at: datetime = Field(description="Until when it must be answered.")
    answered_at: Instant = Field(default=None, description="When it was.")
    note: str = Field(default="", max_length=1000, description="What came of it.")


@view(documents.Exercise, description="An exercise of responding to an incident.")
class Exercise(RegisterEntry):
    kind: ExerciseKind = said("How it was held.")
    scenario: str = said("What was played.")
    held_at: datetime = said("When.")
    participants: list[str] = said("Who took part.")
    lessons: str = said("What was learnt.")


@strawberry.pydantic.input(description="An exercise that was held.")
class RecordExerciseInput(EntryInput):
    kind: ExerciseKind = Field(description="How it was held.")
    scenario: str = Field(min_length=1, max_length=1000, description="What was played.")
    held_at: datetime = Field(description="When; not in the future.")
    participants: list[Word] = Field(min_length=1, max_length=100, description="Who took part.")
    lessons: str = Field(default="", max_length=5000, description="What was learnt.")


@view(documents.IncidentClock, description="A notice that is owed for an incident.")
class IncidentClock(RegisterEntry):
    incident: str = said("The incident, by the key of its ticket where there is one.")
    regime: str = said("Whom or by which rule it is owed to, such as gdpr.")
    started_at: datetime = said("When the time began to run.")
    due_at: datetime = said("Until when the notice must be out.")
    sent_at: datetime | None = said("When it went out.")
    note: str = said("What was told.")


@strawberry.pydantic.input(description="A notice that is owed for an incident, as it stands now.")
class RecordIncidentClockInput(EntryInput):
    incident: str = Field(
        min_length=1, max_length=200, description="The incident, by the key of its ticket where there is one."
    )
    regime: str = Field(
        pattern=r"^[a-z][a-z0-9_]{1,49}$",
        description="Whom or by which rule it is owed to: cert_in, rbi, gdpr, hipaa_individuals or another.",
    )
    started_at: datetime = Field(description="When the time began to run.")
    due_at: Instant = Field(
        default=None, description="Until when it must be out; may be left out where CW-INC-02 knows the regime's hours."
    )
    sent_at: Instant = Field(default=None, description="When it went out.")
    note: str = Field(default="", max_length=1000, description="What was told.")


RecordDataStorePayload = payload("RecordDataStore", "store", DataStore, "The store now.")
RecordPrivacyRequestPayload = payload("RecordPrivacyRequest", "request", PrivacyRequest, "The request now.")
RecordExercisePayload = payload("RecordExercise", "exercise", Exercise, "The exercise now.")
RecordIncidentClockPayload = payload("RecordIncidentClock", "clock", IncidentClock, "The notice now.")
