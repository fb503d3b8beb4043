"""Findings: what is wasteful or unsafe."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import strawberry
from pydantic import BaseModel, Field
from strawberry.scalars import JSON

import documents
from domain.facts.finding import FindingCategory, FindingState
from domain.facts.money import Money
from domain.facts.severity import Severity
from domain.finding_groups import FindingGrouping
from schema.account import Account, Resource
from schema.directives import Cost
from schema.errors import payload
from schema.node import Node, derived, said, view
from schema.relation import organization_id_of, related
from schema.values import register_enum


class FindingOrder(StrEnum):
    SEVERITY = "SEVERITY"
    PRIORITY = "PRIORITY"


register_enum(
    FindingOrder,
    "What findings are listed by; of equal ones the newest comes first.",
    {FindingOrder.SEVERITY: "The worst first.", FindingOrder.PRIORITY: "The highest priority first."},
)
register_enum(
    FindingGrouping,
    "What findings are grouped by.",
    {
        FindingGrouping.RULE: "The rule that has found them.",
        FindingGrouping.ACCOUNT: "The account their resource is in.",
        FindingGrouping.REGION: "The region their resource is in.",
        FindingGrouping.RULE_GROUP: "The group of their rule, as remediationRules has it.",
        FindingGrouping.SEVERITY: "How bad they are.",
    },
)


@view(documents.Finding, description="The state of one rule on one resource.")
class Finding(Node):
    rule_id: str = said("The rule, for example aws-ebs-unattached.")
    category: FindingCategory = said("Whether it is about money or safety.")
    severity: Severity = said("How bad it is.")
    title: str = said("What is wrong, in general.")
    reason: str = said("What was seen on this very resource.")
    observed: JSON = said("The values the rule looked at, in the provider's own names.")
    state: FindingState = said("Open, suppressed or resolved.")
    resource_native_id: str = said("The id the provider bills and logs the resource by.")
    priority: int = said(
        "How soon it is worth mending, from 0 to 100, by severity, saving, and how hard mending is; higher is sooner."
    )
    saving_formula: str | None = said("How the saving was worked out; null where none is known.")
    opened_at: datetime = said("When it was first seen, or seen again after it was resolved.")
    last_seen_at: datetime = said("When a sync last saw it.")
    resolved_at: datetime | None = said("When a sync no longer saw it.")
    resolution: str | None = said(
        "Why it was resolved, where no sync has seen it mended: GONE with its resource, EXEMPTED by a tag or because "
        "the rule is switched off, or its account was disconnected."
    )
    suppressed_by: str | None = said("Who lives with it, as kind:id like in the audit log; null while nobody does.")
    suppressed_at: datetime | None = said("When it was suppressed.")
    suppressed_until: datetime | None = said("When it opens again by itself; null where no end was set.")
    suppression_reason: str | None = said("Why somebody lives with it.")
    resource: Resource | None = related("resource_id", "The resource it is about.")
    account: Account | None = related("account_id", "The account the resource is in.")
    saving_amount: strawberry.Private[Decimal | None]
    saving_currency: strawberry.Private[str | None]
    is_outdone: strawberry.Private[bool | None]

    @derived(
        "Expected saving a month when it is mended; null where nothing is saved or known.",
        reads=("saving_amount", "saving_currency"),
    )
    def monthly_saving(self) -> Money | None:
        if self.saving_amount is None or self.saving_currency is None:
            return None
        return Money(amount=self.saving_amount, currency=self.saving_currency)

    @derived(
        "Whether its saving counts in totals: it is open and about costs, and no other such finding on the resource "
        "saves more. False where nothing is saved or known.",
        reads=("state", "category", "saving_amount", "is_outdone"),
    )
    def saving_counts(self) -> bool:
        is_open = self.state == FindingState.OPEN and self.category == FindingCategory.FINOPS
        return is_open and self.saving_amount is not None and not self.is_outdone

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.type(description="Findings that have something in common.")
class FindingGroup:
    key: str | None = said(
        "What they have in common: id of the rule, global id of the Account, region, group of rules or severity; null "
        "where there is none."
    )
    title: str = said("The same for people to read.")
    count: int = said("How many they are.")
    worst_severity: Severity = said("The worst among them.")
    monthly_savings: list[Money] = said(
        "What mending them would save a month, by currency; of several savings on one resource the highest counts, "
        "in whichever group it is.",
        directives=(Cost(list_size=1),),
    )


@strawberry.type(description="Findings in groups, and what all groups add up to.")
class FindingGroups:
    groups: list[FindingGroup] = said(
        "The worst first, of equally bad ones the largest; empty where nothing matches.",
        directives=(Cost(list_size=100),),
    )
    group_count: int = said("How many groups there are; more than are listed, where `first` is less.")
    finding_count: int = said("How many findings all groups hold.")
    monthly_savings: list[Money] = said(
        "What all groups save a month, by currency, each resource counted once.", directives=(Cost(list_size=1),)
    )


@strawberry.pydantic.input(description="Which findings; every field that is given must match.")
class FindingFilter(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description="Of this tenant only.")
    account_id: strawberry.ID | None = Field(default=None, description="In this account only.")
    state: FindingState | None = Field(default=None, description="In this state only.")
    category: FindingCategory | None = Field(default=None, description="Of this category only.")
    severities: list[Severity] | None = Field(default=None, max_length=5, description="Of these severities only.")
    rule_ids: list[str] | None = Field(default=None, max_length=50, description="Of these rules only.")


FINDING_ID: strawberry.ID = Field(description="Global id of the finding.")


@strawberry.pydantic.input(description="A finding to live with, why, and until when.")
class SuppressFindingInput(BaseModel):
    id: strawberry.ID = FINDING_ID
    reason: str = Field(min_length=1, max_length=2000, description="Why it may stay as it is.")
    until: datetime | None = Field(
        default=None, description="When it opens again: within 366 days; left out: when somebody says so."
    )


@strawberry.pydantic.input(description="A finding to give back.")
class UnsuppressFindingInput(BaseModel):
    id: strawberry.ID = FINDING_ID


SuppressFindingPayload = payload("SuppressFinding", "finding", Finding, "The finding, now suppressed.")
UnsuppressFindingPayload = payload("UnsuppressFinding", "finding", Finding, "The finding, open again.")
