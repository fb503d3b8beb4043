"""Costs that were loaded or replaced, followed live."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

import strawberry

from auth.permission import Permission
from domain.costs.provider_name import provider_of
from domain.facts.event import LoggedEvent
from resolvers.context import Info
from resolvers.feed import LiveFeed
from resolvers.fields import subscription
from schema.arguments import FeedAfter
from schema.cost_update import CostFeed, CostsUpdated, CostUpdateFilter, cost_update
from schema.node import local_id
from schema.scalars import Cursor


@strawberry.type
class CostUpdateSubscriptions:
    @subscription(
        CostFeed,
        may=Permission.COSTS_READ,
        description="Billing periods whose costs are loaded or replaced: what to ask anew. With `after`, first what "
        "happened since; each load once, in order.",
    )
    async def costs_updated(
        self,
        info: Info,
        after: FeedAfter = None,
        filter: Annotated[
            CostUpdateFilter | None, strawberry.argument(description="Which ones; all when left out.")
        ] = None,
    ) -> AsyncIterator[Any]:
        scope = info.context.scope
        if filter and filter.organization_id is not None:
            scope = scope.narrowed(local_id("Organization", filter.organization_id))
        allowed = _allowed(filter)

        def holds(period: Mapping[str, Any]) -> bool:
            known = {**period, "provider": provider_of(period["provider"]).value}
            return all(known[field] in values for field, values in allowed.items())

        def wanted(event: LoggedEvent) -> bool:
            if event.type != "CostsUpdated":
                return False
            periods = event.payload["periods"]
            # Of what is not listed nobody knows whether it holds: better one question too many than an old answer.
            return any(map(holds, periods)) or event.payload["period_count"] > len(periods)

        def message(event: LoggedEvent, cursor: Cursor) -> CostsUpdated:
            return CostsUpdated(cursor=cursor, at=event.at, update=cost_update(event, holds))

        key = ("costsUpdated", frozenset(allowed.items()))
        return LiveFeed(info.context, scope.org_ids, after, key=key, wants=wanted, message=message)


def _allowed(filter: CostUpdateFilter | None) -> dict[str, frozenset[str]]:
    """Fields of a period, each with the values that hold."""
    if filter is None:
        return {}
    chosen = {
        "provider": filter.providers,
        "billing_account_id": filter.billing_account_ids,
        "currency": filter.currencies,
    }
    return {field: frozenset(map(str, values)) for field, values in chosen.items() if values is not None}
