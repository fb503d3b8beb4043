"""An export of the audit log: what was asked for, how far it is, and the file, which is kept for a week."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from gridfs.asynchronous import AsyncGridFSBucket
from gridfs.errors import NoFile
from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument

from documents.base import TenantDocument
from documents.idempotency import encoded
from documents.transaction import Transaction
from domain.errors import NotFound
from domain.facts import topic
from domain.facts.event import LoggedEvent

KEPT_FOR = timedelta(days=7)
BUCKET = "audit_files"


class AuditFormat(StrEnum):
    CSV = "CSV"
    JSON_LINES = "JSON_LINES"
    OCSF = "OCSF"


class AuditExportState(StrEnum):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


EXPORT_ENDED = frozenset({AuditExportState.SUCCEEDED, AuditExportState.FAILED})


class AuditExport(TenantDocument):
    """Entries from `at_from` until before `at_before`. `done` of `total` entries are written.

    `file_id` names the file in GridFS, `size` (bytes) and `sha256` describe it. Both go at `expires_at`.
    """

    noun: ClassVar[str] = "export"

    format: AuditFormat
    at_from: datetime
    at_before: datetime
    state: AuditExportState = AuditExportState.QUEUED
    done: int = 0
    total: int = 0
    problem: str | None = None
    requested_by: str
    file_id: PydanticObjectId | None = None
    size: int | None = None
    sha256: str | None = None
    ended_at: datetime | None = None
    expires_at: datetime

    class Settings:
        name = "audit_exports"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)], name="org_created"),
            IndexModel([("expires_at", ASCENDING)], name="expires"),
        ]

    @property
    def is_ended(self) -> bool:
        return self.state in EXPORT_ENDED


def files() -> AsyncGridFSBucket:
    """Where the files are."""
    return AsyncGridFSBucket(AuditExport.rows().database, BUCKET)


async def move_on(tx: Transaction, export: AuditExport, **fields: Any) -> AuditExport:
    """Set fields of an export that has not ended and announce it; an ended one stays as it is."""
    raw = await AuditExport.rows().find_one_and_update(
        {"_id": export.id, "state": {"$nin": [state.value for state in EXPORT_ENDED]}},
        {"$set": fields},
        return_document=ReturnDocument.AFTER,
        session=tx.session,
    )
    moved = export if raw is None else AuditExport.stored(raw)
    announce_export(tx, moved)
    return moved


def announce_export(tx: Transaction, export: AuditExport) -> None:
    """Log the export as it stands now."""
    tx.announce(export.org_id, topic.audit_exports(export.org_id), "AuditExportProgressed", encoded(export))


def export_of(event: LoggedEvent) -> Any:
    """The export row an event carries."""
    return AuditExport.Row(dict(event.payload))


async def file_of(export: AuditExport) -> AsyncIterator[bytes]:
    """The file in pieces. Raises NotFound before the first one when there is none, or none any more."""
    if export.file_id is None:
        raise NotFound.of("file")
    try:
        stream = await files().open_download_stream(export.file_id)
    except NoFile as error:
        raise NotFound.of("file") from error
    return _pieces(stream)


async def _pieces(stream: Any) -> AsyncIterator[bytes]:
    while piece := await stream.readchunk():
        yield piece


async def forget_exports(before: datetime) -> int:
    """Delete exports, of every tenant, that expired before this, with their files; returns how many."""
    gone = 0
    async for raw in AuditExport.rows().find({"expires_at": {"$lt": before}}):
        if raw["file_id"] is not None:
            await _delete_file(raw["file_id"])
        gone += (await AuditExport.rows().delete_one({"_id": raw["_id"]})).deleted_count
    return gone


async def _delete_file(id: ObjectId) -> None:
    try:
        await files().delete(id)
    except NoFile:
        return  # an earlier run was interrupted
