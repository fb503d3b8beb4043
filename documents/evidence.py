"""Raw answers of providers, secrets taken out: packs that are stored once for each organization, by their hash."""

import hashlib
import zlib
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, ClassVar, NamedTuple, Protocol

import orjson
from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from domain.errors import Misshapen, NotFound, Unavailable
from domain.facts.scope import Scope

# What was read again lives on; noting that once a day is often enough.
NOTED_EVERY = timedelta(days=1)
# What errors call it.
SERVICE = "evidence"


class StoredAnswer(NamedTuple):
    """One page of one call. `arguments` are those the call was made with, `page` counts from 0."""

    operation: str
    region: str | None
    arguments: dict[str, Any]
    page: int
    answer: Any


class PackStore(Protocol):
    """Where packs lie instead of MongoDB. Every call raises Unavailable when it cannot be reached."""

    def takes(self, size: int) -> bool:
        """Whether a pack of so many bytes goes there."""
        ...

    async def put(self, key: str, data: bytes, until: datetime) -> None:
        """Store it so that nobody can delete it before then."""
        ...

    async def keep(self, key: str, until: datetime) -> None:
        """Nobody shall be able to delete it before then."""
        ...

    async def get(self, key: str) -> bytes:
        """What is stored. Raises NotFound when there is nothing."""
        ...


class EvidencePack(TenantDocument):
    """`sha256` is that of the plain text, `size` its length in bytes; `data` is the text, compressed by zlib.

    Where a store keeps it, `place` is its key there and `data` is None; `is_behind`: the store must yet be told that it
    is kept for longer. The text is a JSON array of arrays: operation, region, arguments, page, answer.
    """

    noun: ClassVar[str] = "evidence"

    sha256: str
    data: bytes | None = None
    place: str | None = None
    size: int
    expires_at: datetime
    is_behind: bool = False

    class Settings:
        name = "evidence"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("sha256", ASCENDING)], unique=True, name="org_sha256"),
            IndexModel([("expires_at", ASCENDING)], name="expiry", expireAfterSeconds=0),
            IndexModel([("is_behind", ASCENDING)], name="behind", partialFilterExpression={"is_behind": True}),
        ]


async def keep_pack(
    org_id: PydanticObjectId, text: bytes, *, now: datetime, retention: timedelta, store: PackStore | None = None
) -> str:
    """Store a pack unless it is stored already, and keep it for `retention` from now on. Returns its hash.

    Raises Unavailable when it belongs into a store that cannot be reached.
    """
    sha256, expires_at = hashlib.sha256(text).hexdigest(), now + retention
    key, rows = {"org_id": org_id, "sha256": sha256}, EvidencePack.rows()
    stored = await rows.find_one(key, {"expires_at": 1, "place": 1})
    if stored is None or stored["expires_at"] < expires_at - NOTED_EVERY:
        pack = {"size": len(text), "created_at": now, "is_behind": False, **await _placed(key, text, expires_at, store)}
        # Also of one that was there a moment ago: it may have expired since.
        change = {"$max": {"expires_at": expires_at}, "$setOnInsert": pack}
        await rows.update_one(key, change, upsert=True)
    return sha256


async def _placed(key: dict[str, Any], text: bytes, until: datetime, store: PackStore | None) -> dict[str, Any]:
    data = zlib.compress(text)
    if store is None or not store.takes(len(data)):
        return {"data": data, "place": None}
    place = f"{key['org_id']}/{key['sha256']}.json.zlib"
    await store.put(place, data, until)
    return {"data": None, "place": place}


async def keep_packs_until(
    org_id: ObjectId, hashes: Collection[str], until: datetime, session: AsyncClientSession
) -> None:
    """Keep these packs, as far as they are stored, at least so long; those kept for nearly that long are left alone."""
    late = {"org_id": org_id, "sha256": {"$in": sorted(hashes)}, "expires_at": {"$lt": until - NOTED_EVERY}}
    change = {"$max": {"expires_at": until}, "$set": {"is_behind": True}}
    await EvidencePack.rows().update_many(late, change, session=session)


async def tell_store(store: PackStore, *, limit: int = 10_000) -> int:
    """Tell the store of packs that are kept for longer by now; returns of how many. Raises Unavailable."""
    told, rows = 0, EvidencePack.rows()
    async for raw in rows.find({"is_behind": True}, {"place": 1, "expires_at": 1}).limit(limit):
        if raw.get("place"):
            await store.keep(raw["place"], raw["expires_at"])
            told += 1
        unchanged = {"_id": raw["_id"], "expires_at": raw["expires_at"]}
        await rows.update_one(unchanged, {"$set": {"is_behind": False}})
    return told


async def pack_text(org_id: ObjectId, sha256: str, store: PackStore | None = None) -> bytes:
    """The text of a pack, as it was kept: one that is no longer of its hash raises Misshapen.

    Raises NotFound when it is not stored, or no longer, and Unavailable when its store cannot be reached.
    """
    raw = await EvidencePack.rows().find_one({"org_id": org_id, "sha256": sha256}, {"data": 1, "place": 1})
    if raw is None:
        raise NotFound.of(EvidencePack.noun)
    if raw.get("place") is None:
        data = raw["data"]
    elif store is None:
        raise Unavailable("It lies in a bucket, and none is set: see CLOUDWATCHER_EVIDENCE_BUCKET.", service=SERVICE)
    else:
        data = await store.get(raw["place"])
    try:
        text = zlib.decompress(data)
    except (zlib.error, TypeError) as error:
        raise _changed(sha256) from error
    if hashlib.sha256(text).hexdigest() != sha256:
        raise _changed(sha256)
    return text


def _changed(sha256: str) -> Misshapen:
    return Misshapen(f"The raw answers {sha256} are not stored as they were read.", service=SERVICE)


async def read_pack(scope: Scope, sha256: str, store: PackStore | None = None) -> list[StoredAnswer]:
    """The answers in a pack, by operation, arguments and page. Raises NotFound when it is not stored, or no longer.

    Raises Misshapen for one that is not of its hash, Unavailable when its store cannot be reached.
    """
    pack = await EvidencePack.find_in(scope, {"sha256": sha256})
    if pack is None:
        raise NotFound.of(EvidencePack.noun)
    answers = [StoredAnswer(*one) for one in orjson.loads(await pack_text(pack.org_id, sha256, store))]
    return sorted(answers, key=lambda one: (one.operation, one.region or "", orjson.dumps(one.arguments), one.page))
