"""Deletes rows of costs that nothing shows any more: replaced ones, and those of loads that died."""

from datetime import timedelta
from typing import Any

from documents.cost_load import CostLoad, clear_costs, dead_loads
from documents.job_progress import announce_job
from documents.transaction import Transaction
from domain.facts.job import JobState
from jobs.context import JobContext
from jobs.cost_telling import told_progress

# A load says every five seconds that it is alive; a machine that sleeps or swaps may fall silent for a while.
_DEAD_AFTER = timedelta(minutes=15)
# No request and no page of a report takes longer to read an edition it began with.
_KEPT_FOR_READERS = timedelta(minutes=10)


async def clear_replaced_costs(ctx: dict[str, Any]) -> int:
    """Delete what may go by now; returns how many rows. A second run finds nothing."""
    context: JobContext = ctx["context"]
    now = context.now()
    for load in await dead_loads(now - _DEAD_AFTER):
        await _tell_dead(context, load)
    return await clear_costs(dead_since=now - _DEAD_AFTER, retired_before=now - _KEPT_FOR_READERS)


async def _tell_dead(context: JobContext, load: CostLoad) -> None:
    async def change(tx: Transaction) -> None:
        problem = "The import stopped without a word. Load the files again."
        announce_job(tx, load.org_id, told_progress(load, JobState.FAILED, 0, context.now(), problem))

    await context.writer.commit(change)
