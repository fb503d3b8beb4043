"""Erases what a deleted organization stored: first the key of its secrets, then its rows, in chunks.

Run again, it goes on where it was. What a job that was under way still writes is found by the next look.
"""

from typing import Any

import structlog
from beanie import PydanticObjectId

from documents.audit import Act, acting
from documents.organization_erasure import erase_some, is_deleted, mark_erased
from documents.transaction import Transaction
from jobs.context import JobContext

log = structlog.get_logger()


async def erase_organization(ctx: dict[str, Any], *, org_id: str) -> int:
    """Returns how many rows were erased. An organization that is not deleted is left alone."""
    context: JobContext = ctx["context"]
    id = PydanticObjectId(org_id)
    if not await is_deleted(id):
        log.error("erasure_refused", organization_id=org_id)
        return 0
    # Again with each look: a job that was under way may have sealed something, with a key of its own making.
    if shredded := await context.vault.shred(org_id):
        await _note_shredding(context, id, shredded)
    erased = 0
    while some := await erase_some(id, context.audit_entries.database):
        erased += some
    await mark_erased(id, context.now())
    log.info("organization_erased", rows=erased)
    return erased


async def _note_shredding(context: JobContext, org_id: PydanticObjectId, shredded: int) -> None:
    async def change(tx: Transaction) -> None:
        tx.audit(org_id, target=f"data_key:{org_id}", before={"keys": shredded})

    with acting(Act(action="data_key.shred", actor="job:erase_organization")):
        await context.writer.commit(change)
