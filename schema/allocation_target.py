"""Targets of allocation: the teams, projects, environments and products that owe costs."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from pydantic import BaseModel, Field

import documents
from schema.allocation_values import AllocationKind
from schema.errors import payload
from schema.node import Node, derived, global_id, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of
from schema.routing import EXPECTED_VERSION, ORGANIZATION, GlobalId

TARGET_ID = Field(max_length=200, description="Global id of the target.")
Alias = Annotated[str, Field(min_length=1, max_length=200)]


@view(documents.AllocationTarget, description="A team, project, environment or product that costs are allocated to.")
class AllocationTarget(Node):
    kind: AllocationKind = said("What it is.")
    name: str = said("What people call it; unique among those of its kind, whatever the spelling.")
    owner: str = said("Who answers for it.")
    cost_centre: str = said("Where its costs are booked.")
    aliases: list[str] = said("Other names that tags may use for it.")
    archived_at: datetime | None = said("Since when it takes no costs any more.")
    version: int = said("Rises with every change; pass it as expectedVersion.")
    parent_id: strawberry.Private[Any]

    @derived("What it is a part of.", reads=("parent_id",), name="parentId")
    def told_parent(self) -> strawberry.ID | None:
        return None if self.parent_id is None else global_id("AllocationTarget", self.parent_id)

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


class TargetFields(BaseModel):
    """What making and changing a target have in common."""

    name: str = Field(min_length=1, max_length=200, description="What to call it.")
    parent_id: GlobalId | None = Field(default=None, description="What it is a part of.")
    owner: str = Field(default="", max_length=200, description="Who answers for it.")
    cost_centre: str = Field(default="", max_length=100, description="Where its costs are booked.")
    aliases: list[Alias] = Field(default_factory=list, max_length=100, description="Other names that tags may use.")


@strawberry.pydantic.input(description="A target to make.")
class CreateAllocationTargetInput(TargetFields):
    kind: AllocationKind = Field(description="What it is.")
    organization_id: strawberry.ID | None = ORGANIZATION
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="A target as it shall be from now on.")
class UpdateAllocationTargetInput(TargetFields):
    target_id: strawberry.ID = TARGET_ID
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="A target to archive.")
class ArchiveAllocationTargetInput(BaseModel):
    target_id: strawberry.ID = TARGET_ID
    expected_version: int | None = EXPECTED_VERSION


CreateAllocationTargetPayload = payload("CreateAllocationTarget", "target", AllocationTarget, "The new target.")
UpdateAllocationTargetPayload = payload("UpdateAllocationTarget", "target", AllocationTarget, "The target now.")
ArchiveAllocationTargetPayload = payload("ArchiveAllocationTarget", "target", AllocationTarget, "The target, archived.")
