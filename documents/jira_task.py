"""A ticket in Jira that belongs to an alert: what is to be said there, and what was last seen of it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import BaseModel, Field
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from documents.delivery import DELIVERIES
from documents.outbox import SLOW
from documents.transaction import Transaction
from domain.facts.scope import Scope
from domain.facts.ticket import SeenComment, StatusCategory, TicketState
from domain.ticketing.ownership import MOST_COMMENTS, KnownTicket

SYNC_TICKET = "sync_ticket"
RECONCILE_TICKETS = "reconcile_tickets"
# Jira finds what was made by a search after some seconds; what was begun and not recorded is looked for after this.
SETTLED_AFTER = timedelta(seconds=60)
# What was asked to be said is remembered by key, so that no event is told of twice.
MOST_KEYS = 200
_NEWEST_FIRST = (("created_at", DESCENDING), ("_id", DESCENDING))
_COMMENT = {"id", "author", "text", "at"}


class TicketComment(BaseModel):
    """One of the last comments; `is_ours` tells those that CloudWatcher wrote."""

    id: str
    author: str
    text: str
    at: datetime
    is_ours: bool = False

    @property
    def at_utc(self) -> datetime:
        """With its zone, which the driver leaves out where it is quick."""
        return self.at if self.at.tzinfo is not None else self.at.replace(tzinfo=UTC)


class JiraTask(TenantDocument):
    """`subject` is what it is for ("alert:<id>"), unique in the organization.

    `is_over`: the cause is verified to be gone, so the ticket is to be closed. `draft` is what the ticket is made
    from. `outbox` are comments to be written: {key, text}; `told` are the keys of all that were ever put there.
    `assign_to` is the address of whom it is to be assigned to. `creating_at` is when its making was begun last.
    `updated_at` is when Jira last changed it, by Jira's time; `seen_at` is when we last heard of it, `reconciled_at`
    when we last asked for what had changed. `comment_ids` are those we have taken over.
    """

    noun: ClassVar[str] = "ticket"

    subject: str
    alert_id: PydanticObjectId | None = None
    rule_id: PydanticObjectId | None = None
    account_id: PydanticObjectId
    draft: dict[str, Any] = Field(default_factory=dict, repr=False)
    state: TicketState = TicketState.WAITING
    problem: str | None = None
    is_over: bool = False
    issue_id: str | None = None
    issue_key: str | None = None
    url: str | None = None
    status: str | None = None
    category: StatusCategory | None = None
    assignee: str | None = None
    priority: str | None = None
    summary: str | None = None
    comments: list[TicketComment] = Field(default_factory=list)
    comment_ids: list[str] = Field(default_factory=list)
    outbox: list[dict[str, str]] = Field(default_factory=list)
    told: list[str] = Field(default_factory=list)
    assign_to: str | None = None
    robot: str | None = None
    creating_at: datetime | None = None
    updated_at: datetime | None = None
    seen_at: datetime | None = None
    reconciled_at: datetime | None = None
    version: int = 1

    class Settings:
        name = "jira_tasks"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("subject", ASCENDING)], unique=True, name="org_subject"),
            IndexModel([("org_id", ASCENDING), *_NEWEST_FIRST, ("state", ASCENDING)], name="org_newest"),
            IndexModel([("org_id", ASCENDING), ("alert_id", ASCENDING), *_NEWEST_FIRST], name="org_alert_newest"),
            IndexModel([("org_id", ASCENDING), ("account_id", ASCENDING), ("issue_id", ASCENDING)], name="org_issue"),
        ]

    @property
    def known(self) -> KnownTicket:
        """What is held against what Jira says."""
        return KnownTicket(self.is_over, self.category, self.updated_at, self.comment_ids, self.robot)


def subject_of(alert_id: object) -> str:
    """What the ticket of an alert is about."""
    return f"alert:{alert_id}"


async def find_task(org_id: ObjectId, subject: str, session: AsyncClientSession | None = None) -> JiraTask | None:
    """The ticket of a subject."""
    raw = await JiraTask.rows().find_one({"org_id": org_id, "subject": subject}, session=session)
    return None if raw is None else JiraTask.stored(raw)


async def task_of_issue(scope: Scope, account_id: object, issue_id: str) -> JiraTask | None:
    """The ticket that is this issue of this account's site; None for issues that are not ours."""
    return await JiraTask.find_in(scope, {"account_id": account_id, "issue_id": issue_id})


async def add_task(tx: Transaction, task: JiraTask) -> JiraTask:
    """Store a new ticket that is to be made, and ask for it."""
    task.id = task.id or PydanticObjectId()
    await task.insert(session=tx.session)
    ask_ticket(tx, task)
    return task


