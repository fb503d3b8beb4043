"""Invitations into an organization, and how one is accepted."""

from datetime import datetime
from enum import StrEnum

import strawberry
from pydantic import AwareDatetime, BaseModel, Field, SecretStr

import documents
from auth.password import MAX_LENGTH, MIN_LENGTH
from documents import Role
from documents.base import utc_now
from documents.user import Person
from schema.errors import payload
from schema.node import Node, derived, said, view
from schema.organization import Organization
from schema.person import EMAIL
from schema.relation import organization_id_of, related
from schema.role import ORGANIZATION, CustomRole
from schema.session import DELIVERY, ProviderSignInRequired, Session, TokenDelivery
from schema.values import register_enum


class InvitationState(StrEnum):
    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"


register_enum(
    InvitationState,
    "Where an invitation is.",
    {
        InvitationState.OPEN: "Sent, and can be accepted.",
        InvitationState.ACCEPTED: "Accepted: the person is a member.",
        InvitationState.REVOKED: "Taken back.",
        InvitationState.EXPIRED: "Nobody accepted it within a week.",
    },
)


@view(documents.Invitation, description="An invitation of one address into an organization.")
class Invitation(Node):
    email: str = said("Who is invited, in lower case.")
    role: Role = said("The role they get. With a custom role, that one's permissions instead.")
    custom_role: CustomRole | None = related("custom_role_id", "The role of the organization's own, if it gives one.")
    created_at: datetime = said("When it was made.")
    sent_at: datetime = said("When it was sent last.")
    expires_at: datetime = said("When it can be accepted no longer.")
    until: datetime | None = said("When what it gives ends by itself; null when it does not.")
    accepted_at: datetime | None = said("When it was accepted.")
    revoked_at: datetime | None = said("When it was taken back.")
    user: strawberry.Private[Person]

    @derived("Where it is.", reads=("accepted_at", "revoked_at", "expires_at"))
    def state(self) -> InvitationState:
        if self.accepted_at is not None:
            return InvitationState.ACCEPTED
        if self.revoked_at is not None:
            return InvitationState.REVOKED
        return InvitationState.EXPIRED if self.expires_at <= utc_now() else InvitationState.OPEN

    @derived("What the one who invites is called.", reads=("user_id",))
    def invited_by(self) -> str:
        return self.user.name

    @derived("The organization.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.type(description="What became of an accepted invitation.")
class Joined:
    organization: Organization = said("The organization one belongs to now.")
    session: Session | None = said(
        "The first session of a person who is new; null for one who was signed in, or signs in through a provider."
    )
    provider_sign_in: ProviderSignInRequired | None = said(
        "What a person who is new must sign in through, if anything."
    )


@strawberry.pydantic.input(description="Whom to invite, and as what. You can give no more than you hold.")
class InviteInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    email: str = Field(pattern=EMAIL, max_length=254, description="The address to send it to.")
    role: Role = Field(description="The role they get; USER or CLIENT_VIEWER together with a custom one.")
    custom_role_id: strawberry.ID | None = Field(default=None, description="A role of the organization's own.")


@strawberry.pydantic.input(description="Which auditor to invite, and until when.")
class InviteAuditorInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    email: str = Field(pattern=EMAIL, max_length=254, description="The address to send it to.")
    until: AwareDatetime = Field(description="When their access ends by itself; 400 days from now at most.")


@strawberry.pydantic.input(description="An invitation to take back.")
class RevokeInvitationInput(BaseModel):
    invitation_id: strawberry.ID = Field(description="Global id of the invitation.")


@strawberry.pydantic.input(description="An invitation to send once more.")
class ResendInvitationInput(BaseModel):
    invitation_id: strawberry.ID = Field(description="Global id of the invitation.")


@strawberry.pydantic.input(description="An invitation as it came by mail.")
class AcceptInvitationInput(BaseModel):
    token: SecretStr = Field(min_length=1, max_length=200, description="The code of the mail.")
    name: str | None = Field(
        default=None, min_length=1, max_length=100, description="What people call you, if you are new here."
    )
    password: SecretStr | None = Field(
        default=None,
        min_length=MIN_LENGTH,
        max_length=MAX_LENGTH,
        description=f"The password you choose, if you are new here: at least {MIN_LENGTH} characters.",
    )
    delivery: TokenDelivery = DELIVERY


InviteAuditorPayload = payload("InviteAuditor", "invitation", Invitation, "The invitation, which is on its way.")
InvitePayload = payload("Invite", "invitation", Invitation, "The invitation, which is on its way.")
RevokeInvitationPayload = payload("RevokeInvitation", "invitation", Invitation, "The invitation, taken back.")
ResendInvitationPayload = payload("ResendInvitation", "invitation", Invitation, "The invitation, sent again.")
AcceptInvitationPayload = payload("AcceptInvitation", "joined", Joined, "Where one belongs now.")
