"""Packs of evidence made without a database: a chain, its checkpoints and raw answers, by the real writer."""

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from documents.audit_key import AuditKey
from domain.audit.canonical import GENESIS
from domain.evidence.check import checkpoint_members
from domain.evidence.record import EVIDENCE_LINK, checkpoint_of, record_line
from jobs.evidence_pack import Extent, PackWriter

BEGAN = datetime(2026, 1, 5, 9, tzinfo=UTC)
KEY = AuditKey(bytes(range(32)))
ORG, OTHER_ORG = "65f1c0ffee0000000000cafe", "65f1c0ffee0000000000beef"
RAW = 15

Files = dict[str, bytes]


def raw_text(org_id: str, number: int) -> bytes:
    return f'[["GET /v1/things",null,{{}},{number},{{"of":"{org_id}"}}]]'.encode()


def record_rows(count: int, org_id: str = ORG) -> Iterator[dict[str, Any]]:
    """Stored records as they follow on each other, one a minute."""
    packs = [sha256(raw_text(org_id, number)).hexdigest() for number in range(RAW)]
    prev_hash = GENESIS
    for seq in range(1, count + 1):
        at = BEGAN + timedelta(minutes=seq)
        record = {"control_id": f"CW-ACC-{seq % 7:02d}", "status": "PASS", "items": seq, "evidence": [packs[seq % RAW]]}
        row = {"org_id": org_id, "seq": seq, "at": at, "created_at": at, "record": record, "prev_hash": prev_hash}
        prev_hash = EVIDENCE_LINK.hash(row)
        yield {**row, "_id": prev_hash[:24], "hash": prev_hash}


def signed(checkpoint: dict[str, Any], key: AuditKey = KEY) -> dict[str, Any]:
    return {**checkpoint, "key_id": key.id, "signature": key.sign(checkpoint_members(checkpoint)), "stamp": None}


def write_pack(path: Path, count: int, every: int, org_id: str = ORG, key: AuditKey = KEY) -> None:
    """A checkpoint after each `every` records; those after the last one have none yet."""
    writer, hashes, last_hash = PackWriter(path), list[str](), GENESIS
    checkpoints: list[dict[str, Any]] = []
    for row in record_rows(count, org_id):
        writer.add_records([record_line(row)])
        hashes.append(row["hash"])
        last_hash = row["hash"]
        if len(hashes) == every:
            made = checkpoint_of(org_id, checkpoints[-1] if checkpoints else None, hashes, row["at"])
            assert made is not None
            checkpoints.append(signed(made, key))
            hashes = []
    writer.end_records()
    for number in range(min(RAW, count)):
        text = raw_text(org_id, (number + 1) % RAW)
        writer.add_raw(sha256(text).hexdigest(), text)
    extent = Extent(
        org_id=org_id,
        at_from=BEGAN,
        at_before=BEGAN + timedelta(days=365),
        first_seq=1,
        prev_hash=GENESIS,
        last_seq=count,
        last_hash=last_hash,
        last_checkpoint=len(checkpoints),
    )
    writer.close(extent, checkpoints, [], at=BEGAN + timedelta(days=366), key=key, publics=[key.public])


def files_of(path: Path) -> Files:
    with zipfile.ZipFile(path) as pack:
        return {name: pack.read(name) for name in pack.namelist()}


def zipped(files: Files) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as pack:
        for name, data in files.items():
            pack.writestr(name, data)
    out.seek(0)
    return out
