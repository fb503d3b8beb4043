"""Evidence on the real database: hung on with the results, sealed hourly, verified and exported."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId

import documents
from app.wiring import Backend
from app.worker import options
from auth.scope import scope_of_job
from documents.audit_key import KeyRing
from documents.base import utc_now
from documents.evidence import keep_pack
from documents.evidence_chain import EVIDENCE, append_records, evidence_head
from documents.evidence_checkpoint import last_checkpoint
from documents.evidence_verification import EvidenceVerdict, verify_evidence
from documents.transaction import Transaction, commit
from domain.errors import Invalid, NotFound
from domain.evidence.record import EVIDENCE_LINK
from domain.evidence.standalone import verify_file
from jobs.context import JobContext
from jobs.evidence_pack import write_evidence_pack
from jobs.tasks.seal_evidence import seal_evidence
from tests.factories.tenant import Tenant, make_tenant

RETENTION = timedelta(days=400)
Tamper = Callable[[ObjectId], Awaitable[Any]]


def rows() -> Any:
    return documents.EvidenceRecord.rows()


def context_of(backend: Backend) -> JobContext:
    context: JobContext = options(backend)["ctx"]["context"]
    return context


async def pack(tenant: Tenant, text: bytes = b'[["GET /v1/things",null,{},0,{"id":1}]]') -> str:
    return await keep_pack(tenant.organization.id, text, now=utc_now(), retention=RETENTION)


async def write(backend: Backend, tenant: Tenant, count: int, **record: Any) -> None:
    async def change(tx: Transaction) -> None:
        drafts = [{"control_id": "CW-ACC-01", "items": number, **record} for number in range(count)]
        await append_records(tx, tenant.organization.id, drafts)

    await backend.writer.commit(change)


async def verdict_of(backend: Backend, tenant: Tenant, **options: Any) -> EvidenceVerdict:
    ring = KeyRing(key.public for key in backend.keys.audit)
    return await verify_evidence(tenant.organization.id, ring, now=utc_now(), **options)


async def test_records_follow_on_each_other_over_transactions(backend: Backend) -> None:
    tenant = await make_tenant(backend)

    await write(backend, tenant, 3)
    await write(backend, tenant, 2, judged_at=utc_now(), ratio=0.1)

    stored = await rows().find({"org_id": tenant.organization.id}).sort("seq").to_list()
    assert [row["seq"] for row in stored] == [1, 2, 3, 4, 5]
    assert [row["prev_hash"] for row in stored[1:]] == [row["hash"] for row in stored[:-1]]
    assert all(EVIDENCE_LINK.hash(row) == row["hash"] for row in stored)
    found = await verdict_of(backend, tenant)
    assert (found.breaks, found.records, found.head) == ([], 5, f"5:{stored[-1]['hash']}")


async def test_a_change_that_fails_leaves_no_record_behind(backend: Backend) -> None:
    tenant = await make_tenant(backend)

    async def change(tx: Transaction) -> None:
        await append_records(tx, tenant.organization.id, [{"control_id": "CW-ACC-01"}])
        raise Invalid("No.")

    with pytest.raises(Invalid):
        await backend.writer.commit(change)
    assert (await verdict_of(backend, tenant)).head is None


async def test_records_need_a_key(backend: Backend) -> None:
    tenant = await make_tenant(backend)

    async def change(tx: Transaction) -> None:
        await append_records(tx, tenant.organization.id, [{"control_id": "CW-ACC-01"}])

    with pytest.raises(RuntimeError, match="no key"):
        await commit(change, announce=backend.bus.wake)


@pytest.mark.parametrize("wrong", [{"n": 1 << 70}, {"text": "x" * (1 << 20)}], ids=["number", "length"])
async def test_what_cannot_be_kept_as_it_is_is_refused(backend: Backend, wrong: dict[str, Any]) -> None:
    tenant = await make_tenant(backend)

    with pytest.raises(Invalid):
        await write(backend, tenant, 1, **wrong)


@pytest.mark.parametrize(("frameworks", "days"), [([], 500), (["hipaa_security_rule"], 2190)])
async def test_raw_answers_that_a_record_names_are_kept_as_long_as_evidence(
    backend: Backend, frameworks: list[str], days: int
) -> None:
    tenant = await make_tenant(backend)
    chosen = {"$set": {"evidence_retention_days": 500, "frameworks": frameworks}}
    await documents.Organization.get_pymongo_collection().update_one({"_id": tenant.organization.id}, chosen)
    named, other = await pack(tenant), await pack(tenant, b"[]")

    await write(backend, tenant, 1, evidence=[named])

    kept = {
        raw["sha256"]: raw["expires_at"] - utc_now()
        async for raw in documents.EvidencePack.rows().find({"org_id": tenant.organization.id})
    }
    assert timedelta(days=days - 1) < kept[named] <= timedelta(days=days)
    assert kept[other] <= RETENTION


async def delete(org_id: ObjectId) -> None:
    await rows().delete_one({"org_id": org_id, "seq": 4})


async def edit(org_id: ObjectId) -> None:
    await rows().update_one({"org_id": org_id, "seq": 4}, {"$set": {"record.status": "PASS"}})


async def add_a_field(org_id: ObjectId) -> None:
    await rows().update_one({"org_id": org_id, "seq": 4}, {"$set": {"status": "PASS"}})


async def cut_off(org_id: ObjectId) -> None:
    await rows().delete_many({"org_id": org_id, "seq": {"$gt": 4}})


async def cut_off_with_the_head(org_id: ObjectId) -> None:
    await cut_off(org_id)
    last = await rows().find_one({"org_id": org_id, "seq": 4})
    await EVIDENCE.heads().update_one({"_id": org_id}, {"$set": {"last": 4, "hash": last["hash"]}})


async def lose_the_head(org_id: ObjectId) -> None:
    await EVIDENCE.heads().delete_one({"_id": org_id})


async def spoil_the_head(org_id: ObjectId) -> None:
    await EVIDENCE.heads().update_one({"_id": org_id}, {"$unset": {"hash": 1}})


async def lose_a_pack(org_id: ObjectId) -> None:
    await documents.EvidencePack.rows().delete_many({"org_id": org_id})


async def change_a_pack(org_id: ObjectId) -> None:
    await documents.EvidencePack.rows().update_many({"org_id": org_id}, {"$set": {"data": b"x"}})


async def edit_a_checkpoint(org_id: ObjectId) -> None:
    await documents.EvidenceCheckpoint.rows().update_one({"org_id": org_id}, {"$set": {"root": "00" * 32}})


async def stamp_with_another(org_id: ObjectId) -> None:
    await documents.EvidenceCheckpoint.rows().update_one({"org_id": org_id}, {"$set": {"stamp": "00" * 40}})


@pytest.mark.parametrize(
    ("tamper", "kind", "place"),
    [
        (delete, "DELETED", "record 4"),
        (edit, "EDITED", "record 4"),
        (add_a_field, "EDITED", "record 4"),
        (cut_off, "TRUNCATED", "records 5 to 8"),
        (cut_off_with_the_head, "FORGED", "head"),
        (lose_the_head, "DELETED", "head"),
        (spoil_the_head, "DAMAGED", "head"),
        (lose_a_pack, "PACK_MISSING", "pack "),
        (change_a_pack, "PACK_CHANGED", "pack "),
        (edit_a_checkpoint, "FORGED", "checkpoint 1"),
        (stamp_with_another, "UNSTAMPED", "checkpoint 1"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
async def test_tampering_is_found_with_its_place_and_kind(
    backend: Backend, tamper: Tamper, kind: str, place: str
) -> None:
    tenant = await make_tenant(backend)
    await write(backend, tenant, 6, evidence=[await pack(tenant)])
    await seal_evidence({"context": context_of(backend)})
    await write(backend, tenant, 2)
    assert (await verdict_of(backend, tenant)).breaks == []

    await tamper(tenant.organization.id)

    found = (await verdict_of(backend, tenant)).breaks
    assert any(one.kind == kind and one.place.startswith(place) for one in found), found


async def test_a_chain_that_is_broken_is_not_sealed(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await write(backend, tenant, 8)
    await cut_off_with_the_head(tenant.organization.id)

    await seal_evidence({"context": context_of(backend)})

    assert await last_checkpoint(tenant.organization.id) is None


async def test_sealing_twice_changes_nothing_the_second_time(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await write(backend, tenant, 3)
    await seal_evidence({"context": context_of(backend)})
    first = await last_checkpoint(tenant.organization.id)

    await seal_evidence({"context": context_of(backend)})

    assert await last_checkpoint(tenant.organization.id) == first
    assert first is not None
    assert (first["number"], first["first_seq"], first["last_seq"], first["previous"]) == (1, 1, 3, None)


async def test_checkpoints_vouch_for_what_a_short_look_leaves_out(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    for _ in range(3):
        await write(backend, tenant, 4)
        await seal_evidence({"context": context_of(backend)})

    found = await verdict_of(backend, tenant, most_records=5)

    assert (found.breaks, found.first_seq, found.records, found.checkpoints) == ([], 9, 4, 3)


async def test_a_head_that_the_customer_holds_shows_what_whoever_has_the_key_cut_off(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await write(backend, tenant, 8)
    head = await evidence_head(tenant.organization.id)
    assert head is not None
    held = f"8:{head['hash']}"
    assert (await verdict_of(backend, tenant, held=held)).breaks == []

    await cut_off_with_the_head(tenant.organization.id)
    last = await evidence_head(tenant.organization.id)
    assert last is not None
    members = {"form": EVIDENCE_LINK.head, "org_id": str(tenant.organization.id), "seq": 4, "hash": last["hash"]}
    signature = backend.keys.audit[0].sign(members)
    await EVIDENCE.heads().update_one({"_id": tenant.organization.id}, {"$set": {"signature": signature}})

    assert (await verdict_of(backend, tenant)).breaks == []
    found = (await verdict_of(backend, tenant, held=held)).breaks
    assert [(one.kind, one.place) for one in found] == [("TRUNCATED", "records 5 to 8")]


def run(program: Path, pack: Path, key: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(program), str(pack), "--key", key]
    return subprocess.run(command, capture_output=True, text=True, check=False)


async def test_a_pack_is_verified_by_the_file_in_it_alone(backend: Backend, tmp_path: Path) -> None:
    tenant = await make_tenant(backend)
    sha256 = await pack(tenant)
    await write(backend, tenant, 4, evidence=[sha256])
    await seal_evidence({"context": context_of(backend)})
    after = utc_now()
    await write(backend, tenant, 3, evidence=[sha256])
    await seal_evidence({"context": context_of(backend)})
    scope, now = scope_of_job("test", str(tenant.organization.id)), utc_now() + timedelta(seconds=1)
    whole, part, program = tmp_path / "whole.zip", tmp_path / "part.zip", tmp_path / "verify.py"
    program.write_text(verify_file())

    counts = [
        await write_evidence_pack(scope, at_from, now, out, now=now, keys=backend.keys.audit)
        for at_from, out in ((after - timedelta(days=1), whole), (after, part))
    ]

    key = backend.keys.audit[0].public
    answers = [await asyncio.to_thread(run, program, out, key) for out in (whole, part)]
    assert counts == [7, 3]
    assert [answer.returncode for answer in answers] == [0, 0], answers
    assert "intact; 7 records, 1 packs of raw answers, 2 checkpoints" in answers[0].stdout
    assert "intact; 3 records, 1 packs of raw answers, 2 checkpoints" in answers[1].stdout


async def test_there_is_no_pack_of_a_time_without_checks(backend: Backend, tmp_path: Path) -> None:
    tenant = await make_tenant(backend)
    scope, now = scope_of_job("test", str(tenant.organization.id)), utc_now()

    with pytest.raises(NotFound):
        await write_evidence_pack(scope, now - RETENTION, now, tmp_path / "p.zip", now=now, keys=backend.keys.audit)
