"""Alerts and the live messages about them."""

from datetime import datetime
from typing import Annotated, Union

import strawberry
from pydantic import BaseModel, Field

import documents
from documents import AlertSource, AlertState
from domain.facts.severity import Severity
from schema.account import Account
from schema.errors import payload
from schema.feed import StreamReset
from schema.finding import Finding
from schema.node import Node, derived, said, view
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
    resolved_at: datetime | None = said("When its cause was gone.")
    times_raised: int = said("How often this cause has raised it.")
    version: int = said("Rises with every change; pass it as expectedVersion.")
    finding: Finding | None = related("finding_id", "The finding it was made from.")
    account: Account | None = related("account_id", "The account it is about.")

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.pydantic.input(description="Which alerts; every field that is given must match.")
class AlertFilter(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description="Of this tenant only.")
    states: list[AlertState] | None = Field(default=None, max_length=4, description="In these states only.")
    sources: list[AlertSource] | None = Field(default=None, max_length=7, description="From these sources only.")
    severities: list[Severity] | None = Field(default=None, max_length=5, description="Of these severities only.")


@strawberry.pydantic.input(description="The alert to take on.")
class AcknowledgeAlertInput(BaseModel):
    alert_id: strawberry.ID = Field(description="Global id of the alert.")
    expected_version: int | None = Field(
        default=None, ge=1, description="Refuse when the alert has another version by now."
    )


@strawberry.type(description="An alert was raised.")
class AlertRaised:
    cursor: Cursor = said("Place in the feed just after this message; pass it as `after` to go on from here.")
    at: datetime = said("When it was raised.")
    alert: Alert = said("The alert as it was at that moment.")


AlertFeed = Annotated[
    Union[AlertRaised, StreamReset],  # noqa: UP007 - strawberry names the union through Annotated
    strawberry.union("AlertFeed", description="One message of the alert feed."),
]
AcknowledgeAlertPayload = payload("AcknowledgeAlert", "alert", Alert, "The alert, now acknowledged.")
