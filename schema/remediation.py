"""Remediations: what would be done, who approved it, how far it is, and every call that was made."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Union

import strawberry
from pydantic import BaseModel, Field
from strawberry.scalars import JSON

import documents
from domain.facts.finding import FindingCategory, Risk
from domain.facts.money import Money
from domain.facts.remediation import RealisedState, RemediationState, StepState
from domain.remediation.approval import BY_POLICY
from domain.remediation_plan import Plan, is_undoable
from schema import remediation_values as remediation_values
from schema.account import Account
from schema.control_exception import person_id
from schema.errors import payload
from schema.feed import StreamReset
from schema.finding import Finding
from schema.node import Node, derived, global_id, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of, related
from schema.remediation_plan import RemediationPlan, shown_plan
from schema.remediation_policy import RemediationPolicy
from schema.scalars import Cursor

REMEDIATION_ID = Field(description="Global id of the remediation.")


@strawberry.type(description="Somebody's approval of one plan.")
class RemediationApproval:
    by: strawberry.ID = said("Global id of who approved: a User, or the RemediationPolicy that did it by itself.")
    at: datetime = said("When.")
    plan_hash: str = said("Of which plan.")
    reason: str = said("What was said with it.")
    via: str = said("How: graph, slack, or policy.")
    policy_version: int | None = said("Which version of the policy approved; null for a person.")


@view(documents.Remediation, description="One remediation of one finding: plan, approvals, execution, verification.")
class Remediation(Node):
    rule_id: str = said("The rule, for example aws-ebs-unattached.")
    category: FindingCategory = said("Whether it is about money or safety.")
    risk: Risk = said("What fixing may cost.")
    state: RemediationState = said("How far it is.")
    resource_native_id: str = said("The id the provider bills and logs the resource by.")
    resource_name: str = said("The resource's name.")
    region: str | None = said("Where the resource is.")
    reason: str = said("Why it was asked for.")
    plan_hash: str | None = said("Of the plan; null before it is planned.")
    planned_at: datetime | None = said("When it was planned, from the state of that moment.")
    missing: list[str] | None = said(
        "Permissions that acting lacks; null where the provider does not tell. None must be known to be missing."
    )
    is_production: bool = said("Whether the resource counts as production: unless its tags say otherwise.")
    approvals_needed: int = said("How many people must approve; who has asked is none of them.")
    approved_at: datetime | None = said("When it had all its approvals.")
    expires_at: datetime | None = said("Until when it may be approved and begin.")
    step: str | None = said("What is being done, in plain words.")
    problem: str | None = said("What went wrong and what to do.")
    made: list[str] = said("Keys of the steps that are done.")
    created_at: datetime = said("When it was asked for.")
    started_at: datetime | None = said("When the first call was about to be made.")
    ended_at: datetime | None = said("When it ended.")
    realised_state: RealisedState | None = said(
        "Whether bills tell what it has saved; null before they were looked at, which is once a day."
    )
    realised_confidence: Decimal | None = said(
        "How sure that is, 0 to 1: 1 less the standard error of the difference of the mean daily costs divided by the "
        "size of that difference; null unless it is known."
    )
    realised_at: datetime | None = said("Since when bills tell so.")
    regressed_at: datetime | None = said(
        "When its finding was opened again after it was done; looked at daily for 60 days."
    )
    version: int = said("Rises with every change.")
    finding: Finding | None = related("finding_id", "The finding it is to mend.")
    account: Account | None = related("account_id", "The account the resource is in.")
    policy: RemediationPolicy | None = related("policy_id", "The policy that asked for it; null for a person.")
    policy_says: str | None = said("What its policy has decided and why; null before it is planned.")
    plan: strawberry.Private[Any]
    approvals: strawberry.Private[Any]
    realised_amount: strawberry.Private[Any]
    realised_currency: strawberry.Private[Any]
    requested_by: strawberry.Private[Any]
    rolled_back_by: strawberry.Private[Any]

    @derived("What exactly would be done; null before it is planned.", reads=("plan",), name="plan")
    def told_plan(self) -> RemediationPlan | None:
        return None if self.plan is None else shown_plan(Plan.model_validate(self.plan))

    @derived("Who has approved.", reads=("approvals",), name="approvals")
    def told_approvals(self) -> list[RemediationApproval]:
        return [
            RemediationApproval(
                by=global_id("RemediationPolicy" if one["via"] == BY_POLICY else "User", one["by"]),
                at=one["at"],
                plan_hash=one["plan_hash"],
                reason=one["reason"],
                via=one["via"],
                policy_version=one.get("policy_version"),
            )
            for one in self.approvals or ()
        ]

    @derived("Expected saving a month; null where nothing is saved or known.", reads=("plan",))
    def monthly_saving(self) -> Money | None:
        saving = (self.plan or {}).get("saving")
        return None if saving is None else Money(amount=Decimal(saving["amount"]), currency=saving["currency"])

    @derived(
        "What it really saves a month: 30.4167 times the mean daily cost of the fourteen days before less that of the "
        "fourteen days after, shared out by the estimates among remediations of the resource that lie so close "
        "together. Less than 0 where it costs more; 0 once it was taken back; null unless it is known.",
        reads=("realised_amount", "realised_currency"),
    )
    def realised_monthly_saving(self) -> Money | None:
        if self.realised_amount is None or self.realised_currency is None:
            return None
        return Money(amount=self.realised_amount, currency=self.realised_currency)

    @derived("Whether what was done can be taken back now.", reads=("plan", "made", "state"))
    def can_roll_back(self) -> bool:
        if self.plan is None or self.state not in CAN_ROLL_BACK:
            return False
        return is_undoable(Plan.model_validate(self.plan).steps, self.made)

    @derived("Global id of the User who asked for it; null for a policy.", reads=("requested_by",), name="requestedBy")
    def told_requester(self) -> strawberry.ID | None:
        return person_id(self.requested_by)

    @derived("Global id of the User who had it taken back.", reads=("rolled_back_by",), name="rolledBackBy")
    def told_undoer(self) -> strawberry.ID | None:
        return person_id(self.rolled_back_by)

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


CAN_ROLL_BACK = {state.value for state in remediation_values.CAN_ROLL_BACK}


@view(documents.RemediationCall, description="One call that was made to change something, as the journal has it.")
class RemediationCall(Node):
    number: int = said("Which one it was, from 1.")
    key: str = said("The step it was a try of; of an undoing, step/undo.")
    says: str = said("What it does.")
    operation: str = said("The call, as the provider's documentation names it.")
    region: str | None = said("Where it was made.")
    arguments: JSON = said("What was sent.")
    state: StepState = said("What came of it; BEGUN: it is not known.")
    answer: JSON | None = said("What came back, without secrets.")
    is_found: bool = said("Whether an earlier try was seen to have been heard, so that nothing was sent again.")
    error: str | None = said("What was wrong.")
    begun_at: datetime = said("When it was about to be sent.")
    ended_at: datetime | None = said("When the answer came.")

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.pydantic.input(description="Which remediations; every field that is given must match.")
class RemediationFilter(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description="Of this tenant only.")
    account_id: strawberry.ID | None = Field(default=None, description="In this account only.")
    states: list[RemediationState] | None = Field(default=None, max_length=16, description="In one of these only.")
    rule_ids: list[str] | None = Field(default=None, max_length=50, description="Of these rules only.")


@strawberry.pydantic.input(description="What to plan.")
class PlanRemediationInput(BaseModel):
    finding_id: strawberry.ID = Field(description="Global id of the finding to mend.")
    reason: str = Field(default="", max_length=1000, description="Why; the approver reads it.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="The plan to approve.")
class ApproveRemediationInput(BaseModel):
    remediation_id: strawberry.ID = REMEDIATION_ID
    plan_hash: str = Field(
        min_length=64, max_length=64, description="planHash of the plan that was read. Another plan is not approved."
    )
    reason: str = Field(default="", max_length=1000, description="Anything to go with it.")


@strawberry.pydantic.input(description="The remediation to end.")
class CancelRemediationInput(BaseModel):
    remediation_id: strawberry.ID = REMEDIATION_ID
    reason: str = Field(default="", max_length=1000, description="Why.")


@strawberry.pydantic.input(description="What to take back.")
class RollBackRemediationInput(BaseModel):
    remediation_id: strawberry.ID = REMEDIATION_ID
    reason: str = Field(min_length=1, max_length=1000, description="Why.")
    even_if_changed: bool = Field(
        default=False,
        description="Also when the resource has changed since it was mended: newer settings are lost.",
    )


PlanRemediationPayload = payload(
    "PlanRemediation", "remediation", Remediation, "The remediation; a worker plans it now. Nothing is changed yet."
)
ApproveRemediationPayload = payload(
    "ApproveRemediation", "remediation", Remediation, "The remediation, which runs once it has all its approvals."
)
CancelRemediationPayload = payload(
    "CancelRemediation", "remediation", Remediation, "The remediation. One under way takes back what it has done first."
)
RollBackRemediationPayload = payload(
    "RollBackRemediation", "remediation", Remediation, "The remediation, which is taken back now."
)


@strawberry.type(description="A remediation moved on.")
class RemediationChanged:
    cursor: Cursor = said("Place in the feed just after this message; pass it as `after` to go on from here.")
    at: datetime = said("When it was so.")
    remediation: Remediation = said("The remediation at that moment; ask for its plan by its id.")


RemediationFeed = Annotated[
    Union[RemediationChanged, StreamReset],  # noqa: UP007 - strawberry names the union through Annotated
    strawberry.union("RemediationFeed", description="One message of the feed of remediations."),
]
