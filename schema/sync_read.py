"""How the parts of a sync were read, and what happened to resources."""

from datetime import datetime
from typing import Any

import strawberry
from strawberry.scalars import JSON

import documents
from documents import ChangeKind, ReadState
from domain.facts.resource import ResourceKind
from schema.account import Account, Resource, Sync, SyncGap, gaps_of
from schema.node import Node, derived, said, view
from schema.relation import related


@view(documents.SyncRead, description="How one part of a sync was read: a list, in one region or the whole account.")
class SyncRead(Node):
    operation: str = said("The call that lists.")
    region: str | None = said("Where; null for the whole account.")
    state: ReadState = said("Whether everything of it was read.")
    pages: int = said("Answers that came in.")
    items: int = said("Resources on them.")
    added: int = said("Resources that were not there before.")
    changed: int = said("Resources that changed, or that are back.")
    unchanged: int = said("Resources that are as they were.")
    evidence: list[str] = said("SHA-256 of the packs that hold the raw answers; the same answers have the same hashes.")
    started_at: datetime = said("When reading it began.")
    ended_at: datetime = said("When it ended.")
    complete_since: datetime | None = said("When the last complete read of this part began, this one included.")

    @derived("What of it could not be read.", reads=("gaps",))
    def gaps(self) -> list[SyncGap]:
        return gaps_of(self.gaps)


@strawberry.type(description="One value of a resource that changed.")
class FieldChange:
    path: str = said("Where, dotted: name, tags.owner, config.State.Name.")
    before: JSON | None = said("What stood there; null for nothing. A very long value is told by its length and hash.")
    after: JSON | None = said("What stands there now.")


@view(documents.ResourceChange, description="What a sync saw happen to a resource.")
class ResourceChange(Node):
    before: strawberry.Private[list[Any]]
    after: strawberry.Private[list[Any]]
    kind: ChangeKind = said("What happened.")
    resource_kind: ResourceKind = said("What the resource is.")
    native_id: str = said("Its id with the provider.")
    name: str = said("What people call it.")
    region: str | None = said("Where it is; null for global things.")
    at: datetime = said("When the sync looked; it happened between the sync before and this one.")
    resource: Resource | None = related("resource_id", "The resource as it is now.")
    account: Account | None = related("account_id", "The account it is in.")
    sync: Sync | None = related("sync_id", "The sync that saw it; null once that is forgotten.")

    @derived("What changed, by path, 200 at most.", reads=("fields", "before", "after"))
    def fields(self) -> list[FieldChange]:
        values = zip(self.fields, self.before, self.after, strict=True)
        return [FieldChange(path=path, before=before, after=after) for path, before, after in values]
