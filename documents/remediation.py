"""One remediation: a plan for one finding, who approved it, how far it is, and what came of it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from documents.base import TenantDocument
from documents.transaction import Transaction
from domain.errors import Conflict
from domain.facts import topic
from domain.facts.event import LoggedEvent
from domain.facts.finding import FindingCategory, Risk
from domain.facts.remediation import OPEN, WORKED_ON, RealisedState, RemediationState
from domain.remediation.step import Step
from domain.remediation_plan import Plan

# A worker that has not been heard of for so long is dead. Longer than any one call may take.
LEASE = timedelta(seconds=60)
_NEWEST = (("created_at", DESCENDING), ("_id", DESCENDING))


class Remediation(TenantDocument):
    """`requested_by` is a person's id; None when the policy `policy_id` asked for it by itself, in the run
    `policy_run_id`. `policy_author` is who had set that policy, and `policy_says` what it has decided and why;
    `is_dry`: it only shows what the policy would do.

    `plan` is a Plan as JSON and `plan_hash` its hash; both None until it is planned. `missing` are permissions that
    acting lacks; None where the provider does not tell. `approvals` hold who ("by"), when ("at"), of which plan
    ("plan_hash"), with what words ("reason") and how ("via"). `answers` are what the provider answered, by the key of
    the step; `made` are the keys of steps that are done. `is_open` is True exactly while the state is one of OPEN, for
    the index. `holder` has it until `held_until`. `due_at` is when a worker looks at it next. `after` is what the
    resource was like once it was verified; {} when it was gone. `rollback_forced`: it is taken back even if it has
    changed since. `rolled_back_from` is the state it was in before. `troubled_at` is since when nothing could be read.
    `problem` says in plain words what went wrong. The `realised_` fields are what bills tell of it, as
    `domain.remediation.realised` has them, and since when; None before they were looked at. `regressed_at` is when its
    finding was opened again after it was DONE.
    """

    noun: ClassVar[str] = "remediation"

    account_id: PydanticObjectId
    finding_id: PydanticObjectId
    resource_id: PydanticObjectId
    resource_native_id: str
    resource_name: str
    region: str | None = None
    rule_id: str
    category: FindingCategory
    risk: Risk
    state: RemediationState = RemediationState.PLANNING
    is_open: bool | None = True
    requested_by: PydanticObjectId | None = None
    policy_id: PydanticObjectId | None = None
    policy_run_id: PydanticObjectId | None = None
    policy_author: PydanticObjectId | None = None
    policy_says: str | None = None
    is_dry: bool = False
    reason: str = ""
    plan: dict[str, Any] | None = None
    plan_hash: str | None = None
    planned_at: datetime | None = None
    missing: list[str] | None = None
    expires_at: datetime | None = None
    is_production: bool = True
    approvals_needed: int = 1
    approvals: list[dict[str, Any]] = Field(default_factory=list)
    approved_at: datetime | None = None
    cancel_asked_by: PydanticObjectId | None = None
    rolled_back_by: PydanticObjectId | None = None
    rollback_reason: str | None = None
    rollback_forced: bool = False
    rolled_back_from: RemediationState | None = None
    step: str | None = None
    made: list[str] = Field(default_factory=list)
    answers: dict[str, Any] = Field(default_factory=dict, repr=False)
    after: dict[str, Any] | None = None
    looks: int = 0
    holder: str | None = None
    held_until: datetime | None = None
    due_at: datetime | None = None
    troubled_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    problem: str | None = None
    realised_amount: Decimal | None = None
    realised_currency: str | None = None
    realised_state: RealisedState | None = None
    realised_confidence: Decimal | None = None
    realised_at: datetime | None = None
    regressed_at: datetime | None = None
    version: int = 1

    class Settings:
        name = "remediations"
        indexes = [
            IndexModel([("org_id", ASCENDING), *_NEWEST], name="org_newest"),
            IndexModel([("org_id", ASCENDING), ("state", ASCENDING), *_NEWEST], name="org_state_newest"),
            IndexModel([("org_id", ASCENDING), ("rule_id", ASCENDING), *_NEWEST], name="org_rule_newest"),
            IndexModel([("org_id", ASCENDING), ("account_id", ASCENDING), *_NEWEST], name="org_account_newest"),
            IndexModel(
                [("finding_id", ASCENDING)],
                unique=True,
                name="one_open",
                partialFilterExpression={"is_open": True},
            ),
            IndexModel([("finding_id", ASCENDING), *_NEWEST], name="finding_newest"),
            IndexModel(
                [("org_id", ASCENDING), ("state", ASCENDING), ("started_at", ASCENDING)], name="org_state_started"
            ),
            IndexModel([("org_id", ASCENDING), ("state", ASCENDING), ("ended_at", ASCENDING)], name="org_state_ended"),
            IndexModel([("org_id", ASCENDING), ("resource_id", ASCENDING)], name="org_resource"),
            IndexModel([("due_at", ASCENDING)], name="due", sparse=True),
            IndexModel([("state", ASCENDING), ("expires_at", ASCENDING)], name="expiring"),
        ]

    @property
    def planned(self) -> Plan:
        """The plan. Raises ValueError before there is one."""
        if self.plan is None:
            raise ValueError("It is not planned yet.")
        return Plan.model_validate(self.plan)

    @property
    def steps(self) -> tuple[Step, ...]:
        return () if self.plan is None else self.planned.steps


async def add_remediation(remediation: Remediation, session: AsyncClientSession) -> None:
    """Store a new one. Raises Conflict while another of the same finding is open."""
    try:
        await remediation.insert(session=session)
    except DuplicateKeyError as error:
        raise Conflict("A remediation of this finding is open already. End it first.") from error


async def move(
    remediation: Remediation | ObjectId,
    session: AsyncClientSession,
    *,
    among: frozenset[RemediationState],
    to: RemediationState | None = None,
    where: Mapping[str, Any] | None = None,
    push: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Remediation | None:
    """It with other fields, if it is in one of these states and `where` holds; None when it is not.

    One statement decides, so of two who move it at once one is told None.
    """
    change: dict[str, Any] = dict(fields)
    if to is not None:
        change |= {"state": to.value, "is_open": True if to in OPEN else None}
        if to not in WORKED_ON:
            change.setdefault("due_at", None)
    update: dict[str, Any] = {"$set": change, "$inc": {"version": 1}}
    if push:
        update["$push"] = dict(push)
    id = remediation.id if isinstance(remediation, Remediation) else remediation
    raw = await Remediation.rows().find_one_and_update(
        {"_id": id, "state": {"$in": [state.value for state in among]}, **(where or {})},
        update,
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    return None if raw is None else Remediation.stored(raw)


async def take(remediation_id: ObjectId | None, holder: str, at: datetime) -> Remediation | None:
    """Hold it for LEASE; None while somebody else does, or when there is nothing to be done."""
    raw = await Remediation.rows().find_one_and_update(
        {
            "_id": remediation_id,
            "state": {"$in": [state.value for state in WORKED_ON]},
            "$or": [{"holder": None}, {"held_until": {"$lte": at}}, {"holder": holder}],
        },
        {"$set": {"holder": holder, "held_until": at + LEASE}},
        return_document=ReturnDocument.AFTER,
    )
    return None if raw is None else Remediation.stored(raw)


async def hold(remediation: Remediation, holder: str, at: datetime) -> Remediation | None:
    """Hold it for longer; as it is now, or None when it is somebody else's by now."""
    raw = await Remediation.rows().find_one_and_update(
        {"_id": remediation.id, "holder": holder},
        {"$set": {"held_until": at + LEASE}},
        return_document=ReturnDocument.AFTER,
    )
    return None if raw is None else Remediation.stored(raw)


