"""Monthly statements: open and close them, reopen them with a reason, put amounts right."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Annotated, Any

import strawberry
from beanie import PydanticObjectId
from bson import ObjectId
from pymongo.errors import DuplicateKeyError

import documents
from auth.permission import Permission
from documents.allocation import is_awaited
from documents.allocation_month import find_month
from documents.cost_period import midnight
from documents.statement import (
    adjust_statement,
    close_statement,
    drop_adjustment,
    open_statement,
    reopen_statement,
)
from documents.statement_amounts import amounts_now, find_target
from documents.transaction import Transaction
from domain.costs.statement import month_after
from domain.errors import Conflict, Invalid
from domain.facts.scope import Scope
from domain.facts.statement import NOT_ALLOCATED, Adjustment, StatementKind
from resolvers.allocation_month import close_and_tell, reopen_and_tell
from resolvers.context import Context, Info
from resolvers.fields import mutation
from resolvers.statement import scope_in, statement_of
from schema.node import local_id
from schema.statement_input import (
    AddStatementAdjustmentInput,
    AddStatementAdjustmentPayload,
    CloseStatementInput,
    CloseStatementPayload,
    OpenStatementInput,
    OpenStatementPayload,
    RemoveStatementAdjustmentInput,
    RemoveStatementAdjustmentPayload,
    ReopenStatementInput,
    ReopenStatementPayload,
)

WHAT = "What to do it with."
Change = Callable[[Transaction], Awaitable[documents.Statement]]
_EARLIEST, _LATEST = date(2000, 1, 1), date(2090, 1, 1)


@strawberry.type
class StatementMutations:
    @mutation(
        OpenStatementPayload,
        may=Permission.COSTS_MANAGE,
        audit="statement.open",
        description="Have a statement of a month; the one there is, if there is one already.",
    )
    async def open_statement(
        self, info: Info, input: Annotated[OpenStatementInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        scope = context.scope.narrowed(context.organization(input.organization_id))
        if not _EARLIEST <= input.month < _LATEST:
            raise Invalid("The month must lie between 2000 and 2090.", path=("input", "month"))
        statement = documents.Statement(
            org_id=PydanticObjectId(scope.only()),
            month=midnight(input.month.replace(day=1)),
            kind=input.kind or await _usual_kind(scope),
        )

        async def change(tx: Transaction) -> documents.Statement:
            opened = await open_statement(statement, tx)
            told = {"month": f"{opened.month:%Y-%m}", "kind": opened.kind}
            tx.audit(opened.org_id, target=f"statement:{opened.id}", after=told)
            return opened

        try:
            return await context.ports.writer.commit(change)
        except DuplicateKeyError:
            # Somebody was faster by a moment; theirs is found now.
            return await context.ports.writer.commit(change)

    @mutation(
        CloseStatementPayload,
        may=Permission.COSTS_MANAGE,
        audit="statement.close",
        description="Freeze a statement as its next version, once its month has ended (UTC) and is worked out. The "
        "month of allocation is closed with it.",
    )
    async def close_statement(
        self, info: Info, input: Annotated[CloseStatementInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, now = info.context, info.context.now()
        statement = await _expected(context, input)
        if now.date() < month_after(statement.month.date()):
            raise Conflict("This month has not ended yet: close it when it has.", current=statement)
        scope = scope_in(context, statement)
        allocation = await _allocation_to_close(scope, statement.month.date(), statement)
        amounts, by = await amounts_now(scope, statement), context.signed_in.actor

        async def change(tx: Transaction) -> documents.Statement:
            closed = await close_statement(statement, amounts, by, now, tx.session)
            if allocation is not None:
                await _close_as_seen(tx, scope, allocation, now)
            last = closed.closed()
            told = {"state": closed.state, "number": last.number, "hash": last.hash}
            tx.audit(closed.org_id, target=f"statement:{closed.id}", before={"state": statement.state}, after=told)
            return closed

        return await context.ports.writer.commit(change)

    @mutation(
        ReopenStatementPayload,
        may=Permission.COSTS_MANAGE,
        audit="statement.reopen",
        description="Let a closed statement change again, and the month of allocation with it. The version that was "
        "closed stays as it is.",
    )
    async def reopen_statement(
        self, info: Info, input: Annotated[ReopenStatementInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, now = info.context, info.context.now()
        statement, by = await _expected(context, input), context.signed_in.actor

        async def change(tx: Transaction) -> documents.Statement:
            opened = await reopen_statement(statement, input.reason, by, now, tx.session)
            await reopen_and_tell(tx, scope_in(context, statement), statement.month.date(), input.reason)
            told = {"state": opened.state, "reason": input.reason}
            tx.audit(opened.org_id, target=f"statement:{opened.id}", before={"state": statement.state}, after=told)
            return opened

        return await context.ports.writer.commit(change)

    @mutation(
        AddStatementAdjustmentPayload,
        may=Permission.COSTS_MANAGE,
        audit="statement.adjust",
        description="Put an amount on a target of an open statement, or take it off, with a reason.",
    )
    async def add_statement_adjustment(
        self, info: Info, input: Annotated[AddStatementAdjustmentInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        statement = await _expected(context, input)
        adjustment = await _adjustment(context, statement, input)

        async def change(tx: Transaction) -> documents.Statement:
            adjusted = await adjust_statement(statement, adjustment, tx.session)
            tx.audit(adjusted.org_id, target=f"statement:{adjusted.id}", after=adjustment.model_dump(mode="json"))
            return adjusted

        return await context.ports.writer.commit(change)

    @mutation(
        RemoveStatementAdjustmentPayload,
        may=Permission.COSTS_MANAGE,
        audit="statement.remove_adjustment",
        description="Take an adjustment of an open statement back.",
    )
    async def remove_statement_adjustment(
        self, info: Info, input: Annotated[RemoveStatementAdjustmentInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        statement = await _expected(context, input)

        async def change(tx: Transaction) -> documents.Statement:
            changed = await drop_adjustment(statement, input.adjustment, tx.session)
            tx.audit(changed.org_id, target=f"statement:{changed.id}", before={"adjustment": input.adjustment})
            return changed

        return await context.ports.writer.commit(change)


async def _usual_kind(scope: Scope) -> StatementKind:
    newest = await documents.Statement.newest_in(scope)
    return StatementKind.SHOWBACK if newest is None else newest.kind


async def _expected(context: Context, input: Any) -> documents.Statement:
    """The statement that an input is about. Raises Conflict when it has another version than was expected."""
    statement = await statement_of(context, input.statement_id)
    if input.expected_version not in (None, statement.version):
        message = "Somebody else has changed this statement: look at it again."
        raise Conflict(message, path=("input", "expectedVersion"), current=statement)
    return statement


async def _allocation_to_close(
    scope: Scope, month: date, statement: documents.Statement
) -> documents.AllocationMonth | None:
    """The month of allocation as it is; None when nothing was billed. Raises Conflict while it is worked out."""
    if await is_awaited(scope, month):
        message = f"{month:%Y-%m} is not worked out yet: wait for its allocation, then close the statement."
        raise Conflict(message, current=statement)
    return await find_month(scope, month)


async def _close_as_seen(tx: Transaction, scope: Scope, seen: documents.AllocationMonth, at: datetime) -> None:
    """Close the month of allocation. Raises Conflict when another run counts by now than the amounts are of."""
    if seen.closed_at is None:
        closed = await close_and_tell(tx, scope, seen.month.date(), at)
    else:
        closed = await find_month(scope, seen.month.date(), tx.session) or seen
    if closed.run_id != seen.run_id:
        raise Conflict("The month was worked out again in the meantime: look at the statement again.")


async def _adjustment(
    context: Context, statement: documents.Statement, input: AddStatementAdjustmentInput
) -> Adjustment:
    if not input.amount:
        raise Invalid("An adjustment of nothing changes nothing.", path=("input", "amount"))
    target = None
    if input.target is not None:
        target = await find_target(scope_in(context, statement), local_id("AllocationTarget", input.target))
    return Adjustment(
        id=str(ObjectId()),
        target=target.id if target else None,
        name=target.name if target else NOT_ALLOCATED,
        currency=input.currency,
        amount=input.amount,
        reason=input.reason,
        by=context.signed_in.actor,
        at=context.now(),
    )
