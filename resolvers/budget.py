"""Budgets: set, change and put them away; list them, their history, and how they burn down."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import strawberry
from bson import ObjectId
from pymongo.errors import DuplicateKeyError

import documents
from auth.permission import Permission
from documents.budget import change_budget
from documents.cost_period import current_editions, midnight
from documents.page import Keyset
from documents.transaction import Transaction
from domain.budgets import BudgetBasis
from domain.errors import Conflict, Invalid
from domain.facts.cost_filter import CostFilter
from domain.facts.scope import Scope
from jobs.queue import ask_budget_check
from resolvers.context import Info
from resolvers.fields import mutation, query
from resolvers.routing import WHAT
from schema.budget import (
    ArchiveBudgetInput,
    ArchiveBudgetPayload,
    Budget,
    BudgetFields,
    BudgetRecord,
    CreateBudgetInput,
    CreateBudgetPayload,
    UpdateBudgetInput,
    UpdateBudgetPayload,
)
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.node import local_id

BY_NAME = Keyset((("name", 1),))
NEWEST_FIRST = Keyset((("first_at", -1),))
NOT_AUDITED = {"id", "revision_id", "org_id", "created_at", "spent", "spent_month", "carried", "expected", "version"}


@strawberry.type
class BudgetQueries:
    @query(Connection[Budget], may=Permission.COSTS_READ, description="Budgets in reach, by name.")
    async def budgets(self, info: Info, first: First = DEFAULT_FIRST, after: After = None) -> Any:
        context = info.context
        return await context.ports.pager.page(
            info, documents.Budget, context.scope, {}, BY_NAME, first=first, after=after
        )

    @query(
        Connection[BudgetRecord],
        may=Permission.COSTS_READ,
        description="The periods of a budget, the newest first: what they cost, their limit and their alerts.",
    )
    async def budget_history(
        self,
        info: Info,
        budget_id: Annotated[strawberry.ID, strawberry.argument(description="Global id of the budget.")],
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        context = info.context
        budget = await documents.Budget.get_in(context.scope, local_id("Budget", budget_id))
        where = {"budget_id": budget.id}
        return await context.ports.pager.page(
            info, documents.BudgetRecord, context.scope, where, NEWEST_FIRST, first=first, after=after
        )


@strawberry.type
class BudgetMutations:
    @mutation(
        CreateBudgetPayload,
        may=Permission.BUDGETS_WRITE,
        audit="budget.create",
        description="Set a budget. Each threshold raises one alert a period, within a minute of the load.",
    )
    async def create_budget(
        self, info: Info, input: Annotated[CreateBudgetInput, strawberry.argument(description="What to do it with.")]
    ) -> Any:
        context = info.context
        org_id = context.organization(input.organization_id)
        scope = context.scope.narrowed(org_id)
        await _check_currency(scope, input.currency)
        fields = {**_checked(input), "target_id": await _target(scope, input)}
        budget = documents.Budget(org_id=ObjectId(org_id), name=input.name, currency=input.currency, **fields)

        async def change(tx: Transaction) -> documents.Budget:
            await budget.insert(session=tx.session)
            ask_budget_check(tx, budget.org_id)
            tx.audit(budget.org_id, target=f"budget:{budget.id}", after=_audited(budget))
            return budget

        return await _named(input.name, lambda: context.ports.writer.commit(change))

    @mutation(
        UpdateBudgetPayload,
        may=Permission.BUDGETS_WRITE,
        audit="budget.update",
        description="Change a budget. Thresholds that were told of in this period are not told of again.",
    )
    async def update_budget(
        self, info: Info, input: Annotated[UpdateBudgetInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, id = info.context, local_id("Budget", input.budget_id)
        fields = {"name": input.name, **_stored(_checked(input))}

        async def change(tx: Transaction) -> documents.Budget:
            budget = await documents.Budget.get_in(context.scope, id, session=tx.session)
            target_id = await _target(context.scope.narrowed(str(budget.org_id)), input)
            changed = await change_budget(
                budget, {**fields, "target_id": target_id}, input.expected_version, tx.session
            )
            ask_budget_check(tx, budget.org_id)
            tx.audit(budget.org_id, target=f"budget:{id}", before=_audited(budget), after=_audited(changed))
            return changed

        return await _named(input.name, lambda: context.ports.writer.commit(change))

    @mutation(
        ArchiveBudgetPayload,
        may=Permission.BUDGETS_WRITE,
        audit="budget.archive",
        description="Put a budget away for good: it raises nothing any more, and its history stays.",
    )
    async def archive_budget(
        self, info: Info, input: Annotated[ArchiveBudgetInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, id, now = info.context, local_id("Budget", input.budget_id), info.context.now()

        async def change(tx: Transaction) -> documents.Budget:
            budget = await documents.Budget.get_in(context.scope, id, session=tx.session)
            archived = await change_budget(budget, {"archived_at": now}, input.expected_version, tx.session)
            tx.audit(budget.org_id, target=f"budget:{id}", before=_audited(budget), after=_audited(archived))
            return archived

        return await context.ports.writer.commit(change)


async def _named(name: str, commit: Callable[[], Awaitable[documents.Budget]]) -> documents.Budget:
    """The change, made. Raises Conflict where the name is taken."""
    try:
        return await commit()
    except DuplicateKeyError as error:
        raise Conflict(
            f"There is a budget called {name} already: choose another name.", path=("input", "name")
        ) from error


async def _check_currency(scope: Scope, currency: str) -> None:
    """Raises Invalid where there are costs, and none of them in this currency: the budget would count nothing."""
    billed = {edition.currency for edition in await current_editions(scope)}
    if billed and currency not in billed:
        raise Invalid(
            f"Costs are billed in {', '.join(sorted(billed))}: a budget in {currency} would count nothing. "
            "Take one of these currencies.",
            path=("input", "currency"),
        )


async def _target(scope: Scope, input: BudgetFields) -> ObjectId | None:
    """The target whose costs count. Raises NotFound, and Invalid where it is named next to another filter."""
    if input.target_id is None:
        return None
    if input.services or input.account_native_ids or input.where is not None:
        raise Invalid("Name a target, or filter costs: not both.", path=("input", "targetId"))
    target = await documents.AllocationTarget.get_in(scope, local_id("AllocationTarget", input.target_id))
    return ObjectId(str(target.id))


def _checked(input: BudgetFields) -> dict[str, Any]:
    """The fields to store. Raises Invalid for a budget without a limit, or one that ends before it starts."""
    if (input.amount is None) is (input.basis is BudgetBasis.FIXED):
        raise Invalid("A fixed budget needs an amount, and others find theirs.", path=("input", "amount"))
    if input.starts_on is not None and input.ends_on is not None and input.ends_on <= input.starts_on:
        raise Invalid("It must end after it starts.", path=("input", "endsOn"))
    plain = ("services", "account_native_ids", "period", "metric", "basis", "change_percent", "roll_over_cap")
    return {
        **{name: getattr(input, name) for name in plain},
        "amount": input.amount or 0,
        "thresholds": sorted(set(input.thresholds)),
        "forecast_thresholds": sorted(set(input.forecast_thresholds)),
        "where": CostFilter() if input.where is None else input.where.filter(),
        "starts_at": None if input.starts_on is None else midnight(input.starts_on),
        "ends_at": None if input.ends_on is None else midnight(input.ends_on),
    }


def _stored(fields: dict[str, Any]) -> dict[str, Any]:
    """The same as MongoDB takes it."""
    return {**fields, "where": fields["where"].model_dump(mode="json")}


def _audited(budget: documents.Budget) -> dict[str, Any]:
    fields: dict[str, Any] = budget.model_dump(mode="json", exclude={*NOT_AUDITED, "expected_upper"})
    return fields
