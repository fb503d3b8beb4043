"""Tenants, the people in them, and how one becomes one of them."""

import strawberry
from pydantic import BaseModel, Field

import documents
from documents import OrganizationKind, Role
from domain.audit.retention import kept_days
from schema.errors import payload
from schema.machine import ServiceAccount
from schema.node import Node, derived, global_id, said, view

IDEMPOTENCY_KEY = Field(
    default=None,
    min_length=8,
    max_length=128,
    description="The same key with the same input answers again what it answered first, for 24 hours.",
)


@strawberry.type(description="The provider that manages a company: nothing but what it is called.")
class Manager:
    name: str = said("What it is called.")


@view(documents.Organization, description="A tenant: one company, or a provider that manages client companies.")
class Organization(Node):
    name: str = said("What people call it.")
    kind: OrganizationKind = said("A company or a managed service provider.")
    provider_name: strawberry.Private[str | None]

    @derived("The provider that manages it; null without one.", reads=("provider_name",))
    def managed_by(self) -> Manager | None:
        return None if self.provider_name is None else Manager(name=self.provider_name)

    @derived(
        "How many days its audit log is kept: what was chosen, or the floor of a framework where that is higher.",
        reads=("audit_retention_days", "frameworks"),
    )
    def audit_retention_days(self) -> int:
        return kept_days(self.audit_retention_days, self.frameworks)  # type: ignore[attr-defined]

    @derived(
        "How many days raw answers that a record of evidence rests on are kept: what was chosen, or the floor of a "
        "framework where that is higher.",
        reads=("evidence_retention_days", "frameworks"),
    )
    def evidence_retention_days(self) -> int:
        return kept_days(self.evidence_retention_days, self.frameworks)  # type: ignore[attr-defined]

    @derived("The channel that is sent where the chain of evidence ends.", reads=("evidence_channel_id",))
    def evidence_channel_id(self) -> strawberry.ID | None:
        channel_id = self.evidence_channel_id
        return None if channel_id is None else global_id("Channel", channel_id)


@view(documents.User, description="A person who signs in.")
class User(Node):
    email: str = said("Sign-in address, in lower case.")
    name: str = said("What people call them.")


@strawberry.type(description="One organization in reach of the viewer and the role there.")
class Reach:
    organization: Organization = said("The organization.")
    role: Role = said("The role there; USER for a service account, whose permissions are its own.")
    permissions: list[str] = said(
        "What the viewer may do there, sorted; fewer or more than the role with a custom one."
    )
    is_for_provider: bool = said("Whether the viewer is at work there for the provider, and no member.")


@strawberry.type(description="The person or machine that asks.")
class Viewer:
    user: User | None = said("The person; null for a service account.")
    service_account: ServiceAccount | None = said("The service account whose API key was used; null for a person.")
    session_id: strawberry.ID | None = said(
        "Global id of the `DeviceSession` that this request belongs to; null for a service account."
    )
    reach: list[Reach] = said("Every organization in reach, clients in which one works at present included.")


@strawberry.pydantic.input(description="A client company to open under a managed service provider.")
class CreateClientInput(BaseModel):
    msp_id: strawberry.ID = Field(description="Global id of the managing organization.")
    name: str = Field(min_length=1, max_length=100, description="Name of the company.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


CreateClientPayload = payload("CreateClient", "organization", Organization, "The new company.")


@strawberry.pydantic.input(description="What to call an organization from now on.")
class RenameOrganizationInput(BaseModel):
    organization_id: strawberry.ID | None = Field(
        default=None, description="The organization; may be left out when only one is in reach."
    )
    name: str = Field(min_length=1, max_length=100, description="The name.")


@strawberry.pydantic.input(description="An organization to delete, with everything in it.")
class DeleteOrganizationInput(BaseModel):
    organization_id: strawberry.ID = Field(description="Global id of the organization.")
    name: str = Field(min_length=1, max_length=100, description="Its name, typed once more.")


RenameOrganizationPayload = payload("RenameOrganization", "organization", Organization, "The organization.")
DeleteOrganizationPayload = payload("DeleteOrganization", "deleted_id", strawberry.ID, "The id it had.")
