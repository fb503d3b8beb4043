"""Checkpoints of the chains of evidence: once an hour a signature under everything so far, and a stamp where set up."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.audit_key import AuditKey
from documents.base import TenantDocument
from domain.evidence.check import checkpoint_members

Checkpoint = dict[str, Any]
# A stamp says when something was there at the latest: one that comes after a week says little.
STAMPED_WITHIN = timedelta(days=7)


class EvidenceCheckpoint(TenantDocument):
    """Records `first_seq` to `last_seq`: `window_root` is the Merkle root over their hashes, `root` over all so far.

    What is signed are the fields of `domain.evidence.check.CHECKPOINT_FIELDS`; `previous` is the digest of the one
    before. `stamp` is the token of the time authority in hex, None while there is none; `stamp_problem` says why.
    """

    noun: ClassVar[str] = "checkpoint"

    form: str
    number: int
    first_seq: int
    last_seq: int
    last_hash: str
    window_root: str
    root: str
    previous: str | None
    at: str
    peaks: list[str]
    key_id: str
    signature: str
    stamp: str | None = None
    stamped_at: datetime | None = None
    stamp_problem: str | None = None

    class Settings:
        name = "evidence_checkpoints"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("number", ASCENDING)], unique=True, name="org_number"),
            IndexModel([("org_id", ASCENDING), ("number", DESCENDING), ("_id", DESCENDING)], name="org_newest"),
            IndexModel(
                [("created_at", ASCENDING)], name="unstamped", partialFilterExpression={"stamp": {"$type": "null"}}
            ),
        ]


async def last_checkpoint(org_id: ObjectId) -> Checkpoint | None:
    """The newest one as stored."""
    return await EvidenceCheckpoint.rows().find_one({"org_id": org_id}, sort=[("number", DESCENDING)])


async def checkpoints_of(org_id: ObjectId, *, last_seq_from: int = 0) -> list[Checkpoint]:
    """Those that end with this seq or later, in order, as they were signed: without what MongoDB adds."""
    query = {"org_id": org_id, "last_seq": {"$gte": last_seq_from}}
    rows = EvidenceCheckpoint.rows().find(query, sort=[("number", ASCENDING)])
    return [written(raw) async for raw in rows]


def written(raw: Checkpoint) -> Checkpoint:
    """A stored checkpoint as it stands in a pack."""
    kept = {name: raw.get(name) for name in ("peaks", "key_id", "signature", "stamp")}
    return {**{name: raw.get(name) for name in _SIGNED}, **kept, "org_id": str(raw["org_id"])}


_SIGNED = ("form", "number", "first_seq", "last_seq", "last_hash", "window_root", "root", "previous", "at")


async def store_checkpoint(checkpoint: Checkpoint, key: AuditKey, now: datetime) -> Checkpoint:
    """Sign and store a new one. Raises DuplicateKeyError when another process was faster."""
    signed = {"key_id": key.id, "signature": key.sign(checkpoint_members(checkpoint)), "stamp": None}
    stored = {**checkpoint, **signed, "org_id": ObjectId(checkpoint["org_id"]), "created_at": now}
    await EvidenceCheckpoint.rows().insert_one(stored)
    return stored


async def unstamped(now: datetime, *, limit: int = 200) -> list[Checkpoint]:
    """Those of the last days that have no stamp yet, oldest first; of every tenant, for the job."""
    query = {"stamp": None, "created_at": {"$gte": now - STAMPED_WITHIN}}
    return await EvidenceCheckpoint.rows().find(query).sort("created_at").limit(limit).to_list()


async def note_stamp(checkpoint: Checkpoint, at: datetime, *, stamp: str | None, problem: str | None) -> None:
    """Store the stamp, or why there is none yet."""
    got = {"stamp": stamp, "stamped_at": at if stamp else None, "stamp_problem": problem}
    await EvidenceCheckpoint.rows().update_one({"_id": checkpoint["_id"], "stamp": None}, {"$set": got})
