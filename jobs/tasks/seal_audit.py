"""Seals what the audit logs have grown by, and deletes sealed entries whose retention is over."""

import asyncio
from datetime import timedelta
from typing import Any

import structlog
from beanie import PydanticObjectId
from pymongo.errors import DuplicateKeyError

from documents.audit import INSTALLATION, Act, acting
from documents.audit_chain import chains
from documents.audit_segment import (
    delete_gone,
    entry_batches,
    last_segment,
    mark_gone,
    ripe_segments,
    store_segment,
)
from documents.organization import audit_retention, frameworks_in_use
from documents.transaction import Transaction
from domain.audit.retention import DEFAULT_DAYS, kept_days
from domain.audit.sealing import Sealer
from jobs.context import JobContext

log = structlog.get_logger()

RETENTION = "audit.retention"
BATCH = 1000


async def seal_audit(ctx: dict[str, Any]) -> int:
    """Seal and clear every chain; returns how many segments were made. A second run finds nothing to do.

    A chain that is broken is left as it is, and so are its entries: they are evidence. The log of the process says so.
    """
    context: JobContext = ctx["context"]
    made = 0
    for org_id in await chains():
        try:
            made += await _seal(context, org_id)
            await _let_go(context, org_id)
        except DuplicateKeyError:  # another worker is at it
            continue
        except Exception:  # one damaged chain shall not keep the others from being sealed
            log.exception("audit_not_sealed", organization_id=str(org_id))
    return made


async def _seal(context: JobContext, org_id: PydanticObjectId) -> int:
    last, made = await last_segment(org_id), 0
    sealer = Sealer(org_id, last)
    head = (await chains(org_id))[org_id]
    async for batch in entry_batches(org_id, last["last_seq"] + 1 if last else 1, head, BATCH):
        for segment in await asyncio.to_thread(sealer.feed, batch):
            await store_segment(segment, context.audit_key)
            made += 1
        if sealer.broken is not None:
            problem = sealer.broken.problem
            log.error("audit_chain_broken", organization_id=str(org_id), seq=sealer.broken.seq, problem=problem)
            return made
    for segment in sealer.finish(context.now().date()):
        await store_segment(segment, context.audit_key)
        made += 1
    return made


async def _let_go(context: JobContext, org_id: PydanticObjectId) -> int:
    """Mark ripe segments, in the transaction that audits it, and delete their entries."""
    at = context.now()
    days = await _kept_days(org_id)
    ripe = await ripe_segments(org_id, at - timedelta(days=days))

    async def change(tx: Transaction) -> None:
        for segment in ripe:
            await mark_gone(segment, at, context.audit_key, tx.session)
        span = {"first_seq": ripe[0]["first_seq"], "last_seq": ripe[-1]["last_seq"], "days": days}
        tx.audit(org_id, target=f"audit:{ripe[0]['first_seq']}-{ripe[-1]['last_seq']}", before=span)

    if ripe:
        with acting(Act(action=RETENTION, actor="job:seal_audit")):
            await context.writer.commit(change)
    return await delete_gone(context.audit_entries, org_id)


async def _kept_days(org_id: PydanticObjectId) -> int:
    """The installation's own chain tells of everybody's sign-ins: every framework in use counts for it."""
    if org_id == INSTALLATION:
        return kept_days(DEFAULT_DAYS, await frameworks_in_use())
    return kept_days(*await audit_retention(org_id))
