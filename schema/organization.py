"""Tenants, the people in them, and how one becomes one of them."""

from datetime import datetime

import strawberry
from pydantic import BaseModel, Field, SecretStr

import documents
from auth.password import MAX_LENGTH, MIN_LENGTH
from documents import OrganizationKind, Role
from schema.errors import payload
from schema.node import Node, said, view

EMAIL = r"^[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s]{1,63}$"
IDEMPOTENCY_KEY = Field(
    default=None,
    min_length=8,
    max_length=128,
    description="The same key with the same input answers again what it answered first, for 24 hours.",
)


@view(documents.Organization, description="A tenant: one company, or a provider that manages client companies.")
class Organization(Node):
    name: str = said("What people call it.")
    kind: OrganizationKind = said("A company or a managed service provider.")


@view(documents.User, description="A person who signs in.")
class User(Node):
    email: str = said("Sign-in address, in lower case.")
    name: str = said("What people call them.")


@strawberry.type(description="One organization in reach of the viewer and the role there.")
class Reach:
    organization: Organization = said("The organization.")
    role: Role = said("What the viewer may do there.")


@strawberry.type(description="The person who asks.")
class Viewer:
    user: User = said("Who it is.")
    reach: list[Reach] = said("Every organization in reach, clients of a managed provider included.")


@strawberry.type(description="A fresh access token.")
class Session:
    access_token: str = said("Send it as `Authorization: Bearer …`, or as `accessToken` in connection_init.")
    expires_at: datetime = said("When the token ends; sign in again then.")
    user: User = said("Who signed in.")


@strawberry.pydantic.input(description="Who registers, and the organization they open.")
class RegisterInput(BaseModel):
    email: str = Field(pattern=EMAIL, max_length=254, description="Sign-in address.")
    password: SecretStr = Field(
        min_length=MIN_LENGTH, max_length=MAX_LENGTH, description=f"At least {MIN_LENGTH} characters."
    )
    name: str = Field(min_length=1, max_length=100, description="What people call you.")
    organization_name: str = Field(min_length=1, max_length=100, description="Name of the organization to open.")
    organization_kind: OrganizationKind = Field(
        default=OrganizationKind.COMPANY, description="A company, or a managed service provider with clients."
    )


@strawberry.pydantic.input(description="Who signs in.")
class SignInInput(BaseModel):
    email: str = Field(min_length=3, max_length=254, description="Sign-in address.")
    password: SecretStr = Field(min_length=1, max_length=MAX_LENGTH, description="The password.")


@strawberry.pydantic.input(description="A client company to open under a managed service provider.")
class CreateClientInput(BaseModel):
    msp_id: strawberry.ID = Field(description="Global id of the managing organization.")
    name: str = Field(min_length=1, max_length=100, description="Name of the company.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


RegisterPayload = payload("Register", "session", Session, "The first session of the new user.")
SignInPayload = payload("SignIn", "session", Session, "The new session.")
CreateClientPayload = payload("CreateClient", "organization", Organization, "The new company.")
