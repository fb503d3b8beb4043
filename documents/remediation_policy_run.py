"""One run of a policy: what it found, planned, approved by itself and left to people, and why."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import BaseModel, Field
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from domain.facts.remediation import Left, PolicyCause

KEPT = timedelta(days=400)
# Of a run that has not ended after so long the job may be lost; what has not ended after a day does not end any more.
ASKED_AGAIN_AFTER, GIVEN_UP_AFTER = timedelta(minutes=10), timedelta(days=1)
_NEWEST = (("created_at", DESCENDING), ("_id", DESCENDING))


class FailedControl(BaseModel):
    """A control that came to fail in an account."""

    control_id: str
    account_id: PydanticObjectId


class RemediationPolicyRun(TenantDocument):
    """`key` tells it from the other runs of the policy: asked for twice, it is one. `is_dry`: asked to plan only.
    `dry_rule_ids` are rules that it only plans, because the policy, the remedy or the rule's parameters are new.

    `matched`, `planned`: how many findings it found, and for how many it had a remediation planned. `approved`,
    `waiting` and `refused` count what came of those so far: approved by the policy, left to people, no plan.
    `left` counts the reasons for what was left to people; a plan may have several. It looks in `account_id` only, or
    where `controls` have failed, else in all accounts of the policy. `problem` says why it ended early.
    """

    noun: ClassVar[str] = "run of a policy"

    policy_id: PydanticObjectId
    policy_version: int
    key: str
    cause: PolicyCause
    planned_for: datetime
    asked_by: PydanticObjectId | None = None
    controls: list[FailedControl] = Field(default_factory=list)
    account_id: PydanticObjectId | None = None
    is_dry: bool = False
    dry_rule_ids: list[str] = Field(default_factory=list)
    matched: int = 0
    planned: int = 0
    approved: int = 0
    waiting: int = 0
    refused: int = 0
    left: dict[Left, int] = Field(default_factory=dict)
    problem: str | None = None
    ended_at: datetime | None = None

    class Settings:
        name = "remediation_policy_runs"
        indexes = [
            IndexModel([("policy_id", ASCENDING), ("key", ASCENDING)], unique=True, name="policy_key"),
            IndexModel([("org_id", ASCENDING), *_NEWEST], name="org_newest"),
            IndexModel([("org_id", ASCENDING), ("policy_id", ASCENDING), *_NEWEST], name="org_policy_newest"),
            IndexModel(
                [("created_at", ASCENDING)],
                name="unended",
                partialFilterExpression={"ended_at": None},
            ),
            IndexModel([("planned_for", ASCENDING)], name="expiry", expireAfterSeconds=int(KEPT.total_seconds())),
        ]


async def open_policy_run(run: RemediationPolicyRun, session: AsyncClientSession | None = None) -> RemediationPolicyRun:
    """The run with this key, stored if it is new."""
    fields = {**run.model_dump(exclude={"id", "revision_id"}), "left": {}}
    rows, natural = RemediationPolicyRun.rows(), {"policy_id": run.policy_id, "key": run.key}
    await rows.update_one(natural, {"$setOnInsert": fields}, upsert=True, session=session)
    raw = await rows.find_one(natural, session=session)
    return RemediationPolicyRun.stored(raw or {})


async def find_run(run_id: ObjectId | None, session: AsyncClientSession | None = None) -> RemediationPolicyRun | None:
    """For what it has planned, whose id is that of the same organization; None when it was forgotten."""
    raw = await RemediationPolicyRun.rows().find_one({"_id": run_id}, session=session)
    return None if raw is None else RemediationPolicyRun.stored(raw)


async def note_planned(run: RemediationPolicyRun, session: AsyncClientSession) -> None:
    """One more remediation of it is being planned. In the transaction that stores that."""
    await RemediationPolicyRun.rows().update_one({"_id": run.id}, {"$inc": {"planned": 1}}, session=session)


async def note_dry_rule(run: RemediationPolicyRun, rule_id: str, session: AsyncClientSession) -> None:
    """It only plans this rule."""
    await RemediationPolicyRun.rows().update_one(
        {"_id": run.id}, {"$addToSet": {"dry_rule_ids": rule_id}}, session=session
    )


async def note_outcome(
    run_id: ObjectId | None, outcome: str, reasons: Iterable[Left], session: AsyncClientSession
) -> None:
    """Count what came of one plan: `outcome` is approved, waiting or refused. In the transaction that decides it."""
    changes = {outcome: 1, **{f"left.{reason.value}": 1 for reason in reasons}}
    await RemediationPolicyRun.rows().update_one({"_id": run_id}, {"$inc": changes}, session=session)


async def end_policy_run(
    run: RemediationPolicyRun, at: datetime, *, matched: int = 0, left: Mapping[Left, int], problem: str | None = None
) -> bool:
    """Close it with what it found; False when it was closed before."""
    ended = await RemediationPolicyRun.rows().update_one(
        {"_id": run.id, "ended_at": None},
        {
            "$set": {"ended_at": at, "matched": matched, "problem": problem},
            "$inc": {f"left.{reason.value}": count for reason, count in left.items()} or {"refused": 0},
        },
    )
    return ended.modified_count > 0


async def unended_runs(now: datetime, *, limit: int = 500) -> list[RemediationPolicyRun]:
    """Those whose job may be lost. For the tick, which serves every tenant and therefore takes no Scope."""
    within = {"$gte": now - GIVEN_UP_AFTER, "$lte": now - ASKED_AGAIN_AFTER}
    rows = RemediationPolicyRun.rows().find({"ended_at": None, "created_at": within}).limit(limit)
    return [RemediationPolicyRun.stored(raw) async for raw in rows]
