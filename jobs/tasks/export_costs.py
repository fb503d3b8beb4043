"""Makes a file of costs, or of a statement, to download."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from auth.scope import scope_of_job
from documents.cost_export import CostExport, CostFileFormat
from documents.cost_rows import RowsWanted
from domain.facts.job import JobState
from jobs.context import JobContext
from jobs.cost_file import Told, write_finance, write_focus
from jobs.file_export import make_file, tell
from jobs.queue import EXPORT_COSTS
from jobs.statement_file import write_statement

# Between two messages about progress.
TOLD_EVERY = timedelta(seconds=2)


async def export_costs(ctx: dict[str, Any], *, org_id: str, export_id: str) -> str:
    """One export to its end; one that has ended is left alone. Returns the state it ended in."""
    context: JobContext = ctx["context"]
    export = await CostExport.get_in(scope_of_job(EXPORT_COSTS, org_id), export_id)
    return await make_file(context, export, partial(_write, context, export))


async def _write(context: JobContext, export: CostExport, path: Path) -> int:
    await tell(context, export, state=JobState.RUNNING.value)
    scope = scope_of_job(EXPORT_COSTS, str(export.org_id))
    wanted = RowsWanted(export.first.date(), export.until.date(), export.where)
    told = _teller(context, export)
    if export.statement_id is not None:
        return await write_statement(scope, export, path, told)
    if export.format is CostFileFormat.FINANCE_CSV:
        return await write_finance(scope, wanted, path, told)
    return await write_focus(scope, wanted, export.format, str(export.focus_version), path, told)


def _teller(context: JobContext, export: CostExport) -> Told:
    last = context.now() - TOLD_EVERY

    async def told(done: int, total: int) -> None:
        nonlocal last
        if context.now() - last >= TOLD_EVERY or done == total:
            last = context.now()
            await tell(context, export, done=done, total=total)

    return told
