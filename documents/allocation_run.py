"""One working out of a month: by which rules, from which bills, and what it came to."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import BaseModel, Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.allocated_cost import AllocatedCost
from documents.base import TenantDocument
from documents.transaction import Transaction
from domain.facts.allocation import AllocationKind, TakenBy
from domain.facts.scope import Scope


class AllocationRunState(StrEnum):
    """STAGING does not count yet. FORMER: of a closed month that was worked out again, kept to compare with.

    RETIRED: replaced; its costs go once nobody reads them.
    """

    STAGING = "STAGING"
    CURRENT = "CURRENT"
    FORMER = "FORMER"
    RETIRED = "RETIRED"


class RunTotal(BaseModel):
    """What a target owes by one rule (its number from 0) in one currency; both None: what nobody owes."""

    target_id: str | None = None
    rule: int | None = None
    taken_by: TakenBy
    currency: str
    billed: Decimal
    effective: Decimal
    listed: Decimal
    contracted: Decimal


class UntaggedTotal(BaseModel):
    """What the costs without this tag, or with an empty value, come to."""

    tag: str
    currency: str
    billed: Decimal
    effective: Decimal


class RuleWeight(BaseModel):
    """By which weight a rule (its number from 0) shared costs of a currency, where that follows from other costs."""

    rule: int
    currency: str
    target_id: str
    weight: Decimal


class NamedTarget(BaseModel):
    """A target with the names that tags could use for it when the month was worked out."""

    id: str
    kind: AllocationKind
    name: str
    aliases: list[str] = Field(default_factory=list)


class AllocationRun(TenantDocument):
    """`month` is its first midnight (UTC). `rules_version` 0 stands for no rules. `fingerprint` tells whether another
    run would come to the same. `reason` and `asked_by` are those of a run of a closed month.
    """

    noun: ClassVar[str] = "allocation run"

    month: datetime
    state: AllocationRunState = AllocationRunState.STAGING
    rules_version: int
    edition_ids: list[PydanticObjectId] = Field(default_factory=list)
    targets: list[NamedTarget] = Field(default_factory=list)
    fingerprint: str
    totals: list[RunTotal] = Field(default_factory=list)
    untagged: list[UntaggedTotal] = Field(default_factory=list)
    weights: list[RuleWeight] = Field(default_factory=list)
    reason: str = ""
    asked_by: str | None = None
    ended_at: datetime | None = None
    retired_at: datetime | None = None

    class Settings:
        name = "allocation_runs"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("month", DESCENDING), ("_id", DESCENDING)], name="org_month"),
            IndexModel([("state", ASCENDING), ("created_at", ASCENDING)], name="state_created"),
            IndexModel([("state", ASCENDING), ("retired_at", ASCENDING)], name="state_retired"),
        ]


async def runs_by_id(scope: Scope, ids: Sequence[ObjectId]) -> list[AllocationRun]:
    """These runs, as far as they are in scope."""
    return await AllocationRun.list_in(scope, {"_id": {"$in": list(ids)}}, limit=len(ids) or 1)


async def end_run(tx: Transaction, run_id: ObjectId, results: Mapping[str, Any], at: datetime) -> None:
    """Let a staged run be the current one of its month, with what it came to."""
    change = {**results, "state": AllocationRunState.CURRENT, "ended_at": at}
    await AllocationRun.rows().update_one({"_id": run_id}, {"$set": change}, session=tx.session)


async def put_aside(tx: Transaction, run_id: ObjectId, state: AllocationRunState, at: datetime) -> None:
    """Let a run that counted be FORMER or RETIRED."""
    change = {"state": state, "retired_at": at}
    await AllocationRun.rows().update_one({"_id": run_id}, {"$set": change}, session=tx.session)


async def clear_runs(*, staged_before: datetime, retired_before: datetime) -> int:
    """Delete runs that nothing shows, of every tenant, with their costs; returns how many. Safe to repeat."""
    dead = {"state": AllocationRunState.STAGING, "created_at": {"$lt": staged_before}}
    old = {"state": AllocationRunState.RETIRED, "retired_at": {"$lt": retired_before}}
    cleared = 0
    for query in (dead, old):
        async for raw in AllocationRun.rows().find(query, projection={"_id": 1}):
            await AllocatedCost.rows().delete_many({"run_id": raw["_id"]})
            cleared += (await AllocationRun.rows().delete_one({"_id": raw["_id"], **query})).deleted_count
    return cleared


async def drop_run(run_id: ObjectId) -> None:
    """Delete a run that never counted, with what it had staged."""
    await AllocatedCost.rows().delete_many({"run_id": run_id})
    await AllocationRun.rows().delete_one({"_id": run_id, "state": AllocationRunState.STAGING})
