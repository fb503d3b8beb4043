"""Alerts: list them, take one on, follow them live."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import strawberry

import documents
from auth.permission import Permission
from documents.alert import acknowledge_alert, from_snapshot
from documents.page import Keyset
from documents.transaction import Transaction
from domain.facts.event import LoggedEvent
from resolvers.context import Info
from resolvers.feed import LiveFeed
from resolvers.fields import mutation, query, subscription
from schema.alert import AcknowledgeAlertInput, AcknowledgeAlertPayload, Alert, AlertFeed, AlertFilter, AlertRaised
from schema.arguments import FeedAfter
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.node import local_id
from schema.scalars import Cursor

NEWEST_FIRST = Keyset((("raised_at", -1),))


@strawberry.type
class AlertQueries:
    @query(Connection[Alert], may=Permission.ALERTS_READ, description="Alerts in reach, newest first.")
    async def alerts(
        self,
        info: Info,
        filter: Annotated[AlertFilter | None, strawberry.argument(description="Which ones; all when left out.")] = None,
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        scope = info.context.scope
        if filter and filter.organization_id:
            scope = scope.narrowed(local_id("Organization", filter.organization_id))
        where = _where(filter)
        return await info.context.ports.pager.page(
            info, documents.Alert, scope, where, NEWEST_FIRST, first=first, after=after
        )


@strawberry.type
class AlertMutations:
    @mutation(
        AcknowledgeAlertPayload,
        may=Permission.ALERTS_ACKNOWLEDGE,
        audit="alert.acknowledge",
        description="Say that you have taken an alert on.",
    )
    async def acknowledge_alert(
        self,
        info: Info,
        input: Annotated[AcknowledgeAlertInput, strawberry.argument(description="What to do it with.")],
    ) -> Any:
        context = info.context
        alert_id = local_id("Alert", input.alert_id)

        async def change(tx: Transaction) -> documents.Alert:
            alert = await acknowledge_alert(
                tx, context.scope, alert_id, at=context.now(), expected_version=input.expected_version
            )
            before = {"state": documents.AlertState.OPEN, "version": alert.version - 1}
            after = {"state": alert.state, "version": alert.version}
            tx.audit(alert.org_id, target=f"alert:{alert.id}", before=before, after=after)
            return alert

        return await context.ports.writer.commit(change)


@strawberry.type
class AlertSubscriptions:
    @subscription(
        AlertFeed,
        may=Permission.ALERTS_READ,
        description="Alerts as they are raised. With `after`, first those raised since. Each once, in order.",
    )
    async def alert_raised(
        self,
        info: Info,
        after: FeedAfter = None,
        filter: Annotated[AlertFilter | None, strawberry.argument(description="Which ones; all when left out.")] = None,
    ) -> AsyncIterator[Any]:
        scope = info.context.scope
        if filter and filter.organization_id:
            scope = scope.narrowed(local_id("Organization", filter.organization_id))
        allowed = {field: frozenset(clause["$in"]) for field, clause in _where(filter).items()}

        def wanted(event: LoggedEvent) -> bool:
            return event.type == "AlertRaised" and all(event.payload[field] in allowed[field] for field in allowed)

        def message(event: LoggedEvent, cursor: Cursor) -> AlertRaised:
            return AlertRaised(cursor=cursor, at=event.at, alert=from_snapshot(event.payload))

        key = ("alertRaised", frozenset(allowed.items()))
        return LiveFeed(info.context, scope.org_ids, after, key=key, wants=wanted, message=message)


def _where(filter: AlertFilter | None) -> dict[str, Any]:
    if filter is None:
        return {}
    chosen = {"state": filter.states, "source": filter.sources, "severity": filter.severities}
    return {field: {"$in": [value.value for value in values]} for field, values in chosen.items() if values is not None}
