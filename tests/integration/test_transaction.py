"""One change, its events and its jobs: all or nothing, in order, without gaps."""

import asyncio
from typing import Any

import pytest
from bson import ObjectId
from pymongo.errors import PyMongoError

import documents
from app.wiring import Backend
from documents import transaction
from documents.event import EventLog
from documents.idempotency import AlreadyDone, IdempotencyKey, current_key, find_result
from documents.outbox import OutboxJob, relay_outbox
from documents.transaction import Transaction, commit
from domain.errors import Conflict
from domain.facts import topic
from tests.factories.tenant import make_tenant


class Wakes:
    """Notes the wake-ups it is told of."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, int]] = []

    async def wake(self, org_id: str, seq: int) -> None:
        self.heard.append((org_id, seq))


async def test_events_of_concurrent_changes_are_numbered_without_gaps_in_commit_order(backend: Backend) -> None:
    tenant, wakes = await make_tenant(backend), Wakes()

    async def change(tx: Transaction, number: int) -> None:
        tx.announce(tenant.organization.id, "topic", "Changed", {"number": number})
        tx.announce(tenant.organization.id, "topic", "Changed", {"number": number})

    await asyncio.gather(*(commit(lambda tx, n=n: change(tx, n), announce=wakes.wake) for n in range(20)))

    events = await EventLog().fetch(tenant.org_id, 0, 1000)
    assert [event.seq for event in events] == list(range(1, 41))
    pairs = [event.payload["number"] for event in events]
    assert pairs[::2] == pairs[1::2]
    assert max(seq for _, seq in wakes.heard) == 40


async def test_a_change_that_fails_announces_nothing_and_asks_for_no_job(backend: Backend) -> None:
    tenant, wakes = await make_tenant(backend), Wakes()

    async def change(tx: Transaction) -> None:
        tx.announce(tenant.organization.id, "topic", "Changed", {})
        tx.enqueue("some_job", queue="q", key=tenant.org_id, args={})
        await documents.Budget(
            org_id=tenant.organization.id, name="b", amount=1, currency="USD", thresholds=[50]
        ).insert(session=tx.session)
        raise Conflict("no")

    with pytest.raises(Conflict):
        await commit(change, announce=wakes.wake)

    assert await EventLog().fetch(tenant.org_id, 0, 10) == []
    assert await OutboxJob.get_pymongo_collection().find_one({"_id": f"some_job:{tenant.org_id}"}) is None
    assert await documents.Budget.find_in(tenant.scope, {}) is None
    assert wakes.heard == []


async def test_a_job_stays_in_the_outbox_until_the_queue_has_taken_it(backend: Backend) -> None:
    tenant, wakes = await make_tenant(backend), Wakes()
    job_id = f"a_job_nobody_knows:{tenant.org_id}"

    async def change(tx: Transaction) -> None:
        tx.enqueue("a_job_nobody_knows", queue="nowhere", key=tenant.org_id, args={"a": 1})

    await commit(change, announce=wakes.wake)

    async def refuse(job: dict[str, Any]) -> bool:
        return job["_id"] != job_id

    await relay_outbox(refuse)
    kept = await OutboxJob.get_pymongo_collection().find_one({"_id": job_id})
    assert kept is not None
    assert kept["args"] == {"a": 1}

    async def take(job: dict[str, Any]) -> bool:
        return True

    await relay_outbox(take)
    assert await OutboxJob.get_pymongo_collection().find_one({"_id": job_id}) is None


async def test_jobs_that_the_queue_refuses_do_not_hold_up_those_behind_them(backend: Backend) -> None:
    tenant, wakes = await make_tenant(backend), Wakes()
    refused = {f"a_job_nobody_knows:{tenant.org_id}:{number}" for number in range(5)}
    taken: list[str] = []

    async def ask(tx: Transaction) -> None:
        for number in range(5):
            tx.enqueue("a_job_nobody_knows", queue="nowhere", key=f"{tenant.org_id}:{number}", args={})

    async def ask_later(tx: Transaction) -> None:
        tx.enqueue("another_job", queue="nowhere", key=tenant.org_id, args={})

    async def push(job: dict[str, Any]) -> bool:
        taken.append(job["_id"])
        return job["_id"] not in refused

    await commit(ask, announce=wakes.wake)
    await commit(ask_later, announce=wakes.wake)
    rounds = [await relay_outbox(push, limit=5), await relay_outbox(push, limit=5)]

    assert f"another_job:{tenant.org_id}" in taken
    assert sum(rounds) >= 1
    await OutboxJob.get_pymongo_collection().delete_many({"_id": {"$in": sorted(refused)}})


async def test_a_relay_that_is_refused_does_not_make_a_change_begin_anew(backend: Backend) -> None:
    tenant, wakes, attempts = await make_tenant(backend), Wakes(), 0
    job_id = f"a_job_nobody_knows:{tenant.org_id}"

    async def refuse(job: dict[str, Any]) -> bool:
        return job["_id"] != job_id

    async def ask(tx: Transaction) -> None:
        tx.enqueue("a_job_nobody_knows", queue="nowhere", key=tenant.org_id, args={})

    async def ask_slowly(tx: Transaction) -> None:
        nonlocal attempts
        attempts += 1
        await ask(tx)
        # From its first read on a transaction sees what there was then, and may not write what others have since.
        await OutboxJob.get_pymongo_collection().find_one({"_id": job_id}, session=tx.session)
        if attempts == 1:
            await relay_outbox(refuse)

    await commit(ask, announce=wakes.wake)
    await commit(ask_slowly, announce=wakes.wake)

    assert attempts == 1
    await OutboxJob.get_pymongo_collection().delete_one({"_id": job_id})


async def test_two_requests_with_one_idempotency_key_commit_once(backend: Backend) -> None:
    tenant, wakes = await make_tenant(backend), Wakes()
    key = IdempotencyKey(key_hash=f"key-{tenant.org_id}", input_hash="same")

    async def change(tx: Transaction) -> documents.Budget:
        name = str(ObjectId())
        budget = documents.Budget(org_id=tenant.organization.id, name=name, amount=1, currency="USD", thresholds=[50])
        await budget.insert(session=tx.session)
        return budget

    async def request() -> Any:
        current_key.set(key)
        try:
            return await commit(change, announce=wakes.wake)
        except AlreadyDone:
            return None

    answers = await asyncio.gather(*(asyncio.create_task(request()) for _ in range(5)))

    (made,) = [answer for answer in answers if answer is not None]
    stored = await find_result(key)
    assert stored is not None
    assert stored[1]["name"] == made.name
    assert len(await documents.Budget.list_in(tenant.scope, {})) == 1


async def test_an_idempotency_key_with_another_input_is_a_conflict(backend: Backend) -> None:
    tenant, wakes = await make_tenant(backend), Wakes()
    key = IdempotencyKey(key_hash=f"other-{tenant.org_id}", input_hash="first")
    current_key.set(key)

    async def change(tx: Transaction) -> documents.Budget:
        budget = documents.Budget(org_id=tenant.organization.id, name="b", amount=1, currency="USD", thresholds=[50])
        await budget.insert(session=tx.session)
        return budget

    await commit(change, announce=wakes.wake)

    with pytest.raises(Conflict):
        await find_result(IdempotencyKey(key_hash=key.key_hash, input_hash="second"))


async def test_changes_of_one_organization_that_meet_take_turns(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    org_id = tenant.organization.id
    before = (await backend.log.bounds(str(org_id))).last
    runs = 0

    async def change(tx: Transaction) -> None:
        nonlocal runs
        runs += 1
        tx.announce(org_id, topic.alerts(org_id), "AlertRaised", {})

    await asyncio.gather(*(backend.writer.commit(change) for _ in range(30)))

    events = await backend.log.fetch(str(org_id), before, 100)
    assert [event.seq for event in events] == list(range(before + 1, before + 31))
    # Each once in vain at most, and once for good; a little more when a turn meets one that did not wait.
    assert runs <= 3 * 30
    assert not transaction._turns, "nobody waits any more"


async def test_changes_that_meet_before_they_announce_anything_are_made_all_the_same(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    org_id = tenant.organization.id
    users = documents.User.get_pymongo_collection()

    async def change(tx: Transaction) -> None:
        await users.update_one({"_id": tenant.user.id}, {"$inc": {"met": 1}}, session=tx.session)
        await asyncio.sleep(0.01)
        tx.announce(org_id, topic.alerts(org_id), "AlertRaised", {})

    await asyncio.gather(*(backend.writer.commit(change) for _ in range(8)))

    assert (await users.find_one({"_id": tenant.user.id}) or {})["met"] == 8


async def test_a_change_that_fails_by_itself_is_not_made_again(backend: Backend) -> None:
    runs = 0

    async def change(tx: Transaction) -> None:
        nonlocal runs
        runs += 1
        await documents.User.get_pymongo_collection().insert_one({"_id": 1}, session=tx.session)
        await documents.User.get_pymongo_collection().insert_one({"_id": 1}, session=tx.session)

    with pytest.raises(PyMongoError):
        await backend.writer.commit(change)

    assert runs == 1
