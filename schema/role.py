"""Roles: what each may do, and those that an organization makes itself."""

import strawberry
from pydantic import BaseModel, Field

import documents
from auth.permission import Permission, known_permissions
from documents import Role
from schema.errors import payload
from schema.node import Node, derived, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of

ORGANIZATION = Field(default=None, description="The organization; may be left out when only one is in reach.")
MOST_PERMISSIONS = len(Permission)


@strawberry.type(description="A permission and the roles that hold it.")
class PermissionRow:
    permission: str = said("The permission, as `@gated` names it.")
    description: str = said("What it allows.")
    roles: list[Role] = said("The roles that hold it.")
    is_provider_only: bool = said("Whether only members of a managed service provider can hold it.")
    is_custom_allowed: bool = said("Whether a role of an organization's own can hold it.")


@view(documents.CustomRole, description="A role that an organization made itself.")
class CustomRole(Node):
    name: str = said("What people call it.")
    description: str = said("What it is for.")
    version: int = said("Rises with every change.")
    permissions: strawberry.Private[list[str]]

    @derived("What it allows, sorted.", reads=("permissions",), name="permissions")
    def known(self) -> list[str]:
        return sorted(known_permissions(self.permissions))

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


NAME = Field(min_length=1, max_length=60, description="What to call it; unique in the organization.")
DESCRIPTION = Field(default="", max_length=300, description="What it is for.")
PERMISSIONS = Field(min_length=1, max_length=MOST_PERMISSIONS, description="What it allows, as `permissionTable` says.")


@strawberry.pydantic.input(description="A role to make. It can allow no more than you may do yourself.")
class CreateCustomRoleInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    name: str = NAME
    description: str = DESCRIPTION
    permissions: list[str] = PERMISSIONS
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="A role as it shall be from now on, for everybody who has it.")
class UpdateCustomRoleInput(BaseModel):
    role_id: strawberry.ID = Field(description="Global id of the role.")
    expected_version: int | None = Field(
        default=None, ge=1, description="The version you worked from; any when left out."
    )
    name: str = NAME
    description: str = DESCRIPTION
    permissions: list[str] = PERMISSIONS


@strawberry.pydantic.input(description="A role to delete.")
class DeleteCustomRoleInput(BaseModel):
    role_id: strawberry.ID = Field(description="Global id of the role.")
    replacement_id: strawberry.ID | None = Field(
        default=None, description="The role of your own that those who have this one get instead."
    )


CreateCustomRolePayload = payload("CreateCustomRole", "role", CustomRole, "The new role.")
UpdateCustomRolePayload = payload("UpdateCustomRole", "role", CustomRole, "The role as it is now.")
DeleteCustomRolePayload = payload("DeleteCustomRole", "deleted_id", strawberry.ID, "The id that the role had.")
