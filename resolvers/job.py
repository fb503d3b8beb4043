"""Long work in the background, followed live: all of it in one feed."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import strawberry

from auth.permission import Permission
from documents.job_progress import progress_of
from domain.facts import topic
from domain.facts.event import LoggedEvent
from domain.facts.job import JobKind
from resolvers.context import Info
from resolvers.feed import LiveFeed
from resolvers.fields import SIGNED_IN, subscription
from resolvers.part import Part, followed
from schema.arguments import FeedAfter, InOrganization
from schema.job import Job, JobFeed, JobProgressed, shown
from schema.node import global_id
from schema.scalars import Cursor

LOGGED = frozenset({"JobProgressed"})


def job_of(event: LoggedEvent) -> Job:
    """The job an event tells of."""
    return shown(progress_of(event))


def logged(kind: JobKind, permission: Permission) -> Part:
    """The part of a kind of work that has no topic of its own."""
    return Part(kind, permission, topic.jobs, job_of, LOGGED, lambda event: event.payload["kind"] == kind)


PARTS = (
    Part(JobKind.SYNC, Permission.ACCOUNTS_READ, topic.syncs, job_of, frozenset({"SyncProgressed"})),
    Part(
        JobKind.AUDIT_EXPORT, Permission.AUDIT_EXPORT, topic.audit_exports, job_of, frozenset({"AuditExportProgressed"})
    ),
    logged(JobKind.COST_IMPORT, Permission.COSTS_READ),
    logged(JobKind.DISCONNECTION, Permission.ACCOUNTS_READ),
    logged(JobKind.MEMBER_DISCOVERY, Permission.ACCOUNTS_READ),
    logged(JobKind.COST_FETCH, Permission.COSTS_READ),
    logged(JobKind.COST_EXPORT, Permission.COSTS_READ),
    logged(JobKind.ALLOCATION, Permission.COSTS_READ),
    logged(JobKind.FORECAST, Permission.COSTS_READ),
    logged(JobKind.ANOMALY_SCAN, Permission.COSTS_READ),
    logged(JobKind.STATEMENT, Permission.COSTS_READ),
    logged(JobKind.CHECKS, Permission.COMPLIANCE_READ),
    logged(JobKind.AUDIT_PACK, Permission.EVIDENCE_READ),
)
Kinds = Annotated[
    list[JobKind] | None,
    strawberry.argument(description="Of these kinds only; left out: of all kinds that you may read."),
]


@strawberry.type
class JobSubscriptions:
    @subscription(
        JobFeed,
        may=SIGNED_IN,
        description="Long work in the background as it moves on: syncs, exports, imports of costs, disconnections. "
        "Each kind takes its own permission. With `after`, first what happened since; each step once, in order.",
    )
    async def job_progressed(
        self, info: Info, after: FeedAfter = None, kinds: Kinds = None, organization_id: InOrganization = None
    ) -> AsyncIterator[Any]:
        chosen = followed(info.context, PARTS, kinds, organization_id)

        def wanted(event: LoggedEvent) -> bool:
            return chosen.part_of(event) is not None

        def message(event: LoggedEvent, cursor: Cursor) -> JobProgressed:
            organization = global_id("Organization", event.org_id)
            return JobProgressed(cursor=cursor, at=event.at, organization_id=organization, job=job_of(event))

        key = ("jobProgressed", chosen.key)
        return LiveFeed(info.context, chosen.org_ids, after, key=key, wants=wanted, message=message, reads=chosen.reads)