async def let_go(remediation: Remediation, holder: str, due_at: datetime | None) -> None:
    """Leave it to whoever comes next, at `due_at`; left alone while it is one of those nobody works on."""
    rows = Remediation.rows()
    await rows.update_one({"_id": remediation.id, "holder": holder}, {"$set": {"holder": None, "held_until": None}})
    if due_at is not None:
        working = {"$in": [state.value for state in WORKED_ON]}
        await rows.update_one({"_id": remediation.id, "state": working}, {"$set": {"due_at": due_at}})


async def due_remediations(at: datetime, *, limit: int = 500) -> list[tuple[str, str]]:
    """Ids of organization and remediation of those that a worker has to look at now.

    For the tick, which serves every tenant and therefore takes no Scope.
    """
    query = {"due_at": {"$lte": at}, "$or": [{"holder": None}, {"held_until": {"$lte": at}}]}
    rows = Remediation.rows().find(query, {"org_id": 1}).sort("due_at", ASCENDING).limit(limit)
    return [(str(raw["org_id"]), str(raw["_id"])) async for raw in rows]


async def waiting_too_long(at: datetime, *, limit: int = 500) -> list[Remediation]:
    """Those whose time for an approval, or to begin, is over. For the tick, which serves every tenant."""
    states = [RemediationState.PLANNED.value, RemediationState.APPROVED.value]
    query = {"state": {"$in": states}, "is_open": True, "expires_at": {"$lte": at}, "started_at": None}
    return [Remediation.stored(raw) async for raw in Remediation.rows().find(query).limit(limit)]


def announce_remediation(tx: Transaction, remediation: Remediation) -> None:
    """Log how it is now, for whoever follows it."""
    tx.announce(
        remediation.org_id,
        topic.remediations(remediation.org_id),
        "RemediationChanged",
        remediation.model_dump(mode="json", exclude=_NOT_TOLD),
    )


# Large, or nobody's business; who wants it asks for the remediation.
_NOT_TOLD = {"plan", "answers", "after", "holder", "held_until", "due_at"}


def remediation_of(event: LoggedEvent) -> Remediation:
    """The remediation as an event tells of it, without its plan and answers."""
    return Remediation.stored(event.payload)
