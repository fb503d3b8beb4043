"""What syncs saw happen to resources, and how they read their parts."""

from typing import Annotated, Any

import strawberry

import documents
from auth.permission import Permission
from documents.page import Keyset
from resolvers.context import Info
from resolvers.fields import query
from schema.arguments import InAccount
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.node import local_id
from schema.sync_read import ResourceChange, SyncRead

NEWEST_FIRST = Keyset((("at", -1),))
BY_OPERATION = Keyset((("operation", 1),))


@strawberry.type
class ResourceChangeQueries:
    @query(
        Connection[ResourceChange],
        may=Permission.RESOURCES_READ,
        description="What happened to resources in 400 days, newest first. What the first sync finds is none.",
    )
    async def resource_changes(
        self,
        info: Info,
        account_id: InAccount = None,
        resource_id: Annotated[strawberry.ID | None, strawberry.argument(description="To this resource only.")] = None,
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        context, scope = info.context, info.context.scope
        where: dict[str, Any] = {}
        if account_id is not None:
            account = await documents.Account.get_in(scope, local_id("Account", account_id))
            scope, where["account_id"] = scope.narrowed(str(account.org_id)), account.id
        if resource_id is not None:
            resource = await documents.Resource.get_in(scope, local_id("Resource", resource_id))
            scope, where["resource_id"] = scope.narrowed(str(resource.org_id)), resource.id
        return await context.ports.pager.page(
            info, documents.ResourceChange, scope, where, NEWEST_FIRST, first=first, after=after
        )

    @query(
        Connection[SyncRead],
        may=Permission.ACCOUNTS_READ,
        description="How the parts of a sync were read, by the call that lists; for 90 days.",
    )
    async def sync_reads(
        self,
        info: Info,
        sync_id: Annotated[strawberry.ID, strawberry.argument(description="Global id of the sync.")],
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        context = info.context
        run = await documents.SyncRun.get_in(context.scope, local_id("Sync", sync_id))
        scope, where = context.scope.narrowed(str(run.org_id)), {"sync_id": run.id}
        return await context.ports.pager.page(
            info, documents.SyncRead, scope, where, BY_OPERATION, first=first, after=after
        )
