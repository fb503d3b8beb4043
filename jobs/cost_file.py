"""Writes costs into a file, a batch at a time: FOCUS rows, or sums by month for finance."""

import asyncio
import csv
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

from connectors.billing.focus_csv import FocusCsvWriter
from documents.cost_export import CostFileFormat
from documents.cost_finance import MonthSums, month_sums
from documents.cost_rows import RowsWanted, Survey, row_batches, rows_in, survey
from domain.costs.focus_layout import FocusLayout, TooFine
from domain.facts.scope import Scope
from domain.spreadsheet import amount_cell, text_cell
from jobs.file_export import NoFileMade

# How often a file is begun anew because costs were loaded again while it was written and their old rows went.
_MOST_TRIES = 3
NOTHING = "There are no costs that match in these days."
COLUMNS = (
    "Month",
    "Provider",
    "Billing account",
    "Account",
    "Account name",
    "Service",
    "Currency",
    "Billed cost",
    "Effective cost",
    "List cost",
    "Contracted cost",
    "Rows",
)

# Told how many rows of how many are written.
Told = Callable[[int, int], Awaitable[None]]


class RowWriter(Protocol):
    """A file of billed rows that is open for writing."""

    def add(self, rows: list[dict[str, Any]], /) -> None: ...
    def close(self) -> None: ...


async def write_focus(
    scope: Scope, wanted: RowsWanted, format: CostFileFormat, version: str, path: Path, told: Told
) -> int:
    """Write the rows as FOCUS of this version; returns how many. They are as they counted at one moment.

    Raises NoFileMade when there are none, or when they are loaded anew faster than they can be written.
    """
    is_wide = False
    for _ in range(_MOST_TRIES):
        found = await survey(scope, wanted)
        if not found.rows:
            raise NoFileMade(NOTHING)
        opened = _opener(format, FocusLayout(version, found.extras), path, is_wide=is_wide)
        try:
            if await _written(scope, wanted, found, opened, told):
                return found.rows
        except TooFine:
            is_wide = True
    raise NoFileMade("These costs were loaded again while the file was written. Ask for the export again.")


async def _written(
    scope: Scope, wanted: RowsWanted, found: Survey, opened: Callable[[], RowWriter], told: Told
) -> bool:
    """Whether every row that was found is in the file; those of replaced editions go after a while."""
    writer, done = await asyncio.to_thread(opened), 0
    try:
        async for data in row_batches(scope, wanted, found.editions):
            done += await asyncio.to_thread(_add, writer, data)
            await told(done, found.rows)
    finally:
        await asyncio.to_thread(writer.close)
    return done == found.rows


def _add(writer: RowWriter, data: bytes) -> int:
    rows = rows_in(data)
    writer.add(rows)
    return len(rows)


def _opener(format: CostFileFormat, layout: FocusLayout, path: Path, *, is_wide: bool) -> Callable[[], RowWriter]:
    if format is CostFileFormat.FOCUS_CSV:
        return lambda: FocusCsvWriter(path, layout)
    # Imported when there is such a file: Arrow takes 60 MB.
    from connectors.billing.focus_parquet import PLAIN, WIDE, FocusParquetWriter

    return lambda: FocusParquetWriter(path, layout, WIDE if is_wide else PLAIN)


async def write_finance(scope: Scope, wanted: RowsWanted, path: Path, told: Told) -> int:
    """Write sums by month, account, service and currency as a table; returns how many lines. Raises NoFileMade."""
    lines = 0
    # The mark in front tells spreadsheets that it is UTF-8.
    with await asyncio.to_thread(path.open, "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        async for sums in month_sums(scope, wanted):
            writer.writerow(_cells(sums))
            lines += 1
    if not lines:
        raise NoFileMade(NOTHING)
    await told(lines, lines)
    return lines


def _cells(sums: MonthSums) -> list[str]:
    names = (
        sums.provider,
        sums.billing_account_id,
        sums.sub_account_id,
        sums.sub_account_name,
        sums.service_name,
        sums.currency,
    )
    amounts = (sums.billed, sums.effective, sums.listed, sums.contracted)
    return [f"{sums.month:%Y-%m}", *map(text_cell, names), *map(amount_cell, amounts), str(sums.line_count)]
