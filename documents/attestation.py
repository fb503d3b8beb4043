"""What people state for a control that no system can tell: fields, words and files, which another person reviews."""

import hashlib
from collections.abc import AsyncIterator, Collection
from datetime import datetime, timedelta
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from gridfs.asynchronous import AsyncGridFSBucket
from gridfs.errors import NoFile
from pydantic import BaseModel, Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.base import TenantDocument
from domain.compliance.attested import subjects
from domain.compliance.falling_due import LONGEST_NOTICE
from domain.errors import Invalid, NotFound
from domain.facts.governance import AttestationKind, AttestationState

BUCKET = "attestation_files"
HOLDS_FOR, LONGEST = timedelta(days=366), timedelta(days=731)
# What expired lately is still looked at, to have its control judged without it.
LOOKED_AFTER = timedelta(days=2)
MOST_FILES, LARGEST = 20, 25_000_000
# Of one organization in one go, when it is erased.
AT_ONCE = 100
_NEWEST_FIRST = (("created_at", DESCENDING), ("_id", DESCENDING))


class AttestedFile(BaseModel):
    """`sha256` is that of the whole file; `pieces` are the ids under which GridFS has its parts, in order."""

    name: str
    media_type: str
    size: int
    sha256: str
    pieces: list[PydanticObjectId]


class Attestation(TenantDocument):
    """`content` are rows as `domain.compliance.attested` checks them. `submitted_by` and `reviewed_by` are two people.

    It is judged while it is ACCEPTED, until `expires_at`.
    """

    noun: ClassVar[str] = "attestation"

    kind: AttestationKind
    control_id: str
    statement: str
    content: list[dict[str, Any]]
    files: list[AttestedFile] = Field(default_factory=list)
    submitted_by: PydanticObjectId
    state: AttestationState = AttestationState.SUBMITTED
    reviewed_by: PydanticObjectId | None = None
    reviewed_at: datetime | None = None
    comment: str = ""
    expires_at: datetime
    version: int = 1

    class Settings:
        name = "attestations"
        indexes = [
            IndexModel([("org_id", ASCENDING), *_NEWEST_FIRST], name="org_newest"),
            IndexModel(
                [("org_id", ASCENDING), ("kind", ASCENDING), *_NEWEST_FIRST, ("state", ASCENDING)],
                name="org_kind_newest",
            ),
            IndexModel([("org_id", ASCENDING), ("state", ASCENDING), *_NEWEST_FIRST], name="org_state_newest"),
            IndexModel([("expires_at", ASCENDING)], name="expiring"),
        ]


def _bucket() -> AsyncGridFSBucket:
    return AsyncGridFSBucket(Attestation.rows().database, BUCKET)


async def keep_piece(attestation: Attestation, data: bytes) -> PydanticObjectId:
    """Store a part of a file; returns its id."""
    about = {"org_id": attestation.org_id, "attestation_id": attestation.id}
    id = await _bucket().upload_from_stream(str(attestation.id), data, metadata=about)
    return PydanticObjectId(id)


async def read_piece(id: ObjectId) -> bytes:
    """A part of a file. Raises NotFound."""
    try:
        stream = await _bucket().open_download_stream(id)
    except NoFile as error:
        raise NotFound.of("file") from error
    return await stream.read()


async def drop_piece(id: ObjectId) -> None:
    """Forget a part of a file."""
    try:
        await _bucket().delete(id)
    except NoFile:
        return


async def with_piece(
    files: list[AttestedFile], name: str, media_type: str, piece: PydanticObjectId
) -> list[AttestedFile]:
    """The files with this part at the end of the one of this name. Raises Invalid for too many, or one too large."""
    before = next((one for one in files if one.name == name), None)
    pieces = [*(before.pieces if before else []), piece]
    digest, size = hashlib.sha256(), 0
    for id in pieces:
        data = await read_piece(id)
        digest.update(data)
        size += len(data)
    others = [one for one in files if one.name != name]
    if len(others) >= MOST_FILES or size > LARGEST:
        raise Invalid(f"At most {MOST_FILES} files of {LARGEST:,} bytes go with a statement.", path=("input", "name"))
    sha256 = digest.hexdigest()
    return [*others, AttestedFile(name=name, media_type=media_type, size=size, sha256=sha256, pieces=pieces)]


async def accepted_statements(
    org_id: ObjectId, kind: AttestationKind, now: datetime
) -> list[tuple[str, list[dict[str, Any]]]] | None:
    """Who has reviewed each statement that counts now, with its content, the oldest first.

    None where none was ever accepted.
    """
    query = {"org_id": org_id, "kind": kind.value, "state": AttestationState.ACCEPTED.value}
    found = await Attestation.rows().find(query, {"files": 0}).sort([("created_at", 1), ("_id", 1)]).to_list()
    if not found:
        return None
    return [(str(raw["reviewed_by"]), raw["content"]) for raw in found if raw["expires_at"] > now]


async def attestations_between(
    org_id: ObjectId, control_ids: Collection[str], first: datetime, until: datetime
) -> AsyncIterator[dict[str, Any]]:
    """What was stated for these controls before `until` and had not expired by `first`, as it is stored, without what
    it says; the oldest first.
    """
    query = {
        "org_id": org_id,
        "control_id": {"$in": list(control_ids)},
        "created_at": {"$lt": until},
        "expires_at": {"$gt": first},
    }
    async for raw in Attestation.rows().find(query, {"content": 0}).sort([("created_at", 1), ("_id", 1)]):
        yield raw


async def expiring_attestations(at: datetime) -> list[Attestation]:
    """Accepted ones of all organizations that expire within two weeks, or have expired lately."""
    query = {
        "expires_at": {"$gt": at - LOOKED_AFTER, "$lte": at + LONGEST_NOTICE},
        "state": AttestationState.ACCEPTED.value,
    }
    return [Attestation.stored(raw) async for raw in Attestation.rows().find(query).sort("expires_at", 1)]


async def is_renewed(attestation: Attestation) -> bool:
    """Whether accepted statements that count for longer say something of all that this one is of."""
    query = {
        "org_id": attestation.org_id,
        "kind": attestation.kind.value,
        "state": AttestationState.ACCEPTED.value,
        "expires_at": {"$gt": attestation.expires_at},
    }
    found = Attestation.rows().find(query, {"content": 1})
    later = [subjects(attestation.kind, raw["content"]) async for raw in found]
    return subjects(attestation.kind, attestation.content) <= frozenset().union(*later)


async def erase_attestations(org_id: ObjectId) -> int:
    """Delete some attestations and parts of files of one organization; returns how many."""
    gone = 0
    # By their owner, so that parts go too that no statement names, as after a process was killed between the two.
    async for file in _bucket().find({"metadata.org_id": org_id}).limit(AT_ONCE):
        await drop_piece(file._id)
        gone += 1
    async for raw in Attestation.rows().find({"org_id": org_id}, {"_id": 1}, limit=AT_ONCE):
        gone += (await Attestation.rows().delete_one({"_id": raw["_id"]})).deleted_count
    return gone
