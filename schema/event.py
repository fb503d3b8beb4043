"""The one feed over everything: its topics, what its messages are about, and the messages."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Union

import strawberry

from schema.account import Sync
from schema.alert import Alert
from schema.audit import AuditExport
from schema.channel import Channel
from schema.check import CheckChange
from schema.cost_anomaly import CostAnomaly
from schema.cost_update import CostUpdate
from schema.feed import StreamReset
from schema.incident import Incident
from schema.integration import IntegrationHealth
from schema.job import Job
from schema.node import said
from schema.remediation import Remediation
from schema.scalars import BigInt, Cursor
from schema.values import register_enum


class EventTopic(StrEnum):
    ALERTS = "ALERTS"
    INCIDENTS = "INCIDENTS"
    SYNCS = "SYNCS"
    INTEGRATIONS = "INTEGRATIONS"
    COSTS = "COSTS"
    ANOMALIES = "ANOMALIES"
    JOBS = "JOBS"
    AUDIT_EXPORTS = "AUDIT_EXPORTS"
    CHANNELS = "CHANNELS"
    CONTROLS = "CONTROLS"
    REMEDIATIONS = "REMEDIATIONS"


register_enum(
    EventTopic,
    "What messages of `events` are about.",
    {
        EventTopic.ALERTS: "Alerts: raised, acknowledged, resolved and all that becomes of them. Takes alerts:read.",
        EventTopic.INCIDENTS: "Incidents that are opened, change and close. Takes alerts:read.",
        EventTopic.SYNCS: "Syncs of accounts as they move on. Takes accounts:read.",
        EventTopic.INTEGRATIONS: "Integrations whose health changes. Takes accounts:read.",
        EventTopic.COSTS: "Costs that were loaded or replaced. Takes costs:read.",
        EventTopic.ANOMALIES: "Anomalies of costs that are found, change and close. Takes costs:read.",
        EventTopic.JOBS: "Other long work as it moves on. Takes costs:read for imports of costs, else accounts:read.",
        EventTopic.AUDIT_EXPORTS: "Exports of the audit log as they move on. Takes audit:export.",
        EventTopic.CHANNELS: "Channels that are changed, tested, found failing or working again, or deleted. Takes "
        "channels:read.",
        EventTopic.CONTROLS: "Checks of controls that come to say something else. Takes compliance:read.",
        EventTopic.REMEDIATIONS: "Remediations as they move on. Takes remediations:read.",
    },
)

EventSubject = Annotated[
    Union[  # noqa: UP007 - named through Annotated
        Alert,
        Incident,
        Sync,
        IntegrationHealth,
        CostUpdate,
        CostAnomaly,
        Job,
        AuditExport,
        Channel,
        CheckChange,
        Remediation,
    ],
    strawberry.union("EventSubject", description="What a message of `events` is about, as it was at that moment."),
]


@strawberry.type(description="Something that happened in an organization.")
class Event:
    cursor: Cursor = said("Place in the feed just after this message; pass it as `after` to go on from here.")
    at: datetime = said("When it happened.")
    organization_id: strawberry.ID = said("The tenant it happened in.")
    sequence: BigInt = said(
        "Its number in the log of the organization, which rises. Numbers between are of events that are not shown here."
    )
    topic: EventTopic = said("What it is about.")
    type: str = said("What happened, in one word, for example AlertRaised.")
    subject: EventSubject = said("What it happened to, as it was at that moment.")


EventFeed = Annotated[
    Union[Event, StreamReset],  # noqa: UP007 - strawberry names the union through Annotated
    strawberry.union("EventFeed", description="One message of the feed over everything."),
]
