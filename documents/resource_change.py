"""What a sync saw happen to a resource: that it came, changed, went or came back. Kept to find drift by."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel, ReplaceOne

from documents.base import TenantDocument
from documents.sync_run import SyncRun
from domain.facts.resource import ResourceKind
from domain.resource_content import FieldChange

# Thirteen months: a yearly review looks back at a whole year.
KEPT_DAYS = 400
_NEWEST_FIRST = (("at", DESCENDING), ("_id", DESCENDING))


class ChangeKind(StrEnum):
    """BACK: it was gone and is there again."""

    ADDED = "ADDED"
    CHANGED = "CHANGED"
    GONE = "GONE"
    BACK = "BACK"


class ResourceChange(TenantDocument):
    """`fields` are the dotted paths that changed, `before` and `after` what stood there, by path.

    `at` is when the sync looked; the change came between the sync before and this one.
    """

    noun: ClassVar[str] = "change"

    account_id: PydanticObjectId
    resource_id: PydanticObjectId
    sync_id: PydanticObjectId
    kind: ChangeKind
    resource_kind: ResourceKind
    native_id: str
    name: str
    region: str | None = None
    at: datetime
    fields: list[str] = Field(default_factory=list)
    before: list[Any] = Field(default_factory=list)
    after: list[Any] = Field(default_factory=list)

    class Settings:
        name = "resource_changes"
        indexes = [
            IndexModel([("org_id", ASCENDING), *_NEWEST_FIRST], name="org_newest"),
            IndexModel([("org_id", ASCENDING), ("account_id", ASCENDING), *_NEWEST_FIRST], name="org_account_newest"),
            IndexModel([("org_id", ASCENDING), ("resource_id", ASCENDING), *_NEWEST_FIRST], name="org_resource_newest"),
            IndexModel([("at", ASCENDING)], name="expiry", expireAfterSeconds=KEPT_DAYS * 24 * 3600),
        ]


async def tell(lines: Sequence[ReplaceOne[dict[str, Any]]]) -> None:
    """Store lines of history; telling them again changes nothing."""
    if lines:
        await ResourceChange.rows().bulk_write(lines, ordered=False)


def line_of(
    run: SyncRun, resource: Mapping[str, Any], kind: ChangeKind, at: datetime, changes: Sequence[FieldChange] = ()
) -> ReplaceOne[dict[str, Any]]:
    """One line of history. `resource` has _id, kind, native_id, name and region.

    There is one for each resource and sync: its id is made from both, so that telling it again replaces it.
    """
    natural = f"{run.id} {resource['kind']} {resource['native_id']}".encode()
    line = {
        "org_id": run.org_id,
        "account_id": run.account_id,
        "resource_id": resource["_id"],
        "sync_id": run.id,
        "kind": kind.value,
        "resource_kind": resource["kind"],
        "native_id": resource["native_id"],
        "name": resource["name"],
        "region": resource["region"],
        "at": at,
        "fields": [change.path for change in changes],
        "before": [change.before for change in changes],
        "after": [change.after for change in changes],
        "created_at": at,
    }
    line_id = ObjectId(hashlib.blake2b(natural, digest_size=12).digest())
    return ReplaceOne({"_id": line_id}, line, upsert=True)
