"""Files that jobs make and people download: what every kind of export shares. What is in them is not known here."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

from beanie import PydanticObjectId
from bson import ObjectId
from gridfs.asynchronous import AsyncGridFSBucket
from gridfs.errors import NoFile
from pydantic import BaseModel
from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection

from documents.transaction import Transaction
from domain.errors import NotFound

KEPT_FOR = timedelta(days=7)
ENDED = frozenset({"SUCCEEDED", "FAILED"})
# Of one organization in one go, when it is erased.
AT_ONCE = 100


class ExportFields(BaseModel):
    """`done` of `total` entries are written. `file_id` names the file, `size` (bytes) and `sha256` describe it.

    All of it goes at `expires_at`. `state` is one of QUEUED, RUNNING, SUCCEEDED, FAILED. `bucket` is where in GridFS
    the files of a kind are.
    """

    bucket: ClassVar[str]

    state: str
    done: int = 0
    total: int = 0
    problem: str | None = None
    requested_by: str
    file_id: PydanticObjectId | None = None
    size: int | None = None
    sha256: str | None = None
    ended_at: datetime | None = None
    expires_at: datetime

    @property
    def is_ended(self) -> bool:
        return self.state in ENDED


class FileExport(Protocol):
    """A document with ExportFields. `announce` logs it as it stands."""

    bucket: ClassVar[str]
    id: PydanticObjectId | None
    org_id: PydanticObjectId
    state: str
    file_id: PydanticObjectId | None
    size: int | None

    @property
    def is_ended(self) -> bool: ...
    @property
    def filename(self) -> str: ...
    @property
    def media_type(self) -> str: ...
    @classmethod
    def rows(cls) -> AsyncCollection[dict[str, Any]]: ...
    @classmethod
    def stored(cls, raw: Any) -> Self: ...
    def announce(self, tx: Transaction) -> None: ...


def files(kind: type[FileExport] | FileExport) -> AsyncGridFSBucket:
    """Where the files of a kind of export are."""
    return AsyncGridFSBucket(kind.rows().database, kind.bucket)


async def move_on(tx: Transaction, export: FileExport, **fields: Any) -> FileExport:
    """Set fields of an export that has not ended and announce it; an ended one stays as it is."""
    raw = await export.rows().find_one_and_update(
        {"_id": export.id, "state": {"$nin": sorted(ENDED)}},
        {"$set": fields},
        return_document=ReturnDocument.AFTER,
        session=tx.session,
    )
    moved = export if raw is None else export.stored(raw)
    moved.announce(tx)
    return moved


async def keep_file(export: FileExport, path: Path, data: Any) -> ObjectId:
    """Store what `data` reads as the file of an export, instead of what a run before this one may have left."""
    id = ObjectId(str(export.id))
    await _delete_file(export, id)
    about = {"org_id": export.org_id, "export_id": export.id}
    await files(export).upload_from_stream_with_id(id, path.name, data, metadata=about)
    return id


async def file_of(export: FileExport) -> AsyncIterator[bytes]:
    """The file in pieces. Raises NotFound before the first one when there is none, or none any more."""
    if export.file_id is None:
        raise NotFound.of("file")
    try:
        stream = await files(export).open_download_stream(export.file_id)
    except NoFile as error:
        raise NotFound.of("file") from error
    return _pieces(stream)


async def _pieces(stream: Any) -> AsyncIterator[bytes]:
    while piece := await stream.readchunk():
        yield piece


async def forget_exports(kind: type[FileExport], before: datetime) -> int:
    """Delete exports, of every tenant, that expired before this, with their files; returns how many."""
    return await _forget(kind, {"expires_at": {"$lt": before}}, limit=0)


async def erase_exports(kind: type[FileExport], org_id: ObjectId) -> int:
    """Delete some exports of one organization with their files; returns how many."""
    return await _forget(kind, {"org_id": org_id}, limit=AT_ONCE)


async def _forget(kind: type[FileExport], query: dict[str, Any], limit: int) -> int:
    gone = 0
    async for raw in kind.rows().find(query, {"file_id": 1}, limit=limit):
        # A run that was killed has left its file under the id of the export.
        for id in {raw["_id"], raw.get("file_id") or raw["_id"]}:
            await _delete_file(kind, id)
        gone += (await kind.rows().delete_one({"_id": raw["_id"]})).deleted_count
    return gone


async def _delete_file(kind: type[FileExport] | FileExport, id: ObjectId) -> None:
    try:
        await files(kind).delete(id)
    except NoFile:
        return  # there never was a whole one; pieces of it are gone now
