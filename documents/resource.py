"""One thing in a connected account, with its last known configuration."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import ASCENDING, IndexModel, UpdateOne

from documents.account import Account
from documents.base import TenantDocument
from domain.facts.inventory import InventorySnapshot
from domain.facts.resource import Resource as ResourceFact
from domain.facts.resource import ResourceKind

BATCH = 500
_PRESENT_BY_NAME = (("is_gone", ASCENDING), ("name", ASCENDING), ("_id", ASCENDING))


class Resource(TenantDocument):
    """`is_gone` once a complete read of its service no longer shows it; gone ones keep their last configuration.

    `changed_at` is when a sync saw it take its present configuration; None while it was never seen otherwise.
    """

    noun: ClassVar[str] = "resource"

    account_id: PydanticObjectId
    kind: ResourceKind
    native_id: str
    name: str
    region: str | None = None
    tags: dict[str, str]
    config: dict[str, Any]
    first_seen_at: datetime
    last_seen_at: datetime
    changed_at: datetime | None = None
    is_gone: bool = False

    class Settings:
        name = "resources"
        indexes = [
            IndexModel(
                [("org_id", ASCENDING), ("account_id", ASCENDING), ("kind", ASCENDING), ("native_id", ASCENDING)],
                unique=True,
                name="natural",
            ),
            IndexModel([("org_id", ASCENDING), *_PRESENT_BY_NAME], name="org_present"),
            IndexModel([("org_id", ASCENDING), ("kind", ASCENDING), *_PRESENT_BY_NAME], name="org_kind_present"),
            IndexModel(
                [("org_id", ASCENDING), ("account_id", ASCENDING), *_PRESENT_BY_NAME, ("kind", ASCENDING)],
                name="org_account_present",
            ),
        ]


async def record_resources(account: Account, facts: Sequence[ResourceFact], at: datetime) -> None:
    """Store what a sync saw, in batches. Running it twice changes only `last_seen_at`."""
    for start in range(0, len(facts), BATCH):
        writes = [_upsert(account, fact, at) for fact in facts[start : start + BATCH]]
        await Resource.rows().bulk_write(writes, ordered=False)


async def resource_ids(account: Account, at: datetime) -> dict[tuple[ResourceKind, str], ObjectId]:
    """(kind, native id) to row id of everything the sync of this instant saw."""
    query = {"org_id": account.org_id, "account_id": account.id, "last_seen_at": at}
    rows = Resource.rows().find(query, projection={"kind": 1, "native_id": 1})
    return {(ResourceKind(raw["kind"]), raw["native_id"]): raw["_id"] async for raw in rows}


async def changes_seen(account: Account) -> dict[str, datetime]:
    """Native id to the time a sync saw the resource take its present configuration."""
    query = {"org_id": account.org_id, "account_id": account.id, "changed_at": {"$ne": None}}
    rows = Resource.rows().find(query, projection={"native_id": 1, "changed_at": 1})
    return {raw["native_id"]: raw["changed_at"] async for raw in rows}


async def record_gone(account: Account, snapshot: InventorySnapshot, at: datetime) -> None:
    """Mark what this snapshot would show if it were still there. What could not be listed is left alone."""
    query = {"org_id": account.org_id, "account_id": account.id, "last_seen_at": {"$lt": at}, "is_gone": False}
    rows = Resource.rows()
    gone = [
        raw["_id"]
        async for raw in rows.find(query, projection={"kind": 1, "region": 1})
        if snapshot.is_listed(ResourceKind(raw["kind"]), raw["region"])
    ]
    for start in range(0, len(gone), BATCH):
        await rows.update_many({"_id": {"$in": gone[start : start + BATCH]}}, {"$set": {"is_gone": True}})


def _upsert(account: Account, fact: ResourceFact, at: datetime) -> UpdateOne:
    natural = {
        "org_id": account.org_id,
        "account_id": account.id,
        "kind": fact.kind.value,
        "native_id": fact.native_id,
    }
    # Literals, because a name or configuration may hold text that looks like an expression.
    fresh = {"name": fact.name, "region": fact.region, "tags": fact.tags, "config": fact.config}
    seen: dict[str, Any] = {field: {"$literal": value} for field, value in fresh.items()}
    is_known = {"$ne": [{"$type": "$first_seen_at"}, "missing"]}
    is_same = {"$eq": ["$config", {"$literal": fact.config}]}
    seen |= {
        "changed_at": {"$cond": [is_same, {"$ifNull": ["$changed_at", None]}, {"$cond": [is_known, at, None]}]},
        "last_seen_at": at,
        "is_gone": False,
        "first_seen_at": {"$ifNull": ["$first_seen_at", at]},
        "created_at": {"$ifNull": ["$created_at", at]},
    }
    return UpdateOne(natural, [{"$set": seen}], upsert=True)
