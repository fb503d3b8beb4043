"""Writes a statement as a table that spreadsheets open. The same statement gives the same bytes."""

import csv
from decimal import Decimal
from pathlib import Path

from domain.costs.statement_paper import COLUMNS, StatementPaper, table_rows
from domain.spreadsheet import amount_cell, text_cell


def write_statement_csv(path: Path, paper: StatementPaper) -> None:
    """Write it; the mark in front tells spreadsheets that it is UTF-8."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("Month", "Version", *COLUMNS))
        head = (paper.month, "draft" if paper.number is None else str(paper.number))
        for row in table_rows(paper.amounts):
            writer.writerow((*head, *map(_cell, row)))


def _cell(value: str | Decimal | None) -> str:
    return amount_cell(value) if isinstance(value, Decimal) else text_cell(value)
