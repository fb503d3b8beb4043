"""Serves the files of exports to whoever has a signed address; each download is an entry of the audit log."""

from beanie import PydanticObjectId
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from auth.download import Download, DownloadLinks
from auth.scope import scope_of_job
from documents.audit import Act, acting
from documents.audit_export import AuditExport
from documents.audit_pack import AuditPack
from documents.base import utc_now
from documents.cost_export import CostExport
from documents.file_export import FileExport, file_of
from documents.member import is_over
from documents.transaction import Transaction
from domain.errors import NotFound
from jobs.writer import Writer

GONE = "There is nothing under this address, or it has expired. Ask for a new one.\n"
NO_STORE = {"cache-control": "no-store", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}


ACTIONS = {"AuditExport": "audit.download", "AuditPack": "audit_pack.download", "CostExport": "costs.download"}
KINDS: dict[str, type[AuditExport | AuditPack | CostExport]] = {
    one.__name__: one for one in (AuditExport, AuditPack, CostExport)
}


class Downloads:
    """The handler of the route."""

    def __init__(self, links: DownloadLinks, writer: Writer) -> None:
        self._links = links
        self._writer = writer

    async def serve(self, request: Request) -> Response:
        """The file, or 404 for whatever is wrong with the address."""
        download = self._links.open(request.path_params["token"], utc_now())
        if download is None:
            return PlainTextResponse(GONE, status_code=404, headers=NO_STORE)
        try:
            await _refuse_ended(download)
            export = await _export_of(download)
            pieces = await file_of(export)
        except NotFound:
            return PlainTextResponse(GONE, status_code=404, headers=NO_STORE)
        await self._record(request, download)
        name = f'attachment; filename="{export.filename}"'
        headers = {**NO_STORE, "content-disposition": name, "content-length": str(export.size)}
        return StreamingResponse(pieces, media_type=export.media_type, headers=headers)

    async def _record(self, request: Request, download: Download) -> None:
        act = Act(
            action=ACTIONS[download.kind],
            actor=download.actor,
            address=request.client.host if request.client else None,
            user_agent=request.headers.get("user-agent", "")[:200],
        )

        async def change(tx: Transaction) -> None:
            tx.audit(PydanticObjectId(download.org_id), target=f"{download.kind.lower()}:{download.export_id}")

        with acting(act):
            await self._writer.commit(change)


async def _export_of(download: Download) -> FileExport:
    scope = scope_of_job("download", download.org_id)
    return await KINDS[download.kind].get_in(scope, download.export_id)


async def _refuse_ended(download: Download) -> None:
    """Raises NotFound where the time for which somebody was let in has ended since they got the address."""
    kind, _, id = download.actor.partition(":")
    if kind == "user" and await is_over(PydanticObjectId(download.org_id), PydanticObjectId(id)):
        raise NotFound.of("file")
