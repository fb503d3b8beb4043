"""Accounts and the resources in them: list them. `resolvers/connecting.py` connects accounts."""

from typing import Annotated, Any

import strawberry

import documents
from auth.permission import Permission
from documents.page import Keyset
from domain.facts.resource import ResourceKind
from resolvers.context import Info
from resolvers.fields import query
from schema.account import Account, Resource
from schema.arguments import InAccount, InOrganization
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.node import local_id

BY_NAME = Keyset((("name", 1),))


@strawberry.type
class AccountQueries:
    @query(Connection[Account], may=Permission.ACCOUNTS_READ, description="Accounts in reach, by name.")
    async def accounts(
        self,
        info: Info,
        organization_id: InOrganization = None,
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        scope = info.context.scope
        if organization_id is not None:
            scope = scope.narrowed(local_id("Organization", organization_id))
        return await info.context.ports.pager.page(
            info, documents.Account, scope, {}, BY_NAME, first=first, after=after
        )

    @query(Connection[Resource], may=Permission.RESOURCES_READ, description="Resources in reach, by name.")
    async def resources(
        self,
        info: Info,
        account_id: InAccount = None,
        kinds: Annotated[list[ResourceKind] | None, strawberry.argument(description="Of these kinds only.")] = None,
        regions: Annotated[list[str] | None, strawberry.argument(description="In these regions only.")] = None,
        is_gone: Annotated[bool, strawberry.argument(description="Those that are gone, and no others.")] = False,
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        context, scope = info.context, info.context.scope
        where: dict[str, Any] = {"is_gone": is_gone}
        if kinds is not None:
            where["kind"] = {"$in": [kind.value for kind in kinds]}
        if regions is not None:
            where["region"] = {"$in": regions}
        if account_id is not None:
            account = await documents.Account.get_in(scope, local_id("Account", account_id))
            scope, where["account_id"] = scope.narrowed(str(account.org_id)), account.id
        return await context.ports.pager.page(info, documents.Resource, scope, where, BY_NAME, first=first, after=after)
