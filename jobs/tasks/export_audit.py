"""Makes a file of a part of an audit log, with its proof; deletes such files when their week is over."""

import asyncio
import hashlib
import tempfile
from pathlib import Path
from typing import Any

import structlog
from bson import ObjectId

from auth.scope import scope_of_job
from documents.audit_export import AuditExport, AuditExportState, files, forget_exports, move_on
from documents.audit_segment import entry_batches, seqs_between
from documents.transaction import Transaction
from jobs.audit_bundle import BundleWriter
from jobs.context import JobContext
from jobs.queue import EXPORT_AUDIT

log = structlog.get_logger()

BATCH = 1000
# How many entries are written between two messages about progress.
TOLD_EVERY = 10_000


async def export_audit(ctx: dict[str, Any], *, org_id: str, export_id: str) -> str:
    """One export to its end; one that has ended is left alone. Returns the state it ended in."""
    context: JobContext = ctx["context"]
    export = await AuditExport.get_in(scope_of_job(EXPORT_AUDIT, org_id), export_id)
    if export.is_ended:
        return export.state.value
    try:
        return await _make(context, export)
    except Exception:
        log.exception("export_broke", export_id=export_id)
        problem = f"Something went wrong on our side; the log has it under {export_id}. Ask for the export again."
        return (await _move_on(context, export, **_failed(context, problem))).state.value


async def _make(context: JobContext, export: AuditExport) -> str:
    first, last = await seqs_between(export.org_id, export.at_from, export.at_before)
    if last < first:
        failed = _failed(context, "Nothing was logged in that time, or its retention is over.")
        return (await _move_on(context, export, **failed)).state.value
    await _move_on(context, export, state=AuditExportState.RUNNING.value, total=last - first + 1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "audit.zip"
        await _write(context, export, path, first, last)
        fields = await _stored(export, path)
    ended = {"state": AuditExportState.SUCCEEDED.value, "done": last - first + 1, "ended_at": context.now()}
    return (await _move_on(context, export, **ended, **fields)).state.value


async def _write(context: JobContext, export: AuditExport, path: Path, first: int, last: int) -> None:
    writer, done = await asyncio.to_thread(BundleWriter, path, export.format), 0
    async for batch in entry_batches(export.org_id, first, last, BATCH):
        await asyncio.to_thread(writer.add, batch)
        done += len(batch)
        if done % TOLD_EVERY == 0:
            await _move_on(context, export, done=done)
    publics = [key.public for key in context.audit_keys]
    await asyncio.to_thread(writer.close, export, context.audit_key, context.now(), publics)


async def _stored(export: AuditExport, path: Path) -> dict[str, Any]:
    """Put the file where it can be downloaded from; returns what the export says of it."""
    digest, size = await asyncio.to_thread(_measured, path)
    with await asyncio.to_thread(path.open, "rb") as file:
        file_id: ObjectId = await files().upload_from_stream(
            f"audit-{export.id}.zip", file, metadata={"org_id": export.org_id, "export_id": export.id}
        )
    return {"file_id": file_id, "size": size, "sha256": digest}


def _measured(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


def _failed(context: JobContext, problem: str) -> dict[str, Any]:
    return {"state": AuditExportState.FAILED.value, "problem": problem, "ended_at": context.now()}


async def _move_on(context: JobContext, export: AuditExport, **fields: Any) -> AuditExport:
    async def change(tx: Transaction) -> AuditExport:
        return await move_on(tx, export, **fields)

    return await context.writer.commit(change)


async def forget_old_exports(ctx: dict[str, Any]) -> int:
    """Delete exports whose week is over, with their files; returns how many."""
    context: JobContext = ctx["context"]
    return await forget_exports(context.now())
