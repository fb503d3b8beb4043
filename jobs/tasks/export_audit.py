"""Makes a file of a part of an audit log, with its proof; deletes files of every kind of export after their week."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

from auth.scope import scope_of_job
from documents.audit_export import AuditExport, AuditExportState
from documents.audit_pack import AuditPack
from documents.audit_segment import entry_batches, seqs_between
from documents.cost_export import CostExport
from documents.file_export import forget_exports
from jobs.audit_bundle import BundleWriter
from jobs.context import JobContext
from jobs.file_export import NoFileMade, make_file, tell
from jobs.queue import EXPORT_AUDIT

BATCH = 1000
# How many entries are written between two messages about progress.
TOLD_EVERY = 10_000


async def export_audit(ctx: dict[str, Any], *, org_id: str, export_id: str) -> str:
    """One export to its end; one that has ended is left alone. Returns the state it ended in."""
    context: JobContext = ctx["context"]
    export = await AuditExport.get_in(scope_of_job(EXPORT_AUDIT, org_id), export_id)
    return await make_file(context, export, partial(_write, context, export))


async def _write(context: JobContext, export: AuditExport, path: Path) -> int:
    first, last = await seqs_between(export.org_id, export.at_from, export.at_before)
    if last < first:
        raise NoFileMade("Nothing was logged in that time, or its retention is over.")
    await tell(context, export, state=AuditExportState.RUNNING.value, total=last - first + 1)
    writer, done = await asyncio.to_thread(BundleWriter, path, export.format), 0
    async for batch in entry_batches(export.org_id, first, last, BATCH):
        await asyncio.to_thread(writer.add, batch)
        done += len(batch)
        if done % TOLD_EVERY == 0:
            await tell(context, export, done=done)
    publics = [key.public for key in context.audit_keys]
    await asyncio.to_thread(writer.close, export, context.audit_key, context.now(), publics)
    return done


async def forget_old_exports(ctx: dict[str, Any]) -> int:
    """Delete exports whose week is over, with their files; returns how many."""
    context: JobContext = ctx["context"]
    now = context.now()
    return sum([await forget_exports(kind, now) for kind in (AuditExport, AuditPack, CostExport)])
