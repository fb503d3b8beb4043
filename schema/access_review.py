"""Access reviews and what is decided in them."""

from datetime import datetime
from typing import Annotated

import strawberry
from pydantic import BaseModel, Field

import documents
from domain.facts.access_review import AccessDecision, ReviewState
from domain.facts.compliance import Integration
from schema import compliance_values as compliance_values
from schema.errors import payload
from schema.node import Node, derived, global_id, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of
from schema.routing import EXPECTED_VERSION, ORGANIZATION, GlobalId
from schema.values import register_enum

register_enum(
    ReviewState,
    "How far an access review is.",
    {
        ReviewState.LISTING: "Who has access is being taken down.",
        ReviewState.OPEN: "Reviewers decide.",
        ReviewState.COMPLETED: "Everything is decided, and stays so.",
        ReviewState.ABANDONED: "Given up; it counts as no review.",
    },
)
register_enum(
    AccessDecision,
    "What a reviewer says of an access.",
    {
        AccessDecision.KEEP: "It stays as it is.",
        AccessDecision.CHANGED: "It stays with other rights, which were changed.",
        AccessDecision.REVOKE: "It shall be taken away; confirmRevocations says that it is.",
    },
)
REVIEW_ID = Field(description="Global id of the access review.")
ITEM_IDS = Field(min_length=1, max_length=200, description="Global ids of the accesses, 200 at most.")


@view(
    documents.AccessReview, description="A review of who has access: our members, and the people of what is connected."
)
class AccessReview(Node):
    name: str = said("What people call it.")
    state: ReviewState = said("How far it is.")
    opened_at: datetime = said("When it was started.")
    opened_by: str = said("Who started it, such as user:<id>.")
    due_at: datetime = said("Until when everything should be decided.")
    listed_at: datetime | None = said("When the oldest of what is listed was read; null while it is being listed.")
    unread: list[str] = said("Accounts that are left out because they were not read in whole, with why.")
    items_total: int = said("How many accesses are listed.")
    items_decided: int = said("How many of them are decided.")
    closed_at: datetime | None = said("When it was completed or given up.")
    closed_by: str | None = said("Who did that.")
    version: int = said("Rises with every change; pass it as expectedVersion.")

    @derived("The people who decide, by their global ids.", reads=("reviewer_ids",))
    def reviewers(self) -> list[strawberry.ID]:
        return [global_id("User", id) for id in self.reviewer_ids]

    reviewer_ids: strawberry.Private[list[object]]

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@view(documents.AccessReviewItem, description="One access of a review: who may use what.")
class AccessReviewItem(Node):
    integration: Integration = said("Where it is; PLATFORM is a membership of this organization.")
    account: str = said("The account, by the provider's own id.")
    account_name: str = said("What people call the account.")
    thing: str = said("An app's id in Okta, owner/name of a repository in GitHub; empty for the whole account.")
    thing_name: str = said("What people call that.")
    person: str = said("Who, by the id that the system gives.")
    name: str = said("What people call them.")
    email: str | None = said("Their address, where the system tells it.")
    rights: str = said("What they may do, as far as the system tells.")
    decision: AccessDecision | None = said("What was decided; null: nothing yet.")
    note: str = said("Why.")
    decided_by: str | None = said("Who decided, such as user:<id>.")
    decided_at: datetime | None = said("When.")
    confirmed_at: datetime | None = said("When somebody said that what was revoked is gone.")
    confirmed_by: str | None = said("Who said so.")

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.pydantic.input(description="A review to start.")
class StartAccessReviewInput(BaseModel):
    name: str = Field(min_length=1, max_length=100, description="What to call it, such as 2026 Q1.")
    reviewer_ids: list[GlobalId] = Field(
        min_length=1,
        max_length=50,
        description="Members who decide, by global id; two or more, because nobody decides of themselves.",
    )
    due_at: datetime = Field(description="Until when everything should be decided.")
    organization_id: strawberry.ID | None = ORGANIZATION
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="What to decide of accesses.")
class DecideAccessInput(BaseModel):
    review_id: strawberry.ID = REVIEW_ID
    item_ids: Annotated[list[GlobalId], ITEM_IDS]
    decision: AccessDecision = Field(description="What is decided.")
    note: str = Field(default="", max_length=500, description="Why.")


@strawberry.pydantic.input(description="Accesses that were revoked and are gone.")
class ConfirmRevocationsInput(BaseModel):
    review_id: strawberry.ID = REVIEW_ID
    item_ids: Annotated[list[GlobalId], ITEM_IDS]


@strawberry.pydantic.input(description="A review to close.")
class CloseAccessReviewInput(BaseModel):
    review_id: strawberry.ID = REVIEW_ID
    is_abandoned: bool = Field(default=False, description="Give it up instead of completing it.")
    expected_version: int | None = EXPECTED_VERSION


StartAccessReviewPayload = payload("StartAccessReview", "review", AccessReview, "The new review.")
DecideAccessPayload = payload("DecideAccess", "review", AccessReview, "The review now.")
ConfirmRevocationsPayload = payload("ConfirmRevocations", "review", AccessReview, "The review now.")
CloseAccessReviewPayload = payload("CloseAccessReview", "review", AccessReview, "The review, closed.")
