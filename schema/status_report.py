"""Summaries that are sent by the clock."""

from datetime import datetime

import strawberry
from pydantic import BaseModel, Field

import documents
from domain.facts.status import ReportEvery, StatusKind, Weekday
from schema.errors import payload
from schema.node import Node, derived, global_id, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of

TIME = r"^([01]\d|2[0-3]):[0-5]\d$"


@view(documents.StatusReport, description="A summary that is sent to a channel every day or week.")
class StatusReport(Node):
    name: str = said("What people call it.")
    kinds: list[StatusKind] = said("What it is about.")
    every: ReportEvery = said("How often it is sent.")
    weekday: Weekday = said("On which day a weekly one is sent.")
    at: str = said("When, as HH:MM on the clock there.")
    zone: str = said("Which clock, such as Europe/Berlin.")
    is_paused: bool = said("Whether it is not sent for now.")
    next_at: datetime | None = said("When it is due next; null while it is paused.")
    last_sent_at: datetime | None = said("When it was handed to its channel last.")
    problem: str | None = said("Why it was not, the last time.")
    version: int = said("Rises with every change; pass it as expectedVersion.")

    @derived("Global id of the channel it is sent to.", reads=("channel_id",))
    def channel_id(self) -> strawberry.ID:
        return global_id("Channel", self.channel_id)

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.pydantic.input(description="A summary to send from now on.")
class CreateStatusReportInput(BaseModel):
    organization_id: strawberry.ID | None = Field(
        default=None, description="The tenant it belongs to; may be left out when only one is in reach."
    )
    name: str = Field(min_length=1, max_length=100, description="What to call it; unique in the organization.")
    channel_id: strawberry.ID = Field(description="Global id of the channel to send it to.")
    kinds: list[StatusKind] = Field(min_length=1, max_length=4, description="What it is about.")
    every: ReportEvery = Field(default=ReportEvery.DAY, description="How often to send it.")
    weekday: Weekday = Field(default=Weekday.MONDAY, description="On which day, for a weekly one.")
    at: str = Field(default="08:00", pattern=TIME, description="When, as HH:MM on the clock there.")
    zone: str = Field(default="UTC", min_length=1, max_length=60, description="Which clock, such as Europe/Berlin.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="What to change of a summary; what is left out stays.")
class UpdateStatusReportInput(BaseModel):
    status_report_id: strawberry.ID = Field(description="Global id of the report.")
    expected_version: int | None = Field(
        default=None, ge=1, description="Refuse when the report has another version by now."
    )
    name: str | None = Field(default=None, min_length=1, max_length=100, description="What to call it.")
    channel_id: strawberry.ID | None = Field(default=None, description="Global id of the channel to send it to.")
    kinds: list[StatusKind] | None = Field(default=None, min_length=1, max_length=4, description="What it is about.")
    every: ReportEvery | None = Field(default=None, description="How often to send it.")
    weekday: Weekday | None = Field(default=None, description="On which day, for a weekly one.")
    at: str | None = Field(default=None, pattern=TIME, description="When, as HH:MM on the clock there.")
    zone: str | None = Field(default=None, min_length=1, max_length=60, description="Which clock.")
    is_paused: bool | None = Field(default=None, description="Whether it is not sent for now.")


@strawberry.pydantic.input(description="The summary that is meant.")
class StatusReportInput(BaseModel):
    status_report_id: strawberry.ID = Field(description="Global id of the report.")


@strawberry.pydantic.input(description="The summary to send now.")
class SendStatusReportInput(BaseModel):
    status_report_id: strawberry.ID = Field(description="Global id of the report.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


CreateStatusReportPayload = payload("CreateStatusReport", "statusReport", StatusReport, "The report.")
UpdateStatusReportPayload = payload("UpdateStatusReport", "statusReport", StatusReport, "The report as it is now.")
DeleteStatusReportPayload = payload("DeleteStatusReport", "statusReport", StatusReport, "The report as it was.")
SendStatusReportPayload = payload("SendStatusReport", "statusReport", StatusReport, "The report, sent in a moment.")
