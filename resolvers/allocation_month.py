"""Months of allocation: list them and their runs, close them, have closed ones worked out again."""

from typing import Annotated, Any

import strawberry
from bson import ObjectId

import documents
from auth.permission import Permission
from documents.allocation_month import AskedRun, change_month, close_month, find_month
from documents.page import Keyset
from documents.transaction import Transaction
from domain.errors import Conflict
from domain.facts import topic
from jobs.queue import ask_allocation
from resolvers.context import Info
from resolvers.fields import mutation, query
from schema.allocation import (
    AllocationMonth,
    AllocationRun,
    CloseAllocationMonthInput,
    CloseAllocationMonthPayload,
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
            month = await close_month(tx, scope, input.month, context.now(), input.expected_version)
            told = {"month": f"{month.month:%Y-%m}", "rules_version": month.rules_version, "run_id": str(month.run_id)}
            tx.announce(month.org_id, topic.costs(month.org_id), "AllocationMonthClosed", told)
            tx.audit(month.org_id, target=f"allocation_month:{month.id}", after=told)
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
