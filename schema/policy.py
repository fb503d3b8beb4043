"""Policies: their versions, who has approved them, and what one has to acknowledge."""

from datetime import datetime
from typing import Any

import strawberry
from pydantic import BaseModel, Field

import documents
from schema.control_exception import person_id
from schema.errors import payload
from schema.node import Node, derived, global_id, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of
from schema.routing import EXPECTED_VERSION, ORGANIZATION

POLICY_ID = Field(description="Global id of the policy.")
TEXT = Field(min_length=1, max_length=200_000, description="All of it, or where it is kept and its hash.")


@view(documents.Policy, description="A rule the organization has written down.")
class Policy(Node):
    name: str = said("What it is called.")
    is_required: bool = said("Whether a framework that is followed asks for it: CW-GOV-01 judges those.")
    newest: int = said("The number of its newest version, approved or not.")
    in_force: int | None = said("The number of the version in force; null before one was approved.")
    approved_at: datetime | None = said("When the version in force was approved last.")
    next_review_at: datetime | None = said("When it must be looked at again.")
    archived_at: datetime | None = said("When it was put away; null while it counts.")
    version: int = said("Rises with every change; pass it as expectedVersion.")
    approved_by: strawberry.Private[Any]

    @derived("Global id of the User who has approved it.", reads=("approved_by",), name="approvedBy")
    def told_approver(self) -> strawberry.ID | None:
        return person_id(self.approved_by)

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@view(documents.PolicyVersion, description="One version of a policy.")
class PolicyVersion(Node):
    number: int = said("Counted from 1.")
    text: str = said("All of it.")
    sha256: str = said("The SHA-256 of the text in UTF-8.")
    created_at: datetime = said("When it was written.")
    approved_at: datetime | None = said("When it was approved last; null where it was not.")
    policy_id: strawberry.Private[Any]
    written_by: strawberry.Private[Any]
    approved_by: strawberry.Private[Any]

    @derived("Global id of the policy.", reads=("policy_id",), name="policyId")
    def told_policy(self) -> strawberry.ID:
        return global_id("Policy", self.policy_id)

    @derived("Global id of the User who has written it.", reads=("written_by",), name="writtenBy")
    def told_writer(self) -> strawberry.ID | None:
        return person_id(self.written_by)

    @derived("Global id of the User who has approved it.", reads=("approved_by",), name="approvedBy")
    def told_approver(self) -> strawberry.ID | None:
        return person_id(self.approved_by)


@strawberry.type(description="A policy in force, for one of the people it binds.")
class PolicyToAcknowledge:
    policy_id: strawberry.ID = said("Global id of the policy.")
    organization_id: strawberry.ID = said("The tenant it binds you in.")
    name: str = said("What it is called.")
    number: int = said("The version in force.")
    text: str = said("All of it.")
    acknowledged_at: datetime | None = said("When you have acknowledged this version; null where you have not.")


@strawberry.pydantic.input(description="A policy with its first version.")
class CreatePolicyInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    name: str = Field(min_length=1, max_length=120, description="What to call it; no other may have this name.")
    is_required: bool = Field(default=True, description="Whether a framework that is followed asks for it.")
    text: str = TEXT
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="The next version of a policy.")
class WritePolicyVersionInput(BaseModel):
    policy_id: strawberry.ID = POLICY_ID
    text: str = TEXT
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="A version of a policy that shall be in force.")
class ApprovePolicyInput(BaseModel):
    policy_id: strawberry.ID = POLICY_ID
    number: int = Field(ge=1, description="The version: a newer one than is in force, or the same for another year.")
    next_review_at: datetime = Field(description="When it must be looked at again: in 366 days at the latest.")
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="A policy that does not count any more.")
class ArchivePolicyInput(BaseModel):
    policy_id: strawberry.ID = POLICY_ID
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="A policy you have read and keep to.")
class AcknowledgePolicyInput(BaseModel):
    policy_id: strawberry.ID = POLICY_ID
    number: int = Field(ge=1, description="The version you have read, which must be the one in force.")


CreatePolicyPayload = payload("CreatePolicy", "policy", Policy, "The policy, whose version somebody else must approve.")
WritePolicyVersionPayload = payload("WritePolicyVersion", "policy", Policy, "The policy; the new version is `newest`.")
ApprovePolicyPayload = payload("ApprovePolicy", "policy", Policy, "The policy now.")
ArchivePolicyPayload = payload("ArchivePolicy", "policy", Policy, "The policy, put away.")
AcknowledgePolicyPayload = payload("AcknowledgePolicy", "policy", Policy, "The policy.")
