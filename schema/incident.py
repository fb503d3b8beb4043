"""Incidents and the live messages about them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Union

import strawberry
from pydantic import BaseModel, Field

import documents
from documents import AlertCategory, IncidentState
from domain.facts.incident import DecisionKind, IncidentStep
from domain.facts.severity import Severity
from schema.errors import payload
from schema.feed import StreamReset
from schema.node import Node, derived, global_id, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of
from schema.scalars import Cursor

KINDS = {"alert": "Alert", "finding": "Finding"}


def signal_id(signal: str) -> strawberry.ID:
    """The global id of what a stored signal stands for: alert:<id> or finding:<id>."""
    kind, _, id = signal.partition(":")
    return global_id(KINDS[kind], id)


def utc(at: datetime) -> datetime:
    """The driver leaves the zone out where it is quick."""
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


@strawberry.type(description="One thing that happened, or a fault that was seen, in an incident.")
class IncidentMoment:
    member_id: strawberry.ID = said("Global id of the Alert or Finding.")
    at: datetime = said("When it happened.")
    category: AlertCategory = said("What it is about.")
    severity: Severity = said("How bad it is by itself.")
    title: str = said("What happened, in one line.")


@strawberry.type(description="Why two members of an incident belong together.")
class IncidentLink:
    a: strawberry.ID = said("Global id of the earlier Alert or Finding.")
    b: strawberry.ID = said("Global id of the later Alert or Finding.")
    rule: str = said("The rule that joined them, for example same-principal.")
    reason: str = said("Why, in plain words.")
    at: datetime = said("When the later of them happened.")


@strawberry.type(description="What a person has decided about what belongs together. It holds against every rule.")
class IncidentDecision:
    kind: DecisionKind = said("Apart, or together.")
    a: strawberry.ID = said("An Alert or Finding that stands for the one side.")
    b: strawberry.ID = said("An Alert or Finding that stands for the other side.")
    by: str = said("Who, as kind:id like in the audit log.")
    at: datetime = said("When.")
    reason: str = said("Why, in their words.")
    is_void: bool = said("Whether a later decision has overtaken it.")


def moment_of(stored: Mapping[str, Any]) -> IncidentMoment:
    """A stored moment."""
    return IncidentMoment(
        member_id=signal_id(stored["signal"]),
        at=utc(stored["at"]),
        category=AlertCategory(stored["category"]),
        severity=Severity(stored["severity"]),
        title=stored["title"],
    )


def link_of(stored: Mapping[str, Any]) -> IncidentLink:
    """A stored link."""
    a, b = signal_id(stored["a"]), signal_id(stored["b"])
    return IncidentLink(a=a, b=b, rule=stored["rule"], reason=stored["reason"], at=utc(stored["at"]))


def decision_of(stored: Mapping[str, Any]) -> IncidentDecision:
    """A stored decision."""
    return IncidentDecision(
        kind=DecisionKind(stored["kind"]),
        a=signal_id(stored["a"]),
        b=signal_id(stored["b"]),
        by=stored["by"],
        at=utc(stored["at"]),
        reason=stored["reason"],
        is_void=stored["is_void"],
    )


@view(documents.Incident, description="Alerts and findings that belong together, across cost, security and compliance.")
class Incident(Node):
    number: int = said("Counts up within the organization.")
    title: str = said("The first of the worst of its members, and how many more there are.")
    severity: Severity = said("The worst of its members; one step worse where cost and security meet.")
    state: IncidentState = said("Where it is in its life.")
    categories: list[AlertCategory] = said("What its members are about.")
    opened_at: datetime = said("When it was seen that they belong together.")
    first_at: datetime = said("When the first of it happened.")
    last_at: datetime = said("When the last of it happened.")
    acknowledged_at: datetime | None = said("When somebody took it on.")
    resolved_at: datetime | None = said("When all of its members were resolved, or it was merged into another one.")
    member_count: int = said("How many alerts and findings it holds; incidentMembers lists them.")
    open_count: int = said("How many of them are not resolved.")
    version: int = said("Rises with every change; pass it as expectedVersion.")
    account_ids: strawberry.Private[list[Any]]
    assignee_id: strawberry.Private[Any]
    merged_into_id: strawberry.Private[Any]
    timeline: strawberry.Private[list[Any]]
    links: strawberry.Private[list[Any]]
    decisions: strawberry.Private[list[Any]]

    @derived("Its newest 100 members, in the order they happened.", reads=("timeline",), name="timeline")
    def told_timeline(self) -> list[IncidentMoment]:
        return [moment_of(stored) for stored in self.timeline or []]

    @derived("The newest 100 links between its members, each with its reason.", reads=("links",), name="links")
    def told_links(self) -> list[IncidentLink]:
        return [link_of(stored) for stored in self.links or []]

    @derived("The same reasons as sentences, in the order of the links, each once.", reads=("links",))
    def explanation(self) -> list[str]:
        return list(dict.fromkeys(stored["reason"] for stored in self.links or []))

    @derived("What people have split and merged, oldest first.", reads=("decisions",), name="decisions")
    def told_decisions(self) -> list[IncidentDecision]:
        return [decision_of(stored) for stored in self.decisions or []]

    @derived("The Accounts that its members are about.", reads=("account_ids",), name="accountIds")
    def told_accounts(self) -> list[strawberry.ID]:
        return [global_id("Account", id) for id in self.account_ids or []]

    @derived("The Member it is given to; null while it is nobody's.", reads=("assignee_id",), name="assigneeId")
    def told_assignee(self) -> strawberry.ID | None:
        return None if self.assignee_id is None else global_id("Member", self.assignee_id)

    @derived("The Incident it was merged into, where it goes on.", reads=("merged_into_id",), name="mergedIntoId")
    def told_merged(self) -> strawberry.ID | None:
        return None if self.merged_into_id is None else global_id("Incident", self.merged_into_id)

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.pydantic.input(description="Which incidents; every field that is given must match.")
class IncidentFilter(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description="Of this tenant only.")
    states: list[IncidentState] | None = Field(default=None, max_length=3, description="In these states only.")
    severities: list[Severity] | None = Field(default=None, max_length=5, description="Of these severities only.")
    categories: list[AlertCategory] | None = Field(default=None, max_length=4, description="With members about these.")


INCIDENT_ID: strawberry.ID = Field(description="Global id of the incident.")
EXPECTED_VERSION: int | None = Field(
    default=None, ge=1, description="Refuse when the incident has another version by now."
)
REASON: str = Field(min_length=1, max_length=500, description="Why; it stands with the decision.")


@strawberry.pydantic.input(description="The incident to take on.")
class AcknowledgeIncidentInput(BaseModel):
    incident_id: strawberry.ID = INCIDENT_ID
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="The incident, and whose it is from now on.")
class AssignIncidentInput(BaseModel):
    incident_id: strawberry.ID = INCIDENT_ID
    member_id: strawberry.ID | None = Field(description="Global id of the member; null takes it from everybody.")
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="The incident, and what does not belong to it.")
class SplitIncidentInput(BaseModel):
    incident_id: strawberry.ID = INCIDENT_ID
    member_ids: list[strawberry.ID] = Field(
        min_length=1, max_length=100, description="Global ids of the Alerts and Findings to take out; not all of them."
    )
    reason: str = REASON
    expected_version: int | None = EXPECTED_VERSION
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="The incident that goes on, and those that go into it.")
class MergeIncidentsInput(BaseModel):
    incident_id: strawberry.ID = INCIDENT_ID
    other_ids: list[strawberry.ID] = Field(
        min_length=1, max_length=10, description="Global ids of other incidents of the same organization."
    )
    reason: str = REASON
    expected_version: int | None = EXPECTED_VERSION
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.type(description="An incident was opened, changed or closed.")
class IncidentChanged:
    cursor: Cursor = said("Place in the feed just after this message; pass it as `after` to go on from here.")
    at: datetime = said("When it happened.")
    step: IncidentStep = said("What happened to it.")
    incident: Incident = said("The incident as it was after that.")


IncidentFeed = Annotated[
    Union[IncidentChanged, StreamReset],  # noqa: UP007 - strawberry names the union through Annotated
    strawberry.union("IncidentFeed", description="One message of the feed of incidents."),
]
AcknowledgeIncidentPayload = payload(
    "AcknowledgeIncident", "incident", Incident, "The incident, now acknowledged together with its alerts."
)
AssignIncidentPayload = payload("AssignIncident", "incident", Incident, "The incident, now somebody's or nobody's.")
SplitIncidentPayload = payload(
    "SplitIncident", "incident", Incident, "The incident without what was taken out; several make one of their own."
)
MergeIncidentsPayload = payload("MergeIncidents", "incident", Incident, "The incident that goes on.")
