"""Budgets: set one, list them."""

from typing import Annotated, Any

import strawberry
from pymongo.errors import DuplicateKeyError

import documents
from auth.permission import Permission
from documents.page import Keyset
from documents.transaction import Transaction
from domain.errors import Conflict
from jobs.queue import ask_budget_check
from resolvers.context import Info
from resolvers.fields import mutation, query
from schema.budget import Budget, CreateBudgetInput, CreateBudgetPayload
from schema.connection import DEFAULT_FIRST, After, Connection, First

BY_NAME = Keyset((("name", 1),))
AUDITED = {"name", "amount", "currency", "thresholds", "services", "account_native_ids"}


@strawberry.type
class BudgetQueries:
    @query(Connection[Budget], may=Permission.COSTS_READ, description="Budgets in reach, by name.")
    async def budgets(self, info: Info, first: First = DEFAULT_FIRST, after: After = None) -> Any:
        context = info.context
        return await context.ports.pager.page(
            info, documents.Budget, context.scope, {}, BY_NAME, first=first, after=after
        )


@strawberry.type
class BudgetMutations:
    @mutation(
        CreateBudgetPayload,
        may=Permission.BUDGETS_WRITE,
        audit="budget.create",
        description="Set a monthly budget. Each threshold raises one alert a month.",
    )
    async def create_budget(
        self, info: Info, input: Annotated[CreateBudgetInput, strawberry.argument(description="What to do it with.")]
    ) -> Any:
        context = info.context
        budget = documents.Budget(
            org_id=context.organization(input.organization_id),
            name=input.name,
            amount=input.amount,
            currency=input.currency,
            thresholds=sorted(set(input.thresholds)),
            services=input.services,
            account_native_ids=input.account_native_ids,
        )

        async def change(tx: Transaction) -> documents.Budget:
            await budget.insert(session=tx.session)
            ask_budget_check(tx, budget.org_id)
            tx.audit(budget.org_id, target=f"budget:{budget.id}", after=budget.model_dump(include=AUDITED))
            return budget

        try:
            return await context.ports.writer.commit(change)
        except DuplicateKeyError as error:
            raise Conflict(
                f"There is a budget called {input.name} already: choose another name.", path=("input", "name")
            ) from error
