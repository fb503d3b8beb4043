"""Syncs: ask for one, list them, follow them live."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import strawberry

import documents
from auth.permission import Permission
from documents.page import Keyset
from documents.sync_run import announce_sync, request_cancel, sync_of
from documents.transaction import Transaction
from domain.errors import Conflict
from domain.facts.event import LoggedEvent
from jobs.queue import request_sync
from resolvers.context import Info
from resolvers.feed import LiveFeed
from resolvers.fields import mutation, query, subscription
from schema.account import CancelSyncInput, CancelSyncPayload, Sync, SyncAccountInput, SyncAccountPayload
from schema.arguments import FeedAfter, InAccount
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.node import local_id
from schema.scalars import Cursor
from schema.sync import SyncFeed, SyncProgressed

NEWEST_FIRST = Keyset((("created_at", -1),))


@strawberry.type
class SyncQueries:
    @query(Connection[Sync], may=Permission.ACCOUNTS_READ, description="Syncs in reach, newest first.")
    async def syncs(
        self,
        info: Info,
        account_id: InAccount = None,
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        context, scope = info.context, info.context.scope
        where: dict[str, Any] = {}
        if account_id is not None:
            account = await documents.Account.get_in(scope, local_id("Account", account_id))
            scope, where = scope.narrowed(str(account.org_id)), {"account_id": account.id}
        return await context.ports.pager.page(
            info, documents.SyncRun, scope, where, NEWEST_FIRST, first=first, after=after
        )


@strawberry.type
class SyncMutations:
    @mutation(
        SyncAccountPayload,
        may=Permission.SYNCS_RUN,
        audit="account.sync",
        description="Read an account now. While a sync of it is under way, that one is returned.",
    )
    async def sync_account(
        self, info: Info, input: Annotated[SyncAccountInput, strawberry.argument(description="What to do it with.")]
    ) -> Any:
        context = info.context
        account = await documents.Account.get_in(context.scope, local_id("Account", input.account_id))
        if not account.is_connected:
            raise Conflict("This account is only known from bills. Connect it first with connectAccount.")

        async def change(tx: Transaction) -> documents.SyncRun:
            run = await request_sync(tx, account)
            tx.audit(account.org_id, target=f"account:{account.id}", after={"sync": run.id})
            return run

        return await context.ports.writer.commit(change)

    @mutation(
        CancelSyncPayload,
        may=Permission.SYNCS_RUN,
        audit="sync.cancel",
        description="End a sync. What it has read is kept, nothing is concluded. One that has ended stays as it is.",
    )
    async def cancel_sync(
        self, info: Info, input: Annotated[CancelSyncInput, strawberry.argument(description="What to do it with.")]
    ) -> Any:
        context = info.context
        run = await documents.SyncRun.get_in(context.scope, local_id("Sync", input.sync_id))

        async def change(tx: Transaction) -> documents.SyncRun:
            asked = await request_cancel(run, tx.session, context.now())
            tx.audit(run.org_id, target=f"sync:{run.id}", before={"state": run.state}, after={"state": asked.state})
            announce_sync(tx, asked)
            return asked

        return await context.ports.writer.commit(change)


@strawberry.type
class SyncSubscriptions:
    @subscription(
        SyncFeed,
        may=Permission.ACCOUNTS_READ,
        description="Syncs as they move on. With `after`, first what happened since; each step once, in order.",
    )
    async def sync_progressed(
        self, info: Info, after: FeedAfter = None, account_id: InAccount = None
    ) -> AsyncIterator[Any]:
        context = info.context
        org_ids, only = context.scope.org_ids, None
        if account_id is not None:
            account = await documents.Account.get_in(context.scope, local_id("Account", account_id))
            org_ids, only = frozenset({str(account.org_id)}), account.id

        def wanted(event: LoggedEvent) -> bool:
            return event.type == "SyncProgressed" and (only is None or event.payload["account_id"] == only)

        def message(event: LoggedEvent, cursor: Cursor) -> SyncProgressed:
            return SyncProgressed(cursor=cursor, at=event.at, sync=sync_of(event))

        return LiveFeed(context, org_ids, after, key=("syncProgressed", only), wants=wanted, message=message)
