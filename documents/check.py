"""What is said now of one control in one account by one procedure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, cast

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import BaseModel, Field
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from documents.transaction import Transaction
from domain.facts.compliance import CheckStatus, Integration, Verdict
from domain.facts.scope import Scope

# What is kept of a judgement with more items: the worst ones; the rest is counted.
MOST_ITEMS = 200
_BY_CONTROL = (("control_id", ASCENDING), ("_id", ASCENDING))
_OTHERS = (("status", ASCENDING), ("integration", ASCENDING), ("account_id", ASCENDING))


class CheckedItem(BaseModel):
    """`expected` is empty for what passes."""

    resource: str
    verdict: Verdict
    observed: str
    expected: str = ""


class AnswerRead(BaseModel):
    """An operation that was looked at; `account_id` None: our own records."""

    account_id: PydanticObjectId | None = None
    operation: str


class Check(TenantDocument):
    """`account_id` is None for what is judged by our own records.

    `counts` are by verdict, of all items; `items` the worst of them. `problem` says what could not be read.
    `evidence` are the hashes of the packs that were judged, read by `sync_ids`; `reads` what was looked at, and
    `fingerprint` what there was to see of it, so that the same need not be judged twice. `streak` and `changes` are
    those of domain.compliance.standing, `told` is what people know: FAIL, ERROR or nothing. `exceptions` are those that
    covered something of the control there when it was judged.
    """

    noun: ClassVar[str] = "check"

    control_id: str
    integration: Integration
    account_id: PydanticObjectId | None = None
    status: CheckStatus
    counts: dict[Verdict, int] = Field(default_factory=dict)
    items: list[CheckedItem] = Field(default_factory=list)
    problem: str | None = None
    judged_at: datetime
    changed_at: datetime
    version: int
    parameters: dict[str, Any] = Field(default_factory=dict)
    exceptions: list[PydanticObjectId] = Field(default_factory=list)
    evidence: list[str] = Field(default_factory=list)
    sync_ids: list[PydanticObjectId] = Field(default_factory=list)
    next_at: datetime
    reads: list[AnswerRead] = Field(default_factory=list)
    fingerprint: str = ""
    streak: int = 1
    changes: list[datetime] = Field(default_factory=list)
    told: CheckStatus | None = None

    class Settings:
        name = "checks"
        indexes = [
            IndexModel(
                [
                    ("org_id", ASCENDING),
                    ("control_id", ASCENDING),
                    ("integration", ASCENDING),
                    ("account_id", ASCENDING),
                ],
                unique=True,
                name="natural",
            ),
            IndexModel([("org_id", ASCENDING), *_BY_CONTROL, *_OTHERS], name="org_control"),
            IndexModel([("org_id", ASCENDING), ("status", ASCENDING), *_BY_CONTROL, *_OTHERS[1:]], name="org_status"),
            IndexModel(
                [("org_id", ASCENDING), ("account_id", ASCENDING), *_BY_CONTROL, *_OTHERS[:2]], name="org_account"
            ),
            IndexModel(
                [("org_id", ASCENDING), ("integration", ASCENDING), *_BY_CONTROL, ("status", ASCENDING)],
                name="org_integration",
            ),
            IndexModel([("next_at", ASCENDING)], name="due"),
        ]


async def checks_of(scope: Scope, account_id: ObjectId | None) -> dict[tuple[str, Integration], Check]:
    """What is said of one account, or of our own records, by control and system."""
    rows = Check.rows().find({**Check.within(scope), "account_id": account_id})
    checks = [Check.stored(raw) async for raw in rows]
    return {(check.control_id, check.integration): check for check in checks}


async def keep_check(tx: Transaction, check: Check) -> ObjectId:
    """Store what is said now in the place of what was; returns its id."""
    fields = check.model_dump(exclude={"id", "revision_id", "created_at"})
    fields["counts"] = {verdict.value: count for verdict, count in check.counts.items()}
    key = {name: fields[name] for name in ("org_id", "control_id", "integration", "account_id")}
    raw = await Check.rows().find_one_and_update(
        key,
        {"$set": fields, "$setOnInsert": {"created_at": check.judged_at}},
        upsert=True,
        projection={"_id": 1},
        return_document=ReturnDocument.AFTER,
        session=tx.session,
    )
    return ObjectId(cast("Mapping[str, Any]", raw)["_id"])


async def is_judged_before(org_id: ObjectId, control_id: str, at: datetime) -> bool:
    """Whether some check of a control was made last before then."""
    query = {"org_id": org_id, "control_id": control_id, "judged_at": {"$lt": at}}
    return await Check.rows().find_one(query, {"_id": 1}) is not None


async def statuses_of(
    org_id: ObjectId, control_ids: Sequence[str], session: AsyncClientSession
) -> dict[str, list[CheckStatus]]:
    """What the checks of these controls say, by control."""
    found: dict[str, list[CheckStatus]] = {id: [] for id in control_ids}
    query = {"org_id": org_id, "control_id": {"$in": list(control_ids)}}
    async for raw in Check.rows().find(query, {"control_id": 1, "status": 1}, session=session):
        found[raw["control_id"]].append(CheckStatus(raw["status"]))
    return found


async def forget_checks(
    org_id: ObjectId, account_ids: Sequence[ObjectId], control_ids: Sequence[str], session: AsyncClientSession
) -> list[Check]:
    """Drop what is said of accounts that are not connected any more, or of controls that there are no more.

    Returns those of them that people know of: their alerts are over.
    """
    stale: list[dict[str, Any]] = [
        {"account_id": {"$nin": [None, *account_ids]}},
        {"control_id": {"$nin": list(control_ids)}},
    ]
    query: dict[str, Any] = {"org_id": org_id, "$or": stale}
    known = [Check.stored(raw) async for raw in Check.rows().find({**query, "told": {"$ne": None}}, session=session)]
    await Check.rows().delete_many(query, session=session)
    return known


async def organizations_due(now: datetime, *, limit: int = 1000) -> list[ObjectId]:
    """Those with a check that is due; for the tick, which serves every tenant, hence not scoped."""
    found = await Check.rows().aggregate(
        [{"$match": {"next_at": {"$lte": now}}}, {"$group": {"_id": "$org_id"}}, {"$limit": limit}]
    )
    return [raw["_id"] async for raw in found]
