"""`cloudwatcher import-costs`: billing files into one organization, with a progress bar and plain errors."""

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from app.settings import Settings
from app.wiring import open_backend
from auth.scope import scope_of_operator
from documents.base import utc_now
from documents.organization import find_organizations
from domain.costs.header import ReadOptions
from domain.costs.problem import BadCostFile
from domain.errors import Invalid, NotFound
from domain.facts.scope import Scope
from jobs.cost_import import LoadProgress, LoadReport, import_cost_files
from jobs.writer import Writer

SHOWN_PROBLEMS = 20


async def run_import(
    settings: Settings, files: list[Path], *, organization: str | None, source: str, fill: list[str], lenient: bool
) -> int:
    """Load the files; 0 when they are in, 1 when one of them is bad."""
    console = Console()
    options = ReadOptions(source=source, fill=_filled(fill), is_lenient=lenient)
    async with open_backend(settings) as backend:
        scope = await scope_of_named(organization)
        try:
            report = await import_with_progress(console, scope, files, options, backend.writer)
        except BadCostFile as error:
            console.print(f"[red]{error.file} cannot be loaded; nothing was changed:[/red]", highlight=False)
            for problem in error.problems[:SHOWN_PROBLEMS]:
                console.print(f"  {problem}", highlight=False, markup=False, soft_wrap=True)
            return 1
    _tell(console, report)
    return 0


async def import_with_progress(
    console: Console, scope: Scope, files: list[Path], options: ReadOptions, writer: Writer
) -> LoadReport:
    """Load the files and show how far it is. Raises BadCostFile."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[rows]:,} rows, {task.fields[speed]:,.0f} rows/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        name = files[0].name if len(files) == 1 else f"{len(files)} files"
        task = progress.add_task(name, total=None, rows=0, speed=0.0)

        def show(now: LoadProgress) -> None:
            elapsed = progress.tasks[task].elapsed or 1.0
            progress.update(task, completed=now.size, total=now.total_size, rows=now.rows, speed=now.rows / elapsed)

        return await import_cost_files(scope, files, options, writer=writer, now=utc_now, on_progress=show)


def _tell(console: Console, report: LoadReport) -> None:
    if report.is_unchanged:
        console.print("Nothing was new: these rows are loaded already.")
    for file in report.files:
        console.print(f"{file.name}: FOCUS {file.version}, {file.rows:,} rows", highlight=False)
        for notice in file.notices:
            where = f" ({notice.column})" if notice.column else ""
            rows = f" in {notice.rows:,} rows" if notice.rows else ""
            console.print(f"  note{where}: {notice.message}{rows}", highlight=False, markup=False, soft_wrap=True)
    for notice in report.notices:
        console.print(f"note: {notice.message}", highlight=False, markup=False, soft_wrap=True)
    for change in report.periods:
        slice = change.slice
        replaced = "" if change.old_lines is None else f", replacing {change.old_lines:,} rows"
        console.print(
            f"  {slice.key.provider} {slice.key.billing_account_id} {slice.key.period_start:%Y-%m}: "
            f"{slice.rows:,} rows, {slice.billed} {slice.currency} billed{replaced}",
            highlight=False,
            soft_wrap=True,
        )


async def scope_of_named(named: str | None) -> Scope:
    """The organization of this name or id; None stands for the only one there is. Raises NotFound, Invalid."""
    found = await find_organizations(named)
    if not found:
        raise NotFound(
            "There is no such organization. Leave --organization out to see which there are, or register one first."
        )
    if len(found) > 1:
        names = ", ".join(f"{organization.name} ({organization.id})" for organization in found)
        raise Invalid(f"Name one organization with --organization: {names}")
    return scope_of_operator(str(found[0].id))


def _filled(pairs: list[str]) -> dict[str, str]:
    fill = {}
    for pair in pairs:
        column, equals, value = pair.partition("=")
        if not equals or not column:
            raise Invalid(f"--fill takes Column=value; {pair!r} is not of that form.")
        fill[column.strip()] = value
    return fill
