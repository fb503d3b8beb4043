"""Members of an organization: who, with which role, since when."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import strawberry
from pydantic import BaseModel, Field

import documents
from documents import Role
from documents.user import Person
from schema.errors import payload
from schema.node import Node, derived, said, view
from schema.relation import organization_id_of, related
from schema.role import CustomRole
from schema.values import register_enum


class MemberState(StrEnum):
    ACTIVE = "ACTIVE"
    DEACTIVATED = "DEACTIVATED"


register_enum(
    MemberState,
    "Whether a membership is in force.",
    {
        MemberState.ACTIVE: "In force.",
        MemberState.DEACTIVATED: "Set aside: the person holds nothing in this organization until reactivated.",
    },
)


@view(documents.Membership, description="A person in one organization.")
class Member(Node):
    role: Role = said("The role. With a custom role, that one's permissions are held instead of this one's.")
    custom_role: CustomRole | None = related("custom_role_id", "The role of the organization's own, if there is one.")
    created_at: datetime = said("When the person joined.")
    until: datetime | None = said("When the membership ends by itself; null when it does not.")
    user: strawberry.Private[Person]
    deactivated_at: datetime | None = said("When the membership was set aside; null while it is in force.")

    @derived("Whether the membership is in force.", reads=("deactivated_at",))
    def state(self) -> MemberState:
        return MemberState.ACTIVE if self.deactivated_at is None else MemberState.DEACTIVATED

    @derived("What people call them.", reads=("user_id",))
    def name(self) -> str:
        return self.user.name

    @derived("Their sign-in address.", reads=("user_id",))
    def email(self) -> str:
        return self.user.email

    @derived("Whether they have set up a second factor.", reads=("user_id",))
    def has_second_factor(self) -> bool:
        return self.user.has_second_factor

    @derived("When a session of theirs was used last, to about ten minutes.", reads=("user_id",))
    def last_seen_at(self) -> datetime | None:
        return self.user.last_seen_at

    @derived("The organization.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.type(description="The sessions of a member, as far as this organization is concerned.")
class MemberSessions:
    open: int = said("How many are open in which the member may do something here.")
    valid_from: datetime | None = said("Sessions whose sign-in is older hold nothing here; null when all do.")


@strawberry.pydantic.input(description="Which members; all that are given must hold.")
class MemberFilter(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description="Members of this organization.")
    roles: Annotated[list[Role], Field(max_length=10)] | None = Field(default=None, description="Of these roles.")
    state: MemberState | None = Field(default=None, description="In this state.")
    text: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="Whose address, or a word of whose name, begins with this.",
    )


MEMBER = Field(description="Global id of the member.")


@strawberry.pydantic.input(description="The role a member shall have. You can give no more than you hold.")
class ChangeRoleInput(BaseModel):
    member_id: strawberry.ID = MEMBER
    role: Role = Field(description="The role; USER or CLIENT_VIEWER together with a custom one.")
    custom_role_id: strawberry.ID | None = Field(
        default=None, description="A role of the organization's own; without it the member has none."
    )


@strawberry.pydantic.input(description="A member to take out of the organization.")
class RemoveMemberInput(BaseModel):
    member_id: strawberry.ID = MEMBER


@strawberry.pydantic.input(description="A member to set aside.")
class DeactivateMemberInput(BaseModel):
    member_id: strawberry.ID = MEMBER


@strawberry.pydantic.input(description="A member to take back.")
class ReactivateMemberInput(BaseModel):
    member_id: strawberry.ID = MEMBER


@strawberry.pydantic.input(description="A member who shall sign in anew.")
class EndMemberSessionsInput(BaseModel):
    member_id: strawberry.ID = MEMBER


ChangeRolePayload = payload("ChangeRole", "member", Member, "The member as they are now.")
RemoveMemberPayload = payload("RemoveMember", "removed_id", strawberry.ID, "The id that the member had.")
DeactivateMemberPayload = payload("DeactivateMember", "member", Member, "The member, set aside.")
ReactivateMemberPayload = payload("ReactivateMember", "member", Member, "The member, in force again.")
EndMemberSessionsPayload = payload("EndMemberSessions", "member", Member, "The member, who has to sign in anew.")
