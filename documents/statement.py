"""Monthly statements of who used how much: open while they may change, frozen as a version when they are closed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Self

from bson import ObjectId
from pydantic import BaseModel, Field
from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from documents.transaction import Transaction
from domain.costs.statement import statement_hash
from domain.errors import Conflict, NotFound
from domain.facts.scope import Scope
from domain.facts.statement import Adjustment, StatementAmounts, StatementKind, StatementState

# A document holds 16 MB. A version of 2000 lines takes half of one.
MOST_VERSIONS = 20
MOST_LINES = 2000
MOST_ADJUSTMENTS = 200


class ClosedVersion(BaseModel):
    """A statement as it was closed; nothing in it changes any more but that it was reopened, by whom and why.

    `number` counts the versions of a month from 1. `hash` is over all of it, see domain/costs/statement.py.
    """

    number: int
    kind: StatementKind
    amounts: StatementAmounts
    closed_by: str
    closed_at: datetime
    hash: str
    reopened_by: str | None = None
    reopened_at: datetime | None = None
    reopened_reason: str | None = None


class Statement(TenantDocument):
    """The one statement of an organization for the month that begins at `month` (midnight, UTC).

    `adjustments` are those of the version that is open, or was closed last. `version` rises with every change.
    """

    noun: ClassVar[str] = "statement"

    month: datetime
    kind: StatementKind = StatementKind.SHOWBACK
    state: StatementState = StatementState.OPEN
    adjustments: list[Adjustment] = Field(default_factory=list)
    versions: list[ClosedVersion] = Field(default_factory=list)
    version: int = 1

    class Settings:
        name = "statements"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("month", DESCENDING)], unique=True, name="org_month"),
            # The order of the list; MongoDB does not conclude from the unique one that no tie is left to break.
            IndexModel([("org_id", ASCENDING), ("month", DESCENDING), ("_id", DESCENDING)], name="org_month_id"),
        ]

    @classmethod
    async def newest_in(cls, scope: Scope) -> Self | None:
        """The statement of the newest month in scope, None where there is none."""
        raw = await cls.rows().find_one(cls.within(scope), sort=[("month", DESCENDING)])
        return None if raw is None else cls.stored(raw)

    @property
    def last(self) -> ClosedVersion | None:
        """The version that was closed last."""
        return self.versions[-1] if self.versions else None

    def closed(self, number: int | None = None) -> ClosedVersion:
        """The version of this number; None stands for the last. Raises NotFound."""
        found = [one for one in self.versions if number in (None, one.number)]
        if not found:
            raise NotFound.of("version")
        return found[-1]


async def open_statement(statement: Statement, tx: Transaction) -> Statement:
    """Store a new statement; the one that the month has already is returned as it is."""
    key = {"org_id": statement.org_id, "month": statement.month}
    known = await Statement.rows().find_one(key, session=tx.session)
    if known is not None:
        return Statement.stored(known)
    await statement.insert(session=tx.session)
    return statement


async def close_statement(
    statement: Statement, amounts: StatementAmounts, by: str, at: datetime, session: AsyncClientSession
) -> Statement:
    """Freeze it as its next version. Raises Conflict when it was closed or changed meanwhile, or has too much in it."""
    if len(statement.versions) >= MOST_VERSIONS:
        raise Conflict(f"This month was closed {MOST_VERSIONS} times, which is as often as it can be.")
    if len(amounts.lines) > MOST_LINES:
        raise Conflict(f"This statement has more than {MOST_LINES} lines: give costs to fewer targets.")
    about: dict[str, Any] = {"org_id": str(statement.org_id), "month": f"{statement.month:%Y-%m}"}
    about["kind"] = statement.kind
    about |= {"number": len(statement.versions) + 1, "closed_by": by, "closed_at": at}
    frozen = ClosedVersion(
        number=len(statement.versions) + 1,
        kind=statement.kind,
        amounts=amounts,
        closed_by=by,
        closed_at=at,
        hash=statement_hash(about, amounts),
    )
    change = {"$set": {"state": StatementState.CLOSED.value}, "$push": {"versions": frozen.model_dump()}}
    return await _changed(statement, StatementState.OPEN, change, session)


async def reopen_statement(
    statement: Statement, reason: str, by: str, at: datetime, session: AsyncClientSession
) -> Statement:
    """Let it change again; the version that was closed stays as it is. Raises Conflict when it is open."""
    last = f"versions.{len(statement.versions) - 1}"
    told = {f"{last}.reopened_by": by, f"{last}.reopened_at": at, f"{last}.reopened_reason": reason}
    return await _changed(statement, StatementState.CLOSED, {"$set": {"state": "OPEN", **told}}, session)


async def adjust_statement(statement: Statement, adjustment: Adjustment, session: AsyncClientSession) -> Statement:
    """Add an adjustment. Raises Conflict when it is closed, was changed meanwhile, or has too many."""
    if len(statement.adjustments) >= MOST_ADJUSTMENTS:
        raise Conflict(f"A statement has {MOST_ADJUSTMENTS} adjustments at most.")
    change = {"$push": {"adjustments": adjustment.model_dump()}}
    return await _changed(statement, StatementState.OPEN, change, session)


async def drop_adjustment(statement: Statement, id: str, session: AsyncClientSession) -> Statement:
    """Take an adjustment back. Raises NotFound, or Conflict as above."""
    if id not in {one.id for one in statement.adjustments}:
        raise NotFound.of("adjustment")
    return await _changed(statement, StatementState.OPEN, {"$pull": {"adjustments": {"id": id}}}, session)


async def _changed(
    statement: Statement, state: StatementState, change: Mapping[str, Any], session: AsyncClientSession
) -> Statement:
    raw = await Statement.rows().find_one_and_update(
        {"_id": ObjectId(str(statement.id)), "version": statement.version, "state": state.value},
        {**change, "$inc": {"version": 1}},
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    if raw is not None:
        return Statement.stored(raw)
    if statement.state is not state:
        word = "closed: reopen it first" if state is StatementState.OPEN else "open already"
        raise Conflict(f"This statement is {word}.", current=statement)
    raise Conflict("Somebody else has changed this statement: look at it again.", current=statement)
