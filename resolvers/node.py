"""Anything by its global id."""

from typing import Annotated, Any

import strawberry

import documents
from auth.permission import Permission
from auth.scope import scope_of
from documents.base import TenantDocument
from documents.cost_line import CostLine
from documents.organization import load_organizations
from domain.errors import Invalid, NotFound
from resolvers.context import Context, Info
from resolvers.fields import SIGNED_IN, query
from schema.node import VIEW_OF, Node, parse_id

MAX_NODES = 100

PERMISSION_OF: dict[type[TenantDocument], Permission] = {
    documents.Account: Permission.ACCOUNTS_READ,
    documents.Alert: Permission.ALERTS_READ,
    documents.Budget: Permission.COSTS_READ,
    CostLine: Permission.COSTS_READ,
    documents.Finding: Permission.FINDINGS_READ,
    documents.Resource: Permission.RESOURCES_READ,
    documents.SyncRun: Permission.ACCOUNTS_READ,
}


@strawberry.type
class NodeQueries:
    @query(Node, may=SIGNED_IN, description="The object with this global id. NOT_FOUND when it is not yours to see.")
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Global id.")]
    ) -> Any:
        return await _load(info.context, id)

    @query(
        list[Node | None],
        may=SIGNED_IN,
        description="The objects with these global ids, 100 at most, in their order; null where one is not yours.",
    )
    async def nodes(
        self, info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description="Global ids.")]
    ) -> Any:
        if len(ids) > MAX_NODES:
            raise Invalid(f"Ask for {MAX_NODES} nodes at most.", path=("ids",))
        return [await _find(info.context, id) for id in ids]


async def _find(context: Context, id: str) -> Any:
    try:
        return await _load(context, id)
    except NotFound:
        return None


async def _load(context: Context, id: str) -> Any:
    type_name, local = parse_id(id)
    viewer = context.signed_in
    if type_name == "User" and local == viewer.user_id:
        return viewer.user
    if type_name == "Organization" and local in viewer.roles:
        return (await load_organizations([local]))[0]
    document = VIEW_OF.get(type_name)
    if document is None:
        raise NotFound.of("object")
    return await document.get_in(scope_of(viewer, PERMISSION_OF[document]), local)
