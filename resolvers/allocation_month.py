"""Months of allocation: list them and their runs, close them, have closed ones worked out again."""

from datetime import date, datetime
from typing import Annotated, Any

import strawberry
from bson import ObjectId

import documents
from auth.permission import Permission
from documents.allocation_month import AskedRun, change_month, close_month, find_month, is_closed, reopen_month
from documents.page import Keyset
from documents.transaction import Transaction
from domain.errors import Conflict
from domain.facts import topic
from domain.facts.scope import Scope
from jobs.queue import ask_allocation
from resolvers.context import Info
from resolvers.fields import mutation, query
from schema.allocation import (
    AllocationMonth,
    AllocationRun,
    CloseAllocationMonthInput,
    CloseAllocationMonthPayload,
    ReopenAllocationMonthInput,
    ReopenAllocationMonthPayload,
    RerunAllocationInput,
    RerunAllocationPayload,
)
from schema.arguments import InOrganization
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.node import local_id

NEWEST_FIRST = Keyset((("month", -1),))
WHAT = "What to do it with."


@strawberry.type
class AllocationMonthQueries:
    @query(
        Connection[AllocationMonth],
        may=Permission.COSTS_READ,
        description="Months whose costs are allocated, the newest first: which are closed, and which run counts.",
    )
    async def allocation_months(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope = info.context.scope
        if organization_id:
            scope = scope.narrowed(local_id("Organization", organization_id))
        pager = info.context.ports.pager
        return await pager.page(info, documents.AllocationMonth, scope, {}, NEWEST_FIRST, first=first, after=after)

    @query(
        Connection[AllocationRun],
        may=Permission.COSTS_READ,
        description="What months were worked out to, the newest month first: the run that counts, and those of closed "
        "months that were replaced on purpose, to compare with.",
    )
    async def allocation_runs(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope = info.context.scope
        if organization_id:
            scope = scope.narrowed(local_id("Organization", organization_id))
        pager = info.context.ports.pager
        return await pager.page(info, documents.AllocationRun, scope, {}, NEWEST_FIRST, first=first, after=after)


@strawberry.type
class AllocationMonthMutations:
    @mutation(
        CloseAllocationMonthPayload,
        may=Permission.COSTS_MANAGE,
        audit="allocation_month.close",
        description="Close a month: bills that change later, and other rules, no longer change who owes what of it.",
    )
    async def close_allocation_month(
        self, info: Info, input: Annotated[CloseAllocationMonthInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        scope = context.scope.narrowed(context.organization(input.organization_id))

        async def change(tx: Transaction) -> documents.AllocationMonth:
            return await close_and_tell(tx, scope, input.month, context.now(), input.expected_version)

        return await context.ports.writer.commit(change)

    @mutation(
        ReopenAllocationMonthPayload,
        may=Permission.COSTS_MANAGE,
        audit="allocation_month.reopen",
        description="Let a closed month follow its bills and the rules again. A statement that was closed stays so.",
    )
    async def reopen_allocation_month(
        self, info: Info, input: Annotated[ReopenAllocationMonthInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        scope = context.scope.narrowed(context.organization(input.organization_id))

        async def change(tx: Transaction) -> documents.AllocationMonth:
            month = await reopen_and_tell(tx, scope, input.month, input.reason, input.expected_version)
            if month is None:
                raise Conflict(f"{input.month:%Y-%m} is not closed.")
            return month

        return await context.ports.writer.commit(change)

    @mutation(
        RerunAllocationPayload,
        may=Permission.COSTS_MANAGE,
        audit="allocation_month.rerun",
        description="Have a closed month worked out again, by the rules and bills of now. What it was is kept, to "
        "compare with. Open months need no asking.",
    )
    async def rerun_allocation(
        self, info: Info, input: Annotated[RerunAllocationInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        scope = context.scope.narrowed(context.organization(input.organization_id))

        async def change(tx: Transaction) -> documents.AllocationMonth:
            month = await find_month(scope, input.month, tx.session)
            if month is None or month.closed_at is None:
                raise Conflict(f"{input.month:%Y-%m} is not closed: it is kept up to date by itself.", current=month)
            asked = AskedRun(reason=input.reason, asked_by=scope.actor, at=context.now())
            changed = await change_month(tx, month, {"asked": asked.model_dump()}, input.expected_version)
            ask_allocation(tx, ObjectId(month.org_id))
            target = f"allocation_month:{month.id}"
            tx.audit(month.org_id, target=target, after={"asked": asked.model_dump(mode="json")}, reason=input.reason)
            return changed

        return await context.ports.writer.commit(change)


async def close_and_tell(
    tx: Transaction, scope: Scope, month: date, at: datetime, expected_version: int | None = None
) -> documents.AllocationMonth:
    """Close the month of allocation, announced and audited. Raises Conflict, see `close_month`."""
    closed = await close_month(tx, scope, month, at, expected_version)
    told = {"month": f"{month:%Y-%m}", "rules_version": closed.rules_version, "run_id": str(closed.run_id)}
    tx.announce(closed.org_id, topic.costs(closed.org_id), "AllocationMonthClosed", told)
    tx.audit(closed.org_id, target=f"allocation_month:{closed.id}", after=told)
    return closed


async def reopen_and_tell(
    tx: Transaction, scope: Scope, month: date, reason: str, expected_version: int | None = None
) -> documents.AllocationMonth | None:
    """Open the month of allocation again, announced and audited, and ask for its allocation.

    None, and nothing done, when it is not closed. Raises Conflict when it has another version than was expected.
    """
    if not await is_closed(scope, month, tx.session):
        return None
    opened = await reopen_month(tx, scope, month, expected_version)
    if opened is not None:
        told = {"month": f"{month:%Y-%m}"}
        tx.announce(opened.org_id, topic.costs(opened.org_id), "AllocationMonthReopened", told)
        tx.audit(opened.org_id, target=f"allocation_month:{opened.id}", after=told, reason=reason)
        ask_allocation(tx, ObjectId(opened.org_id))
    return opened
