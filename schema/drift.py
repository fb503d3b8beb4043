"""Drift: what differs from the configuration that counts as settled, and from when on something counts so."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from pydantic import BaseModel, Field

import documents
from domain.alerting.rule import TagPair
from domain.facts.governance import DriftKind, DriftState
from domain.facts.resource import ResourceKind
from schema import governance_values as governance_values
from schema.account import Account, Resource
from schema.control_exception import person_id
from schema.directives import Cost
from schema.errors import payload
from schema.node import Node, derived, said, view
from schema.relation import organization_id_of, related

MOST_SETTLED = 100
Reason = Annotated[str, Field(min_length=5, max_length=2000)]
ACCOUNT_ID = Field(description="Global id of the account.")


@view(documents.DriftBaseline, description="From when on the configuration of an account counts as settled.")
class DriftBaseline(Node):
    account: Account | None = related("account_id", "The account.")
    tags: list[str] = said("It is about resources with all these tags, as key=value; about all when there are none.")
    reason: str = said("Why it was declared.")
    since: datetime = said("What changes later has to be settled.")
    declared_by: strawberry.Private[Any]

    @derived("Global id of the User who has declared it.", reads=("declared_by",), name="declaredBy")
    def told_declarer(self) -> strawberry.ID | None:
        return person_id(self.declared_by)

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@view(documents.Drift, description="How a resource differs from what is settled. A resource has one that is open.")
class Drift(Node):
    account: Account | None = related("account_id", "The account.")
    resource: Resource | None = related("resource_id", "The resource as it is now.")
    resource_kind: ResourceKind = said("What the resource is.")
    native_id: str = said("Its id with the provider.")
    name: str = said("What people call it.")
    region: str | None = said("Where it is; null for global things.")
    kind: DriftKind = said("How it differs.")
    fields: list[str] = said(
        "The paths that differ, dotted, 200 at most: name, tags.owner, config.State.Name. resourceChanges has what "
        "stood there.",
        name="changedFields",
    )
    opened_at: datetime = said("When a sync looked that saw it first.")
    changed_at: datetime = said("When a sync looked that saw the last change of it.")
    state: DriftState = said("Whether it is settled.")
    settled_at: datetime | None = said("When it was settled.")
    explained_by: str | None = said(
        "What accounts for the change that has settled it, as kind:id; null where it is as it was, or people have "
        "accepted it."
    )
    reason: str = said("Why people have accepted it.")
    settled_by: strawberry.Private[Any]

    @derived(
        "Global id of the User who has accepted it; null when it has settled by itself.",
        reads=("settled_by",),
        name="settledBy",
    )
    def told_settler(self) -> strawberry.ID | None:
        return person_id(self.settled_by)

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.pydantic.input(description="Which drift; every field that is given must match.")
class DriftFilter(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description="Of this tenant only.")
    account_id: strawberry.ID | None = Field(default=None, description="In this account only.")
    states: list[DriftState] | None = Field(default=None, max_length=2, description="In one of these states only.")


@strawberry.pydantic.input(description="What counts as settled from now on.")
class DeclareBaselineInput(BaseModel):
    account_id: strawberry.ID = ACCOUNT_ID
    tags: list[TagPair] = Field(
        default=[], max_length=20, description="Only resources with all these tags, as key=value; all when left out."
    )
    reason: Reason = Field(description="Why, for example the change that was approved.")


@strawberry.pydantic.input(description="The baseline that shall count no more.")
class EndBaselineInput(BaseModel):
    account_id: strawberry.ID = ACCOUNT_ID
    reason: Reason = Field(description="Why.")


@strawberry.pydantic.input(description="Drift that is accepted as it is.")
class SettleDriftsInput(BaseModel):
    ids: list[strawberry.ID] = Field(
        min_length=1, max_length=MOST_SETTLED, description="Global ids of open drift: all is settled, or nothing."
    )
    reason: Reason = Field(description="Why it is accepted, for example the change that was approved.")


@strawberry.type(description="Drift that was settled at once.")
class SettledDrifts:
    drifts: list[Drift] = said("In the order of the ids.", directives=(Cost(list_size=MOST_SETTLED),))


DeclareBaselinePayload = payload("DeclareBaseline", "baseline", DriftBaseline, "The baseline from now on.")
EndBaselinePayload = payload("EndBaseline", "baseline", DriftBaseline, "The baseline as it was; it counts no more.")
SettleDriftsPayload = payload("SettleDrifts", "settled", SettledDrifts, "What was settled.")
