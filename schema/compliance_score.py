"""Scores, their trend, what does not hold, what changed, and milestones."""

from datetime import date, datetime

import strawberry
from pydantic import BaseModel, Field

import documents
from domain.facts.compliance import CheckStatus
from domain.facts.framework import Effort
from schema.control import Control
from schema.directives import Cost
from schema.errors import payload
from schema.framework import KEY
from schema.node import Node, derived, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of
from schema.routing import ORGANIZATION


@strawberry.type(description="How many controls have a status.")
class StatusCount:
    status: CheckStatus = said("The status.")
    count: int = said("How many.")


@strawberry.type(description="How much of what must hold does, and how much of it could be looked at.")
class ComplianceScore:
    framework: str | None = said("Id of the framework; null for all controls.")
    ratio: float | None = said(
        "The weight of what holds over the weight of what counts, 0 to 1; a warning holds by half, an error not at "
        "all. Null where nothing counts."
    )
    assessed_ratio: float = said("The share of controls that could be looked at in whole: read the score with it.")
    assessed: int = said("How many controls these are.")
    total: int = said("How many controls there are.")
    counts: list[StatusCount] = said("Controls by status.", directives=(Cost(list_size=7),))


@strawberry.type(description="Scores by day, in columns. A day without a score is left out.")
class ComplianceTrend:
    framework: str | None = said("Id of the framework; null for all controls.")
    days: list[date] = said("The days (UTC).")
    ratios: list[float | None] = said("The score of each day.")
    assessed_ratios: list[float] = said("The share that could be looked at, of each day.")


@strawberry.type(description="A control that does not hold, or could not be looked at.")
class ComplianceGap:
    control: Control = said("The control.")
    weight: int = said("What it counts.")
    effort: Effort = said("What it takes to have it hold.")
    effort_reason: str = said("Why.")
    gain: float = said("By how much the score rises when it holds and all else stays, as a ratio.")


@strawberry.type(description="A control that stands otherwise than before.")
class ComplianceChange:
    control_id: str = said("Id of the control.")
    name: str = said("What it is called.")
    before: CheckStatus | None = said("What was said of it; null where nothing is known of that time.")
    after: CheckStatus = said("What is said of it now.")
    changed_at: datetime = said("Since when.")


@view(documents.Milestone, description="What a framework stood at when somebody kept it under a name.")
class Milestone(Node):
    framework: str = said("Id of the framework.")
    name: str = said("What people call it.")
    note: str = said("What they wrote with it.")
    saved_by: str = said("Who saved it, as kind:id.")
    saved_at: datetime = said("When.")
    ratio: float | None = said("The score, 0 to 1; null where nothing counted.")
    assessed: int = said("How many controls could be looked at in whole.")
    total: int = said("How many there were.")

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.type(description="A requirement that stood otherwise at two times.")
class MilestoneDifference:
    key: str = said("Id of the requirement.")
    before: CheckStatus | None = said("What was said of it first; null where it was not there.")
    after: CheckStatus | None = said("What was said of it then; null where it is gone.")


@strawberry.type(description="A milestone held against another, or against now.")
class MilestoneComparison:
    framework: str = said("Id of the framework.")
    before: float | None = said("The score at the first; null where nothing counted.")
    after: float | None = said("The score at the other, or now.")
    differences: list[MilestoneDifference] = said(
        "Requirements that stood otherwise, by id.", directives=(Cost(list_size=60),)
    )


@strawberry.pydantic.input(description="A milestone to save of what a framework stands at now.")
class SaveMilestoneInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    framework: str = KEY
    name: str = Field(min_length=1, max_length=120, description="What to call it.")
    note: str = Field(default="", max_length=1000, description="What to remember with it.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="A milestone to delete.")
class DeleteMilestoneInput(BaseModel):
    milestone_id: strawberry.ID = Field(description="Global id of the milestone.")


SaveMilestonePayload = payload("SaveMilestone", "milestone", Milestone, "The milestone.")
DeleteMilestonePayload = payload("DeleteMilestone", "milestone", Milestone, "The milestone that is gone.")
