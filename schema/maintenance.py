"""Maintenance windows: times in which something is worked on, and people are not told."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from pydantic import BaseModel, Field

import documents
from domain.alerting.hours import WeeklyHours
from domain.alerting.rule import TagPair
from schema.errors import payload
from schema.hours import WeeklyHoursInput
from schema.node import Node, derived, global_id, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of
from schema.routing import EXPECTED_VERSION, ORGANIZATION, GlobalId

WINDOW_ID = Field(description="Global id of the window.")
NativeId = Annotated[str, Field(min_length=1, max_length=2048)]


@view(
    documents.MaintenanceWindow,
    description="A time in which something is worked on: its alerts are raised and shown, and people are not told. "
    "It covers whatever is named in any of accountIds, resources and tags; everything when all are empty.",
)
class MaintenanceWindow(Node):
    name: str = said("What people call it.")
    reason: str = said("What is worked on.")
    resources: list[str] = said("Resources, by the provider's own ids.")
    tags: list[str] = said("What has one of these tags, as key=value.")
    starts_at: datetime = said("When it starts.")
    ends_at: datetime | None = said("When it ends; null for every week without an end.")
    ended_at: datetime | None = said("When somebody ended it.")
    version: int = said("Rises with every change; pass it as expectedVersion.")
    weekly: strawberry.Private[Any]
    account_ids: strawberry.Private[list[Any]]

    @derived("In these hours of every week only; null: all the time between the two.", reads=("weekly",), name="weekly")
    def told_weekly(self) -> WeeklyHours | None:
        return None if self.weekly is None else WeeklyHours.model_validate(self.weekly, from_attributes=True)

    @derived("Accounts.", reads=("account_ids",), name="accountIds")
    def told_accounts(self) -> list[strawberry.ID]:
        return [global_id("Account", id) for id in self.account_ids]

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


class WindowFields(BaseModel):
    """What making and changing a window have in common."""

    name: str = Field(min_length=1, max_length=100, description="What to call it.")
    reason: str = Field(default="", max_length=500, description="What is worked on.")
    account_ids: list[GlobalId] = Field(default_factory=list, max_length=100, description="These accounts.")
    resources: list[NativeId] = Field(
        default_factory=list, max_length=200, description="These resources, by the provider's own ids."
    )
    tags: list[TagPair] = Field(default_factory=list, max_length=50, description="What has one of these, as key=value.")
    starts_at: datetime | None = Field(default=None, description="When it starts; now, when left out.")
    ends_at: datetime | None = Field(default=None, description="When it ends; only with `weekly` it may be left out.")
    weekly: WeeklyHoursInput | None = Field(default=None, description="In these hours of every week only.")


@strawberry.pydantic.input(description="A time in which something is worked on.")
class CreateMaintenanceWindowInput(WindowFields):
    organization_id: strawberry.ID | None = ORGANIZATION
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="A window as it shall be from now on. What it holds back already stays held.")
class UpdateMaintenanceWindowInput(WindowFields):
    window_id: strawberry.ID = WINDOW_ID
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="A window to end now.")
class EndMaintenanceWindowInput(BaseModel):
    window_id: strawberry.ID = WINDOW_ID
    expected_version: int | None = EXPECTED_VERSION


CreateMaintenanceWindowPayload = payload("CreateMaintenanceWindow", "window", MaintenanceWindow, "The new window.")
UpdateMaintenanceWindowPayload = payload("UpdateMaintenanceWindow", "window", MaintenanceWindow, "The window now.")
EndMaintenanceWindowPayload = payload("EndMaintenanceWindow", "window", MaintenanceWindow, "The window, ended.")
