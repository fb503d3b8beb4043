"""Policies that have remediations planned by themselves, their runs, and what they would do now."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from pydantic import BaseModel, Field

import documents
from domain.alerting.hours import WEEK, ClockTime, Weekday, ZoneName
from domain.facts.remediation import Left, PolicyCause, PolicyMode, PolicyTrigger
from domain.facts.severity import Severity
from domain.remediation.automation import SAYS
from domain.remediation_policy import RemediationSchedule, RemediationTag, TagText
from schema import remediation_values as remediation_values
from schema.control_exception import person_id
from schema.directives import Cost
from schema.errors import payload
from schema.finding import Finding
from schema.node import Node, derived, global_id, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of, related
from schema.routing import EXPECTED_VERSION, ORGANIZATION, GlobalId

MOST_RULES, MOST_TAGS, MOST_CONTROLS = 50, 20, 100
# What a preview shows, and how far it counts.
MOST_SHOWN, MOST_COUNTED = 100, 1000
POLICY_ID = Field(description="Global id of the policy.")
RuleId = Annotated[str, Field(min_length=1, max_length=200)]
ControlId = Annotated[str, Field(min_length=1, max_length=50)]

strawberry.pydantic.type(RemediationSchedule, description="Times of a clock at which a policy runs.")
strawberry.pydantic.type(RemediationTag, description="A tag that a resource must, or must not, have.")


@view(
    documents.RemediationPolicy,
    description="What has remediations planned by itself, and lets those run that may run without asking.",
)
class RemediationPolicy(Node):
    name: str = said("What people call it.")
    is_enabled: bool = said("Whether it plans and approves anything.")
    rule_ids: list[str] = said("The rules whose findings it takes.", directives=(Cost(list_size=10),))
    least_severity: Severity | None = said("It takes findings of this severity or worse; null: of any.")
    reason: str = said("Why; approvers read it.")
    triggers: list[PolicyTrigger] = said("When it looks for findings.", directives=(Cost(list_size=3),))
    control_ids: list[str] = said(
        "With the trigger CONTROL: which controls; empty: any.", directives=(Cost(list_size=10),)
    )
    mode: PolicyMode = said("What becomes of its plans.")
    most_per_run: int | None = said("A lower cap than the organization's; null: that one.")
    most_per_day: int | None = said("A lower cap than the organization's; null: that one.")
    next_run_at: datetime | None = said("When its schedule is due next; null without one, and while it is off.")
    changed_at: datetime = said("Since when it is as it is.")
    version: int = said("Rises with every change; pass it as expectedVersion. What is new runs dry first.")
    account_ids: strawberry.Private[list[Any]]
    tags: strawberry.Private[list[Any]]
    without_tags: strawberry.Private[list[Any]]
    schedule: strawberry.Private[Any]
    changed_by: strawberry.Private[Any]

    @derived("In these accounts; empty: in all.", reads=("account_ids",), name="accountIds")
    def told_accounts(self) -> list[strawberry.ID]:
        return [global_id("Account", id) for id in self.account_ids]

    @derived("Of resources with all of these tags.", reads=("tags",), name="tags")
    def told_tags(self) -> list[RemediationTag]:
        return [RemediationTag.model_validate(one, from_attributes=True) for one in self.tags]

    @derived("Of resources with none of these tags.", reads=("without_tags",), name="withoutTags")
    def told_without(self) -> list[RemediationTag]:
        return [RemediationTag.model_validate(one, from_attributes=True) for one in self.without_tags]

    @derived("When it runs; null without the trigger SCHEDULE.", reads=("schedule",), name="schedule")
    def told_schedule(self) -> RemediationSchedule | None:
        if self.schedule is None:
            return None
        return RemediationSchedule.model_validate(self.schedule, from_attributes=True)

    @derived(
        "Global id of the User who has set it as it is; they approve none of its plans.",
        reads=("changed_by",),
        name="changedBy",
    )
    def told_changer(self) -> strawberry.ID | None:
        return person_id(self.changed_by)

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.type(description="A reason for which something was left to people.")
class RemediationPolicyLeft:
    reason: Left = said("The reason.")
    count: int = said("Of how many findings or plans; a plan may be left for several reasons.")
    says: str = said("The same as a sentence.")


@strawberry.type(description="A control that came to fail in an account.")
class FailedControl:
    control_id: str = said("The control.")
    account_id: strawberry.ID = said("Global id of the Account.")


@view(documents.RemediationPolicyRun, description="One run of a policy, and what came of it so far.")
class RemediationPolicyRun(Node):
    policy: RemediationPolicy | None = related("policy_id", "The policy; null once it is deleted.")
    policy_version: int = said("The version of the policy that ran.")
    cause: PolicyCause = said("What it came of.")
    planned_for: datetime = said("When it was due.")
    created_at: datetime = said("When it was started.")
    ended_at: datetime | None = said("When everything had been asked for; plans may be made later.")
    is_dry: bool = said("Whether somebody asked for plans only.")
    dry_rule_ids: list[str] = said(
        "Rules of which it only plans: the policy, the remedy or the rule's parameters had changed.",
        directives=(Cost(list_size=5),),
    )
    matched: int = said("How many findings it took.")
    planned: int = said("For how many it had a remediation planned.")
    approved: int = said("How many of those it has approved by itself so far.")
    waiting: int = said("How many of those it has left to people so far.")
    refused: int = said("For how many of those there is no plan.")
    problem: str | None = said("Why it ended early.")
    left: strawberry.Private[dict[Any, int]]
    controls: strawberry.Private[list[Any]]
    asked_by: strawberry.Private[Any]

    @derived("What was left to people, by reason.", reads=("left",), name="left")
    def told_left(self) -> list[RemediationPolicyLeft]:
        found = {reason: self.left.get(reason, 0) for reason in Left}
        return [RemediationPolicyLeft(reason=one, count=count, says=SAYS[one]) for one, count in found.items() if count]

    @derived("The controls that came to fail; empty for other causes.", reads=("controls",), name="controls")
    def told_controls(self) -> list[FailedControl]:
        return [
            FailedControl(control_id=one["control_id"], account_id=global_id("Account", one["account_id"]))
            for one in map(dict, self.controls)
        ]

    @derived("Global id of the User who asked for it.", reads=("asked_by",), name="askedBy")
    def told_asker(self) -> strawberry.ID | None:
        return person_id(self.asked_by)

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.type(description="What a policy would do about one finding now.")
class RemediationPolicyForecast:
    finding: Finding = said("The finding.")
    resource_name: str = said("The resource's name.")
    is_planned: bool = said("Whether a remediation would be planned.")
    is_approved: bool = said("Whether the policy would approve that by itself, unless a permission is missing.")
    reasons: list[Left] = said("Why it would be left to people.", directives=(Cost(list_size=3),))
    says: str = said("The same in sentences.")


@strawberry.type(description="What a policy would do now. Nothing is planned or changed.")
class RemediationPolicyPreview:
    findings: list[RemediationPolicyForecast] = said(
        f"The findings it would take, the worst first; {MOST_SHOWN} at most.", directives=(Cost(list_size=MOST_SHOWN),)
    )
    matched: int = said(f"How many there are, counted up to {MOST_COUNTED}.")
    planned: int = said("For how many of those listed a remediation would be planned.")
    approved: int = said("How many of those listed it would approve by itself.")


@strawberry.pydantic.input(description="A tag with this key and one of these values. Case does not count.")
class RemediationTagInput(BaseModel):
    key: TagText = Field(description="The key of the tag.")
    values: list[TagText] = Field(default=[], max_length=50, description="Values that match; empty: any.")

    def fact(self) -> RemediationTag:
        return RemediationTag(key=self.key, values=tuple(self.values))


@strawberry.pydantic.input(
    description="Times at which a policy runs. A time that clocks are put forward over is as much later that day; of "
    "one that comes twice, the first counts."
)
class RemediationScheduleInput(BaseModel):
    zone: ZoneName = Field(default="UTC", description="Time zone of the IANA database, e.g. Europe/Berlin.")
    days: list[Weekday] = Field(default=list(WEEK), min_length=1, max_length=7, description="On which days.")
    at: ClockTime = Field(description="At what time, as HH:MM.")

    def fact(self) -> RemediationSchedule:
        return RemediationSchedule(zone=self.zone, days=tuple(self.days), at=self.at)


class PolicyFields(BaseModel):
    """What making and changing a policy have in common."""

    name: str = Field(min_length=1, max_length=100, description="What to call it; unique in the organization.")
    is_enabled: bool = Field(default=True, description="Whether it plans and approves anything.")
    rule_ids: list[RuleId] = Field(
        min_length=1, max_length=MOST_RULES, description="The rules whose findings it takes; each must have a remedy."
    )
    account_ids: list[GlobalId] = Field(default=[], max_length=100, description="In these accounts; empty: in all.")
    tags: list[RemediationTagInput] = Field(
        default=[], max_length=MOST_TAGS, description="Of resources with all of these tags."
    )
    without_tags: list[RemediationTagInput] = Field(
        default=[], max_length=MOST_TAGS, description="Of resources with none of these tags."
    )
    least_severity: Severity | None = Field(default=None, description="Of this severity or worse.")
    reason: str = Field(default="", max_length=1000, description="Why; approvers read it.")
    triggers: list[PolicyTrigger] = Field(min_length=1, max_length=3, description="When it looks for findings.")
    schedule: RemediationScheduleInput | None = Field(
        default=None, description="When it runs; with the trigger SCHEDULE, and only then."
    )
    control_ids: list[ControlId] = Field(
        default=[],
        max_length=MOST_CONTROLS,
        description="Which controls start it, with the trigger CONTROL; empty: any.",
    )
    mode: PolicyMode = Field(default=PolicyMode.PROPOSE, description="What becomes of its plans.")
    most_per_run: int | None = Field(
        default=None,
        ge=0,
        le=1000,
        description="How many of one rule it may approve in a run, if less than others may.",
    )
    most_per_day: int | None = Field(
        default=None,
        ge=0,
        le=10_000,
        description="It approves none of a rule of which policies have approved so many on the day in UTC.",
    )


@strawberry.pydantic.input(description="A policy to make.")
class CreateRemediationPolicyInput(PolicyFields):
    organization_id: strawberry.ID | None = ORGANIZATION
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="A policy as it shall be from now on; what is left out is as in a new one.")
class UpdateRemediationPolicyInput(PolicyFields):
    policy_id: strawberry.ID = POLICY_ID
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="A policy to delete.")
class DeleteRemediationPolicyInput(BaseModel):
    policy_id: strawberry.ID = POLICY_ID
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="A policy to run now.")
class RunRemediationPolicyInput(BaseModel):
    policy_id: strawberry.ID = POLICY_ID
    is_dry: bool = Field(default=False, description="Whether to plan only: everything waits for people.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


CreateRemediationPolicyPayload = payload("CreateRemediationPolicy", "policy", RemediationPolicy, "The new policy.")
UpdateRemediationPolicyPayload = payload("UpdateRemediationPolicy", "policy", RemediationPolicy, "As it is now.")
DeleteRemediationPolicyPayload = payload(
    "DeleteRemediationPolicy", "deleted_id", strawberry.ID, "The id that the policy had."
)
RunRemediationPolicyPayload = payload(
    "RunRemediationPolicy", "run", RemediationPolicyRun, "The run, which a worker starts on now."
)
