"""Incidents: list them and what belongs to them, follow them live."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import strawberry

import documents
from auth.permission import Permission
from documents.incident import incident_of
from documents.page import Keyset
from domain.facts.event import LoggedEvent
from domain.facts.incident import IncidentStep
from resolvers.context import Info
from resolvers.feed import LiveFeed
from resolvers.fields import query, subscription
from schema.arguments import FeedAfter
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.incident import Incident, IncidentChanged, IncidentFeed, IncidentFilter
from schema.incident_member import IncidentMember
from schema.node import local_id
from schema.scalars import Cursor

NEWEST_FIRST = Keyset((("opened_at", -1),))
AS_IT_HAPPENED = Keyset((("at", 1),))
WHICH = "Which ones; all when left out."
STEP_OF = {
    "IncidentOpened": IncidentStep.OPENED,
    "IncidentChanged": IncidentStep.CHANGED,
    "IncidentClosed": IncidentStep.CLOSED,
}


@strawberry.type
class IncidentQueries:
    @query(Connection[Incident], may=Permission.ALERTS_READ, description="Incidents in reach, the newest first.")
    async def incidents(
        self,
        info: Info,
        filter: Annotated[IncidentFilter | None, strawberry.argument(description=WHICH)] = None,
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        scope = info.context.scope
        if filter and filter.organization_id:
            scope = scope.narrowed(local_id("Organization", filter.organization_id))
        where = {field: {"$in": sorted(values)} for field, values in _allowed(filter).items()}
        return await info.context.ports.pager.page(
            info, documents.Incident, scope, where, NEWEST_FIRST, first=first, after=after
        )

    @query(
        Connection[IncidentMember],
        may=Permission.ALERTS_READ,
        description="What belongs to an incident, in the order it happened, each with the links it came by.",
    )
    async def incident_members(
        self,
        info: Info,
        incident_id: Annotated[strawberry.ID, strawberry.argument(description="Global id of the incident.")],
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        context = info.context
        incident = await documents.Incident.get_in(context.scope, local_id("Incident", incident_id))
        scope, where = context.scope.narrowed(str(incident.org_id)), {"incident_id": incident.id}
        return await context.ports.pager.page(
            info, documents.IncidentMember, scope, where, AS_IT_HAPPENED, first=first, after=after
        )


@strawberry.type
class IncidentSubscriptions:
    @subscription(
        IncidentFeed,
        may=Permission.ALERTS_READ,
        description="Incidents as they are opened, change and close. With `after`, first what happened since. Each "
        "change once, in order.",
    )
    async def incident_changed(
        self,
        info: Info,
        after: FeedAfter = None,
        filter: Annotated[IncidentFilter | None, strawberry.argument(description=WHICH)] = None,
    ) -> AsyncIterator[Any]:
        scope, allowed = info.context.scope, _allowed(filter)
        if filter and filter.organization_id:
            scope = scope.narrowed(local_id("Organization", filter.organization_id))

        def wanted(event: LoggedEvent) -> bool:
            return event.type in STEP_OF and all(_meets(event.payload[field], allowed[field]) for field in allowed)

        def message(event: LoggedEvent, cursor: Cursor) -> IncidentChanged:
            return IncidentChanged(cursor=cursor, at=event.at, step=STEP_OF[event.type], incident=incident_of(event))

        key = ("incidentChanged", frozenset(allowed.items()))
        return LiveFeed(info.context, scope.org_ids, after, key=key, wants=wanted, message=message)


def _allowed(filter: IncidentFilter | None) -> dict[str, frozenset[str]]:
    if filter is None:
        return {}
    chosen = {"state": filter.states, "severity": filter.severities, "categories": filter.categories}
    return {field: frozenset(one.value for one in values) for field, values in chosen.items() if values is not None}


def _meets(stored: Any, allowed: frozenset[str]) -> bool:
    return not allowed.isdisjoint(stored if isinstance(stored, list) else [stored])
