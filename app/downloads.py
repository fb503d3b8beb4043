"""Serves the files of exports to whoever has a signed address; each download is an entry of the audit log."""

from beanie import PydanticObjectId
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from auth.download import Download, DownloadLinks
from auth.scope import scope_of_job
from documents.audit import Act, acting
from documents.audit_export import AuditExport, file_of
from documents.base import utc_now
from documents.transaction import Transaction
from domain.errors import NotFound
from jobs.writer import Writer

GONE = "There is nothing under this address, or it has expired. Ask for a new one with the query auditDownload.\n"
NO_STORE = {"cache-control": "no-store", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}


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
            export = await AuditExport.get_in(scope_of_job("download", download.org_id), download.export_id)
            pieces = await file_of(export)
        except NotFound:
            return PlainTextResponse(GONE, status_code=404, headers=NO_STORE)
        await self._record(request, download)
        name = f'attachment; filename="audit-{export.at_from:%Y%m%d}-{export.at_before:%Y%m%d}.zip"'
        headers = {**NO_STORE, "content-disposition": name, "content-length": str(export.size)}
        return StreamingResponse(pieces, media_type="application/zip", headers=headers)

    async def _record(self, request: Request, download: Download) -> None:
        act = Act(
            action="audit.download",
            actor=download.actor,
            address=request.client.host if request.client else None,
            user_agent=request.headers.get("user-agent", "")[:200],
        )

        async def change(tx: Transaction) -> None:
            tx.audit(PydanticObjectId(download.org_id), target=f"auditexport:{download.export_id}")

        with acting(act):
            await self._writer.commit(change)
