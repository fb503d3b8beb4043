"""`cloudwatcher export-costs`: billed rows as FOCUS, or sums by month for finance, into a file."""

from datetime import date
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.cli.import_costs import scope_of_named
from app.settings import Settings
from app.wiring import open_backend
from documents.cost_export import CostFileFormat
from documents.cost_rows import RowsWanted
from domain.costs.focus_layout import FOCUS_VERSIONS
from domain.errors import Invalid
from domain.facts.scope import Scope
from jobs.cost_file import write_finance, write_focus
from jobs.file_export import NoFileMade

_BY_ENDING = {
    ".csv.gz": CostFileFormat.FOCUS_CSV,
    ".parquet": CostFileFormat.FOCUS_PARQUET,
    ".csv": CostFileFormat.FINANCE_CSV,
}


async def run_export(
    settings: Settings, file: Path, *, first: date, until: date, organization: str | None, version: str
) -> int:
    """Write the file; 0 when it is there, 1 when there is nothing to write. Raises Invalid for options that do not fit.

    An existing file is replaced only by a whole one.
    """
    console = Console()
    format = _format_of(file.name)
    if version not in FOCUS_VERSIONS:
        raise Invalid(f"--focus-version is one of {', '.join(FOCUS_VERSIONS)}.")
    if first >= until:
        raise Invalid("--first must come before --until.")
    beside = file.with_name(f".{file.name}.part")
    async with open_backend(settings):
        scope = await scope_of_named(organization)
        try:
            rows = await _shown(console, scope, RowsWanted(first, until), format, version, beside)
        except NoFileMade as error:
            console.print(f"[red]{error}[/red]", highlight=False)
            return 1
        else:
            beside.replace(file)
        finally:
            beside.unlink(missing_ok=True)
    lines = "lines" if format is CostFileFormat.FINANCE_CSV else f"rows as FOCUS {version}"
    console.print(f"{file}: {rows:,} {lines}", highlight=False, soft_wrap=True)
    return 0


async def _shown(
    console: Console, scope: Scope, wanted: RowsWanted, format: CostFileFormat, version: str, path: Path
) -> int:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("Rows", total=None)

        async def told(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        if format is CostFileFormat.FINANCE_CSV:
            return await write_finance(scope, wanted, path, told)
        return await write_focus(scope, wanted, format, version, path, told)


def _format_of(name: str) -> CostFileFormat:
    for ending, format in _BY_ENDING.items():
        if name.endswith(ending):
            return format
    raise Invalid("Name a file that ends in .csv.gz or .parquet for FOCUS, or in .csv for finance.")
