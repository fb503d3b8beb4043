"""Makes a pack for auditors to download."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from auth.scope import scope_of_job
from documents.audit_pack import AuditPack
from domain.facts.job import JobState
from jobs.audit_pack.gathering import Told
from jobs.audit_pack.writing import write_audit_pack
from jobs.context import JobContext
from jobs.file_export import make_file, tell
from jobs.queue import MAKE_AUDIT_PACK

# Between two messages about progress.
TOLD_EVERY = timedelta(seconds=2)


async def make_audit_pack(ctx: dict[str, Any], *, org_id: str, pack_id: str) -> str:
    """One pack to its end; one that has ended is left alone. Returns the state it ended in."""
    context: JobContext = ctx["context"]
    pack = await AuditPack.get_in(scope_of_job(MAKE_AUDIT_PACK, org_id), pack_id)
    return await make_file(context, pack, partial(_write, context, pack))


async def _write(context: JobContext, pack: AuditPack, path: Path) -> int:
    await tell(context, pack, state=JobState.RUNNING.value)
    return await write_audit_pack(
        scope_of_job(MAKE_AUDIT_PACK, str(pack.org_id)),
        pack,
        path,
        now=context.now(),
        keys=context.audit_keys,
        store=context.pack_store,
        told=_teller(context, pack),
    )


def _teller(context: JobContext, pack: AuditPack) -> Told:
    last = context.now() - TOLD_EVERY

    async def told(done: int, total: int) -> None:
        nonlocal last
        if context.now() - last >= TOLD_EVERY or done == total:
            last = context.now()
            await tell(context, pack, done=done, total=total)

    return told
