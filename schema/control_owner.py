"""Owners of controls: who answers, who stands in, who signs off."""

from datetime import datetime
from typing import Any

import strawberry
from pydantic import BaseModel, Field

import documents
from domain.facts.governance import OwnerRole
from schema import governance_values as governance_values
from schema.check import ControlId
from schema.control_exception import ChosenControl
from schema.directives import Cost
from schema.errors import payload
from schema.node import Node, derived, global_id, said, view
from schema.relation import organization_id_of
from schema.routing import ORGANIZATION


@view(documents.ControlOwner, description="Somebody who has a role for a control.")
class ControlOwner(Node):
    control_id: str = said("The control.")
    role: OwnerRole = said("What they are for it.")
    since: datetime = said("Since when.")
    user_id: strawberry.Private[Any]

    @derived("Global id of the User.", reads=("user_id",), name="userId")
    def told_user(self) -> strawberry.ID:
        return global_id("User", self.user_id)

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.pydantic.input(description="Which roles; every field that is given must match.")
class ControlOwnerFilter(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description="Of this tenant only.")
    control_ids: list[ChosenControl] | None = Field(
        default=None, max_length=100, description="For these controls only."
    )
    user_id: strawberry.ID | None = Field(default=None, description="Of this User only.")


@strawberry.pydantic.input(description="Who has a role for which controls from now on.")
class SetControlOwnerInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    control_ids: list[ControlId] = Field(min_length=1, max_length=100, description="For these controls.")
    role: OwnerRole = Field(description="The role, which one person at a time has.")
    member_id: strawberry.ID | None = Field(default=None, description="Global id of the Member; left out: nobody.")


@strawberry.type(description="Everybody who has a role for some controls.")
class ControlOwners:
    owners: list[ControlOwner] = said("By control and role.", directives=(Cost(list_size=30),))


SetControlOwnerPayload = payload(
    "SetControlOwner", "ownership", ControlOwners, "Everybody who has a role for these controls now."
)
