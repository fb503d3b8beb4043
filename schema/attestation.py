"""Attestations: what people state for controls that no system can tell, with files, and what a reviewer says of it."""

from datetime import datetime
from typing import Any

import strawberry
from pydantic import BaseModel, Field
from strawberry.scalars import JSON

import documents
from documents.attestation import AttestedFile
from domain.compliance import attested
from domain.facts.governance import AttestationKind, AttestationState
from schema import governance_values as governance_values
from schema.control_exception import person_id
from schema.errors import payload
from schema.node import Node, derived, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of
from schema.routing import EXPECTED_VERSION, ORGANIZATION

ATTESTATION_ID = Field(description="Global id of the attestation.")
# With the rest of the request it stays under a million bytes.
MOST_CHARACTERS = 900_000

for row, name, description in (
    (attested.AttestedMeeting, "AttestedMeetingInput", "A meeting of the board."),
    (attested.AttestedSample, "AttestedSampleInput", "A sample of consents."),
    (attested.AttestedExercise, "AttestedExerciseInput", "A recovery that was tried."),
    (attested.AttestedTest, "AttestedTestInput", "A test by outsiders."),
    (attested.AttestedPerson, "AttestedPersonInput", "A person who works here."),
    (attested.AttestedBuilding, "AttestedBuildingInput", "Who guards buildings and media."),
    (attested.AttestedVendor, "AttestedVendorInput", "What a vendor has given."),
):
    strawberry.pydantic.input(row, name=name, description=description)


@strawberry.type(description="A file that goes with a statement.")
class AttestationFile:
    name: str = said("What it is called.")
    media_type: str = said("What it holds, such as application/pdf.")
    size: int = said("Its bytes.")
    sha256: str = said("Its SHA-256, as hexadecimal digits.")
    pieces: int = said("In how many pieces it is kept; fetch each with attestationFile.")


@strawberry.type(description="A piece of a file.")
class AttestationFilePiece:
    file: AttestationFile = said("The file.")
    content: str = said("The piece in base64.")


@view(documents.Attestation, description="What people state for a control that no system can tell.")
class Attestation(Node):
    kind: AttestationKind = said("What it is about.")
    control_id: str = said("The control it is for.")
    statement: str = said("What is stated, in words.")
    created_at: datetime = said("When it was submitted.")
    state: AttestationState = said("Where it stands.")
    reviewed_at: datetime | None = said("When it was reviewed.")
    comment: str = said("What the reviewer wrote.")
    expires_at: datetime = said("Until when it counts.")
    version: int = said("Rises with every change; pass it as expectedVersion.")
    files: strawberry.Private[list[Any]]
    submitted_by: strawberry.Private[Any]
    reviewed_by: strawberry.Private[Any]

    @derived("Its files; fetch them with attestationFile.", reads=("files",), name="files")
    def told_files(self) -> list[AttestationFile]:
        return [shown_file(AttestedFile.model_validate(one, from_attributes=True)) for one in self.files]

    @derived("Global id of the User who states it.", reads=("submitted_by",), name="submittedBy")
    def told_submitter(self) -> strawberry.ID | None:
        return person_id(self.submitted_by)

    @derived("Global id of the User who has reviewed it.", reads=("reviewed_by",), name="reviewedBy")
    def told_reviewer(self) -> strawberry.ID | None:
        return person_id(self.reviewed_by)

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


def shown_file(file: AttestedFile) -> AttestationFile:
    """The file as the graph tells it."""
    return AttestationFile(
        name=file.name, media_type=file.media_type, size=file.size, sha256=file.sha256, pieces=len(file.pieces)
    )


@strawberry.type(description="All of a statement.")
class AttestationContent:
    attestation: Attestation = said("The statement.")
    rows: JSON = said("What it says, as a list of objects with the fields it was submitted with.")


@strawberry.pydantic.input(description="Which attestations; every field that is given must match.")
class AttestationFilter(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description="Of this tenant only.")
    kinds: list[AttestationKind] | None = Field(default=None, max_length=7, description="About one of these only.")
    states: list[AttestationState] | None = Field(default=None, max_length=3, description="In one of these only.")


@strawberry.pydantic.input(description="What is stated: exactly one of these.", one_of=True)
class AttestationContentInput(BaseModel):
    board_minutes: list[attested.AttestedMeeting] | None = Field(
        min_length=1, max_length=50, description="Meetings of the board."
    )
    consent_sample: list[attested.AttestedSample] | None = Field(
        min_length=1, max_length=50, description="Samples of consents."
    )
    dr_exercise_report: list[attested.AttestedExercise] | None = Field(
        min_length=1, max_length=50, description="Recoveries that were tried."
    )
    pen_test_report: list[attested.AttestedTest] | None = Field(
        min_length=1, max_length=50, description="Tests by outsiders."
    )
    people_records: list[attested.AttestedPerson] | None = Field(
        min_length=1, max_length=2000, description="People who work here."
    )
    physical_attestation: list[attested.AttestedBuilding] | None = Field(
        min_length=1, max_length=50, description="Who guards buildings and media."
    )
    vendor_documents: list[attested.AttestedVendor] | None = Field(
        min_length=1, max_length=500, description="What vendors have given."
    )

    def stated(self) -> tuple[AttestationKind, list[BaseModel]]:
        """What it is about, and its rows."""
        ((name, rows),) = [(name, rows) for name, rows in self if rows is not None]
        return AttestationKind(name.upper()), rows


@strawberry.pydantic.input(description="A statement to be reviewed.")
class SubmitAttestationInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    content: AttestationContentInput = Field(description="What is stated.")
    statement: str = Field(min_length=5, max_length=5000, description="The same in words, and how it is known.")
    expires_at: datetime | None = Field(
        default=None, description="Until when it counts: at most 731 days ahead; 366 days, when left out."
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="A file, or the next piece of one, for a statement that waits for a reviewer.")
class AddAttestationFileInput(BaseModel):
    attestation_id: strawberry.ID = ATTESTATION_ID
    name: str = Field(min_length=1, max_length=200, description="What to call it; the same name goes on with the file.")
    media_type: str = Field(
        default="application/pdf", pattern=r"^[\w.+-]+/[\w.+-]+$", max_length=100, description="MIME."
    )
    content: str = Field(min_length=1, max_length=MOST_CHARACTERS, description="The piece in base64.")
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="What a reviewer says of a statement.")
class ReviewAttestationInput(BaseModel):
    attestation_id: strawberry.ID = ATTESTATION_ID
    is_accepted: bool = Field(description="Whether it is accepted; if not, it is sent back.")
    comment: str = Field(default="", max_length=2000, description="Why.")
    expected_version: int | None = EXPECTED_VERSION


SubmitAttestationPayload = payload(
    "SubmitAttestation", "attestation", Attestation, "The statement, which somebody else must review."
)
AddAttestationFilePayload = payload("AddAttestationFile", "attestation", Attestation, "The statement with the file.")
ReviewAttestationPayload = payload("ReviewAttestation", "attestation", Attestation, "The statement now.")
