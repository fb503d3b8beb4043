"""A policy that has remediations planned by itself, and approves what may run without asking."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from domain.errors import Conflict
from domain.facts.remediation import PolicyMode, PolicyTrigger
from domain.facts.severity import Severity
from domain.remediation_policy import RemediationSchedule, RemediationTag

# Each is looked at after every sync.
MOST_POLICIES = 50


class RemediationPolicy(TenantDocument):
    """What it takes: open findings of `rule_ids`, in `account_ids` (empty: in all), of resources with all of `tags` and
    none of `without_tags`, of `least_severity` or worse.

    `schedule` counts with the trigger SCHEDULE, `control_ids` (empty: any) with CONTROL. `next_run_at` is when it is
    due, None without a schedule and while it is off. `most_per_run` and `most_per_day` are lower caps than the
    organization's. `changed_by` is the person who has set it as it is. `shown` has, by rule, the print
    (`domain.remediation_policy`) for which a dry run has made a plan.
    """

    noun: ClassVar[str] = "remediation policy"

    name: str
    is_enabled: bool = True
    rule_ids: list[str]
    account_ids: list[PydanticObjectId] = Field(default_factory=list)
    tags: list[RemediationTag] = Field(default_factory=list)
    without_tags: list[RemediationTag] = Field(default_factory=list)
    least_severity: Severity | None = None
    reason: str = ""
    triggers: list[PolicyTrigger]
    schedule: RemediationSchedule | None = None
    control_ids: list[str] = Field(default_factory=list)
    mode: PolicyMode = PolicyMode.PROPOSE
    most_per_run: int | None = None
    most_per_day: int | None = None
    changed_by: PydanticObjectId
    changed_at: datetime
    next_run_at: datetime | None = None
    shown: dict[str, str] = Field(default_factory=dict)
    version: int = 1

    class Settings:
        name = "remediation_policies"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING)], unique=True, name="org_name"),
            # The order of the list; MongoDB does not conclude from the unique one that no tie is left to break.
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING), ("_id", ASCENDING)], name="org_name_id"),
            IndexModel([("org_id", ASCENDING), ("is_enabled", ASCENDING), ("triggers", ASCENDING)], name="org_trigger"),
            IndexModel([("next_run_at", ASCENDING)], name="due", sparse=True),
        ]

    def due_after(self, moment: datetime) -> datetime | None:
        """When it is due next after a moment."""
        if not self.is_enabled or self.schedule is None or PolicyTrigger.SCHEDULE not in self.triggers:
            return None
        return self.schedule.next_after(moment)

    def covers(self, account_id: ObjectId | None) -> bool:
        """Whether it takes findings in this account."""
        return not self.account_ids or account_id in self.account_ids


async def add_policy(policy: RemediationPolicy, session: AsyncClientSession) -> RemediationPolicy:
    """Store a new one. Raises Conflict when there are too many, DuplicateKeyError when the name is taken."""
    if await RemediationPolicy.rows().count_documents({"org_id": policy.org_id}, session=session) >= MOST_POLICIES:
        raise Conflict(f"There are {MOST_POLICIES} policies already: delete one, or join two.")
    return await policy.add(session)


async def change_policy(
    policy: RemediationPolicy, changes: Mapping[str, Any], expected_version: int | None, session: AsyncClientSession
) -> RemediationPolicy:
    """The policy with these stored fields. Raises Conflict when it is not in the version the caller worked from."""
    raw = await RemediationPolicy.rows().find_one_and_update(
        {"_id": policy.id, "version": expected_version or policy.version},
        {"$set": dict(changes), "$inc": {"version": 1}},
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    if raw is None:
        raise _changed_meanwhile(policy)
    return RemediationPolicy.stored(raw)


async def delete_policy(policy: RemediationPolicy, expected_version: int | None, session: AsyncClientSession) -> None:
    """It plans and approves nothing more. Raises Conflict when it is not in the version the caller worked from."""
    gone = await RemediationPolicy.rows().delete_one(
        {"_id": policy.id, "version": expected_version or policy.version}, session=session
    )
    if not gone.deleted_count:
        raise _changed_meanwhile(policy)


def _changed_meanwhile(policy: RemediationPolicy) -> Conflict:
    said = "The policy was changed in the meantime: look at it again."
    return Conflict(said, path=("input", "expectedVersion"), current=policy)


async def policies_for(
    org_id: ObjectId, trigger: PolicyTrigger, session: AsyncClientSession | None = None
) -> Sequence[RemediationPolicy]:
    """Those of an organization that are on and have this trigger."""
    query = {"org_id": org_id, "is_enabled": True, "triggers": trigger.value}
    return [RemediationPolicy.stored(raw) async for raw in RemediationPolicy.rows().find(query, session=session)]


async def due_policies(now: datetime, *, limit: int = 500) -> list[RemediationPolicy]:
    """Those whose time has come. For the tick, which serves every tenant and therefore takes no Scope."""
    rows = RemediationPolicy.rows().find({"next_run_at": {"$lte": now}}).sort("next_run_at", ASCENDING).limit(limit)
    return [RemediationPolicy.stored(raw) async for raw in rows]


async def claim_policy(policy: RemediationPolicy, now: datetime, session: AsyncClientSession) -> bool:
    """Move it on to its next time. False when another worker was faster, or it was changed meanwhile."""
    claimed = await RemediationPolicy.rows().update_one(
        {"_id": policy.id, "next_run_at": policy.next_run_at, "version": policy.version},
        {"$set": {"next_run_at": policy.due_after(now)}},
        session=session,
    )
    return claimed.modified_count > 0


async def find_policy(
    policy_id: ObjectId | None, session: AsyncClientSession | None = None
) -> RemediationPolicy | None:
    """For what it has planned, whose id is that of the same organization; None when it is gone."""
    raw = await RemediationPolicy.rows().find_one({"_id": policy_id}, session=session)
    return None if raw is None else RemediationPolicy.stored(raw)


async def note_shown(policy: RemediationPolicy, rule_id: str, printed: str, session: AsyncClientSession) -> None:
    """A dry run has made a plan of this rule: the next run may run it by itself. No change of the policy."""
    await RemediationPolicy.rows().update_one(
        {"_id": policy.id, "version": policy.version}, {"$set": {f"shown.{rule_id}": printed}}, session=session
    )
