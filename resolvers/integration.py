"""How integrations do: one, all of them with the worst first, and live."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import strawberry

import documents
from auth.permission import Permission
from documents.integration_health import health_of
from documents.page import Keyset
from domain.facts.event import LoggedEvent
from resolvers.context import Info
from resolvers.feed import LiveFeed
from resolvers.fields import query, subscription
from schema.arguments import FeedAfter, InAccount, InOrganization
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.integration import IntegrationHealth, IntegrationHealthChanged, IntegrationHealthFeed
from schema.node import local_id
from schema.scalars import Cursor

WORST_FIRST = Keyset((("rank", 1),))


@strawberry.type
class IntegrationQueries:
    @query(
        IntegrationHealth | None,
        may=Permission.ACCOUNTS_READ,
        description="How the integration of an account does; null until it was read for the first time.",
    )
    async def integration_health(
        self, info: Info, account_id: Annotated[strawberry.ID, strawberry.argument(description="Id of the account.")]
    ) -> Any:
        scope = info.context.scope
        account = await documents.Account.get_in(scope, local_id("Account", account_id))
        narrowed = scope.narrowed(str(account.org_id))
        return await documents.IntegrationHealth.find_in(narrowed, {"account_id": account.id})

    @query(
        Connection[IntegrationHealth],
        may=Permission.ACCOUNTS_READ,
        description="How the integrations in reach do, the worst first, those that were not asked of late last.",
    )
    async def integration_healths(
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
            info, documents.IntegrationHealth, scope, {}, WORST_FIRST, first=first, after=after
        )


@strawberry.type
class IntegrationSubscriptions:
    @subscription(
        IntegrationHealthFeed,
        may=Permission.ACCOUNTS_READ,
        description="Integrations whose health changes: state, score by tens, problems, and circuit breakers that open "
        "or close. With `after`, first what happened since; each change once, in order.",
    )
    async def integration_health_changed(
        self, info: Info, after: FeedAfter = None, account_id: InAccount = None
    ) -> AsyncIterator[Any]:
        context = info.context
        org_ids, only = context.scope.org_ids, None
        if account_id is not None:
            account = await documents.Account.get_in(context.scope, local_id("Account", account_id))
            org_ids, only = frozenset({str(account.org_id)}), account.id

        def wanted(event: LoggedEvent) -> bool:
            return event.type == "IntegrationHealthChanged" and (only is None or event.payload["account_id"] == only)

        def message(event: LoggedEvent, cursor: Cursor) -> IntegrationHealthChanged:
            return IntegrationHealthChanged(cursor=cursor, at=event.at, health=health_of(event))

        key = ("integrationHealthChanged", only)
        return LiveFeed(context, org_ids, after, key=key, wants=wanted, message=message)
