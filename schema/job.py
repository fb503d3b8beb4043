"""Long work in the background, and the live messages about it."""

from datetime import datetime
from typing import Annotated, Union

import strawberry

from domain.facts.job import JobKind, JobProgress
from domain.facts.job import JobState as JobState
from schema.feed import StreamReset
from schema.node import global_id, said
from schema.scalars import BigInt, Cursor
from schema.values import register_enum

register_enum(
    JobKind,
    "What a job does.",
    {
        JobKind.SYNC: "Reads an account. Takes accounts:read.",
        JobKind.AUDIT_EXPORT: "Makes a file of a part of the audit log. Takes audit:export.",
        JobKind.COST_IMPORT: "Loads billing files. Takes costs:read.",
        JobKind.DISCONNECTION: "Takes away what was read of an account. Takes accounts:read.",
        JobKind.MEMBER_DISCOVERY: "Connects the accounts of a whole organization. Takes accounts:read.",
        JobKind.COST_FETCH: "Fetches bills from where they are kept. Takes costs:read.",
        JobKind.COST_EXPORT: "Makes a file of costs. Takes costs:read.",
        JobKind.ALLOCATION: "Allocates the costs of a month. Takes costs:read.",
        JobKind.FORECAST: "Forecasts costs. Takes costs:read.",
        JobKind.ANOMALY_SCAN: "Looks for anomalies in costs. Takes costs:read.",
        JobKind.STATEMENT: "Makes statements of a month. Takes costs:read.",
        JobKind.CHECKS: "Judges controls. Takes compliance:read.",
        JobKind.AUDIT_PACK: "Makes a pack for auditors. Takes evidence:read.",
    },
)
register_enum(
    JobState,
    "How far a job is.",
    {
        JobState.QUEUED: "Waits for a worker.",
        JobState.RUNNING: "A worker is on it.",
        JobState.SUCCEEDED: "Did everything.",
        JobState.PARTIAL: "Did what it could.",
        JobState.FAILED: "Came to no end; `problem` says why.",
        JobState.CANCELLED: "Somebody ended it.",
    },
)


@strawberry.type(description="A piece of long work in the background, as it was at one moment.")
class Job:
    id: strawberry.ID = said("Tells it from other jobs; the same in all messages about it.")
    kind: JobKind = said("What it does.")
    subject_id: strawberry.ID = said("Global id of what it is about: an account, an export or the organization.")
    state: JobState = said("How far it is.")
    step: str = said("What it is doing, in words.")
    done: BigInt = said("How much of `step` is done: parts of a sync, entries, bytes of files, rows.")
    total: BigInt = said("How much there is of `step`; 0 where nobody knows.")
    problem: str | None = said("Why it failed and what to do.")
    started_at: datetime | None = said("When it began.")
    ended_at: datetime | None = said("When it ended.")


def shown(progress: JobProgress) -> Job:
    """The job as it is shown."""
    return Job(
        id=global_id("Job", f"{progress.kind}:{progress.id}"),
        kind=progress.kind,
        subject_id=global_id(*progress.subject.split(":", 1)),
        state=progress.state,
        step=progress.step,
        done=BigInt(progress.done),
        total=BigInt(progress.total),
        problem=progress.problem,
        started_at=progress.started_at,
        ended_at=progress.ended_at,
    )


@strawberry.type(description="A job moved on.")
class JobProgressed:
    cursor: Cursor = said("Place in the feed just after this message; pass it as `after` to go on from here.")
    at: datetime = said("When it moved on.")
    organization_id: strawberry.ID = said("The tenant it works for.")
    job: Job = said("The job as it was at that moment.")


JobFeed = Annotated[
    Union[JobProgressed, StreamReset],  # noqa: UP007 - strawberry names the union through Annotated
    strawberry.union("JobFeed", description="One message of the feed of jobs."),
]
