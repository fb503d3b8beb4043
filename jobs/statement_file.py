"""Writes one statement into a file: a version that was closed, or a draft as it would be closed now."""

import asyncio
from pathlib import Path

from beanie import PydanticObjectId

from connectors.billing.statement_csv import write_statement_csv
from documents.cost_export import CostExport, CostFileFormat
from documents.organization import find_organization
from documents.statement import Statement
from documents.statement_amounts import amounts_now
from domain.costs.statement_paper import StatementPaper
from domain.facts.scope import Scope
from jobs.cost_file import Told


async def write_statement(scope: Scope, export: CostExport, path: Path, told: Told) -> int:
    """Write the version that is asked for, or a draft; returns how many lines of costs it has."""
    paper = await _paper(scope, await Statement.get_in(scope, str(export.statement_id)), export.statement_number)
    if export.format is CostFileFormat.STATEMENT_CSV:
        await asyncio.to_thread(write_statement_csv, path, paper)
    else:
        # Imported when there is something to print: it takes fonts along.
        from connectors.billing.statement_pdf import write_statement_pdf

        await asyncio.to_thread(write_statement_pdf, path, paper)
    lines = len(paper.amounts.lines)
    await told(lines, lines)
    return lines


async def _paper(scope: Scope, statement: Statement, number: int | None) -> StatementPaper:
    organization = await find_organization(PydanticObjectId(statement.org_id))
    name, month = organization.name if organization else "", f"{statement.month:%Y-%m}"
    if number is None:
        return StatementPaper(name, month, statement.kind, await amounts_now(scope, statement))
    closed = statement.closed(number)
    return StatementPaper(
        name, month, closed.kind, closed.amounts, closed.number, closed.closed_by, closed.closed_at, closed.hash
    )
