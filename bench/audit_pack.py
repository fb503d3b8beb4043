"""How long the audit pack of twelve months takes, how large it is, and whether its evidence verifies."""

import argparse
import asyncio
import random
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from beanie import PydanticObjectId

import documents
from app.wiring import Backend
from auth.scope import scope_of_job
from bench.stage import staged
from documents.evidence import keep_pack
from documents.evidence_chain import EvidenceHead
from domain.audit.canonical import GENESIS
from domain.compliance.frameworks import all_frameworks
from domain.compliance.registry import all_controls
from domain.evidence.record import EVIDENCE_LINK
from jobs.audit_pack.writing import write_audit_pack

FIRST, DAYS = datetime(2026, 1, 1, tzinfo=UTC), 365
AT_ONCE = 2000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench audit-pack", description=__doc__)
    parser.add_argument("--records", type=int, default=200_000, help="records of evidence in the twelve months")
    parser.add_argument("--answers", type=int, default=5_000, help="different raw answers they rest on, 4 kB each")
    parser.add_argument("--keep", type=Path, help="where to leave the pack, to be looked at")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name, staged(Path(name)) as stage:
        out = asked.keep or Path(name) / "audit-pack.zip"
        asyncio.run(_run(stage, out, asked.records, asked.answers))


async def _run(stage: Any, out: Path, records: int, answers: int) -> None:
    async with stage.backend() as backend:
        org_id = await _fill(records, answers)
        before, began = _memory(), time.perf_counter()
        controls = await _make(backend, org_id, out)
        took = time.perf_counter() - began
    print(f"{records:,} records, {controls} controls, {len(all_frameworks())} frameworks")
    print(f"made in {took:.1f} s; {_memory():.0f} MB at most, {before:.0f} before")
    _verify(out, backend.keys.audit[0].public)


async def _make(backend: Backend, org_id: PydanticObjectId, out: Path) -> int:
    pack = documents.AuditPack(
        org_id=org_id,
        frameworks=[one.id for one in all_frameworks()],
        first=FIRST,
        until=FIRST + timedelta(days=DAYS),
        requested_by="bench",
        expires_at=FIRST,
    )

    async def told(done: int, total: int) -> None:
        return None

    return await write_audit_pack(
        scope_of_job("bench", str(org_id)),
        pack,
        out,
        now=datetime.now(UTC),
        keys=backend.keys.audit,
        store=None,
        told=told,
    )


async def _fill(records: int, answers: int) -> PydanticObjectId:
    """An organization with a chain, raw answers, and items that failed now and then."""
    organization = documents.Organization(name="Bench", kind=documents.OrganizationKind.COMPANY)
    await organization.insert()
    org_id = PydanticObjectId(organization.id)
    packs = []
    for number in range(answers):
        noise = random.Random(number).randbytes(1500).hex()
        text = orjson.dumps([["GET /v1/things", None, {}, number, {"of": noise}]])
        packs.append(await keep_pack(org_id, text, now=datetime.now(UTC), retention=timedelta(days=400)))
    batch: list[dict[str, Any]] = []
    for row in _rows(org_id, records, packs):
        batch.append(row)
        if len(batch) == AT_ONCE or row["seq"] == records:
            await documents.EvidenceRecord.rows().insert_many(batch)
            end, batch = row, []
    head = {"_id": org_id, "last": end["seq"], "hash": end["hash"], "key_id": "", "signature": "", "at": end["at"]}
    await EvidenceHead.get_pymongo_collection().insert_one(head)
    await documents.CheckItems.rows().insert_many(list(_items(org_id)))
    return org_id


def _rows(org_id: PydanticObjectId, records: int, packs: list[str]) -> Iterator[dict[str, Any]]:
    rng, controls, prev_hash = random.Random(8), all_controls(), GENESIS
    for seq in range(1, records + 1):
        control = controls[seq % len(controls)]
        at = FIRST + timedelta(milliseconds=int(seq * DAYS * 86_400_000 / (records + 1)))
        failed = rng.random() < 0.03
        record = {
            "control_id": control.id,
            "integration": control.procedures[seq // len(controls) % len(control.procedures)].integration.value,
            "account": "111122223333",
            "status": "FAIL" if failed else "PASS",
            "counts": {"FAIL": 2, "PASS": 40} if failed else {"PASS": 42},
            "items_sha256": sha256(str(seq).encode()).hexdigest(),
            "evidence": [packs[seq % len(packs)]] if packs else [],
            "version": 1,
            "problem": None,
        }
        row = {"org_id": org_id, "seq": seq, "at": at, "created_at": at, "record": record, "prev_hash": prev_hash}
        prev_hash = EVIDENCE_LINK.hash(row)
        yield {**row, "_id": PydanticObjectId(prev_hash[:24]), "hash": prev_hash}


def _items(org_id: PydanticObjectId) -> Iterator[dict[str, Any]]:
    """Each control had 50 different faulty buckets, each for a week, one after the other."""
    for control in all_controls():
        check_id = PydanticObjectId()
        for number in range(50):
            item = {
                "resource": f"arn:aws:s3:::bucket-{number}",
                "verdict": "FAIL",
                "observed": "no encryption",
                "expected": "a key of the customer's own",
            }
            at = FIRST + timedelta(days=7 * number)
            yield {
                "org_id": org_id,
                "check_id": check_id,
                "control_id": control.id,
                "integration": control.procedures[0].integration.value,
                "account_id": None,
                "items": [item],
                "left_out": 0,
                "at": at,
                "created_at": at,
            }


def _verify(out: Path, public: str) -> None:
    print(f"{out.stat().st_size / 1e6:.1f} MB, of it:")
    with zipfile.ZipFile(out) as pack:
        for info in sorted(pack.infolist(), key=lambda one: -one.file_size)[:6]:
            print(f"  {info.filename:30} {info.file_size / 1e6:8.1f} MB")
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(out) as pack:
            for name in ("evidence.zip", "verify.py"):
                pack.extract(name, folder)
        command = [sys.executable, "-I", "verify.py", "evidence.zip", "--key", public]
        began = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        print(f"verified in {time.perf_counter() - began:.1f} s: {done.stdout.strip()}")


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
