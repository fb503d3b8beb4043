"""What is done to the audit log behind the application's back is found, and where: on the real database."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

import documents
from app.wiring import Backend, migrate
from app.worker import options
from documents.audit import Act, acting
from documents.audit_key import AuditKey, KeyRing
from documents.audit_verification import verify_chain
from documents.transaction import Transaction, commit
from domain.audit.canonical import entry_hash
from domain.audit.chain import Verdict
from domain.audit.seal import head_members
from jobs.tasks.seal_audit import seal_audit
from tests.factories.tenant import Tenant, make_tenant

ACT = Act(action="thing.change", actor="user:1")
Tamper = Callable[[ObjectId], Awaitable[Any]]


def rows() -> Any:
    return documents.AuditEntry.rows()


def heads() -> Any:
    return documents.AuditHead.get_pymongo_collection()


def ring(backend: Backend) -> KeyRing:
    return KeyRing(key.public for key in backend.keys.audit)


async def write(backend: Backend, tenant: Tenant, count: int) -> None:
    async def change(tx: Transaction) -> None:
        for number in range(count):
            tx.audit(tenant.organization.id, target=f"thing:{number}")

    with acting(ACT):
        await backend.writer.commit(change)


async def verdict_of(backend: Backend, tenant: Tenant, **options: Any) -> Verdict:
    return await verify_chain(tenant.organization.id, ring(backend), **options)


async def seal(backend: Backend, *, days_on: int) -> None:
    """Run the job as it would run that many days from now."""
    context = options(backend)["ctx"]["context"]
    now = context.now
    object.__setattr__(context, "now", lambda: now() + timedelta(days=days_on))
    await seal_audit({"context": context})


async def delete(org_id: ObjectId) -> None:
    await rows().delete_one({"org_id": org_id, "seq": 4})


async def edit(org_id: ObjectId) -> None:
    await rows().update_one({"org_id": org_id, "seq": 4}, {"$set": {"actor": "user:2"}})


async def edit_with_hash(org_id: ObjectId) -> None:
    entry = {**(await rows().find_one({"org_id": org_id, "seq": 4})), "actor": "user:2"}
    hash = entry_hash(entry)
    await rows().delete_one({"org_id": org_id, "seq": 4})
    await rows().insert_one({**entry, "hash": hash, "_id": ObjectId(hash[:24])})


async def swap(org_id: ObjectId) -> None:
    for old, new in ((4, 0), (5, 4), (0, 5)):
        await rows().update_one({"org_id": org_id, "seq": old}, {"$set": {"seq": new}})


async def insert(org_id: ObjectId) -> None:
    """Move the end on and slip an entry in, without the key."""
    last = await rows().find_one({"org_id": org_id, "seq": 3})
    await rows().delete_many({"org_id": org_id, "seq": 4})
    entry = {**last, "seq": 4, "prev_hash": last["hash"], "target": "thing:made-up"}
    hash = entry_hash(entry)
    await rows().insert_one({**entry, "hash": hash, "_id": ObjectId(hash[:24])})


@pytest.mark.parametrize("tamper", [delete, edit, edit_with_hash, swap, insert], ids=lambda tamper: tamper.__name__)
async def test_tampering_is_located(backend: Backend, tamper: Tamper) -> None:
    tenant = await make_tenant(backend)
    await write(backend, tenant, 8)
    assert (await verdict_of(backend, tenant)).is_intact

    await tamper(tenant.organization.id)

    found = await verdict_of(backend, tenant)
    assert found.broken is not None
    assert found.broken.seq == 4


async def test_a_cut_off_tail_is_missed_at_its_first_entry(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await write(backend, tenant, 8)

    await rows().delete_many({"org_id": tenant.organization.id, "seq": {"$gt": 6}})

    found = (await verdict_of(backend, tenant)).broken
    assert found is not None
    assert (found.seq, found.problem) == (7, "entries 7 to 8 are missing.")


@pytest.mark.parametrize("forger", [None, AuditKey(bytes(32))], ids=["old signature", "another key"])
async def test_a_head_moved_back_with_the_tail_does_not_bear_our_signature(
    backend: Backend, forger: AuditKey | None
) -> None:
    tenant = await make_tenant(backend)
    await write(backend, tenant, 8)
    org_id = tenant.organization.id

    await rows().delete_many({"org_id": org_id, "seq": {"$gt": 6}})
    end = (await rows().find_one({"org_id": org_id, "seq": 6}))["hash"]
    moved = {"last": 6, "hash": end}
    if forger is not None:
        moved |= {"key_id": forger.id, "signature": forger.sign(head_members(org_id, 6, end))}
    await heads().update_one({"_id": org_id}, {"$set": moved})

    found = (await verdict_of(backend, tenant)).broken
    assert found is not None
    assert found.seq == 7
    assert "signature" in found.problem


async def test_a_chain_without_its_head_and_a_log_that_was_emptied_are_missed(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await write(backend, tenant, 3)
    head = await heads().find_one_and_delete({"_id": tenant.organization.id})

    headless = (await verdict_of(backend, tenant)).broken
    await heads().insert_one(head)
    await rows().delete_many({"org_id": tenant.organization.id})
    emptied = (await verdict_of(backend, tenant)).broken

    assert headless is not None
    assert headless.seq == 4
    assert emptied is not None
    assert (emptied.seq, emptied.problem) == (1, "entries 1 to 3 are missing.")


async def test_a_log_that_is_gone_as_a_whole_is_missed(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await write(backend, tenant, 3)
    for collection in (rows(), documents.AuditSegment.rows()):
        await collection.delete_many({"org_id": tenant.organization.id})
    await heads().delete_one({"_id": tenant.organization.id})

    found = (await verdict_of(backend, tenant)).broken

    assert found is not None
    assert found.seq == 1
    assert "the whole log is missing" in found.problem


async def test_a_migration_begins_the_logs_of_organizations_that_have_none(backend: Backend) -> None:
    tenant = await make_tenant(backend)

    made = await migrate(backend)
    again = await migrate(backend)

    (begun,) = await rows().find({"org_id": tenant.organization.id}).to_list()
    assert any(line.startswith("began audit logs") for line in made)
    assert again == []
    assert (begun["action"], begun["actor"]) == ("audit.begin", "operator")
    assert (await verdict_of(backend, tenant)).is_intact


async def test_a_log_whose_head_was_taken_away_does_not_stop_a_migration_and_stays_broken(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await write(backend, tenant, 1)
    await heads().delete_one({"_id": tenant.organization.id})

    await migrate(backend)

    assert (await verdict_of(backend, tenant)).broken is not None


async def test_two_processes_that_start_at_once_begin_a_log_once(backend: Backend) -> None:
    tenant = await make_tenant(backend)

    await asyncio.gather(migrate(backend), migrate(backend))

    assert await rows().count_documents({"org_id": tenant.organization.id}) == 1


async def test_what_an_earlier_key_has_signed_stays_good_as_long_as_the_key_is_known(backend: Backend) -> None:
    tenant, later = await make_tenant(backend), AuditKey(bytes([7]) * 32)
    await write(backend, tenant, 3)
    await seal(backend, days_on=1)

    async def change(tx: Transaction) -> None:
        tx.audit(tenant.organization.id, target="thing:last")

    with acting(ACT):
        await commit(change, announce=backend.bus.wake, audit_key=later)

    both = KeyRing([later.public, *(key.public for key in backend.keys.audit)])
    known = await verify_chain(tenant.organization.id, both)
    forgotten = await verify_chain(tenant.organization.id, KeyRing([later.public]))
    assert (known.is_intact, known.last_seq) == (True, 4)
    assert forgotten.broken is not None
    assert (forgotten.broken.seq, "segment 1" in forgotten.broken.problem) == (1, True)


async def test_an_older_head_put_back_below_a_seal_is_found(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await write(backend, tenant, 3)
    older = await heads().find_one({"_id": tenant.organization.id})
    await write(backend, tenant, 2)
    await seal(backend, days_on=1)

    await heads().replace_one({"_id": tenant.organization.id}, older)
    await rows().delete_many({"org_id": tenant.organization.id, "seq": {"$gt": 3}})

    found = (await verdict_of(backend, tenant)).broken
    assert found is not None
    assert found.seq == 4


async def test_entries_beyond_the_retention_go_and_the_chain_stays_whole(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await write(backend, tenant, 5)
    await seal(backend, days_on=1)
    await write(backend, tenant, 2)

    await seal(backend, days_on=89)
    kept = await rows().count_documents({"org_id": tenant.organization.id})
    await seal(backend, days_on=92)

    left = await rows().find({"org_id": tenant.organization.id}, sort=[("seq", 1)]).to_list()
    assert kept == 7
    assert [(entry["seq"], entry["action"], entry["actor"]) for entry in left] == [
        (8, "audit.retention", "job:seal_audit")
    ]
    found = await verdict_of(backend, tenant)
    assert (found.is_intact, found.first_seq, found.last_seq, found.segments) == (True, 8, 8, 2)


async def test_the_floor_of_a_framework_keeps_entries_that_the_setting_would_let_go(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await documents.Organization.get_pymongo_collection().update_one(
        {"_id": tenant.organization.id}, {"$set": {"frameworks": ["cert_in_2022"], "audit_retention_days": 30}}
    )
    await write(backend, tenant, 3)
    await seal(backend, days_on=1)

    await seal(backend, days_on=179)
    kept = await rows().count_documents({"org_id": tenant.organization.id})
    await seal(backend, days_on=182)
    gone = await rows().count_documents({"org_id": tenant.organization.id, "seq": {"$lte": 3}})

    assert (kept, gone) == (3, 0)


async def test_sealing_twice_seals_once(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await write(backend, tenant, 3)

    await seal(backend, days_on=1)
    await seal(backend, days_on=1)

    segments = documents.AuditSegment.rows()
    assert await segments.count_documents({"org_id": tenant.organization.id}) == 1


async def test_a_broken_chain_is_neither_sealed_nor_cleared(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await write(backend, tenant, 5)
    await edit(tenant.organization.id)

    await seal(backend, days_on=1)
    await seal(backend, days_on=400)

    assert await documents.AuditSegment.rows().count_documents({"org_id": tenant.organization.id}) == 0
    assert await rows().count_documents({"org_id": tenant.organization.id}) == 5


async def test_a_segment_that_was_deleted_or_edited_is_found(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await write(backend, tenant, 3)
    await seal(backend, days_on=1)
    segments = documents.AuditSegment.rows()
    sealed = await segments.find_one({"org_id": tenant.organization.id})
    assert sealed is not None

    await segments.update_one({"_id": sealed["_id"]}, {"$set": {"last_seq": 2}})
    edited = (await verdict_of(backend, tenant)).broken
    await segments.replace_one({"_id": sealed["_id"]}, {**sealed, "gone_at": sealed["last_at"], "gone_key_id": "x"})
    await rows().delete_many({"org_id": tenant.organization.id})
    gone = (await verdict_of(backend, tenant)).broken

    assert edited is not None
    assert "segment 1" in edited.problem
    assert gone is not None
    assert gone.seq == 1


async def test_a_long_chain_is_checked_from_a_later_segment_on(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await write(backend, tenant, 2500)
    told: list[tuple[int, int]] = []

    whole = await verdict_of(backend, tenant, on_progress=lambda seq, last: told.append((seq, last)))
    await seal(backend, days_on=1)
    await write(backend, tenant, 3)
    newest = await verdict_of(backend, tenant, at_most=100)

    assert (whole.is_intact, whole.entries) == (True, 2500)
    assert told == [(1000, 2500), (2000, 2500), (2500, 2500)]
    assert (newest.is_intact, newest.first_seq, newest.entries) == (True, 2501, 3)
