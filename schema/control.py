"""Controls: what must hold, how it is judged, and where it stands."""

from datetime import date, datetime

import strawberry
from pydantic import BaseModel, Field

from domain.facts.compliance import CheckStatus, EvidenceKind, Frequency, Integration
from domain.facts.framework import Direction, Effort
from domain.facts.severity import Severity
from schema import compliance_values as compliance_values
from schema.directives import Cost
from schema.errors import payload
from schema.node import said
from schema.organization import IDEMPOTENCY_KEY
from schema.routing import ORGANIZATION


@strawberry.type(description="What must hold, and where it stands.")
class Control:
    key: str = said("Its id, such as CW-IAM-01.")
    name: str = said("What it is called.")
    objective: str = said("What must hold, in a sentence.")
    category: str = said("What it is about.")
    severity: Severity = said("How bad it is when it does not hold.")
    weight: int = said("What it counts in a score.")
    frequency: Frequency = said("How often it is judged without being asked.")
    evidence_kind: EvidenceKind = said("What it is judged by.")
    is_automated: bool = said("Whether it needs no upload.")
    criteria: list[str] = said("The criteria of SOC 2 it serves.")
    owner_role: str = said("Who should answer for it.")
    effort: Effort = said("What it takes to have it hold.")
    effort_reason: str = said("Why the effort is what it is.")
    remediations: list[str] = said("Actions that mend it.")
    mended_by: list[str] = said(
        "Ids of the rules whose remedies mend what it fails on, or help to.", directives=(Cost(list_size=3),)
    )
    evidence: list[str] = said("What an auditor is shown.")
    status: CheckStatus = said("What is said of it: in the account that was asked about, or in the organization.")
    since: datetime | None = said("Since when, in the organization; null where it was never judged.")
    bundle: str | None = said("Id of the bundle it comes with; null for what is judged for everybody.")
    owner: strawberry.ID | None = said("Global id of the User who answers for it; null without one.")


@strawberry.type(description="How one system is judged.")
class ControlProcedure:
    integration: Integration = said("The system.")
    scope: str = said("What one item is: an account, a resource, an identity, an event.")
    operations: list[str] = said("The calls whose answers are looked at.")
    passes: str = said("When an item passes.")
    warns: str | None = said("When it is a warning; null where that cannot be.")
    fails: str | None = said("When it fails; null where that cannot be.")
    version: int = said("Rises when it says something else of the same answers.")


@strawberry.type(description="A number or a list that a procedure goes by.")
class ControlParameter:
    name: str = said("Its name.")
    direction: Direction = said("Which way it may be tightened.")
    catalogue: str | None = said("What the catalogue has it be; null where it is not set.")
    in_force: str | None = said("What it is here: the strictest of the catalogue, the bundles and your own.")


@strawberry.type(description="What one procedure says in one account.")
class ControlCheck:
    integration: Integration = said("The system.")
    account_id: strawberry.ID | None = said("The account; null for our own records and those of people.")
    status: CheckStatus = said("What it says.")
    changed_at: datetime = said("Since when.")


@strawberry.type(description="What was said of a control on a day, as the last of that day.")
class ControlDay:
    day: date = said("The day (UTC).")
    status: CheckStatus = said("What was said.")


@strawberry.type(description="A requirement that a control answers.")
class AnsweredRequirement:
    framework: str = said("Id of the framework.")
    key: str = said("Id of the requirement.")
    name: str = said("What it asks for.")


@strawberry.type(description="A control with all that is known of it.")
class ControlDetail:
    control: Control = said("The control.")
    procedures: list[ControlProcedure] = said("How it is judged, by system.", directives=(Cost(list_size=5),))
    parameters: list[ControlParameter] = said("What they go by.", directives=(Cost(list_size=4),))
    checks: list[ControlCheck] = said("What each says now, 500 at most.", directives=(Cost(list_size=20),))
    requirements: list[AnsweredRequirement] = said("What it answers.", directives=(Cost(list_size=30),))
    history: list[ControlDay] = said(
        "The days of the last year on which something else was said than on the day before.",
        directives=(Cost(list_size=30),),
    )


@strawberry.type(description="A check of a bundle beside the controls.")
class BundleCheck:
    key: str = said("Its id.")
    name: str = said("What it is called.")
    severity: Severity = said("How bad it is when it fails.")
    controls: list[str] = said("Ids of the controls it belongs to.")
    operations: list[str] = said("The calls it looks at, each behind its system and a colon.")
    passes: str = said("When it passes.")
    warns: str | None = said("When it is a warning; null where that cannot be.")
    fails: str = said("When it fails.")
    status: CheckStatus = said("What is said of it in the organization, as of a control.")
    problem: str | None = said("Why nothing is said of it, and what has to be connected; null where something is.")


@strawberry.type(description="For an industry: frameworks, stricter parameters, and checks of its own.")
class Bundle:
    key: str = said("Its id.")
    name: str = said("What it is called.")
    industry: str = said("Who it is for.")
    frameworks: list[str] = said("Ids of the frameworks it switches on.")
    is_on: bool = said("Whether the organization has switched it on.")
    checks: list[BundleCheck] = said("Its checks, and where each stands.", directives=(Cost(list_size=16),))


@strawberry.type(description="A parameter of a control that the organization has tightened.")
class TightenedParameter:
    control_id: str = said("Id of the control.")
    name: str = said("Name of the parameter.")
    value: str = said("What the organization has it be.")


@strawberry.type(description="What an organization is held against.")
class ComplianceSettings:
    organization_id: strawberry.ID = said("The tenant they are of.")
    frameworks: list[str] = said("Ids of the frameworks that are switched on by themselves.")
    bundles: list[str] = said("Ids of the bundles that are switched on.")
    adopted: list[str] = said("Ids of all frameworks that are switched on, those of bundles among them.")
    parameters: list[TightenedParameter] = said("What it has tightened.", directives=(Cost(list_size=10),))
    version: int = said("Rises with every change; 0: nothing was chosen yet.")


@strawberry.pydantic.input(description="A number of a table.")
class TableEntryInput(BaseModel):
    key: str = Field(min_length=1, max_length=60, description="Which number, such as critical.")
    number: float = Field(description="The number.")


@strawberry.pydantic.input(description="What a parameter shall be: one of the three, as its kind asks.")
class ControlParameterInput(BaseModel):
    control_id: str = Field(min_length=1, max_length=20, description="Id of the control.")
    name: str = Field(min_length=1, max_length=60, description="Name of the parameter.")
    number: float | None = Field(default=None, description="For a number.")
    texts: list[str] | None = Field(
        default=None, max_length=100, description="For a list, all of its members; for a name, the name alone."
    )
    table: list[TableEntryInput] | None = Field(default=None, max_length=50, description="For a table of numbers.")


@strawberry.pydantic.input(description="What to change; what is left out stays.")
class ChangeComplianceSettingsInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    frameworks: list[str] | None = Field(default=None, max_length=50, description="Ids of all to be switched on.")
    bundles: list[str] | None = Field(default=None, max_length=10, description="Ids of all to be switched on.")
    parameters: list[ControlParameterInput] | None = Field(
        default=None, max_length=200, description="All that shall be tightened; others are as the catalogue has them."
    )
    expected_version: int | None = Field(default=None, ge=0, description="The version you worked from.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


ChangeComplianceSettingsPayload = payload(
    "ChangeComplianceSettings", "settings", ComplianceSettings, "The settings now."
)
