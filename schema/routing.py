"""Routing rules: who is told of which alerts, and what the rules make of one alert."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from pydantic import BaseModel, Field

import documents
from documents.routing_rule import MOST_RULES
from domain.alerting.hours import ClockTime, WeeklyHours, ZoneName
from domain.alerting.route import HoldReason
from domain.alerting.rule import MOST_MINUTES, Afterwards, TagPair, Timing
from domain.facts.alert import AlertCategory, AlertSource
from domain.facts.severity import Severity
from schema.errors import payload
from schema.hours import WeeklyHoursInput
from schema.node import Node, derived, global_id, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of
from schema.values import register_enum

register_enum(
    Afterwards,
    "What follows when a rule is about an alert.",
    {Afterwards.STOP: "No rule after it is looked at.", Afterwards.CONTINUE: "The rules after it are looked at, too."},
)
register_enum(
    Timing,
    "When a rule has its channels told.",
    {
        Timing.IMMEDIATE: "At once, or after the delay.",
        Timing.HOURLY: "In a digest at the full hour.",
        Timing.DAILY: "In a digest once a day.",
    },
)
register_enum(
    HoldReason,
    "Why a message waits.",
    {
        HoldReason.DELAY: "The rule waits whether somebody takes the alert on.",
        HoldReason.DIGEST: "It comes in a digest.",
        HoldReason.MAINTENANCE: "Something is worked on; at the end a summary tells what is still open.",
        HoldReason.NOISE: "The channel was told too much in a short while; a summary tells of the rest.",
        HoldReason.QUIET: "The channel has quiet hours.",
    },
)
GlobalId = Annotated[strawberry.ID, Field(max_length=200)]


@strawberry.type(description="Who else is told when nobody acknowledges.")
class EscalationStep:
    after_minutes: int = said("Minutes after the alert was raised.")
    channel_ids: list[strawberry.ID] = said("The channels that are told then.")
    repeat_times: int = said("How often they are told again while nobody acknowledges.")
    repeat_minutes: int = said("Minutes between that.")


@view(documents.RoutingRule, description="A rule of who is told of which alerts. Every condition must hold.")
class RoutingRule(Node):
    name: str = said("What people call it.")
    position: int = said("Its place; the lowest is looked at first.")
    is_enabled: bool = said("Whether it is looked at.")
    severities: list[Severity] = said("Of these severities; empty: of any.")
    at_least: Severity | None = said("Of this severity or worse.")
    sources: list[AlertSource] = said("From these sources; empty: from any.")
    categories: list[AlertCategory] = said("About these; empty: about any.")
    tags: list[str] = said("With these tags, as key=value; of several values of a key one is enough.")
    afterwards: Afterwards = said("Whether the rules after it are looked at, too.")
    delay_minutes: int = said("Minutes to wait whether somebody takes the alert on, before anybody is told.")
    timing: Timing = said("When its channels are told.")
    digest_at: str = said("When the daily digest comes, as HH:MM.")
    zone: str = said("The time zone of that.")
    version: int = said("Rises with every change; pass it as expectedVersion.")
    hours: strawberry.Private[list[Any]]
    account_ids: strawberry.Private[list[Any]]
    channel_ids: strawberry.Private[list[Any]]
    escalations: strawberry.Private[list[Any]]

    @derived("Raised in any of these hours; empty: at any time.", reads=("hours",), name="hours")
    def told_hours(self) -> list[WeeklyHours]:
        return [WeeklyHours.model_validate(stored, from_attributes=True) for stored in self.hours]

    @derived("About these accounts; empty: about any.", reads=("account_ids",), name="accountIds")
    def told_accounts(self) -> list[strawberry.ID]:
        return [global_id("Account", id) for id in self.account_ids]

    @derived("The channels that are told; empty: nobody is.", reads=("channel_ids",), name="channelIds")
    def told_channels(self) -> list[strawberry.ID]:
        return [global_id("Channel", id) for id in self.channel_ids]

    @derived("Who else is told when nobody acknowledges.", reads=("escalations",), name="escalations")
    def told_escalations(self) -> list[EscalationStep]:
        return [escalation_step(stored) for stored in self.escalations]

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


def escalation_step(stored: Any) -> EscalationStep:
    """A step as it is shown, of a stored one or one of the domain."""
    fields = dict(stored)
    return EscalationStep(**{**fields, "channel_ids": [global_id("Channel", id) for id in fields["channel_ids"]]})


@strawberry.pydantic.input(description="Who else to tell when nobody acknowledges.")
class EscalationStepInput(BaseModel):
    after_minutes: int = Field(ge=1, le=MOST_MINUTES, description="Minutes after the alert was raised.")
    channel_ids: list[GlobalId] = Field(min_length=1, max_length=20, description="The channels to tell then.")
    repeat_times: int = Field(default=0, ge=0, le=20, description="How often to tell them again.")
    repeat_minutes: int = Field(default=15, ge=1, le=MOST_MINUTES, description="Minutes between that.")


class RuleFields(BaseModel):
    """What making and changing a rule have in common."""

    name: str = Field(min_length=1, max_length=100, description="What to call it; unique in the organization.")
    is_enabled: bool = Field(default=True, description="Whether it is looked at.")
    severities: list[Severity] = Field(default_factory=list, max_length=5, description="Of these; empty: of any.")
    at_least: Severity | None = Field(default=None, description="Of this severity or worse.")
    sources: list[AlertSource] = Field(default_factory=list, max_length=8, description="From these; empty: from any.")
    categories: list[AlertCategory] = Field(default_factory=list, max_length=4, description="About these; empty: any.")
    account_ids: list[GlobalId] = Field(default_factory=list, max_length=100, description="About these; empty: any.")
    tags: list[TagPair] = Field(default_factory=list, max_length=50, description="With these tags, as key=value.")
    hours: list[WeeklyHoursInput] = Field(
        default_factory=list, max_length=14, description="Raised in any of these hours; empty: at any time."
    )
    channel_ids: list[GlobalId] = Field(max_length=20, description="The channels to tell; empty: tell nobody.")
    afterwards: Afterwards = Field(default=Afterwards.STOP, description="Whether to look at the rules after it, too.")
    delay_minutes: int = Field(
        default=0,
        ge=0,
        le=MOST_MINUTES,
        description="Minutes to wait whether somebody takes the alert on, before anybody is told. Not for digests.",
    )
    timing: Timing = Field(default=Timing.IMMEDIATE, description="When to tell the channels.")
    digest_at: ClockTime = Field(default="08:00", description="When the daily digest comes, as HH:MM.")
    zone: ZoneName = Field(default="UTC", description="The time zone of that, e.g. Europe/Berlin.")
    escalations: list[EscalationStepInput] = Field(
        default_factory=list, max_length=10, description="Who else to tell when nobody acknowledges."
    )


EXPECTED_VERSION = Field(default=None, ge=1, description="The version you worked from; any when left out.")
RULE_ID = Field(description="Global id of the rule.")
ORGANIZATION = Field(default=None, description="The organization; may be left out when only one is in reach.")


@strawberry.pydantic.input(description="A rule to put behind the others.")
class CreateRoutingRuleInput(RuleFields):
    organization_id: strawberry.ID | None = ORGANIZATION
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="A rule as it shall be from now on; what is left out is as in a new one.")
class UpdateRoutingRuleInput(RuleFields):
    rule_id: strawberry.ID = RULE_ID
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="A rule to move.")
class MoveRoutingRuleInput(BaseModel):
    rule_id: strawberry.ID = RULE_ID
    place: int = Field(ge=0, le=MOST_RULES, description="How many rules shall stand before it.")
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="A rule to delete.")
class DeleteRoutingRuleInput(BaseModel):
    rule_id: strawberry.ID = RULE_ID
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="An alert: one there is, by its id, or one that is made up to try the rules.")
class PreviewRoutingInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    alert_id: strawberry.ID | None = Field(default=None, description="An alert there is; the rest is then left out.")
    severity: Severity = Field(default=Severity.HIGH, description="How bad it is.")
    source: AlertSource = Field(default=AlertSource.FINDING, description="What it was made from.")
    category: AlertCategory = Field(default=AlertCategory.SECOPS, description="What it is about.")
    account_id: strawberry.ID | None = Field(default=None, description="The account it is about.")
    resource: str | None = Field(default=None, max_length=2048, description="The provider's id of its resource.")
    tags: list[TagPair] = Field(default_factory=list, max_length=50, description="Its tags, as key=value.")
    at: datetime | None = Field(default=None, description="When it is raised; now, when left out.")


@strawberry.type(description="What a rule says of an alert.")
class RuleVerdict:
    rule_id: strawberry.ID | None = said("The rule; null for what holds while there are no rules.")
    name: str = said("What people call it.")
    is_match: bool = said("Whether it is about the alert.")
    reason: str = said("Why, or why not.")


@strawberry.type(description="Whether and when a channel is told of an alert.")
class ChannelTelling:
    channel_id: strawberry.ID = said("The channel.")
    channel_name: str | None = said("What people call it; null when it is gone.")
    rule_id: strawberry.ID | None = said("The rule that tells it; null for what holds while there are no rules.")
    is_told: bool = said("Whether it is told at all.")
    hold: HoldReason | None = said("Why it is told later; null for at once.")
    until: datetime | None = said("When it is told then.")
    reason: str = said("The same in words.")


@strawberry.type(description="A step that follows when nobody acknowledges.")
class PlannedEscalation:
    rule_id: strawberry.ID = said("The rule it is of.")
    due_at: datetime = said("When it is due.")
    step: EscalationStep = said("Who is told then.")


@strawberry.type(
    description="Where an alert goes by the rules as they are now. Limits on how much a channel takes come on top."
)
class RoutingPreview:
    rules: list[RuleVerdict] = said("What each rule says, in their order.")
    channels: list[ChannelTelling] = said("Whom the rules name, and when they are told.")
    escalations: list[PlannedEscalation] = said("What follows when nobody acknowledges.")
    muted_by_id: strawberry.ID | None = said("The maintenance window that keeps it from people.")
    muted_until: datetime | None = said("When that ends.")


CreateRoutingRulePayload = payload("CreateRoutingRule", "rule", RoutingRule, "The new rule.")
UpdateRoutingRulePayload = payload("UpdateRoutingRule", "rule", RoutingRule, "The rule as it is now.")
MoveRoutingRulePayload = payload("MoveRoutingRule", "rule", RoutingRule, "The rule at its new place.")
DeleteRoutingRulePayload = payload("DeleteRoutingRule", "deleted_id", strawberry.ID, "The id that the rule had.")
