"""The worker: due accounts, stranded runs, and a Redis that comes and goes."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from arq.worker import Worker

import documents
from app.wiring import Backend
from app.worker import work
from documents import AccountState, SyncState
from documents.account import claim_due_accounts, set_cadence
from documents.base import utc_now
from documents.event import EventLog, prune_events
from documents.sync_run import STRANDED_AFTER, open_run
from documents.transaction import Transaction
from domain.cadence import next_due
from domain.errors import Invalid
from domain.facts.provider import Provider
from jobs.queue import DELIVERIES, PULLS, QUICK, SLOW, SYNCS
from jobs.tasks import keep_house
from tests.factories.backlog import forget_backlog, is_asked
from tests.factories.tenant import Tenant, make_tenant
from tests.integration.test_costs import job_context


async def make_account(tenant: Tenant, **fields: Any) -> documents.Account:
    account = documents.Account(
        org_id=tenant.organization.id, provider=Provider.AWS, name="a", state=AccountState.CONNECTED, **fields
    )
    await account.insert()
    return account


async def test_a_due_account_is_claimed_once_and_moves_one_cadence_on(backend: Backend) -> None:
    tenant, now = await make_tenant(backend), utc_now()
    account = await make_account(tenant, next_sync_at=now - timedelta(minutes=1), sync_every=timedelta(hours=2))

    claims = await asyncio.gather(*(claim_due_accounts(now) for _ in range(4)))

    assert [claimed.id for claim in claims for claimed in claim].count(account.id) == 1
    stored = await documents.Account.get_in(tenant.scope, str(account.id))
    assert stored.next_sync_at == next_due(str(account.id), timedelta(hours=2), now)


async def test_another_cadence_counts_from_now_on(backend: Backend) -> None:
    tenant, now = await make_tenant(backend), utc_now()
    account = await make_account(tenant, next_sync_at=now + timedelta(days=7), next_cost_at=now + timedelta(days=7))

    changed = await set_cadence(account, sync_every=timedelta(minutes=5), cost_every=timedelta(hours=1), now=now)

    assert (changed.sync_every, changed.cost_every) == (timedelta(minutes=5), timedelta(hours=1))
    assert changed.next_sync_at is not None
    assert changed.next_cost_at is not None
    assert now < changed.next_sync_at <= now + timedelta(minutes=5, seconds=1)
    assert now < changed.next_cost_at <= now + timedelta(hours=1, seconds=1)
    assert (await set_cadence(changed, now=now)).next_sync_at == changed.next_sync_at


async def test_a_cadence_beyond_the_range_is_refused_and_an_account_known_from_bills_gets_no_syncs(
    backend: Backend,
) -> None:
    tenant, now = await make_tenant(backend), utc_now()
    account = await make_account(tenant)
    billed = documents.Account(
        org_id=tenant.organization.id, provider=Provider.AWS, name="b", state=AccountState.BILLING_ONLY
    )
    await billed.insert()

    with pytest.raises(Invalid):
        await set_cadence(account, sync_every=timedelta(minutes=4), now=now)

    assert (await set_cadence(billed, sync_every=timedelta(hours=1), now=now)).next_sync_at is None


async def test_the_minute_tick_opens_one_run_for_a_due_account(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    account = await make_account(tenant, next_sync_at=utc_now() - timedelta(minutes=1))

    await keep_house.start_due_syncs({"context": job_context(backend)})
    await keep_house.start_due_syncs({"context": job_context(backend)})

    runs = await documents.SyncRun.list_in(tenant.scope, {"account_id": account.id})
    assert [run.state for run in runs] == [SyncState.QUEUED]


async def test_a_run_whose_job_redis_has_lost_is_asked_for_again(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    account = await make_account(tenant)

    async def change(tx: Transaction) -> documents.SyncRun:
        run, _ = await open_run(account, tx.session)
        return run

    run = await backend.writer.commit(change)
    old = utc_now() - STRANDED_AFTER - timedelta(seconds=1)
    await documents.SyncRun.rows().update_one({"_id": run.id}, {"$set": {"created_at": old}})

    await keep_house.ask_again({"context": job_context(backend)})

    assert await is_asked(backend, f"sync_account:{run.id}")


async def test_old_events_go_oldest_first_and_leave_no_hole(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    for number in range(5):
        await backend.writer.commit(lambda tx, n=number: announce(tx, tenant, n))
    old = utc_now() - timedelta(days=30)
    await backend.database["events"].update_many(
        {"org_id": tenant.organization.id, "seq": {"$lte": 3}}, {"$set": {"at": old}}
    )

    await prune_events(utc_now() - timedelta(days=14))

    bounds = await EventLog().bounds(tenant.org_id)
    left = await EventLog().fetch(tenant.org_id, 0, 10)
    assert (bounds.first, bounds.last) == (4, 5)
    assert [event.seq for event in left] == [4, 5]


async def announce(tx: Transaction, tenant: Tenant, number: int) -> None:
    tx.announce(tenant.organization.id, "t", "T", {"n": number})


async def test_the_worker_goes_on_after_its_redis_connections_were_killed(backend: Backend, worker: None) -> None:
    tenant = await make_tenant(backend)
    async with asyncio.timeout(60):
        for _ in range(3):
            await backend.redis.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            await asyncio.sleep(0.3)
        budget = documents.Budget(org_id=tenant.organization.id, name="b", amount=1, currency="USD", thresholds=[50])
        await backend.writer.commit(lambda tx: ask(tx, budget))
        while (await documents.Budget.get_in(tenant.scope, str(budget.id))).spent_month is None:
            await backend.queue.relay()
            await asyncio.sleep(0.2)


async def test_a_worker_that_loses_its_queue_cuts_none_of_the_others_off(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_look, stop, ended = asyncio.Barrier(5), asyncio.Event(), []

    async def look(worker: Worker) -> None:
        await all_look.wait()
        if worker.queue_name == QUICK:
            raise ConnectionResetError
        await asyncio.sleep(0.3)
        ended.append(worker.queue_name)
        stop.set()

    monkeypatch.setattr(Worker, "_poll_iteration", look)
    async with asyncio.timeout(20):
        await forget_backlog(backend)
        await work(backend, stop)

    assert sorted(ended) == sorted((DELIVERIES, PULLS, SLOW, SYNCS))


async def ask(tx: Transaction, budget: documents.Budget) -> None:
    from jobs.queue import ask_budget_check

    await budget.insert(session=tx.session)
    ask_budget_check(tx, budget.org_id)
