"""What a statement of each kind must say: the fields of `filed_records.py`, checked before they are stored.

Who has reviewed it is not asked for: that is whoever accepts the statement.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, NamedTuple, Self

from pydantic import BaseModel, Field, model_validator

from domain.errors import Invalid
from domain.facts.governance import AttestationKind

Text = Annotated[str, Field(min_length=1, max_length=500)]
Texts = Annotated[list[Text], Field(max_length=100)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Minutes = Annotated[float, Field(ge=0, le=1_000_000)]
# What may lie ahead; everything else has happened.
AHEAD = frozenset({"bridge_letter_until"})
LEEWAY = timedelta(days=1)


class AttestedMeeting(BaseModel):
    held_at: datetime = Field(description="When the board met.")
    attendees: Texts = Field(description="Who was there.")
    independent_members: Texts = Field(description="Who of them is independent of management.")
    topics: Texts = Field(description="What was talked about, such as security, risk and control results.")
    decisions: Texts = Field(description="What was decided.")


class AttestedSample(BaseModel):
    sampled_at: datetime = Field(description="When the sample was taken.")
    sample_size: Count = Field(description="How many people are in it.")
    population: Count = Field(description="Of how many.")
    consent_found: Count = Field(description="For how many the consent was found.")
    purpose_match: Count = Field(description="For how many the purpose fits.")
    exceptions_fixed: Count = Field(description="How many of the others have been mended.")

    @model_validator(mode="after")
    def _is_part(self) -> Self:
        if not max(self.consent_found, self.purpose_match) <= self.sample_size <= self.population:
            raise ValueError("no more can be found than are in the sample, and no more sampled than there are")
        return self


class AttestedExercise(BaseModel):
    held_at: datetime = Field(description="When the recovery was tried.")
    scenario: Text = Field(description="What was played through.")
    rto_target_minutes: Minutes = Field(description="Minutes until all should be back.")
    rto_measured_minutes: Minutes = Field(description="Minutes it took.")
    rpo_target_minutes: Minutes = Field(description="Minutes of data that may be lost.")
    rpo_measured_minutes: Minutes = Field(description="Minutes of data that were lost.")
    actions_open: Count = Field(description="How many of the actions agreed on are not done.")
    retest_met_at: datetime | None = Field(default=None, description="When a later try met what was missed here.")


class AttestedTest(BaseModel):
    report_dated_at: datetime = Field(description="The date of the report.")
    tester: Text = Field(description="Who has tested.")
    independence_statement: Text | None = Field(default=None, description="How they are independent.")
    critical_open: Count = Field(description="Critical findings that are open.")
    high_open: Count = Field(description="High findings that are open.")
    retest_dated_at: datetime | None = Field(default=None, description="When it was tested again.")


class AttestedPerson(BaseModel):
    person: Text = Field(description="Who it is; the newest record of a person counts.")
    hired_at: datetime = Field(description="When hired.")
    screened_at: datetime | None = Field(default=None, description="When screened.")
    access_at: datetime | None = Field(default=None, description="When given access.")
    contract_signed_at: datetime | None = Field(default=None, description="When the contract was signed.")
    training_completed_at: datetime | None = Field(default=None, description="When last trained in security.")
    role_training: Text | None = Field(default=None, description="Training for the role; null where none is needed.")
    appraisal_at: datetime | None = Field(default=None, description="When last appraised.")


class AttestedBuilding(BaseModel):
    provider_report: Text | None = Field(default=None, description="The report of who guards it; null without one.")
    period_end: datetime | None = Field(default=None, description="Until when the report speaks.")
    complementary_controls_reviewed_at: datetime | None = Field(
        default=None, description="When the duties it leaves to us were reviewed."
    )
    asset_register_at: datetime | None = Field(default=None, description="When the register of devices was made.")
    devices_retired: Count = Field(description="How many devices were retired.")
    disposal_certificates: Count = Field(description="How many certificates of disposal there are.")


class AttestedVendor(BaseModel):
    vendor: Text = Field(description="The vendor.")
    tier: int = Field(ge=1, le=3, description="1 for the critical ones, up to 3.")
    report_type: Text | None = Field(default=None, description="The kind of report, such as SOC 2 Type II.")
    period_end: datetime | None = Field(default=None, description="Until when the report speaks.")
    bridge_letter_until: datetime | None = Field(default=None, description="Until when a letter extends it.")
    needs_baa: bool = Field(description="Whether a business associate agreement is needed.")
    baa_signed_at: datetime | None = Field(default=None, description="When it was signed.")
    needs_dpa: bool = Field(description="Whether data-processing terms are needed.")
    dpa_signed_at: datetime | None = Field(default=None, description="When they were signed.")
    breach_notice_hours: Count | None = Field(default=None, description="Within how many hours it tells of a breach.")


class Kind(NamedTuple):
    """Which control judges a kind of statement, by which rows. `is_reviewed`: rows name who has reviewed them."""

    control_id: str
    row: type[BaseModel]
    is_reviewed: bool = False


KINDS: Mapping[AttestationKind, Kind] = {
    AttestationKind.BOARD_MINUTES: Kind("CW-GOV-03", AttestedMeeting),
    AttestationKind.CONSENT_SAMPLE: Kind("CW-PRV-02", AttestedSample, is_reviewed=True),
    AttestationKind.DR_EXERCISE_REPORT: Kind("CW-AVL-05", AttestedExercise),
    AttestationKind.PEN_TEST_REPORT: Kind("CW-VUL-05", AttestedTest),
    AttestationKind.PEOPLE_RECORDS: Kind("CW-HRS-01", AttestedPerson),
    AttestationKind.PHYSICAL_ATTESTATION: Kind("CW-PHY-01", AttestedBuilding),
    AttestationKind.VENDOR_DOCUMENTS: Kind("CW-VEN-02", AttestedVendor, is_reviewed=True),
}


def operation_of(kind: AttestationKind) -> str:
    """What procedures call the rows of a kind."""
    return f"manual:{kind.value.lower()}"


def subjects(kind: AttestationKind, content: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Whom a statement is of: people, vendors, or all of the organization."""
    name = _SUBJECTS.get(kind)
    return frozenset(row[name] if name else "" for row in content)


_SUBJECTS = {AttestationKind.PEOPLE_RECORDS: "person", AttestationKind.VENDOR_DOCUMENTS: "vendor"}


def require_past(rows: Iterable[BaseModel], now: datetime, path: tuple[str, ...]) -> None:
    """Raises Invalid for what is said to have happened and lies ahead: it would count for longer than it should."""
    for number, row in enumerate(rows):
        for name, value in row:
            if isinstance(value, datetime) and name not in AHEAD and value > now + LEEWAY:
                raise Invalid(f"{name} lies ahead: state what has happened.", path=(*path, str(number), name))


def rows_in_force(kind: AttestationKind, stated: Iterable[tuple[str, list[dict[str, Any]]]]) -> list[dict[str, Any]]:
    """The rows of accepted statements, with who has reviewed them, the oldest first; of people the newest."""
    reviewer = KINDS[kind].is_reviewed
    rows = [{**row, **({"reviewed_by": by} if reviewer else {})} for by, content in stated for row in content]
    if kind is not AttestationKind.PEOPLE_RECORDS:
        return rows
    return list({row["person"]: row for row in rows}.values())
