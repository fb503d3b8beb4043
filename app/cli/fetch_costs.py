"""`cloudwatcher fetch-costs`: look for new bills now, source by source, and say what came of it."""

from datetime import timedelta

from rich.console import Console

from app.cli.import_costs import scope_of_named
from app.settings import Settings
from app.wiring import open_backend
from app.worker import options
from documents.cost_source import CostSource
from domain.errors import NotFound
from domain.facts.scope import Scope
from jobs.context import JobContext
from jobs.cost_fetching import fetch_source

# A first fetch of years of bills, by somebody who watches it.
TIME_LIMIT = timedelta(hours=12)


async def run_fetch(settings: Settings, *, organization: str | None, source: str | None) -> int:
    """Fetch one source by its name or place, or all that are not paused; 0 when none of them failed."""
    console = Console()
    async with open_backend(settings) as backend:
        scope = await scope_of_named(organization)
        context: JobContext = options(backend)["ctx"]["context"]
        failed = 0
        for found in await _chosen(scope, source):
            failed += not await _fetch(console, context, scope, found)
    return 1 if failed else 0


async def _chosen(scope: Scope, named: str | None) -> list[CostSource]:
    sources = [one for one in await CostSource.list_in(scope, {}) if named in (None, one.name, one.place, str(one.id))]
    if not sources:
        names = ", ".join(sorted(one.name for one in await CostSource.list_in(scope, {}))) or "none yet"
        raise NotFound(f"There is no such cost source. There are: {names}.")
    return [one for one in sources if named is not None or not one.is_paused]


async def _fetch(console: Console, context: JobContext, scope: Scope, source: CostSource) -> bool:
    ended = await fetch_source(context, scope, str(source.id), time_limit=TIME_LIMIT)
    if ended is None:
        _print(console, f"{source.name}: not fetched, because it is paused or a worker fetches it just now.")
        return True
    if isinstance(ended, str):
        _print(console, f"{source.name}: {ended}")
        return False
    loaded = f"loaded {', '.join(ended.loaded)}" if ended.loaded else "nothing was new"
    _print(console, f"{source.name}: {loaded}")
    for month, reason in ended.waiting.items():
        _print(console, f"  {month} waits for {reason}")
    return True


def _print(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)
