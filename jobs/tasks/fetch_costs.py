"""Fetches the bills of one source, and looks every minute which sources are due."""

from datetime import timedelta
from typing import Any

from arq.constants import in_progress_key_prefix

from auth.scope import scope_of_job
from documents.cost_source import claim_due_sources
from documents.transaction import Transaction
from jobs.context import JobContext
from jobs.cost_fetching import fetch_source
from jobs.queue import FETCH_COSTS, ask_fetch

# A year of a large bill comes and loads in about half of it; what is left then is done by the next fetch.
FETCH_TIMEOUT = timedelta(minutes=55)
# A worker says every 20 seconds that it is on it; the queue hands out the job of one that has not for this long.
HANDED_ON = timedelta(minutes=2)


async def fetch_costs(ctx: dict[str, Any], *, org_id: str, source_id: str) -> str:
    """One fetch to its end. Returns at once when the source is not to be fetched, or another worker fetches it."""
    context: JobContext = ctx["context"]

    async def keep_job() -> None:
        if "redis" in ctx:
            await ctx["redis"].pexpire(in_progress_key_prefix + ctx["job_id"], HANDED_ON)

    scope = scope_of_job(FETCH_COSTS, org_id)
    ended = await fetch_source(context, scope, source_id, time_limit=FETCH_TIMEOUT, on_renew=keep_job)
    if ended is None:
        return "not fetched"
    return ended if isinstance(ended, str) else f"{len(ended.loaded)} months loaded"


async def start_due_fetches(ctx: dict[str, Any]) -> int:
    """Ask for every source that is due; returns how many."""
    context: JobContext = ctx["context"]
    sources = await claim_due_sources(context.now())

    async def change(tx: Transaction) -> None:
        for source in sources:
            ask_fetch(tx, source)

    if sources:
        await context.writer.commit(change)
    return len(sources)
