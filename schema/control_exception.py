"""Exceptions of controls: dated, reasoned, approved by somebody else than who has asked."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from pydantic import BaseModel, Field

import documents
from domain.facts.governance import ExceptionState
from schema import governance_values as governance_values
from schema.account import Account
from schema.check import ControlId
from schema.errors import payload
from schema.node import Node, derived, global_id, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of, related
from schema.routing import EXPECTED_VERSION, ORGANIZATION

ResourceName = Annotated[str, Field(min_length=1, max_length=2048)]
# Longer than ids are: a filter finds nothing by what is none, and refuses nothing.
ChosenControl = Annotated[str, Field(max_length=200)]
EXCEPTION_ID = Field(description="Global id of the exception.")


def person_id(id: Any) -> strawberry.ID | None:
    """The global id of a person, None for nobody."""
    return None if id is None else global_id("User", id)


@view(documents.ControlException, description="A dated leave for something to fail a control.")
class ControlException(Node):
    control_id: str = said("The control.")
    account: Account | None = related("account_id", "The account it is for; null for its resources wherever they are.")
    resources: list[str] = said("The resources, as checks list them; empty for everything in the account.")
    reason: str = said("Why it must be.")
    compensating_control: str = said("What is done instead.")
    starts_at: datetime = said("From when on it counts, once approved.")
    ends_at: datetime = said("Until when.")
    state: ExceptionState = said("Where the request stands.")
    decided_at: datetime | None = said("When it was decided.")
    comment: str = said("What was written with the decision.")
    revoked_at: datetime | None = said("When it was revoked.")
    version: int = said("Rises with every change; pass it as expectedVersion.")
    requested_by: strawberry.Private[Any]
    decided_by: strawberry.Private[Any]
    revoked_by: strawberry.Private[Any]

    @derived("Global id of the User who has asked.", reads=("requested_by",), name="requestedBy")
    def told_requester(self) -> strawberry.ID | None:
        return person_id(self.requested_by)

    @derived("Global id of the User who has decided.", reads=("decided_by",), name="decidedBy")
    def told_decider(self) -> strawberry.ID | None:
        return person_id(self.decided_by)

    @derived("Global id of the User who has revoked it.", reads=("revoked_by",), name="revokedBy")
    def told_revoker(self) -> strawberry.ID | None:
        return person_id(self.revoked_by)

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.pydantic.input(description="Which exceptions; every field that is given must match.")
class ControlExceptionFilter(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description="Of this tenant only.")
    control_ids: list[ChosenControl] | None = Field(default=None, max_length=100, description="Of these controls only.")
    states: list[ExceptionState] | None = Field(default=None, max_length=4, description="In one of these only.")


@strawberry.pydantic.input(description="What shall be exempt, until when, and why.")
class RequestControlExceptionInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    control_id: ControlId = Field(description="The control, for example CW-IAM-01.")
    account_id: strawberry.ID | None = Field(default=None, description="In this account only.")
    resources: list[ResourceName] = Field(
        default=[], max_length=200, description="These, as checks list them; empty: everything in the account."
    )
    reason: str = Field(min_length=5, max_length=2000, description="Why it must be.")
    compensating_control: str = Field(min_length=5, max_length=2000, description="What is done instead.")
    starts_at: datetime | None = Field(default=None, description="From when on; now, when left out.")
    ends_at: datetime = Field(description="Until when: at most 366 days after its start.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="What is decided on a request for an exception.")
class DecideControlExceptionInput(BaseModel):
    exception_id: strawberry.ID = EXCEPTION_ID
    is_approved: bool = Field(description="Whether it is approved.")
    comment: str = Field(default="", max_length=2000, description="Why.")
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="An exception to end now, or a request to withdraw.")
class RevokeControlExceptionInput(BaseModel):
    exception_id: strawberry.ID = EXCEPTION_ID
    expected_version: int | None = EXPECTED_VERSION


RequestControlExceptionPayload = payload(
    "RequestControlException", "exception", ControlException, "The request, which somebody else must approve."
)
DecideControlExceptionPayload = payload("DecideControlException", "exception", ControlException, "The exception now.")
RevokeControlExceptionPayload = payload("RevokeControlException", "exception", ControlException, "The exception, over.")
