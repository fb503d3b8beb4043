"""A sync of the whole that is under way steps aside when something has just changed, and goes on where it was."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

import documents
from app.wiring import Backend
from documents.base import utc_now
from documents.sync_run import LEASE, request_cancel
from documents.touch import touch
from documents.transaction import Transaction
from jobs.queue import request_narrow_sync, request_sync
from jobs.tasks.keep_house import ask_again
from tests.factories.aws import loose_volume
from tests.factories.synthetic_account import (
    FOUND,
    LONG,
    a_vendor,
    again,
    connect,
    context_of,
    later,
    open_findings,
    register,
    rows_of,
    sync,
    until_begun,
    work_on,
)
from tests.fakes.synthetic import ACCOUNT, GROUPS, VOLUMES, Fault, Synthetic, item_of

NEW = ("aws-ebs-unattached", "vol-new")


@pytest.fixture(autouse=True)
def vendor_is_known_and_nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)
    monkeypatch.setattr("jobs.lease.LOOK_EVERY", timedelta(milliseconds=50))
    monkeypatch.setattr("jobs.tasks.sync_account.UNDISTURBED", timedelta(0))


@pytest.fixture
async def vendor() -> AsyncIterator[Synthetic]:
    async with a_vendor() as running:
        yield running


async def change(backend: Backend, account: documents.Account, *touches: str) -> None:
    """An event tells of it."""

    async def ask(tx: Transaction) -> None:
        if await touch(tx, account, touches, utc_now()):
            await request_narrow_sync(tx, account)

    await backend.writer.commit(ask)


async def active(account: documents.Account) -> documents.SyncRun:
    raw = await documents.SyncRun.rows().find_one({"active_key": account.id})
    assert raw is not None
    return documents.SyncRun.stored(raw)


async def parked(backend: Backend, vendor: Synthetic) -> tuple[documents.Account, documents.SyncRun, documents.SyncRun]:
    """An account; a sync of the whole that has read its volumes before one was added and another deleted; and the
    narrow one that it has stepped aside for.
    """
    account = await connect(backend, vendor)
    await sync(backend, account)
    await documents.Account.rows().update_one({"_id": account.id}, {"$set": {"touch_free_at": None}})
    vendor.faults = {GROUPS.name: Fault.HANG}
    whole = await backend.writer.commit(lambda tx: request_sync(tx, account))
    working = asyncio.create_task(work_on(backend, whole))
    async with asyncio.timeout(20):
        while await documents.SyncRead.rows().count_documents({"sync_id": whole.id}) < 3:  # noqa: ASYNC110 - another
            await asyncio.sleep(0.02)
    kept, _ = vendor.lists["volumes"]
    vendor.lists["volumes"] = [kept, item_of(loose_volume("vol-new", age=LONG))]
    await change(backend, account, "volumes")
    async with asyncio.timeout(20):
        assert await working == "RUNNING"
    vendor.faults = {}
    return account, whole, await active(account)


async def test_what_changes_during_a_sync_of_the_whole_is_known_before_that_has_ended(
    backend: Backend, vendor: Synthetic
) -> None:
    account, whole, narrow = await parked(backend, vendor)

    await work_on(backend, narrow)

    during = await again(whole)
    assert (narrow.is_narrow, (await again(narrow)).state) == (True, "SUCCEEDED")
    assert during.ended_at is None
    assert await open_findings(account) == {*FOUND, NEW} - {("aws-ebs-unattached", "vol-1")}


async def test_the_whole_goes_on_where_it_was_and_by_what_was_read_meanwhile(
    backend: Backend, vendor: Synthetic
) -> None:
    account, whole, narrow = await parked(backend, vendor)
    await work_on(backend, narrow)
    reads = vendor.calls[VOLUMES.name]

    resumed = await active(account)
    ended = await work_on(backend, resumed)

    assert (resumed.id, ended) == (whole.id, "SUCCEEDED")
    # Not read again, and what it had not seen itself is not gone.
    assert vendor.calls[VOLUMES.name] == reads
    there = {one.native_id for one in await rows_of(documents.Resource, account, is_gone=False)}
    assert {"vol-0", "vol-new", "sg-open"} <= there
    assert "vol-1" not in there
    assert await open_findings(account) == {*FOUND, NEW} - {("aws-ebs-unattached", "vol-1")}
    kept = await documents.SyncRead.rows().count_documents({"account_id": account.id, "seen": {"$ne": None}})
    assert kept == 0


async def test_after_a_narrow_sync_that_failed_the_whole_is_read_anew(backend: Backend, vendor: Synthetic) -> None:
    account, _, narrow = await parked(backend, vendor)
    vendor.faults = {ACCOUNT.name: Fault.EXPIRE}
    failed = await work_on(backend, narrow)
    vendor.faults = {}
    reads = vendor.calls[VOLUMES.name]

    ended = await work_on(backend, await active(account))

    assert (failed, ended) == ("FAILED", "SUCCEEDED")
    assert vendor.calls[VOLUMES.name] == reads + 1
    assert await open_findings(account) == {*FOUND, NEW} - {("aws-ebs-unattached", "vol-1")}


async def test_who_asks_for_the_whole_meanwhile_gets_the_one_that_stepped_aside(
    backend: Backend, vendor: Synthetic
) -> None:
    account, whole, narrow = await parked(backend, vendor)

    asked = await backend.writer.commit(lambda tx: request_sync(tx, account))

    assert asked.id == whole.id
    assert (await again(narrow)).is_narrow


async def test_a_sync_that_stepped_aside_can_be_cancelled(backend: Backend, vendor: Synthetic) -> None:
    account, whole, narrow = await parked(backend, vendor)

    await backend.writer.commit(lambda tx: request_cancel(whole, tx.session, utc_now()))
    await work_on(backend, narrow)
    vendor.pause = 0.2

    assert await work_on(backend, await active(account)) == "CANCELLED"


async def test_a_sync_that_stepped_aside_for_one_that_was_ended_before_it_began_goes_on(
    backend: Backend, vendor: Synthetic
) -> None:
    account, whole, narrow = await parked(backend, vendor)
    await backend.writer.commit(lambda tx: request_cancel(narrow, tx.session, utc_now()))

    # What has changed is waiting still; it is not to be read before the whole has ended.
    soon = utc_now() + timedelta(hours=1)
    await documents.Account.rows().update_one({"_id": account.id}, {"$set": {"touch_free_at": soon}})
    asked = await ask_again({"context": context_of(backend)})

    assert asked >= 1
    assert (await active(account)).id == whole.id
    assert await work_on(backend, whole) == "SUCCEEDED"


async def test_a_worker_that_dies_on_the_narrow_one_keeps_neither_from_its_end(
    backend: Backend, vendor: Synthetic
) -> None:
    _, whole, narrow = await parked(backend, vendor)
    vendor.faults = {VOLUMES.name: Fault.HANG}
    dying = asyncio.create_task(work_on(backend, narrow))
    await until_begun(narrow)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    vendor.faults = {}

    ends = [
        await work_on(backend, run, now=later(context_of(backend), 2 * LEASE)) for run in (narrow, await again(whole))
    ]

    assert ends == ["SUCCEEDED", "SUCCEEDED"]


async def test_a_sync_steps_aside_so_often_and_no_more(
    backend: Backend, vendor: Synthetic, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, whole, narrow = await parked(backend, vendor)
    monkeypatch.setattr("jobs.tasks.sync_account.MOST_PARKINGS", 1)
    await work_on(backend, narrow)
    await documents.Account.rows().update_one({"_id": account.id}, {"$set": {"touch_free_at": None}})
    vendor.pause = 0.2
    await change(backend, account, "groups")

    ended = await work_on(backend, await active(account))

    assert (ended, (await again(whole)).parkings) == ("SUCCEEDED", 1)
    after = await documents.Account.rows().find_one({"_id": account.id})
    assert after is not None
    assert after["touched"] == ["groups"]
    assert after["touch_due_at"] is not None