async def change_task(tx: Transaction, task: JiraTask, changes: dict[str, Any]) -> None:
    """Set these stored fields; the version rises."""
    await JiraTask.rows().update_one({"_id": task.id}, {"$set": changes, "$inc": {"version": 1}}, session=tx.session)


async def tell(tx: Transaction, task: JiraTask, key: str, text: str) -> bool:
    """Have a comment written, once per key. False when that was asked for before."""
    told = await JiraTask.rows().update_one(
        {"_id": task.id, "told": {"$ne": key}},
        {
            "$push": {"outbox": {"key": key, "text": text}, "told": {"$each": [key], "$slice": -MOST_KEYS}},
            "$inc": {"version": 1},
        },
        session=tx.session,
    )
    return told.modified_count > 0


async def add_comments(tx: Transaction, task: JiraTask, comments: Sequence[SeenComment], *, are_ours: bool) -> None:
    """Keep these comments beside those there are, by time, the last ones only."""
    rows = [TicketComment(**one.model_dump(include=_COMMENT), is_ours=are_ours).model_dump() for one in comments]
    for row in rows:
        await JiraTask.rows().update_one(
            {"_id": task.id, "comment_ids": {"$ne": row["id"]}},
            {
                "$push": {
                    "comments": {"$each": [row], "$sort": {"at": 1}, "$slice": -MOST_COMMENTS},
                    "comment_ids": {"$each": [row["id"]], "$slice": -MOST_KEYS},
                },
                "$inc": {"version": 1},
            },
            session=tx.session,
        )
    if are_ours:
        keys = [one.key for one in comments]
        await JiraTask.rows().update_one(
            {"_id": task.id}, {"$pull": {"outbox": {"key": {"$in": keys}}}}, session=tx.session
        )


async def claim_creation(task: JiraTask, at: datetime) -> bool:
    """Note that the ticket is about to be made. False when another worker is at it, or has just been."""
    claimed = await JiraTask.rows().update_one(
        {
            "_id": task.id,
            "issue_id": None,
            "$or": [{"creating_at": None}, {"creating_at": {"$lte": at - SETTLED_AFTER}}],
        },
        {"$set": {"creating_at": at}},
    )
    return claimed.modified_count > 0


async def earliest_look(org_id: ObjectId, account_id: ObjectId) -> datetime | None:
    """Since when changes of an account's tickets have not been asked for; None when it has no tickets."""
    query = {"org_id": org_id, "account_id": account_id, "issue_id": {"$type": "string"}}
    rows = JiraTask.rows().find(query, {"reconciled_at": 1, "created_at": 1})
    looks = [raw.get("reconciled_at") or raw["created_at"] async for raw in rows]
    return min(looks, default=None)


async def note_reconciled(org_id: ObjectId, account_id: ObjectId, at: datetime) -> None:
    """Note that what changed before this was asked for, for tickets that were there then."""
    query = {"org_id": org_id, "account_id": account_id, "created_at": {"$lte": at}}
    await JiraTask.rows().update_many(query, {"$set": {"reconciled_at": at}})


async def accounts_with_tickets() -> list[tuple[ObjectId, ObjectId]]:
    """(organization, account) of all that have tickets. For the tick, which serves every tenant, hence not scoped."""
    fields = {"org_id": "$org_id", "account_id": "$account_id"}
    groups = await JiraTask.rows().aggregate([{"$group": {"_id": fields}}])
    return [(raw["_id"]["org_id"], raw["_id"]["account_id"]) async for raw in groups]


async def unfinished_tasks(org_id: ObjectId, account_id: ObjectId, *, limit: int = 500) -> list[JiraTask]:
    """Tickets that wait for something although nobody has touched them lately: their job may be lost."""
    waits = [
        {"state": TicketState.WAITING.value},
        {"outbox": {"$ne": []}},
        {"assign_to": {"$type": "string"}},
        {"is_over": True, "state": TicketState.OPEN.value},
        {"is_over": False, "state": TicketState.DONE.value},
    ]
    query = {"org_id": org_id, "account_id": account_id, "state": {"$ne": TicketState.FAILED.value}, "$or": waits}
    return [JiraTask.stored(raw) async for raw in JiraTask.rows().find(query).limit(limit)]


def ask_ticket(tx: Transaction, task: JiraTask) -> None:
    """Ask for Jira to be brought to what the ticket is to be."""
    args = {"org_id": str(task.org_id), "task_id": str(task.id)}
    tx.enqueue(SYNC_TICKET, queue=DELIVERIES, key=str(task.id), args=args)


def ask_reconciliation(tx: Transaction, org_id: ObjectId, account_id: ObjectId) -> None:
    """Ask for a look at what has changed in the tickets of an account."""
    args = {"org_id": str(org_id), "account_id": str(account_id)}
    tx.enqueue(RECONCILE_TICKETS, queue=SLOW, key=str(account_id), args=args)
