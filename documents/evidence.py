"""Raw answers of providers, secrets taken out: packs that are stored once for each organization, by their hash."""

import hashlib
import zlib
from datetime import datetime, timedelta
from typing import Any, ClassVar, NamedTuple

import orjson
from beanie import PydanticObjectId
from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument
from domain.errors import NotFound
from domain.facts.scope import Scope

# What was read again lives on; noting that once a day is often enough.
NOTED_EVERY = timedelta(days=1)


class StoredAnswer(NamedTuple):
    """One page of one call. `arguments` are those the call was made with, `page` counts from 0."""

    operation: str
    region: str | None
    arguments: dict[str, Any]
    page: int
    answer: Any


class EvidencePack(TenantDocument):
    """`sha256` is that of the plain text, `size` its length in bytes; `data` is the text, compressed by zlib.

    The text is a JSON array of arrays: operation, region, arguments, page, answer.
    """

    noun: ClassVar[str] = "evidence"

    sha256: str
    data: bytes
    size: int
    expires_at: datetime

    class Settings:
        name = "evidence"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("sha256", ASCENDING)], unique=True, name="org_sha256"),
            IndexModel([("expires_at", ASCENDING)], name="expiry", expireAfterSeconds=0),
        ]


async def keep_pack(org_id: PydanticObjectId, text: bytes, *, now: datetime, retention: timedelta) -> str:
    """Store a pack unless it is stored already, and keep it for `retention` from now on. Returns its hash."""
    sha256, expires_at = hashlib.sha256(text).hexdigest(), now + retention
    key, rows = {"org_id": org_id, "sha256": sha256}, EvidencePack.rows()
    stored = await rows.find_one(key, {"expires_at": 1})
    if stored is None or stored["expires_at"] < expires_at - NOTED_EVERY:
        pack = {"data": zlib.compress(text), "size": len(text), "created_at": now}
        # Also of one that was there a moment ago: it may have expired since.
        change = {"$max": {"expires_at": expires_at}, "$setOnInsert": pack}
        await rows.update_one(key, change, upsert=True)
    return sha256


async def read_pack(scope: Scope, sha256: str) -> list[StoredAnswer]:
    """The answers in a pack, by operation, arguments and page. Raises NotFound when it is not stored, or no longer."""
    pack = await EvidencePack.find_in(scope, {"sha256": sha256})
    if pack is None:
        raise NotFound.of(EvidencePack.noun)
    answers = [StoredAnswer(*one) for one in orjson.loads(zlib.decompress(pack.data))]
    return sorted(answers, key=lambda one: (one.operation, one.region or "", orjson.dumps(one.arguments), one.page))
