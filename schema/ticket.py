"""Tickets in Jira, and the rules by which alerts become one."""

from datetime import datetime
from typing import Any

import orjson
import strawberry
from pydantic import BaseModel, Field

import documents
from documents import AlertSource
from documents.jira_task import TicketComment as StoredComment
from domain.facts.alert import AlertCategory
from domain.facts.severity import Severity
from domain.facts.ticket import StatusCategory, TicketState
from domain.ticketing.matching import TicketMatch as StoredMatch
from schema.account import Account
from schema.alert import Alert
from schema.errors import payload
from schema.node import Node, derived, global_id, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of, related


@strawberry.type(description="A comment on a ticket.")
class TicketComment:
    author: str = said("Who wrote it, as Jira shows them.")
    text: str = said("What it says, without markup; long ones are cut.")
    at: datetime = said("When it was written.")
    is_ours: bool = said("Whether CloudWatcher wrote it.")


@strawberry.type(description="A tag that the resource of an alert must bear.")
class TicketTag:
    name: str = said("Its name.")
    value: str = said("Its value.")


@strawberry.type(description="Which alerts a rule takes: every list that is not empty must have what the alert has.")
class TicketMatch:
    severities: list[Severity] = said("Of these severities.")
    sources: list[AlertSource] = said("Made from these; CHECK are failed controls.")
    categories: list[AlertCategory] = said("About these.")
    account_ids: list[strawberry.ID] = said("In these accounts, by global id.")
    tags: list[TicketTag] = said("Whose resource bears all of these tags.")


@strawberry.type(description="The name of Jira's priority for a severity.")
class TicketPriority:
    severity: Severity = said("The severity of the alert.")
    priority: str = said("The priority of the ticket, as the project names it.")


@strawberry.type(description="A further field of the tickets.")
class TicketField:
    name: str = said("Jira's own name of it, such as components or customfield_10010.")
    value: str = said("Its value, as JSON.")


@view(documents.TicketRule, description="Which alerts become a ticket in Jira, where, and what it says.")
class TicketRule(Node):
    name: str = said("What people call it.")
    project: str = said("Key of the project.")
    issue_type: str = said("The type of the tickets, such as Task.")
    summary: str | None = said("Template of the summary; null for the title of the alert.")
    description: str | None = said("Template of the description; null for CloudWatcher's own.")
    labels: list[str] = said("Labels beside those of CloudWatcher.")
    is_paused: bool = said("Whether it makes no tickets for now.")
    version: int = said("Rises with every change; pass it as expectedVersion.")
    account: Account | None = related("account_id", "The connected account of Jira.")
    match: strawberry.Private[Any]
    priorities: strawberry.Private[dict[str, str]]
    fields: strawberry.Private[dict[str, Any]]

    @derived("Which alerts it takes.", reads=("match",), name="match")
    def told_match(self) -> TicketMatch:
        stored = StoredMatch.model_validate(self.match or {})
        return TicketMatch(
            severities=list(stored.severities),
            sources=list(stored.sources),
            categories=list(stored.categories),
            account_ids=[global_id("Account", id) for id in stored.account_ids],
            tags=[TicketTag(name=name, value=value) for name, value in stored.tags.items()],
        )

    @derived("Priorities by severity; others get the project's own.", reads=("priorities",), name="priorities")
    def told_priorities(self) -> list[TicketPriority]:
        found = (self.priorities or {}).items()
        return [TicketPriority(severity=Severity(name), priority=priority) for name, priority in found]

    @derived("Further fields.", reads=("fields",), name="fields")
    def told_fields(self) -> list[TicketField]:
        found = (self.fields or {}).items()
        return [TicketField(name=name, value=orjson.dumps(value).decode()) for name, value in found]

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@view(documents.JiraTask, description="The ticket in Jira of an alert, as it was last seen.")
class JiraTask(Node):
    state: TicketState = said("Where it stands, in a word.")
    problem: str | None = said("What is wrong with it and what to do.")
    issue_key: str | None = said("Jira's key, such as OPS-7; null until it is made.")
    url: str | None = said("Where to look at it.")
    summary: str | None = said("Its summary.")
    status: str | None = said("Its status, as the workflow names it.")
    category: StatusCategory | None = said("What that status comes down to.")
    assignee: str | None = said("Who works on it, as Jira shows them.")
    priority: str | None = said("Its priority, as the project names it.")
    is_over: bool = said("Whether the cause is verified gone: the ticket is then closed.")
    created_at: datetime = said("When it was asked for.")
    updated_at: datetime | None = said("When Jira last changed it.")
    seen_at: datetime | None = said("When CloudWatcher last heard of a change.")
    reconciled_at: datetime | None = said("When CloudWatcher last asked Jira for what had changed.")
    version: int = said("Rises with every change.")
    alert: Alert | None = related("alert_id", "The alert it is for.")
    account: Account | None = related("account_id", "The connected account of Jira.")
    comments: strawberry.Private[list[Any]]

    @derived("Its last comments, 20 at most, the oldest first.", reads=("comments",), name="comments")
    def told_comments(self) -> list[TicketComment]:
        return [_comment(stored) for stored in self.comments or []]

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


def _comment(stored: Any) -> TicketComment:
    comment = StoredComment.model_validate(stored)
    return TicketComment(author=comment.author, text=comment.text, at=comment.at_utc, is_ours=comment.is_ours)


CreateTicketRulePayload = payload("CreateTicketRule", "ticketRule", TicketRule, "The rule.")
UpdateTicketRulePayload = payload("UpdateTicketRule", "ticketRule", TicketRule, "The rule as it is now.")
DeleteTicketRulePayload = payload("DeleteTicketRule", "ticketRule", TicketRule, "The rule as it was.")
CreateTicketPayload = payload("CreateTicket", "jiraTask", JiraTask, "The ticket, which is made in a moment.")


@strawberry.pydantic.input(description="Which tickets; every field that is given must match.")
class JiraTaskFilter(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description="Of this tenant only.")
    alert_id: strawberry.ID | None = Field(default=None, description="Of this alert only.")
    states: list[TicketState] | None = Field(default=None, max_length=4, description="In these states only.")


@strawberry.pydantic.input(description="The alert to make a ticket of.")
class CreateTicketInput(BaseModel):
    alert_id: strawberry.ID = Field(description="Global id of the alert.")
    ticket_rule_id: strawberry.ID | None = Field(
        default=None,
        description="The rule that says where and what; left out, the first that takes the alert, else the first.",
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY
