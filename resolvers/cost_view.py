"""Saved views of costs: list, show, keep, change and delete them."""

from typing import Annotated, Any

import strawberry
from beanie import PydanticObjectId
from pymongo.errors import DuplicateKeyError

import documents
from auth.permission import Permission
from auth.scope import scope_of
from documents.cost_view import add_view, change_view, delete_view
from documents.page import Keyset
from documents.transaction import Transaction
from domain.errors import Conflict, Forbidden, Invalid
from resolvers.context import Context, Info
from resolvers.cost import answered
from resolvers.fields import mutation, query
from resolvers.routing import WHAT
from schema.arguments import InOrganization
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.cost import CostSeries
from schema.cost_view import (
    CostView,
    CreateCostViewInput,
    CreateCostViewPayload,
    DeleteCostViewInput,
    DeleteCostViewPayload,
    ShownCostView,
    UpdateCostViewInput,
    UpdateCostViewPayload,
)
from schema.node import local_id

BY_NAME = Keyset((("name", 1),))
AUDITED = {"name", "owner", "is_shared", "question"}


@strawberry.type
class CostViewQueries:
    @query(
        Connection[CostView],
        may=Permission.COSTS_READ,
        description="Saved views of costs, by name: one's own and those that are shared.",
    )
    async def cost_views(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope = info.context.scope
        if organization_id:
            scope = scope.narrowed(local_id("Organization", organization_id))
        pager = info.context.ports.pager
        return await pager.page(info, documents.CostView, scope, {}, BY_NAME, first=first, after=after)

    @query(ShownCostView, may=Permission.COSTS_READ, description="A saved view, and the costs it shows today.")
    async def cost_view(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Global id of the view.")]
    ) -> Any:
        context = info.context
        view = await _view(context, id)

        async def compute() -> CostSeries:
            question = view.question.asked(context.now().date())
            return await answered(info, context.scope.narrowed(str(view.org_id)), question)

        return ShownCostView(view=view, compute=compute)


@strawberry.type
class CostViewMutations:
    @mutation(
        CreateCostViewPayload,
        may=Permission.COSTS_READ,
        audit="cost_view.create",
        description="Keep a question about costs for oneself; to share it takes costs:manage.",
    )
    async def create_cost_view(
        self, info: Info, input: Annotated[CreateCostViewInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, org_id = info.context, info.context.organization(input.organization_id)
        view = documents.CostView(
            org_id=PydanticObjectId(org_id),
            name=input.name,
            owner=context.scope.actor,
            is_shared=input.is_shared,
            question=input.question.fact(context.now().date()),
        )
        if view.is_shared:
            _check_sharing(context, org_id)

        async def change(tx: Transaction) -> documents.CostView:
            await add_view(view, tx.session)
            tx.audit(view.org_id, target=f"cost_view:{view.id}", after=_audited(view))
            return view

        try:
            return await context.ports.writer.commit(change)
        except DuplicateKeyError as error:
            raise _taken(input.name) from error

    @mutation(
        UpdateCostViewPayload,
        may=Permission.COSTS_READ,
        audit="cost_view.update",
        description="Change a view of one's own; what is or becomes shared takes costs:manage.",
    )
    async def update_cost_view(
        self, info: Info, input: Annotated[UpdateCostViewInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        view = await _view(context, input.cost_view_id)
        if view.is_shared or input.is_shared:
            _check_sharing(context, str(view.org_id))
        changes: dict[str, Any] = {
            name: value for name in ("name", "is_shared") if (value := getattr(input, name)) is not None
        }
        if input.question is not None:
            changes["question"] = input.question.fact(context.now().date()).model_dump(mode="json")
        if not changes:
            raise Invalid("Say what to change.", path=("input",))

        async def change(tx: Transaction) -> documents.CostView:
            changed = await change_view(view, changes, input.expected_version, tx.session)
            tx.audit(view.org_id, target=f"cost_view:{view.id}", before=_audited(view), after=_audited(changed))
            return changed

        try:
            return await context.ports.writer.commit(change)
        except DuplicateKeyError as error:
            raise _taken(input.name or view.name) from error

    @mutation(
        DeleteCostViewPayload,
        may=Permission.COSTS_READ,
        audit="cost_view.delete",
        description="Delete a view of one's own; a shared one takes costs:manage.",
    )
    async def delete_cost_view(
        self, info: Info, input: Annotated[DeleteCostViewInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        view = await _view(context, input.cost_view_id)
        if view.is_shared:
            _check_sharing(context, str(view.org_id))

        async def change(tx: Transaction) -> documents.CostView:
            await delete_view(view, tx.session)
            tx.audit(view.org_id, target=f"cost_view:{view.id}", before=_audited(view))
            return view

        return await context.ports.writer.commit(change)


async def _view(context: Context, id: str) -> documents.CostView:
    return await documents.CostView.get_in(context.scope, local_id("CostView", id))


def _check_sharing(context: Context, org_id: str) -> None:
    """Raises Forbidden for who may not decide what everybody sees."""
    if org_id not in scope_of(context.signed_in, Permission.COSTS_MANAGE).org_ids:
        raise Forbidden("Shared views take costs:manage: keep it for yourself, or ask an administrator.")


def _taken(name: str) -> Conflict:
    return Conflict(f"You have a view called {name} already: choose another name.", path=("input", "name"))


def _audited(view: documents.CostView) -> dict[str, Any]:
    fields: dict[str, Any] = view.model_dump(mode="json", include=AUDITED)
    return fields
