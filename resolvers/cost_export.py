"""Files of costs: ask for one, follow it, get the address of its file."""

from datetime import date
from typing import Annotated, Any

import strawberry

import documents
from auth.permission import Permission
from documents.cost_export import CostFileFormat
from documents.cost_period import midnight
from documents.file_export import KEPT_FOR
from documents.page import Keyset
from documents.transaction import Transaction
from domain.costs.focus_layout import NEWEST
from domain.errors import Invalid
from domain.facts.cost_filter import CostFilter
from jobs.queue import ask_cost_export
from resolvers.context import Context, Info
from resolvers.fields import mutation, query
from resolvers.file_address import file_address
from schema.arguments import InOrganization
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.cost_export import CostDownload, CostExport, RequestCostExportInput, RequestCostExportPayload
from schema.node import local_id

NEWEST_FIRST = Keyset((("created_at", -1),))
ExportId = Annotated[strawberry.ID, strawberry.argument(description="Global id of the export.")]
FOCUS = (CostFileFormat.FOCUS_CSV, CostFileFormat.FOCUS_PARQUET)
# No more months than costs can be asked for at once.
_EARLIEST, _LATEST = date(2000, 1, 1), date(2090, 1, 1)


@strawberry.type
class CostExportQueries:
    @query(Connection[CostExport], may=Permission.COSTS_READ, description="Files of costs in reach, newest first.")
    async def cost_exports(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope = info.context.scope
        if organization_id is not None:
            scope = scope.narrowed(local_id("Organization", organization_id))
        return await info.context.ports.pager.page(
            info, documents.CostExport, scope, {}, NEWEST_FIRST, first=first, after=after
        )

    @query(CostExport, may=Permission.COSTS_READ, description="A file of costs.")
    async def cost_export(self, info: Info, id: ExportId) -> Any:
        return await _export(info.context, id)

    @query(
        CostDownload,
        may=Permission.COSTS_READ,
        description="An address under which the file of a finished export can be fetched for ten minutes.",
    )
    async def cost_download(self, info: Info, id: ExportId) -> Any:
        context = info.context
        export = await _export(context, id)
        return CostDownload(**file_address(context, export, "export"))


@strawberry.type
class CostExportMutations:
    @mutation(
        RequestCostExportPayload,
        may=Permission.COSTS_READ,
        audit="costs.export",
        description="Make a file of costs: billed rows as FOCUS, or sums by month for finance.",
    )
    async def request_cost_export(
        self, info: Info, input: Annotated[RequestCostExportInput, strawberry.argument(description="Which costs.")]
    ) -> Any:
        context = info.context
        version = _checked(input)
        export = documents.CostExport(
            org_id=context.organization(input.organization_id),
            format=input.format,
            focus_version=version,
            first=midnight(input.first),
            until=midnight(input.until),
            where=CostFilter() if input.filter is None else input.filter.filter(),
            requested_by=context.signed_in.actor,
            expires_at=context.now() + KEPT_FOR,
        )
        return await request_file(context, export)


async def request_file(context: Context, export: documents.CostExport) -> documents.CostExport:
    """Store an export and have it made."""

    async def change(tx: Transaction) -> documents.CostExport:
        await export.insert(session=tx.session)
        ask_cost_export(tx, export)
        export.announce(tx)
        asked = {"format", "focus_version", "first", "until", "where", "statement_id", "statement_number"}
        tx.audit(export.org_id, target=f"costexport:{export.id}", after=export.model_dump(mode="json", include=asked))
        return export

    return await context.ports.writer.commit(change)


async def _export(context: Context, id: str) -> documents.CostExport:
    return await documents.CostExport.get_in(context.scope, local_id("CostExport", id))


def _checked(input: RequestCostExportInput) -> str | None:
    """The version of FOCUS, None for what is not FOCUS. Raises Invalid for what goes together badly."""
    if not _EARLIEST <= input.first < input.until <= _LATEST:
        raise Invalid("first must come before until, and both must lie between 2000 and 2090.", path=("input", "until"))
    if input.format in FOCUS:
        return input.focus_version or NEWEST
    if input.format is not CostFileFormat.FINANCE_CSV:
        raise Invalid("Ask for files of statements with requestStatementFile.", path=("input", "format"))
    if input.focus_version is not None:
        raise Invalid("A file for finance is not FOCUS: leave focusVersion out.", path=("input", "focusVersion"))
    return None
