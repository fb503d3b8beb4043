"""Alerts and the live messages about them."""

from datetime import datetime
from typing import Annotated, Any, Union

import strawberry
from pydantic import BaseModel, Field

import documents
from documents import AlertCategory, AlertSource, AlertState, AlertStep
from domain.facts.severity import Severity
from schema.account import Account, Resource
from schema.errors import payload
from schema.feed import StreamReset
from schema.finding import Finding
from schema.incident import Incident
from schema.node import Node, derived, global_id, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of, related
from schema.scalars import Cursor


@view(documents.Alert, description="Something a person must hear about.")
class Alert(Node):
    source: AlertSource = said("What it was made from.")
    severity: Severity = said("How bad it is.")
    title: str = said("What happened, in one line.")
    message: str = said("What was seen and what to do.")
    state: AlertState = said("Where it is in its life.")
    raised_at: datetime = said("When it was raised last.")
    acknowledged_at: datetime | None = said("When somebody took it on.")
    resolved_at: datetime | None = said("When its cause was gone, or somebody closed it.")
    resolution: str | None = said("Why somebody closed it; null when its cause was gone.")
    snoozed_until: datetime | None = said("Until when it is put away.")
    occurred_at: datetime | None = said("When it happened, where that is not when it was raised.")
    last_seen_at: datetime | None = said("When its cause was seen last.")
    region: str | None = said("Region of what it is about.")
    principal: str | None = said("Who did it, as the provider writes it.")
    resource_native_id: str | None = said("The provider's own id of the resource it is about.")
    resource: Resource | None = related("resource_id", "The resource it is about, where it is in the inventory.")
    times_raised: int = said("How often this cause has raised it.")
    version: int = said("Rises with every change of state, severity or assignee; pass it as expectedVersion.")
    category: strawberry.Private[AlertCategory | None]
    occurrences: strawberry.Private[int | None]
    assignee_id: strawberry.Private[Any]
    muted_by: strawberry.Private[Any]
    finding: Finding | None = related("finding_id", "The finding it was made from.")
    account: Account | None = related("account_id", "The account it is about.")
    incident: Incident | None = related("incident_id", "The incident it belongs to.")

    @derived("What it is about.", reads=("category",), name="category")
    def its_category(self) -> AlertCategory:
        return AlertCategory(self.category or AlertCategory.OPERATIONS)

    @derived(
        "How often its cause was seen since it was raised last, the first time included.",
        reads=("occurrences",),
        name="occurrences",
    )
    def seen_times(self) -> int:
        return self.occurrences or 1

    @derived("The Member it is given to; null while it is nobody's.", reads=("assignee_id",), name="assigneeId")
    def told_assignee(self) -> strawberry.ID | None:
        return None if self.assignee_id is None else global_id("Member", self.assignee_id)

    @derived("Whether nobody was told of it, because of a maintenance window.", reads=("muted_by",))
    def is_muted(self) -> bool:
        return self.muted_by is not None

    @derived("The MaintenanceWindow because of which nobody was told.", reads=("muted_by",))
    def muted_by_id(self) -> strawberry.ID | None:
        return None if self.muted_by is None else global_id("MaintenanceWindow", self.muted_by)

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.pydantic.input(description="Which alerts; every field that is given must match.")
class AlertFilter(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description="Of this tenant only.")
    states: list[AlertState] | None = Field(default=None, max_length=4, description="In these states only.")
    sources: list[AlertSource] | None = Field(default=None, max_length=8, description="From these sources only.")
    severities: list[Severity] | None = Field(default=None, max_length=5, description="Of these severities only.")
    categories: list[AlertCategory] | None = Field(default=None, max_length=4, description="About these only.")
    account_id: strawberry.ID | None = Field(default=None, description="About this account only.")
    assignee_id: strawberry.ID | None = Field(default=None, description="Given to this member only.")


ALERT_ID: strawberry.ID = Field(description="Global id of the alert.")
EXPECTED_VERSION: int | None = Field(
    default=None, ge=1, description="Refuse when the alert has another version by now."
)


@strawberry.pydantic.input(description="The alert to take on.")
class AcknowledgeAlertInput(BaseModel):
    alert_id: strawberry.ID = ALERT_ID
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="The alert to put away, and until when.")
class SnoozeAlertInput(BaseModel):
    alert_id: strawberry.ID = ALERT_ID
    until: datetime = Field(description="When it comes back; from now to ninety days ahead.")
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="The alert to give back.")
class ReopenAlertInput(BaseModel):
    alert_id: strawberry.ID = ALERT_ID
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="The alert that is dealt with, and how.")
class ResolveAlertInput(BaseModel):
    alert_id: strawberry.ID = ALERT_ID
    reason: str = Field(min_length=1, max_length=500, description="What was found and done.")
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="The alert, and whose it is from now on.")
class AssignAlertInput(BaseModel):
    alert_id: strawberry.ID = ALERT_ID
    member_id: strawberry.ID | None = Field(description="Global id of the member; null takes it from everybody.")
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="The alert, and what to write beside it.")
class CommentAlertInput(BaseModel):
    alert_id: strawberry.ID = ALERT_ID
    text: str = Field(min_length=1, max_length=4000, description="Plain text.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


@view(documents.AlertEntry, description="A step in the life of an alert.")
class AlertEntry(Node):
    step: AlertStep = said("What happened.")
    at: datetime = said("When.")
    actor: str | None = said("Who did it, as kind:id like in the audit log; null for CloudWatcher itself.")
    text: str | None = said("The comment, the reason, or what more there is to say.")
    member_id: strawberry.Private[Any]

    @derived("The Member it was given to; null for nobody and for other steps.", reads=("member_id",))
    def assignee_id(self) -> strawberry.ID | None:
        return None if self.member_id is None else global_id("Member", self.member_id)


@strawberry.type(description="An alert changed, or was raised.")
class AlertChanged:
    cursor: Cursor = said("Place in the feed just after this message; pass it as `after` to go on from here.")
    at: datetime = said("When it changed.")
    step: AlertStep = said("What happened to it.")
    alert: Alert = said("The alert as it was after that.")


@strawberry.type(description="An alert was raised.")
class AlertRaised:
    cursor: Cursor = said("Place in the feed just after this message; pass it as `after` to go on from here.")
    at: datetime = said("When it was raised.")
    alert: Alert = said("The alert as it was at that moment.")


AlertFeed = Annotated[
    Union[AlertRaised, StreamReset],  # noqa: UP007 - strawberry names the union through Annotated
    strawberry.union("AlertFeed", description="One message of the alert feed."),
]
AlertChangeFeed = Annotated[
    Union[AlertChanged, StreamReset],  # noqa: UP007 - strawberry names the union through Annotated
    strawberry.union("AlertChangeFeed", description="One message of the feed of changes of alerts."),
]
SnoozeAlertPayload = payload("SnoozeAlert", "alert", Alert, "The alert, now put away.")
ReopenAlertPayload = payload("ReopenAlert", "alert", Alert, "The alert, open again.")
ResolveAlertPayload = payload("ResolveAlert", "alert", Alert, "The alert, now resolved.")
AssignAlertPayload = payload("AssignAlert", "alert", Alert, "The alert, now somebody's or nobody's.")
CommentAlertPayload = payload("CommentAlert", "alert", Alert, "The alert the comment stands beside.")
AcknowledgeAlertPayload = payload("AcknowledgeAlert", "alert", Alert, "The alert, now acknowledged.")
