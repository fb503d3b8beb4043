"""Progress of long work that has no row of its own: it lives in the event log alone."""

from beanie import PydanticObjectId

from documents.transaction import Transaction
from domain.facts import topic
from domain.facts.event import LoggedEvent
from domain.facts.job import JobKind, JobProgress


def announce_job(tx: Transaction, org_id: PydanticObjectId, progress: JobProgress) -> None:
    """Log how far the work is."""
    tx.announce(org_id, topic.jobs(org_id), "JobProgressed", progress.model_dump())


def progress_of(event: LoggedEvent) -> JobProgress:
    """The progress an event carries: of JobProgressed, SyncProgressed or AuditExportProgressed."""
    return _READ[event.type](event)


def _as_logged(event: LoggedEvent) -> JobProgress:
    return JobProgress.model_validate(event.payload)


def _of_sync(event: LoggedEvent) -> JobProgress:
    run = event.payload
    own = {name: run[name] for name in ("state", "step", "done", "total", "problem", "started_at", "ended_at")}
    return JobProgress(kind=JobKind.SYNC, id=str(run["_id"]), subject=f"Account:{run['account_id']}", **own)


def _of_export(event: LoggedEvent) -> JobProgress:
    export = event.payload
    own = {name: export[name] for name in ("state", "done", "total", "problem", "ended_at")}
    id = str(export["_id"])
    step = "Entries written"
    started_at = export["created_at"]
    return JobProgress(
        kind=JobKind.AUDIT_EXPORT, id=id, subject=f"AuditExport:{id}", step=step, started_at=started_at, **own
    )


_READ = {"JobProgressed": _as_logged, "SyncProgressed": _of_sync, "AuditExportProgressed": _of_export}
