"""Drift: what differs from the configuration that counts as settled, and since when something counts so."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.account import Account
from documents.base import TenantDocument
from domain.errors import Conflict, NotFound
from domain.facts.governance import DriftKind, DriftState
from domain.facts.resource import ResourceKind
from domain.facts.scope import Scope

MOST_TOLD = 20_000
DAY = 24 * 3600
_NEWEST = (("opened_at", DESCENDING), ("_id", DESCENDING))


class DriftBaseline(TenantDocument):
    """From `since` on, what changes on a resource of the account with all these tags (key=value) has to be settled.

    `looked_at` is up to when syncs have been gone through for it.
    """

    noun: ClassVar[str] = "baseline"

    account_id: PydanticObjectId
    tags: list[str] = Field(default_factory=list)
    reason: str
    since: datetime
    looked_at: datetime
    declared_by: PydanticObjectId

    class Settings:
        name = "drift_baselines"
        indexes = [
            IndexModel([("account_id", ASCENDING)], unique=True, name="one"),
            IndexModel([("org_id", ASCENDING), ("since", DESCENDING), ("_id", DESCENDING)], name="org_newest"),
        ]


class Drift(TenantDocument):
    """How a resource differs from what is settled: `fields` are the paths, `before` and `after` what stands there.

    `opened_at` and `changed_at` are when syncs looked that saw the first and the last of it. `is_open` is True exactly
    while it is OPEN, for the index. `settled_by` is a person's id; without one it has settled by itself, by the change
    that `explained_by` (kind:id) accounts for, or because everything is as it was.
    """

    noun: ClassVar[str] = "drift"

    account_id: PydanticObjectId
    resource_id: PydanticObjectId
    resource_kind: ResourceKind
    native_id: str
    name: str
    region: str | None = None
    kind: DriftKind
    fields: list[str] = Field(default_factory=list)
    before: list[Any] = Field(default_factory=list)
    after: list[Any] = Field(default_factory=list)
    opened_at: datetime
    changed_at: datetime
    state: DriftState = DriftState.OPEN
    is_open: bool | None = True
    explained_by: str | None = None
    settled_at: datetime | None = None
    settled_by: PydanticObjectId | None = None
    reason: str = ""

    class Settings:
        name = "drifts"
        indexes = [
            IndexModel(
                [("account_id", ASCENDING), ("resource_kind", ASCENDING), ("native_id", ASCENDING)],
                unique=True,
                name="one_open",
                partialFilterExpression={"is_open": True},
            ),
            IndexModel([("org_id", ASCENDING), *_NEWEST], name="org_newest"),
            IndexModel([("org_id", ASCENDING), ("state", ASCENDING), *_NEWEST], name="org_state_newest"),
            IndexModel([("org_id", ASCENDING), ("account_id", ASCENDING), *_NEWEST], name="org_account_newest"),
        ]


async def declare_baseline(baseline: DriftBaseline, session: AsyncClientSession) -> DriftBaseline:
    """Store it in the place of the account's last one."""
    fields = baseline.model_dump(exclude={"id", "revision_id", "created_at"})
    raw: Any = await DriftBaseline.rows().find_one_and_update(
        {"account_id": baseline.account_id},
        {"$set": fields, "$setOnInsert": {"created_at": baseline.created_at}},
        upsert=True,
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    return DriftBaseline.stored(raw)


async def end_baseline(account: Account, session: AsyncClientSession) -> DriftBaseline:
    """The one that was declared for the account, and is no more. Raises NotFound where none was."""
    query = {"org_id": account.org_id, "account_id": account.id}
    raw = await DriftBaseline.rows().find_one_and_delete(query, session=session)
    if raw is None:
        raise NotFound.of(DriftBaseline.noun)
    return DriftBaseline.stored(raw)


async def settle_account(
    account: Account, by: ObjectId, reason: str, at: datetime, session: AsyncClientSession
) -> None:
    """Settle all that is open in an account."""
    query = {"org_id": account.org_id, "account_id": account.id, "is_open": True}
    await Drift.rows().update_many(query, {"$set": _settled(by, reason, at)}, session=session)


async def settle_drifts(
    scope: Scope, ids: Sequence[str], by: ObjectId, reason: str, at: datetime, session: AsyncClientSession
) -> list[Drift]:
    """These drifts, which people have accepted. Raises NotFound, and Conflict where one of them is settled already."""
    drifts = [await Drift.get_in(scope, id, session=session) for id in dict.fromkeys(ids)]
    query = {"_id": {"$in": [drift.id for drift in drifts]}, "is_open": True}
    fields = _settled(by, reason, at)
    done = await Drift.rows().update_many(query, {"$set": fields}, session=session)
    if done.modified_count < len(drifts):
        raise Conflict("One of these is settled already. Read what is open, and settle that.", path=("input", "ids"))
    return [drift.model_copy(update={**fields, "state": DriftState.SETTLED}) for drift in drifts]


async def drift_events(scope: Scope, now: datetime) -> list[dict[str, Any]] | None:
    """What is open, as controls look at it. None where no baseline is declared: nobody has said what is settled."""
    if await DriftBaseline.find_in(scope, {}) is None:
        return None
    query = {**Drift.within(scope), "state": DriftState.OPEN.value}
    fields = {"native_id": 1, "account_id": 1, "opened_at": 1}
    # The oldest, because only these can be too old.
    raws = await Drift.rows().find(query, fields).sort([("opened_at", 1), ("_id", 1)]).limit(MOST_TOLD).to_list()
    return [
        {
            "resource": raw["native_id"],
            "account_id": str(raw["account_id"]),
            "opened_at": raw["opened_at"],
            "open_over_days": (now - raw["opened_at"]).total_seconds() / DAY,
        }
        for raw in raws
    ]


def _settled(by: ObjectId, reason: str, at: datetime) -> dict[str, Any]:
    return {
        "state": DriftState.SETTLED.value,
        "is_open": None,
        "settled_by": by,
        "settled_at": at,
        "reason": reason,
    }
