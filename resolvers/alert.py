"""Alerts: list them, read the history of one, follow them live."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import strawberry

import documents
from auth.permission import Permission
from documents.alert import ANNOUNCED, from_snapshot
from documents.alert_entry import AlertStep
from documents.base import object_id
from documents.page import Keyset
from domain.facts.event import LoggedEvent
from resolvers.context import Context, Info
from resolvers.feed import LiveFeed
from resolvers.fields import query, subscription
from schema.alert import (
    Alert,
    AlertChanged,
    AlertChangeFeed,
    AlertEntry,
    AlertFeed,
    AlertFilter,
    AlertRaised,
)
from schema.arguments import FeedAfter
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.node import local_id
from schema.scalars import Cursor

NEWEST_FIRST = Keyset((("raised_at", -1),))
NEWEST_STEP_FIRST = Keyset((("at", -1),))
WHICH = "Which ones; all when left out."
STEP_OF = {type_: step for step, type_ in ANNOUNCED.items()}


@strawberry.type
class AlertQueries:
    @query(Connection[Alert], may=Permission.ALERTS_READ, description="Alerts in reach, newest first.")
    async def alerts(
        self,
        info: Info,
        filter: Annotated[AlertFilter | None, strawberry.argument(description=WHICH)] = None,
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

    @query(
        Connection[AlertEntry],
        may=Permission.ALERTS_READ,
        description="What happened to an alert and what people wrote beside it, newest first; for 400 days.",
    )
    async def alert_history(
        self,
        info: Info,
        alert_id: Annotated[strawberry.ID, strawberry.argument(description="Global id of the alert.")],
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        context = info.context
        alert = await documents.Alert.get_in(context.scope, local_id("Alert", alert_id))
        scope, where = context.scope.narrowed(str(alert.org_id)), {"alert_id": alert.id}
        return await context.ports.pager.page(
            info, documents.AlertEntry, scope, where, NEWEST_STEP_FIRST, first=first, after=after
        )


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
        filter: Annotated[AlertFilter | None, strawberry.argument(description=WHICH)] = None,
    ) -> AsyncIterator[Any]:
        def message(event: LoggedEvent, cursor: Cursor) -> AlertRaised:
            return AlertRaised(cursor=cursor, at=event.at, alert=from_snapshot(event.payload))

        return _feed(info.context, after, filter, "alertRaised", frozenset({ANNOUNCED[AlertStep.RAISED]}), message)

    @subscription(
        AlertChangeFeed,
        may=Permission.ALERTS_READ,
        description="Every step of alerts: raised, repeated, acknowledged, snoozed, reopened, assigned, commented, "
        "resolved. With `after`, first the steps since. Each once, in order.",
    )
    async def alert_changed(
        self,
        info: Info,
        after: FeedAfter = None,
        filter: Annotated[AlertFilter | None, strawberry.argument(description=WHICH)] = None,
    ) -> AsyncIterator[Any]:
        def message(event: LoggedEvent, cursor: Cursor) -> AlertChanged:
            alert = from_snapshot(event.payload)
            return AlertChanged(cursor=cursor, at=event.at, step=STEP_OF[event.type], alert=alert)

        return _feed(info.context, after, filter, "alertChanged", frozenset(STEP_OF), message)


def _feed(
    context: Context,
    after: str | None,
    filter: AlertFilter | None,
    name: str,
    types: frozenset[str],
    message: Callable[[LoggedEvent, Cursor], Any],
) -> LiveFeed:
    scope = context.scope
    if filter and filter.organization_id:
        scope = scope.narrowed(local_id("Organization", filter.organization_id))
    allowed = {field: frozenset(clause["$in"]) for field, clause in _where(filter).items()}

    def wanted(event: LoggedEvent) -> bool:
        return event.type in types and all(event.payload.get(field) in allowed[field] for field in allowed)

    key = (name, frozenset(allowed.items()))
    return LiveFeed(context, scope.org_ids, after, key=key, wants=wanted, message=message)


def _where(filter: AlertFilter | None) -> dict[str, Any]:
    """Each clause is a field and the values it may have, so that lists and feeds are filtered alike."""
    if filter is None:
        return {}
    chosen = {
        "state": filter.states,
        "source": filter.sources,
        "severity": filter.severities,
        "category": filter.categories,
    }
    where: dict[str, list[Any]] = {
        field: [value.value for value in values] for field, values in chosen.items() if values is not None
    }
    ids = {"account_id": ("Account", filter.account_id), "assignee_id": ("Member", filter.assignee_id)}
    for field, (kind, id) in ids.items():
        if id is not None:
            where[field] = [object_id(local_id(kind, id), kind.lower())]
    return {field: {"$in": values} for field, values in where.items()}
