"""The address under which a file that a job has made can be fetched."""

from typing import Any

from auth.download import download_of
from documents.file_export import FileExport
from domain.errors import Conflict
from domain.facts.job import JobState
from resolvers.context import Context


def file_address(context: Context, export: FileExport, noun: str) -> dict[str, Any]:
    """Where it is for ten minutes, and until when. Raises Conflict while there is none."""
    if export.state is not JobState.SUCCEEDED:
        raise Conflict(f"This {noun} has no file yet. Follow jobProgressed, and ask again when it is done.")
    url, expires_at = context.ports.downloads.make(download_of(export, context.signed_in.actor), context.now())
    return {"url": url, "expires_at": expires_at}
