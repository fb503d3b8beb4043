"""Deletes rows of costs that nothing shows any more: replaced ones, and those of loads that died."""

from datetime import timedelta
from typing import Any

from documents.cost_load import clear_costs
from jobs.context import JobContext

# A load says every five seconds that it is alive; a machine that sleeps or swaps may fall silent for a while.
_DEAD_AFTER = timedelta(minutes=15)
# No request and no page of a report takes longer to read an edition it began with.
_KEPT_FOR_READERS = timedelta(minutes=10)


async def clear_replaced_costs(ctx: dict[str, Any]) -> int:
    """Delete what may go by now; returns how many rows. A second run finds nothing."""
    context: JobContext = ctx["context"]
    now = context.now()
    return await clear_costs(dead_since=now - _DEAD_AFTER, retired_before=now - _KEPT_FOR_READERS)
