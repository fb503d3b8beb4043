"""Cloud accounts, what is in them, and their syncs."""

from datetime import datetime

import strawberry
from pydantic import BaseModel, Field
from strawberry.scalars import JSON

import documents
from documents import AccountState, SyncState
from domain.facts.access import AccessReport
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
    all_accounts: bool = said("Whether the other accounts of its organization are connected, too.")
    parent: "Account | None" = related(
        "parent_id", "The account through which it is reached, when it is connected as one of an organization's."
    )

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
    last_seen_at: datetime = said("When a sync last saw it.")
    is_gone: bool = said("Whether the last complete read no longer showed it.")
    account: Account | None = related("account_id", "The account it is in.")


@view(documents.SyncRun, description="One sync of one account, from the ask to its end.")
class Sync(Node):
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


@strawberry.pydantic.input(description="The account to sync.")
class SyncAccountInput(BaseModel):
    account_id: strawberry.ID = Field(description="Global id of the account.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


SyncAccountPayload = payload("SyncAccount", "sync", Sync, "The sync: a new one, or the one already under way.")
