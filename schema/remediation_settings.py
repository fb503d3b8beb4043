"""What an organization lets remediations do, the switch that stops them, and credentials that may act."""

from datetime import datetime, timedelta
from typing import Any

import strawberry
from pydantic import BaseModel, Field

import documents
from domain.alerting.hours import WeeklyHours
from domain.facts.finding import Risk
from domain.remediation.approval import ApprovalPolicy
from schema.access import AccessInput
from schema.account import Account
from schema.control_exception import person_id
from schema.errors import payload
from schema.hours import WeeklyHoursInput
from schema.node import Node, derived, global_id, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of
from schema.routing import EXPECTED_VERSION, ORGANIZATION, GlobalId

MOST_APPROVALS = 5
LEAST_HOURS, MOST_HOURS = 1, 24 * 30


@view(documents.RemediationSettings, description="What an organization lets remediations do.")
class RemediationSettings(Node):
    is_stopped: bool = said("Whether everything is stopped: nothing begins, and what runs ends before its next call.")
    stopped_at: datetime | None = said("Since when.")
    stop_reason: str | None = said("Why.")
    allows_automation: bool = said("Whether policies may approve what may run without asking; false at first.")
    most_per_run: int = said("How many resources of one rule a policy may approve in one run; more waits for people.")
    most_per_day: int = said("How many of one rule all policies may approve on one day in UTC; more waits for people.")
    version: int = said("Rises with every change; pass it as expectedVersion. 0 before anything was set.")
    policy: strawberry.Private[Any]
    approval_channel_ids: strawberry.Private[list[Any]]
    stopped_by: strawberry.Private[Any]

    @derived("How many people must approve where the risk is low; at least one.", reads=("policy",))
    def approvals_for_low(self) -> int:
        return _policy(self).approvals_of(Risk.LOW)

    @derived("How many people must approve where the risk is medium; at least one.", reads=("policy",))
    def approvals_for_medium(self) -> int:
        return _policy(self).approvals_of(Risk.MEDIUM)

    @derived("How many people must approve where the risk is high; at least one.", reads=("policy",))
    def approvals_for_high(self) -> int:
        return _policy(self).approvals_of(Risk.HIGH)

    @derived("How many hours a plan may wait for an approval, and an approval counts.", reads=("policy",))
    def valid_hours(self) -> int:
        return int(_policy(self).valid_for / timedelta(hours=1))

    @derived("When changes may run; empty for always.", reads=("policy",))
    def windows(self) -> list[WeeklyHours]:
        return list(_policy(self).windows)

    @derived(
        "The highest risk at which Approve in Slack is an approval, never HIGH in production; null: none is.",
        reads=("policy",),
    )
    def chat_approvals_up_to(self) -> Risk | None:
        return _policy(self).chat_approvals_up_to

    @derived(
        "The channels that are told of plans which wait for an approval; empty: none is.",
        reads=("approval_channel_ids",),
        name="approvalChannelIds",
    )
    def told_channels(self) -> list[strawberry.ID]:
        return [global_id("Channel", id) for id in self.approval_channel_ids or ()]

    @derived("Global id of the User who stopped everything.", reads=("stopped_by",), name="stoppedBy")
    def told_stopper(self) -> strawberry.ID | None:
        return person_id(self.stopped_by)

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


def _policy(row: Any) -> ApprovalPolicy:
    return ApprovalPolicy.model_validate(row.policy or {})


@strawberry.pydantic.input(description="What to let remediations do; what is left out stays.")
class SetRemediationSettingsInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    approvals_for_low: int | None = Field(default=None, ge=1, le=MOST_APPROVALS, description="Approvals at low risk.")
    approvals_for_medium: int | None = Field(
        default=None, ge=1, le=MOST_APPROVALS, description="Approvals at medium risk."
    )
    approvals_for_high: int | None = Field(default=None, ge=1, le=MOST_APPROVALS, description="Approvals at high risk.")
    valid_hours: int | None = Field(
        default=None, ge=LEAST_HOURS, le=MOST_HOURS, description="Hours a plan may wait, and an approval counts."
    )
    windows: list[WeeklyHoursInput] | None = Field(
        default=None, max_length=20, description="When changes may run; empty for always."
    )
    chat_approvals_up_to: strawberry.Maybe[Risk | None] = Field(
        default=None,
        description="The highest risk at which Approve in Slack is an approval, never HIGH in production; null: none "
        "is.",
    )
    approval_channel_ids: list[GlobalId] | None = Field(
        default=None,
        max_length=20,
        description="The channels to tell of plans that wait for an approval; empty: none.",
    )
    allows_automation: bool | None = Field(
        default=None, description="Whether policies may approve what may run without asking."
    )
    most_per_run: int | None = Field(
        default=None, ge=0, le=1000, description="How many resources of one rule a policy may approve in one run."
    )
    most_per_day: int | None = Field(
        default=None,
        ge=0,
        le=10_000,
        description="How many resources of one rule all policies may approve on one day in UTC.",
    )
    expected_version: int | None = EXPECTED_VERSION
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="The switch.")
class StopRemediationsInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    is_stopped: bool = Field(description="True stops everything, false lets it go on.")
    reason: str = Field(min_length=1, max_length=1000, description="Why.")


@strawberry.pydantic.input(description="Credentials that may change something in an account.")
class AllowRemediationInput(BaseModel):
    account_id: strawberry.ID = Field(description="Global id of the account.")
    access: AccessInput | None = Field(
        default=None,
        description="The credentials, which must open this account; other ones than those it is read with. Left out: "
        "those given before are forgotten, and nothing is changed there any more.",
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY


SetRemediationSettingsPayload = payload(
    "SetRemediationSettings", "settings", RemediationSettings, "The settings as they are now."
)
StopRemediationsPayload = payload("StopRemediations", "settings", RemediationSettings, "The settings as they are now.")
AllowRemediationPayload = payload("AllowRemediation", "account", Account, "The account as it is now.")
