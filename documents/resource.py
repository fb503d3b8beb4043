"""One thing in a connected account, with its last known configuration."""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.cursor import AsyncCursor

from documents.account import Account
from documents.base import TenantDocument
from documents.resource_change import ChangeKind, line_of, tell
from documents.sync_run import SyncRun
from domain.facts.resource import Resource as ResourceFact
from domain.facts.resource import ResourceKind

BATCH = 500
_PRESENT_BY_NAME = (("is_gone", ASCENDING), ("name", ASCENDING), ("_id", ASCENDING))
_FACT = dict.fromkeys(("kind", "native_id", "name", "region", "tags", "config", "made_at", "changed_at", "unread"), 1)
IsGone = Callable[[ResourceKind, str | None, str], bool]


class Resource(TenantDocument):
    """`is_gone` once a complete read of its list no longer shows it; gone ones keep their last configuration.

    `changed_at` is when a sync saw it take its present configuration; None while it was never seen otherwise. `made_at`
    is when it was made, as the provider says. `unread` are keys of `config` whose values are of an earlier sync,
    because the last one could not read them. `lasting` and `whole` are prints of its content, without and with what
    moves by itself; `written_at` is when it was last written, by the sync `noted_in`, which noted that as `noted_as`.
    """

    noun: ClassVar[str] = "resource"

    account_id: PydanticObjectId
    kind: ResourceKind
    native_id: str
    name: str
    region: str | None = None
    tags: dict[str, str]
    config: dict[str, Any]
    made_at: datetime | None = None
    first_seen_at: datetime
    changed_at: datetime | None = None
    is_gone: bool = False
    gone_at: datetime | None = None
    unread: list[str] = Field(default_factory=list)
    lasting: bytes | None = None
    whole: bytes | None = None
    written_at: datetime | None = None
    noted_in: PydanticObjectId | None = None
    noted_as: ChangeKind | None = None

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


async def present_resources(account: Account, kind: ResourceKind) -> AsyncIterator[list[Mapping[str, Any]]]:
    """The stored rows of a kind that are not gone, in batches."""
    query = {"org_id": account.org_id, "account_id": account.id, "kind": kind.value, "is_gone": False}
    async for rows in _batches(Resource.rows().find(query, _FACT, batch_size=BATCH)):
        yield rows


async def resources_named(account: Account, named: Iterable[tuple[ResourceKind, str]]) -> list[Mapping[str, Any]]:
    """The stored rows of these kinds and native ids that are not gone."""
    by_kind: dict[ResourceKind, list[str]] = {}
    for kind, native_id in named:
        by_kind.setdefault(kind, []).append(native_id)
    found: list[Mapping[str, Any]] = []
    for kind, native_ids in by_kind.items():
        query = {"org_id": account.org_id, "account_id": account.id, "kind": kind.value, "is_gone": False}
        found += await Resource.rows().find({**query, "native_id": {"$in": native_ids}}, _FACT).to_list()
    return found


def fact_of(raw: Mapping[str, Any]) -> ResourceFact:
    """A stored row as the fact it was made from; what was not read the last time is left out of its config."""
    unread = frozenset(raw.get("unread") or ())
    return ResourceFact.model_construct(
        kind=ResourceKind(raw["kind"]),
        native_id=raw["native_id"],
        name=raw["name"],
        region=raw["region"],
        tags=raw["tags"],
        config={key: value for key, value in raw["config"].items() if key not in unread},
        created_at=raw.get("made_at"),
        unread=unread,
    )


async def record_gone(
    account: Account, run: SyncRun, is_gone: IsGone, at: datetime, *, kinds: Collection[ResourceKind]
) -> int:
    """Mark what is gone by `is_gone` (kind, region, native id), with a line in its history; returns how many.

    Looks at resources of these kinds alone.
    """
    wanted = {"$in": sorted(kind.value for kind in kinds)}
    query = {"org_id": account.org_id, "account_id": account.id, "kind": wanted, "is_gone": False}
    fields = dict.fromkeys(("kind", "native_id", "name", "region"), 1)
    total = 0
    async for rows in _batches(Resource.rows().find(query, fields, batch_size=10 * BATCH)):
        gone = [row for row in rows if is_gone(ResourceKind(row["kind"]), row["region"], row["native_id"])]
        if gone:
            await _mark_gone(run, gone, at)
        total += len(gone)
    return total


async def _mark_gone(run: SyncRun, gone: Sequence[Mapping[str, Any]], at: datetime) -> None:
    await tell([line_of(run, row, ChangeKind.GONE, at) for row in gone])
    marked = {"is_gone": True, "gone_at": at, "noted_in": run.id, "noted_as": ChangeKind.GONE.value}
    ids: list[ObjectId] = [row["_id"] for row in gone]
    await Resource.rows().update_many({"_id": {"$in": ids}}, {"$set": marked})


async def _batches(cursor: AsyncCursor[dict[str, Any]]) -> AsyncIterator[list[Mapping[str, Any]]]:
    rows: list[Mapping[str, Any]] = []
    async for row in cursor:
        rows.append(row)
        if len(rows) == BATCH:
            yield rows
            rows = []
    if rows:
        yield rows
