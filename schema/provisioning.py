"""Which roles the groups of a directory give."""

from datetime import datetime
from typing import Any

import strawberry
from pydantic import BaseModel, Field

import documents
from documents import Role
from schema.errors import payload
from schema.node import Node, derived, global_id, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of


@view(documents.GroupRole, description="A role that the members of a group get, which a directory provisions.")
class GroupRole(Node):
    group: str = said("Name of the group, in any case, or the directory's own id of it.")
    role: Role = said("What its members become; the strongest counts for who is in several groups.")
    created_at: datetime = said("When it was set.")

    @derived("Global id of the custom role that they get instead; null for none.", reads=("custom_role_id",))
    def custom_role_id(self) -> strawberry.ID | None:
        stored: Any = self
        return None if stored.custom_role_id is None else global_id("CustomRole", stored.custom_role_id)

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.pydantic.input(description="A role for the members of a group.")
class SetGroupRoleInput(BaseModel):
    organization_id: strawberry.ID | None = Field(
        default=None, description="The tenant; may be left out when only one is in reach."
    )
    group: str = Field(
        min_length=1, max_length=256, description="Name of the group, in any case, or the directory's own id of it."
    )
    role: Role = Field(description="What its members become: nothing that may do more than you.")
    custom_role_id: strawberry.ID | None = Field(
        default=None,
        description="A role of the organization's own, whose permissions members of role USER get instead.",
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="The rule to remove.")
class RemoveGroupRoleInput(BaseModel):
    id: strawberry.ID = Field(description="Global id of the rule.")


SetGroupRolePayload = payload("SetGroupRole", "group_role", GroupRole, "The rule.")
RemoveGroupRolePayload = payload("RemoveGroupRole", "group_role", GroupRole, "The rule, as it was.")
