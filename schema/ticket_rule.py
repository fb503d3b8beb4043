"""What rules of tickets are made from."""

from typing import Annotated

import strawberry
from pydantic import BaseModel, Field

from documents import AlertSource
from domain.facts.alert import AlertCategory
from domain.facts.severity import Severity
from schema.organization import IDEMPOTENCY_KEY

# Source: Jira Cloud, "Changing the project key format": two letters at least, digits and underscores after the first.
PROJECT = r"^[A-Z][A-Z0-9_]{1,49}$"
# Those that the rule has anyway win over fields of the same name.
FIELD_NAME = r"^[A-Za-z][A-Za-z0-9_]{0,99}$"
LABEL = r"^[^\s]{1,100}$"
Label = Annotated[str, Field(pattern=LABEL)]
TEMPLATE = "Placeholders such as {{ title }}, {{ severity }}, {{ account }}, {{ link }}, with filters and if."


@strawberry.pydantic.input(description="A tag that the resource of an alert must bear.")
class TicketTagInput(BaseModel):
    name: str = Field(min_length=1, max_length=200, description="Its name.")
    value: str = Field(max_length=300, description="Its value.")


@strawberry.pydantic.input(description="Which alerts a rule takes: every list that is given must have what they have.")
class TicketMatchInput(BaseModel):
    severities: list[Severity] = Field(default_factory=list, max_length=5, description="Of these severities.")
    sources: list[AlertSource] = Field(default_factory=list, max_length=8, description="Made from these.")
    categories: list[AlertCategory] = Field(default_factory=list, max_length=4, description="About these.")
    account_ids: list[strawberry.ID] = Field(
        default_factory=list, max_length=100, description="In these accounts, by global id."
    )
    tags: list[TicketTagInput] = Field(
        default_factory=list, max_length=20, description="Whose resource bears all of these tags."
    )


@strawberry.pydantic.input(description="The name of Jira's priority for a severity.")
class TicketPriorityInput(BaseModel):
    severity: Severity = Field(description="The severity of the alert.")
    priority: str = Field(min_length=1, max_length=60, description="The priority, as the project names it.")


@strawberry.pydantic.input(description="A further field of the tickets.")
class TicketFieldInput(BaseModel):
    name: str = Field(pattern=FIELD_NAME, description="Jira's own name of it, such as components or customfield_10010.")
    value: str = Field(min_length=1, max_length=2000, description="Its value, as JSON.")


@strawberry.pydantic.input(description="A rule to make.")
class CreateTicketRuleInput(BaseModel):
    organization_id: strawberry.ID | None = Field(
        default=None, description="The tenant it belongs to; may be left out when only one is in reach."
    )
    name: str = Field(min_length=1, max_length=100, description="What to call it; unique in the organization.")
    account_id: strawberry.ID = Field(description="Global id of the connected account of Jira.")
    project: str = Field(pattern=PROJECT, description="Key of the project.")
    issue_type: str = Field(default="Task", min_length=1, max_length=60, description="The type of the tickets.")
    match: TicketMatchInput = Field(description="Which alerts it takes.")
    summary: str | None = Field(default=None, min_length=1, max_length=500, description=TEMPLATE)
    description: str | None = Field(default=None, min_length=1, max_length=5000, description=TEMPLATE)
    labels: list[Label] = Field(default_factory=list, max_length=20, description="Labels to add.")
    priorities: list[TicketPriorityInput] = Field(
        default_factory=list, max_length=5, description="Priorities by severity."
    )
    fields: list[TicketFieldInput] = Field(default_factory=list, max_length=20, description="Further fields.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="What to change of a rule; what is left out stays.")
class UpdateTicketRuleInput(BaseModel):
    ticket_rule_id: strawberry.ID = Field(description="Global id of the rule.")
    expected_version: int | None = Field(
        default=None, ge=1, description="Refuse when the rule has another version by now."
    )
    name: str | None = Field(default=None, min_length=1, max_length=100, description="What to call it.")
    project: str | None = Field(default=None, pattern=PROJECT, description="Key of the project.")
    issue_type: str | None = Field(default=None, min_length=1, max_length=60, description="The type of the tickets.")
    match: TicketMatchInput | None = Field(default=None, description="Which alerts it takes from now on.")
    summary: str | None = Field(default=None, min_length=1, max_length=500, description=TEMPLATE)
    description: str | None = Field(default=None, min_length=1, max_length=5000, description=TEMPLATE)
    labels: list[Label] | None = Field(default=None, max_length=20, description="Labels to add.")
    priorities: list[TicketPriorityInput] | None = Field(
        default=None, max_length=5, description="Priorities by severity."
    )
    fields: list[TicketFieldInput] | None = Field(default=None, max_length=20, description="Further fields.")
    is_paused: bool | None = Field(default=None, description="Whether it makes no tickets for now.")


@strawberry.pydantic.input(description="The rule that is meant.")
class DeleteTicketRuleInput(BaseModel):
    ticket_rule_id: strawberry.ID = Field(description="Global id of the rule.")
