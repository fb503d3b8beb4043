"""What every register has in common, and the registers of vendors and of risks."""

from datetime import datetime
from typing import Annotated

import strawberry
from pydantic import BaseModel, Field

import documents
from documents.vendor import HeldApp
from domain.facts.compliance import Integration
from domain.facts.register import RiskLevel, RiskTreatment
from schema import compliance_values as compliance_values
from schema.errors import payload
from schema.node import Node, derived, global_id, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of
from schema.routing import EXPECTED_VERSION, ORGANIZATION
from schema.values import register_enum

register_enum(
    RiskLevel,
    "How grave a risk is: its likelihood times its impact.",
    {RiskLevel.LOW: "Below 6.", RiskLevel.MEDIUM: "From 6 on.", RiskLevel.HIGH: "From 15 on."},
)
register_enum(
    RiskTreatment,
    "What is done about a risk.",
    {
        RiskTreatment.MITIGATE: "It is made smaller, by controls.",
        RiskTreatment.ACCEPT: "It is borne.",
        RiskTreatment.TRANSFER: "Somebody else bears it, such as an insurer.",
        RiskTreatment.AVOID: "What it comes from is given up.",
    },
)
OWNER = Field(description="The member who answers for it, by global id.")
Word = Annotated[str, Field(min_length=1, max_length=100)]
Instant = datetime | None


@strawberry.interface(description="An entry of a register. It is replaced as a whole, retired, and never deleted.")
class RegisterEntry(Node):
    changed_at: datetime = said("When it was recorded last.")
    changed_by: str = said("Who did that, such as user:<id>.")
    retired_at: datetime | None = said("Since when it does not count any more.")
    version: int = said("Rises with every change; pass it as expectedVersion.")

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


class EntryInput(BaseModel):
    """What recording an entry has in common. Without an id it is a new one."""

    id: strawberry.ID | None = Field(
        default=None, description="Global id of the entry to replace; left out: a new one."
    )
    is_retired: bool = Field(default=False, description="It does not count any more.")
    organization_id: strawberry.ID | None = ORGANIZATION
    expected_version: int | None = EXPECTED_VERSION
    idempotency_key: str | None = IDEMPOTENCY_KEY


def owner_of(id: object) -> strawberry.ID | None:
    """The global id of the person who owns something."""
    return None if id is None else global_id("User", id)


@strawberry.type(description="An app or integration that a vendor may have.")
class VendorApp:
    integration: Integration = said("Where it is installed.")
    app: str = said("What that system calls it: the slug, the client or application id, or the label.")
    permissions: list[str] = said("What is approved: name:level for GitHub, scopes elsewhere.")


@view(documents.Vendor, description="A vendor: what it may hold and sees, and what assurance it gives.")
class Vendor(RegisterEntry):
    name: str = said("The vendor.")
    tier: int = said("How much depends on it: 1 is critical, 3 hardly matters.")
    sees: list[str] = said("Labels of the data it sees.")
    report_type: str | None = said("The report of assurance it has given, such as SOC 2 Type 2.")
    period_end: datetime | None = said("The end of the period that the report covers.")
    bridge_letter_until: datetime | None = said("Until when a letter extends the report.")
    reviewed_by: str | None = said("Who has read the report, such as user:<id>; null: nobody.")
    reviewed_at: datetime | None = said("When.")
    needs_baa: bool = said("Whether it must sign a business associate agreement.")
    baa_signed_at: datetime | None = said("When it has.")
    needs_dpa: bool = said("Whether it must sign terms of data processing.")
    dpa_signed_at: datetime | None = said("When it has.")
    breach_notice_hours: int | None = said("Within how many hours it tells of a breach.")
    next_review_at: datetime | None = said("When it is looked at again.")
    owner_id: strawberry.Private[object]
    apps: strawberry.Private[list[HeldApp]]

    @derived("Who answers for it, by global id.", reads=("owner_id",), name="ownerId")
    def told_owner(self) -> strawberry.ID | None:
        return owner_of(self.owner_id)

    @derived("What it may hold.", reads=("apps",), name="apps")
    def told_apps(self) -> list[VendorApp]:
        apps = [HeldApp.model_validate(app, from_attributes=True) for app in self.apps]
        return [VendorApp(integration=app.integration, app=app.app, permissions=app.permissions) for app in apps]


