"""Writes a pack of evidence: records, checkpoints, the raw answers they rest on, and the program that verifies it."""

import asyncio
import hashlib
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from beanie import PydanticObjectId
from bson import ObjectId

from documents.audit_key import AuditKey
from documents.evidence import PackStore, pack_text
from documents.evidence_chain import evidence_head, record_batches, record_seqs
from documents.evidence_checkpoint import checkpoints_of
from documents.organization import evidence_retention
from domain.audit.canonical import GENESIS, canonical, instant
from domain.audit.retention import kept_days
from domain.errors import Misshapen, NotFound
from domain.evidence.pack import PACK_FORM
from domain.evidence.record import record_line
from domain.evidence.standalone import verify_file
from domain.facts.scope import Scope

READ_ME = """CloudWatcher evidence

records.jsonl      what was checked, when, with which result and on which raw answers; one JSON object on each line
checkpoints.jsonl  the signed Merkle roots over them, hour by hour; the first may be that of just before the records
raw/               the raw answers of the providers, each named by its SHA-256; secrets and personal data are taken out
keys.json          the public keys that have signed
index.json         from where to where the pack goes, the hashes of its files, and the signature under it
verify.py          verifies all of it: python3 verify.py THIS_FILE --key PUBLIC_KEY --held SEQ:HASH

The public key is that of the query verifyEvidence: get it from the organization, not from this file. --held is a head
that was sent to the organization at the time: with it, records that were cut off before the pack was made are missed.

To verify without any program of ours:
1. In each line of records.jsonl, "hash" is the SHA-256 of the text of "entry", from its { to its }, as it stands there.
   "seq" rises by one; "prev_hash" is "hash" of the line before.
2. "evidence" in a record names files of raw/; "gone" in index.json names those whose retention was over.
3. A checkpoint's "window_root" is the Merkle root of RFC 6962 over the hashes (32 bytes each) of records first_seq
   to last_seq, "root" that over all records from the first of the organization on; "peaks" are the roots of its full
   subtrees. "previous" is SHA-256 over the canonical form (RFC 8785) of the signed members of the one before.
4. Signatures are Ed25519, in hex, under the canonical form: of index.json without "signature"; of a checkpoint's
   members form, org_id, number, first_seq, last_seq, last_hash, window_root, root, previous, at.
5. "stamp" is an RFC 3161 response, in hex, over SHA-256 of that form; as bytes in a file:
   openssl ts -verify -digest SHA256 -in FILE -CAfile AUTHORITY
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """What a pack is of. `last_checkpoint` is the number of its newest one, 0 without any."""

    org_id: str
    at_from: datetime
    at_before: datetime
    first_seq: int
    prev_hash: str
    last_seq: int
    last_hash: str
    last_checkpoint: int


@dataclass(slots=True)
class PackWriter:
    """Writes the zip at `path`: records first, then raw answers, then `close`."""

    path: Path
    files: dict[str, str] = field(default_factory=dict)
    _zip: Any = field(init=False, default=None)
    _records: Any = field(init=False, default=None)
    _hash: Any = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._zip = zipfile.ZipFile(self.path, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._records, self._hash = self._zip.open("records.jsonl", "w", force_zip64=True), hashlib.sha256()

    def add_records(self, lines: Sequence[bytes]) -> None:
        """Lines without their ends, in order."""
        data = b"".join(line + b"\n" for line in lines)
        self._hash.update(data)
        self._records.write(data)

    def end_records(self) -> None:
        """Raw answers follow."""
        self._records.close()
        self.files["records.jsonl"] = self._hash.hexdigest()

    def add_raw(self, sha256: str, text: bytes) -> None:
        """A pack of raw answers."""
        self._zip.writestr(f"raw/{sha256}.json", text)

    def close(
        self,
        extent: Extent,
        checkpoints: Iterable[Mapping[str, Any]],
        gone: Iterable[str],
        *,
        at: datetime,
        key: AuditKey,
        publics: Sequence[str],
    ) -> None:
        """Write what else is in it, sign the index, and end the file."""
        self._write("checkpoints.jsonl", b"".join(canonical(one) + b"\n" for one in checkpoints))
        self._write("keys.json", orjson.dumps(list(publics)))
        self._write("verify.py", verify_file().encode())
        self._write("README.txt", READ_ME.encode())
        index = {
            "form": PACK_FORM,
            **{name: getattr(extent, name) for name in Extent.__slots__},
            "at_from": instant(extent.at_from),
            "at_before": instant(extent.at_before),
            "exported_at": instant(at),
            "files": self.files,
            "gone": sorted(gone),
            "key_id": key.id,
        }
        index["signature"] = key.sign(index)
        self._zip.writestr("index.json", orjson.dumps(index, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
        self._zip.close()

    def _write(self, name: str, data: bytes) -> None:
        self.files[name] = hashlib.sha256(data).hexdigest()
        self._zip.writestr(name, data)


async def write_evidence_pack(
    scope: Scope,
    at_from: datetime,
    at_before: datetime,
    out: Path,
    *,
    now: datetime,
    keys: Sequence[AuditKey],
    store: PackStore | None = None,
) -> int:
    """Write the pack of one organization's records of that time to `out`; returns how many records it holds.

    It begins and ends with whole checkpoints where there are some, so that it may hold somewhat more than was asked
    for. The first of `keys` signs it, the others are named in it. Raises NotFound when nothing was recorded then,
    Unavailable when raw answers lie in a store that cannot be reached.
    """
    (only,) = scope.org_ids
    org_id = PydanticObjectId(only)
    first, last = await record_seqs(org_id, at_from, at_before)
    head = await evidence_head(org_id)
    if last < first or head is None:
        raise NotFound("Nothing was checked in that time: there is no evidence of it.")
    extent, checkpoints = await _extent(org_id, at_from, at_before, (first, last), head)
    writer = await asyncio.to_thread(PackWriter, out)
    named: dict[str, datetime] = {}
    async for batch in record_batches(org_id, extent.first_seq, extent.last_seq):
        await asyncio.to_thread(writer.add_records, [record_line(row) for row in batch])
        for row in batch:
            named.update(dict.fromkeys(row["record"].get("evidence") or (), row["at"]))
    await asyncio.to_thread(writer.end_records)
    gone = await _add_raw(writer, org_id, named, now, store)
    publics = [key.public for key in keys]
    await asyncio.to_thread(writer.close, extent, checkpoints, gone, at=now, key=keys[0], publics=publics)
    return extent.last_seq - extent.first_seq + 1


async def _extent(
    org_id: ObjectId, at_from: datetime, at_before: datetime, asked: tuple[int, int], head: Mapping[str, Any]
) -> tuple[Extent, list[dict[str, Any]]]:
    """Moved to the ends of checkpoints; (extent, the checkpoint just before it and those in it)."""
    first, last = asked
    every = await checkpoints_of(org_id)
    before = [one for one in every if one["last_seq"] < first][-1:]
    inside = [one for one in every if one["last_seq"] >= first and one["first_seq"] <= last]
    if inside and inside[-1]["last_seq"] >= last:
        end_seq, end_hash = inside[-1]["last_seq"], inside[-1]["last_hash"]
    else:
        end_seq, end_hash = head["last"], head["hash"]
    extent = Extent(
        org_id=str(org_id),
        at_from=at_from,
        at_before=at_before,
        first_seq=before[-1]["last_seq"] + 1 if before else 1,
        prev_hash=before[-1]["last_hash"] if before else GENESIS,
        last_seq=end_seq,
        last_hash=end_hash,
        last_checkpoint=(inside or before)[-1]["number"] if inside or before else 0,
    )
    return extent, [*before, *inside]


async def _add_raw(
    writer: PackWriter, org_id: ObjectId, named: Mapping[str, datetime], now: datetime, store: PackStore | None
) -> list[str]:
    """Returns the hashes of those whose retention is over. Another one that is not there is left out, which shows."""
    kept = timedelta(days=kept_days(*await evidence_retention(org_id)))
    gone = []
    for sha256, named_at in sorted(named.items()):
        try:
            text = await pack_text(org_id, sha256, store)
        except (NotFound, Misshapen):
            if named_at + kept < now:
                gone.append(sha256)
            continue
        await asyncio.to_thread(writer.add_raw, sha256, text)
    return gone
