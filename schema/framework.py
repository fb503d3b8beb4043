"""Frameworks and their requirements, and a framework of an organization's own."""

import strawberry
from pydantic import BaseModel, Field

from domain.compliance.framework import MOST_MAPPED, MOST_REQUIREMENTS
from domain.facts.compliance import CheckStatus
from domain.facts.framework import Coverage, Fit
from domain.facts.severity import Severity
from schema import compliance_values as compliance_values
from schema.directives import Cost
from schema.errors import payload
from schema.node import said
from schema.organization import IDEMPOTENCY_KEY
from schema.routing import EXPECTED_VERSION, ORGANIZATION

KEY = Field(min_length=1, max_length=40, description="Id of the framework, such as soc2_tsc_2017.")


@strawberry.type(description="A list of requirements that an organization may be held against.")
class Framework:
    key: str = said("Its id, such as soc2_tsc_2017.")
    name: str = said("What it is called.")
    version: str = said("The standard's own version.")
    source: str = said("Who published it, and where.")
    applies_to: str = said("Who it is for.")
    notes: str = said("What is left out of it here, and what is going to change; empty when there is nothing to say.")
    retention_days: int | None = said("How many days it has records kept; null where it does not say.")
    is_own: bool = said("Whether the organization made it itself.")
    is_adopted: bool = said("Whether it is switched on, by itself or with a bundle; an own one always is.")
    own_version: int | None = said("Of an own one: rises with every change; pass it as expectedVersion.")
    requirement_count: int = said("How many requirements it has here.")
    automated: int = said("How many of these have all their evidence come by itself.")
    partial: int = said("How many have part of it.")
    manual: int = said("How many have none.")


@strawberry.type(description="What answers a requirement: a control, or a rule whose findings speak.")
class Answering:
    key: str = said("Id of the control or the rule.")
    name: str = said("What it is called.")
    severity: Severity = said("What it weighs in a score.")
    status: CheckStatus = said("What is said of it.")
    is_rule: bool = said("Whether it is a rule, whose open findings tell.")


@strawberry.type(description="A requirement of a framework, and where it stands.")
class Requirement:
    key: str = said("Its id in the framework.")
    name: str = said("What it asks for, in a few words.")
    group: str = said("Its heading.")
    kind: str | None = said("The framework's own word for how binding it is; null without one.")
    fit: Fit = said("How well what answers it answers it: a pass with PARTIAL or MANUAL is not the whole proof.")
    coverage: Coverage = said("How much of its evidence comes by itself.")
    status: CheckStatus = said("The worst of what answers it.")
    assessed: int = said("How many of these could be looked at in whole.")
    total: int = said("How many there are.")
    answered_by: list[Answering] = said("What answers it.", directives=(Cost(list_size=4),))


@strawberry.pydantic.input(description="A requirement of an own framework.")
class RequirementInput(BaseModel):
    key: str = Field(min_length=1, max_length=40, description="Its id; unique in the framework.")
    name: str = Field(min_length=1, max_length=300, description="What it asks for.")
    group: str = Field(min_length=1, max_length=120, description="Its heading.")
    controls: list[str] = Field(default_factory=list, max_length=MOST_MAPPED, description="Ids of the controls.")
    rules: list[str] = Field(default_factory=list, max_length=MOST_MAPPED, description="Ids of rules with findings.")
    fit: Fit = Field(description="How well these answer it.")


@strawberry.pydantic.input(description="What an own framework is called.")
class FrameworkHeadInput(BaseModel):
    key: str = Field(pattern=r"^[a-z][a-z0-9_]{1,39}$", description="Its id: small letters, digits and underscores.")
    name: str = Field(min_length=1, max_length=120, description="What to call it.")
    version: str = Field(min_length=1, max_length=60, description="Its version, such as 2026.")
    source: str = Field(default="", max_length=200, description="Who published it, and where.")

    def head(self) -> dict[str, str]:
        """The fields by their stored names."""
        return {"id": self.key, "name": self.name, "version": self.version, "source": self.source}


@strawberry.pydantic.input(description="An own framework, requirement by requirement.")
class FrameworkFieldsInput(FrameworkHeadInput):
    requirements: list[RequirementInput] = Field(
        min_length=1, max_length=MOST_REQUIREMENTS, description="Its requirements."
    )


@strawberry.pydantic.input(description="An own framework whose requirements are rows of a table.")
class FrameworkTableInput(FrameworkHeadInput):
    text: str = Field(
        max_length=800_000,
        description="CSV: a line with id, name, group, controls, fit (and findings, kind), then a line each. Several "
        "controls are parted by spaces or semicolons.",
    )


@strawberry.pydantic.input(description="What a framework holds, in one of three ways.", one_of=True)
class FrameworkContentInput(BaseModel):
    fields: FrameworkFieldsInput | None = Field(description="Field by field.")
    csv: FrameworkTableInput | None = Field(description="As a table.")
    toml: str | None = Field(
        max_length=800_000,
        description="As TOML: id, name and version, then a [[requirement]] table for each, with id, name, group, "
        "controls and fit.",
    )


@strawberry.pydantic.input(description="An own framework to make.")
class CreateFrameworkInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    content: FrameworkContentInput = Field(description="What it holds.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="An own framework as it shall be from now on.")
class UpdateFrameworkInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    key: str = KEY
    content: FrameworkContentInput = Field(description="What it holds; its id stays.")
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="An own framework to delete.")
class DeleteFrameworkInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    key: str = KEY
    expected_version: int | None = EXPECTED_VERSION


CreateFrameworkPayload = payload("CreateFramework", "framework", Framework, "The new framework.")
UpdateFrameworkPayload = payload("UpdateFramework", "framework", Framework, "The framework now.")
DeleteFrameworkPayload = payload("DeleteFramework", "key", str, "Id of the framework that is gone.")
