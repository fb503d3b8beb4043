"""One feed over everything a viewer may read, for partners.

A new topic is a value of EventTopic, its view in EventSubject (both in schema/event.py) and an entry in PARTS here.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, Any

import strawberry

from auth.permission import Permission
from documents.alert import from_snapshot
from documents.audit_export import export_of
from documents.channel_change import channel_of
from documents.check_change import change_of
from documents.cost_anomaly import anomaly_of
from documents.incident import incident_of
from documents.integration_health import health_of
from documents.remediation import remediation_of
from documents.sync_run import sync_of
from domain.facts import topic
from domain.facts.event import LoggedEvent
from resolvers import job
from resolvers.context import Info
from resolvers.feed import LiveFeed
from resolvers.fields import SIGNED_IN, subscription
from resolvers.part import Followed, Part, followed
from schema.arguments import FeedAfter, InOrganization
from schema.cost_update import cost_update
from schema.event import Event, EventFeed, EventTopic
from schema.node import global_id
from schema.scalars import BigInt, Cursor


def _alert_of(event: LoggedEvent) -> Any:
    return from_snapshot(event.payload)


PARTS = (
    Part(EventTopic.ALERTS, Permission.ALERTS_READ, topic.alerts, _alert_of),
    Part(EventTopic.INCIDENTS, Permission.ALERTS_READ, topic.incidents, incident_of),
    Part(EventTopic.SYNCS, Permission.ACCOUNTS_READ, topic.syncs, sync_of, frozenset({"SyncProgressed"})),
    Part(
        EventTopic.INTEGRATIONS,
        Permission.ACCOUNTS_READ,
        topic.integrations,
        health_of,
        frozenset({"IntegrationHealthChanged"}),
    ),
    Part(EventTopic.COSTS, Permission.COSTS_READ, topic.costs, cost_update, frozenset({"CostsUpdated"})),
    Part(EventTopic.ANOMALIES, Permission.COSTS_READ, topic.anomalies, lambda event: anomaly_of(event.payload)),
    Part(
        EventTopic.AUDIT_EXPORTS,
        Permission.AUDIT_EXPORT,
        topic.audit_exports,
        export_of,
        frozenset({"AuditExportProgressed"}),
    ),
    Part(EventTopic.CHANNELS, Permission.CHANNELS_READ, topic.channels, channel_of),
    Part(EventTopic.CONTROLS, Permission.COMPLIANCE_READ, topic.controls, change_of),
    Part(EventTopic.REMEDIATIONS, Permission.REMEDIATIONS_READ, topic.remediations, remediation_of),
    *(replace(part, name=EventTopic.JOBS) for part in job.PARTS if part.types == job.LOGGED),
)
Topics = Annotated[
    list[EventTopic] | None,
    strawberry.argument(description="About these only; left out: about everything that you may read."),
]


@strawberry.type
class EventSubscriptions:
    @subscription(
        EventFeed,
        may=SIGNED_IN,
        description="Everything that happens where you may read it, in one feed. Each topic takes its own permission "
        "in each organization. With `after`, first what happened since; each event once, in order.",
    )
    async def events(
        self, info: Info, after: FeedAfter = None, topics: Topics = None, organization_id: InOrganization = None
    ) -> AsyncIterator[Any]:
        chosen = followed(info.context, PARTS, topics, organization_id)

        def wanted(event: LoggedEvent) -> bool:
            return chosen.part_of(event) is not None

        def message(event: LoggedEvent, cursor: Cursor) -> Event:
            return _message(chosen, event, cursor)

        key = ("events", chosen.key)
        return LiveFeed(info.context, chosen.org_ids, after, key=key, wants=wanted, message=message, reads=chosen.reads)


def _message(chosen: Followed, event: LoggedEvent, cursor: Cursor) -> Event:
    part = chosen.part_of(event)
    if part is None:
        raise LookupError(f"{event.type} is in no part of this feed.")
    return Event(
        cursor=cursor,
        at=event.at,
        organization_id=global_id("Organization", event.org_id),
        sequence=BigInt(event.seq),
        topic=EventTopic(part.name),
        type=event.type,
        subject=part.show(event),
    )