@strawberry.pydantic.input(description="An app or integration that a vendor may have.")
class VendorAppInput(BaseModel):
    integration: Integration = Field(description="Where it is installed.")
    app: str = Field(
        min_length=1,
        max_length=200,
        description="What that system calls it: the slug, the client or application id, or the label.",
    )
    permissions: list[Word] = Field(
        default_factory=list, max_length=200, description="What is approved: name:level for GitHub, scopes elsewhere."
    )


@strawberry.pydantic.input(description="A vendor as it shall be from now on.")
class RecordVendorInput(EntryInput):
    name: str = Field(min_length=1, max_length=100, description="The vendor.")
    tier: int = Field(ge=1, le=3, description="How much depends on it: 1 is critical, 3 hardly matters.")
    owner_id: strawberry.ID | None = Field(default=None, description="The member who answers for it, by global id.")
    apps: list[VendorAppInput] = Field(default_factory=list, max_length=100, description="What it may hold.")
    sees: list[Word] = Field(default_factory=list, max_length=50, description="Labels of the data it sees.")
    report_type: str | None = Field(
        default=None, min_length=1, max_length=100, description="The report of assurance it has given."
    )
    period_end: Instant = Field(default=None, description="The end of the period that the report covers.")
    bridge_letter_until: Instant = Field(default=None, description="Until when a letter extends the report.")
    has_read_report: bool = Field(
        default=False, description="You have read the report, or who has read this very report stays as recorded."
    )
    needs_baa: bool = Field(default=False, description="It must sign a business associate agreement.")
    baa_signed_at: Instant = Field(default=None, description="When it has.")
    needs_dpa: bool = Field(default=False, description="It must sign terms of data processing.")
    dpa_signed_at: Instant = Field(default=None, description="When it has.")
    breach_notice_hours: int | None = Field(
        default=None, ge=1, le=8760, description="Within how many hours it tells of a breach."
    )
    next_review_at: Instant = Field(default=None, description="When it is looked at again.")


@view(documents.Risk, description="A risk. Whoever records it has looked at it.")
class Risk(RegisterEntry):
    title: str = said("What may happen.")
    description: str = said("How, and with what consequences.")
    likelihood: int = said("How likely, 1 to 5.")
    impact: int = said("How grave, 1 to 5.")
    level: RiskLevel = said("What the two come to.")
    treatment: RiskTreatment = said("What is done about it.")
    control_ids: list[str] = said("Controls that treat it.")
    labels: list[str] = said("Words it is found by, such as fraud and continuity.")
    review_days: int = said("Every how many days it is looked at.")
    next_review_at: datetime = said("Until when somebody looks at it again.")
    owner_id: strawberry.Private[object]

    @derived("Who answers for it, by global id.", reads=("owner_id",), name="ownerId")
    def told_owner(self) -> strawberry.ID:
        return global_id("User", self.owner_id)


@strawberry.pydantic.input(description="A risk as it shall be from now on.")
class RecordRiskInput(EntryInput):
    title: str = Field(min_length=1, max_length=200, description="What may happen.")
    description: str = Field(default="", max_length=2000, description="How, and with what consequences.")
    likelihood: int = Field(ge=1, le=5, description="How likely, 1 to 5.")
    impact: int = Field(ge=1, le=5, description="How grave, 1 to 5.")
    treatment: RiskTreatment = Field(description="What is done about it.")
    owner_id: strawberry.ID = OWNER
    control_ids: list[Word] = Field(default_factory=list, max_length=64, description="Controls that treat it.")
    labels: list[Word] = Field(
        default_factory=list, max_length=20, description="Words to find it by, such as fraud and continuity."
    )
    review_days: int = Field(default=90, ge=1, le=365, description="Every how many days it is looked at.")


RecordVendorPayload = payload("RecordVendor", "vendor", Vendor, "The vendor now.")
RecordRiskPayload = payload("RecordRisk", "risk", Risk, "The risk now.")
