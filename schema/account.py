"""Cloud accounts, what is in them, and their syncs."""

from datetime import datetime
from typing import Any

import strawberry
from pydantic import BaseModel, Field
from strawberry.scalars import JSON

import documents
from documents import AccountState, SyncState
from domain.facts.access import AccessReport
from domain.facts.inventory import GapCause, ServiceGap
from domain.facts.provider import Provider
from domain.facts.resource import ResourceKind
from schema.errors import payload
from schema.node import Node, derived, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of, related


@view(documents.Account, description="One cloud account: connected with credentials, or only known from bills.")
class Account(Node):
    provider: Provider = said("The cloud it lives in.")
    native_id: str | None = said("The provider's own id; null until the first sync has asked the provider.")
    name: str = said("What people call it.")
    state: AccountState = said("How CloudWatcher stands to it.")
    role_arn: str | None = said("The role that is assumed, when it was connected by role.")
    endpoint_url: str | None = said("Where calls go instead of the provider's own address.")
    regions: list[str] = said("Regions that are read; empty means every enabled region.")
    last_synced_at: datetime | None = said("When a sync last read it.")
    next_sync_at: datetime | None = said("When the next sync is due; null when it is not connected.")
    problem: str | None = said("What is wrong and what to do, when the last sync failed.")
    parent: "Account | None" = related(
        "parent_id", "The account through which it is reached, when it is connected as one of an organization's."
    )

    @derived("Whether the other accounts of its organization are connected, too.", reads=("all_accounts",))
    def all_accounts(self) -> bool:
        # Accounts that are known from bills, and those of before there was this, do not have it.
        return bool(self.all_accounts)

    @derived("What its credentials open, as last tried; null before that.", reads=("access",))
    def access(self) -> AccessReport | None:
        return None if self.access is None else AccessReport.model_validate(self.access)

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@view(documents.Resource, description="One thing in an account, as a sync last saw it.")
class Resource(Node):
    kind: ResourceKind = said("What it is.")
    native_id: str = said("The id the provider bills and logs by.")
    name: str = said("What people call it.")
    region: str | None = said("Where it is; null for global things.")
    tags: JSON = said("Its tags as an object of strings.")
    config: JSON = said("Its configuration in the provider's own field names.")
    first_seen_at: datetime = said("When a sync first saw it.")
    changed_at: datetime | None = said(
        "When a sync saw it take its present configuration; null while it never changed."
    )
    is_gone: bool = said("Whether the last complete read no longer showed it.")
    gone_at: datetime | None = said("When a complete read first no longer showed it.")
    account: Account | None = related("account_id", "The account it is in.")


@strawberry.type(description="One thing a sync could not read. What it hides is unknown, never absent.")
class SyncGap:
    service: str = said("The part of the provider, as the provider prints it.")
    operation: str = said("The call that failed.")
    region: str | None = said("Where; null for the whole account.")
    cause: GapCause = said("Why.")
    missing: str | None = said("The permission or plan that would mend it, by name, where that is the cause.")
    reason: str = said("Why, in words, and what to do.")
    kinds: list[ResourceKind] = said("Kinds whose list may lack resources; empty when only details are missing.")


def gaps_of(stored: list[dict[str, Any]] | None) -> list[SyncGap]:
    """Gaps as they are kept, as they are shown."""
    return [
        SyncGap(
            service=gap.service,
            operation=gap.operation,
            region=gap.region,
            cause=gap.cause,
            missing=gap.missing,
            reason=gap.reason,
            kinds=list(gap.unlisted),
        )
        for gap in map(ServiceGap.model_validate, stored or ())
    ]


@view(documents.SyncRun, description="One sync of one account, from the ask to its end.")
class Sync(Node):
    unread: strawberry.Private[list[dict[str, Any]]]
    state: SyncState = said("How far it is.")
    step: str = said("What it is doing, in words.")
    done: int = said("Steps that are done.")
    total: int = said("Steps in all, as far as known; 0 before it starts.")
    resources: int = said("Resources seen.")
    findings_opened: int = said("Findings it opened.")
    findings_resolved: int = said("Findings it resolved.")
    gaps: list[str] = said("What could not be read, each with its reason. Nothing is concluded about these.")
    problem: str | None = said("Why it failed and what to do.")
    created_at: datetime = said("When it was asked for.")
    started_at: datetime | None = said("When a worker began.")
    ended_at: datetime | None = said("When it ended.")
    account: Account | None = related("account_id", "The account it reads.")
    added: int | None = said("Resources that were not there before; null in syncs that did not count them.")
    changed: int | None = said("Resources whose name, region, tags or configuration changed, or that are back.")
    gone: int | None = said("Resources that are no longer there.")
    unchanged: int | None = said("Resources that are as they were.")
    is_narrow: bool | None = said(
        "Whether only what events said had changed is read, while everything else keeps its last state; null is no."
    )
    touched: list[str] | None = said(
        "What events had said to have changed when it began: a service, or a service and its region as ec2@eu-west-1."
    )

    @derived("The gaps as fields: what is missing, where, and what would mend it.", reads=("unread",))
    def unread_parts(self) -> list[SyncGap]:
        return gaps_of(self.unread)


@strawberry.pydantic.input(description="The account to sync.")
class SyncAccountInput(BaseModel):
    account_id: strawberry.ID = Field(description="Global id of the account.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="The sync to end.")
class CancelSyncInput(BaseModel):
    sync_id: strawberry.ID = Field(description="Global id of the sync.")


SyncAccountPayload = payload("SyncAccount", "sync", Sync, "The sync: a new one, or the one already under way.")
CancelSyncPayload = payload("CancelSync", "sync", Sync, "The sync; one that a worker is on ends within seconds.")
