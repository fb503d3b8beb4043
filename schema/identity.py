"""Signing in through identity providers: a person's identities, and the providers and domains of an organization."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from pydantic import BaseModel, Field, SecretStr

import documents
from documents import Role
from domain.identity.domain_name import proof_name, proof_value
from schema.errors import payload
from schema.factor import SecondFactorRequired
from schema.node import Node, derived, global_id, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of
from schema.session import DELIVERY, DeviceSession, Session, TokenDelivery

ORGANIZATION = Field(default=None, description="The tenant it belongs to; may be left out when only one is in reach.")
CODE = Field(min_length=20, max_length=200, description="The code that the page or program was handed.")
VERIFIER = Field(
    min_length=43, max_length=128, description="What the `code_challenge` was made of when the sign-in was begun."
)
ProviderName = Annotated[str, Field(min_length=1, max_length=100)]


@strawberry.type(description="A provider that somebody may sign in with.")
class SignInOption:
    name: str = said("What to call it.")
    start_path: str = said("Where to send the browser, with `next` added to it.")
    is_required: bool = said("Whether the address can sign in with nothing else.")


@view(documents.ExternalIdentity, description="The viewer, as an identity provider knows them.")
class Identity(Node):
    provider: str = said("What it was linked by: google, microsoft, github, or the id of an organization's provider.")
    issuer: str = said("Who vouches for it.")
    subject: str = said("The person's id there.")
    email: str | None = said("The address the provider told when it was linked.")
    linked_at: datetime = said("When it was linked.")
    used_at: datetime = said("When somebody came in by it last.")


@strawberry.type(description="Who has a value of a claim gets a role.")
class RoleMapping:
    claim: str = said("Name of the claim, for example groups.")
    value: str = said("Its value, or one of them when the claim is a list.")
    role: Role = said("The role it gives.")
    custom_role_id: strawberry.ID | None = said("Global id of the custom role whose permissions count instead.")


def role_mapping(stored: Any) -> RoleMapping:
    """The view of a stored mapping, read whole or as a row."""
    mapping = documents.RoleMapping.model_validate(stored)
    custom = mapping.custom_role_id
    return RoleMapping(
        claim=mapping.claim,
        value=mapping.value,
        role=mapping.role,
        custom_role_id=None if custom is None else global_id("CustomRole", custom),
    )


@view(documents.IdentityProvider, description="An OpenID provider that an organization's people sign in with.")
class IdentityProvider(Node):
    name: str = said("What people call it.")
    issuer: str = said("Its issuer, letter by letter.")
    client_id: str = said("What it knows CloudWatcher as.")
    creates_members: bool = said("Whether those who sign in become members by themselves.")
    default_role: Role = said("Their role when no mapping fits.")
    is_enforced: bool = said("Whether passwords are refused to people of the organization's verified domains.")
    checked_at: datetime | None = said("When it was tried last; null before the first time.")
    problem: str | None = said("What was wrong then.")
    version: int = said("Rises with every change.")
    role_mappings: strawberry.Private[list[Any]]

    @derived("Which claims give which role; the first that fits counts.", reads=("role_mappings",), name="roleMappings")
    def mappings(self) -> list[RoleMapping]:
        return [role_mapping(stored) for stored in self.role_mappings or []]

    @derived("Path of the redirect URI to register at the provider, under the public address.", reads=("id",))
    def callback_path(self) -> str:
        return f"/auth/{self.id}/callback"

    @derived("Path that begins a sign-in with it.", reads=("id",))
    def start_path(self) -> str:
        return f"/auth/{self.id}/start"

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@view(documents.VerifiedDomain, description="A mail domain that an organization says is its own.")
class VerifiedDomain(Node):
    name: str = said("The domain.")
    verified_at: datetime | None = said("When DNS confirmed it; null before.")
    checked_at: datetime | None = said("When DNS was asked last.")
    problem: str | None = said("What was missing then.")
    token: strawberry.Private[str]

    @derived("Name of the TXT record that proves it.", reads=("name",))
    def record_name(self) -> str:
        return proof_name(self.name)

    @derived("What the TXT record must say.", reads=("token",))
    def record_value(self) -> str:
        return proof_value(self.token)

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.pydantic.input(description="A code to exchange for a session.")
class ExchangeSignInCodeInput(BaseModel):
    code: SecretStr = CODE
    code_verifier: SecretStr = VERIFIER
    delivery: TokenDelivery = DELIVERY


@strawberry.pydantic.input(description="An identity that you have just shown at its provider, with `intent=link`.")
class LinkIdentityInput(BaseModel):
    code: SecretStr = CODE
    code_verifier: SecretStr = VERIFIER


@strawberry.pydantic.input(description="An identity of yours to forget.")
class UnlinkIdentityInput(BaseModel):
    identity_id: strawberry.ID = Field(description="Global id of the identity.")


@strawberry.pydantic.input(description="That you have shown again who you are, with `intent=reauthenticate`.")
class ReauthenticateWithProviderInput(BaseModel):
    code: SecretStr = CODE
    code_verifier: SecretStr = VERIFIER


@strawberry.pydantic.input(description="Who has this value of this claim gets this role.")
class RoleMappingInput(BaseModel):
    claim: str = Field(min_length=1, max_length=200, description="Name of the claim, for example groups.")
    value: str = Field(min_length=1, max_length=500, description="Its value, or one of them when it is a list.")
    role: Role = Field(description="The role it gives; MSP_ADMIN only in a managed service provider.")
    custom_role_id: strawberry.ID | None = Field(
        default=None, description="Global id of a custom role whose permissions count instead."
    )


MAPPINGS = "Which claims give which role; the first that fits counts."


@strawberry.pydantic.input(description="An identity provider to set up.")
class CreateIdentityProviderInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    name: str = Field(min_length=1, max_length=100, description="What to call it; unique in the organization.")
    issuer: str = Field(min_length=8, max_length=300, description="Its issuer, exactly as it writes it.")
    client_id: str = Field(min_length=1, max_length=300, description="What it knows CloudWatcher as.")
    client_secret: SecretStr | None = Field(
        default=None, max_length=1000, description="The client's secret, stored encrypted; none for a public client."
    )
    creates_members: bool = Field(default=False, description="Whether those who sign in become members by themselves.")
    default_role: Role = Field(default=Role.USER, description="Their role when no mapping fits.")
    role_mappings: list[RoleMappingInput] = Field(default_factory=list, max_length=100, description=MAPPINGS)
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="What to change of an identity provider; what is left out stays.")
class UpdateIdentityProviderInput(BaseModel):
    identity_provider_id: strawberry.ID = Field(description="Global id of the provider.")
    expected_version: int | None = Field(default=None, description="Refused when it has another version by now.")
    name: str | None = Field(default=None, min_length=1, max_length=100, description="What to call it.")
    issuer: str | None = Field(
        default=None, min_length=8, max_length=300, description="Its issuer. Another one ends its enforcement."
    )
    client_id: str | None = Field(default=None, min_length=1, max_length=300, description="Its client.")
    client_secret: SecretStr | None = Field(default=None, max_length=1000, description="The client's new secret.")
    creates_members: bool | None = Field(default=None, description="Whether those who sign in become members.")
    default_role: Role | None = Field(default=None, description="Their role when no mapping fits.")
    role_mappings: list[RoleMappingInput] | None = Field(default=None, max_length=100, description=MAPPINGS)
    is_enforced: bool | None = Field(
        default=None,
        description="Whether to refuse passwords to people of the verified domains. Takes a provider that was tried "
        "without a problem, and a verified domain.",
    )


@strawberry.pydantic.input(description="An identity provider.")
class IdentityProviderInput(BaseModel):
    identity_provider_id: strawberry.ID = Field(description="Global id of the provider.")


@strawberry.pydantic.input(description="A domain to prove.")
class ClaimDomainInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    name: str = Field(min_length=1, max_length=253, description="The domain, for example example.com.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="A domain of the organization.")
class DomainInput(BaseModel):
    domain_id: strawberry.ID = Field(description="Global id of the domain.")


ExchangeSignInCodePayload = payload(
    "ExchangeSignInCode", "session", Session, "The new session.", also=(SecondFactorRequired,)
)
LinkIdentityPayload = payload("LinkIdentity", "identity", Identity, "The identity, now yours.")
UnlinkIdentityPayload = payload("UnlinkIdentity", "identity", Identity, "The identity that was yours.")
ReauthenticateWithProviderPayload = payload(
    "ReauthenticateWithProvider", "session", DeviceSession, "The session, now fresh."
)
CreateIdentityProviderPayload = payload(
    "CreateIdentityProvider", "identity_provider", IdentityProvider, "The provider; it is being tried."
)
UpdateIdentityProviderPayload = payload(
    "UpdateIdentityProvider", "identity_provider", IdentityProvider, "The provider."
)
DeleteIdentityProviderPayload = payload(
    "DeleteIdentityProvider", "identity_provider", IdentityProvider, "The provider that was there."
)
TestIdentityProviderPayload = payload(
    "TestIdentityProvider", "identity_provider", IdentityProvider, "The provider; look at `checkedAt` in a moment."
)
ClaimDomainPayload = payload("ClaimDomain", "domain", VerifiedDomain, "The domain, with the record that proves it.")
VerifyDomainPayload = payload("VerifyDomain", "domain", VerifiedDomain, "The domain; look at `checkedAt` soon.")
RemoveDomainPayload = payload("RemoveDomain", "domain", VerifiedDomain, "The domain that was there.")
