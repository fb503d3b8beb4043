"""Syncs of what events say has changed: nothing else is asked for, and nothing is concluded of anything else."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from arq import Retry

import documents
from app.wiring import Backend
from documents.base import utc_now
from documents.resource_change import ResourceChange
from documents.sync_run import open_run, request_cancel
from documents.touch import ASKED_AGAIN, BOOKS_AT_LEAST, TOUCH_PAUSE, claim_touched_accounts, settle_touches, touch
from documents.transaction import Transaction
from domain.compliance.control import Case, Item, failed, passed
from jobs.queue import request_narrow_sync, request_sync
from jobs.tasks.judge_controls import judge_controls
from tests.factories.aws import instance, security_group
from tests.factories.made_controls import GROUPED, OWNED, VOLUMES, a_control, a_procedure, use_controls
from tests.factories.synthetic_account import (
    CLOSED,
    EVERYTHING,
    FOUND,
    LONG,
    OPEN_TO_ALL,
    a_vendor,
    again,
    connect,
    context_of,
    open_findings,
    register,
    rows_of,
    sync,
    until_begun,
    work_on,
)
from tests.fakes.synthetic import ACCOUNT, BUCKETS, GROUPS, INSTANCES, Fault, Synthetic, item_of
from tests.fakes.synthetic import VOLUMES as VOLUME_LIST

ON_STOPPED = ("aws-ebs-volume-on-stopped-instance", "vol-0")
OPEN_GROUP = ("aws-sg-admin-open", "sg-open")


@pytest.fixture(autouse=True)
def vendor_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)


@pytest.fixture
async def vendor() -> AsyncIterator[Synthetic]:
    async with a_vendor() as running:
        yield running


async def stored(account: documents.Account) -> documents.Account:
    raw = await documents.Account.rows().find_one({"_id": account.id})
    assert raw is not None
    return documents.Account.stored(raw)


async def touched(backend: Backend, account: documents.Account, *touches: str) -> documents.SyncRun | None:
    """The narrow run that is asked for when events have told of these changes; None while none may be."""

    async def change(tx: Transaction) -> None:
        if await touch(tx, account, touches, utc_now()):
            await request_narrow_sync(tx, account)

    await backend.writer.commit(change)
    raw = await documents.SyncRun.rows().find_one({"active_key": account.id})
    return None if raw is None else documents.SyncRun.stored(raw)


async def narrow(backend: Backend, account: documents.Account, *touches: str) -> documents.SyncRun:
    """A narrow sync of these changes to its end, whenever the last one was."""
    await documents.Account.rows().update_one({"_id": account.id}, {"$set": {"touch_free_at": None}})
    run = await touched(backend, account, *touches)
    assert run is not None
    while True:
        try:
            await work_on(backend, run)
        except Retry:
            continue
        return await again(run)


async def test_only_the_lists_that_a_change_can_touch_are_read(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    before = vendor.calls.copy()

    run = await narrow(backend, account, "groups@us-east-1")

    asked = {name: count for name, count in (vendor.calls - before).items() if name != ACCOUNT.name}
    assert asked == {GROUPS.name: 1, "GET /v1/regions": 1}
    assert (run.state, run.is_narrow, run.touched) == ("SUCCEEDED", True, ["groups@us-east-1"])
    assert (run.resources, run.unchanged, run.gone) == (1, 1, 0)
    assert await open_findings(account) == FOUND
    assert await rows_of(ResourceChange, account) == []


async def test_what_vanished_from_such_a_list_is_gone_and_its_finding_over(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    # Both groups and everything else are gone; the list of one region is read.
    vendor.lists = {}

    run = await narrow(backend, account, "groups@us-east-1")

    assert (run.gone, run.findings_resolved) == (1, 1)
    gone = {one.native_id for one in await rows_of(documents.Resource, account, is_gone=True)}
    assert gone == {"sg-open"}
    assert await open_findings(account) == FOUND - {OPEN_GROUP}


async def test_what_is_new_in_such_a_list_is_judged(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    new = item_of(security_group(OPEN_TO_ALL, native_id="sg-new"))
    vendor.lists["groups"] = [*vendor.lists["groups"], new]

    run = await narrow(backend, account, "groups")

    assert (run.added, run.findings_opened) == (1, 1)
    assert await open_findings(account) == {*FOUND, ("aws-sg-admin-open", "sg-new")}
    (line,) = await rows_of(ResourceChange, account)
    assert (line.kind, line.sync_id) == ("ADDED", run.id)


async def test_a_rule_that_looks_at_two_kinds_judges_by_what_was_read_now_and_what_was_read_before(
    backend: Backend, vendor: Synthetic
) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    reads = vendor.calls[VOLUME_LIST.name]
    vendor.lists["instances"] = [item_of(instance("i-1"))]

    started = await narrow(backend, account, "instances")
    running = await open_findings(account)
    vendor.lists["instances"] = [item_of(instance("i-1", stopped=LONG))]
    stopped = await narrow(backend, account, "instances")

    # The volume of the instance was not read again.
    assert vendor.calls[VOLUME_LIST.name] == reads
    assert running == FOUND - {ON_STOPPED, ("aws-ec2-stopped-long", "i-1")}
    assert (started.findings_resolved, stopped.findings_opened) == (2, 2)


async def test_what_no_sync_has_read_in_whole_is_no_ground_to_judge_on(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    # The list of instances was refused the last time; one volume changes and the instance is not asked about.
    vendor.faults = {INSTANCES.name: Fault.REFUSE}
    whole = await sync(backend, account)
    vendor.faults = {}

    run = await narrow(backend, account, "volumes")

    assert (whole.state, run.state) == ("PARTIAL", "SUCCEEDED")
    assert (run.findings_opened, run.findings_resolved) == (0, 0)
    assert await open_findings(account) == FOUND


async def test_a_list_that_is_refused_takes_nothing_for_gone_and_fails_no_account(
    backend: Backend, vendor: Synthetic
) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    vendor.lists["buckets"], vendor.faults = [], {BUCKETS.name: Fault.REFUSE}

    run = await narrow(backend, account, "buckets")

    assert (run.state, run.gone, run.findings_resolved) == ("PARTIAL", 0, 0)
    assert (await stored(account)).state == "CONNECTED"
    assert await open_findings(account) == FOUND


async def test_changes_during_a_narrow_sync_are_read_by_the_next_and_not_lost(
    backend: Backend, vendor: Synthetic
) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    vendor.faults = {GROUPS.name: Fault.HANG}
    run = await touched(backend, account, "groups")
    assert run is not None
    working = asyncio.create_task(work_on(backend, run))
    await until_begun(run)

    same = await touched(backend, account, "instances", "volumes")
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    vendor.faults = {}
    await work_on(backend, run)
    ended = await again(run)
    waiting = await stored(account)
    early = await claim_touched_accounts(utc_now())
    claimed = await claim_touched_accounts(utc_now() + 10 * TOUCH_PAUSE)
    twice = await claim_touched_accounts(utc_now() + 10 * TOUCH_PAUSE)

    assert same is not None
    assert (same.id, ended.state, ended.touched) == (run.id, "SUCCEEDED", ["groups"])
    assert waiting.touched == ["instances", "volumes"]
    assert [[one.id for one in some] for some in (early, claimed, twice)] == [[], [account.id], []]


async def test_a_run_whose_worker_is_stopped_reads_what_it_was_for(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    vendor.lists["groups"], vendor.faults = [], {INSTANCES.name: Fault.HANG}
    run = await touched(backend, account, "groups", "instances")
    assert run is not None

    first = asyncio.create_task(work_on(backend, run))
    async with asyncio.timeout(20):
        while await documents.SyncRead.rows().count_documents({"sync_id": run.id}) < 2:  # noqa: ASYNC110 - another
            await asyncio.sleep(0.02)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    vendor.faults, calls = {}, vendor.calls.copy()
    ended = await work_on(backend, run)

    done = await again(run)
    assert (ended, done.is_narrow, done.touched) == ("SUCCEEDED", True, ["groups", "instances"])
    assert vendor.calls[GROUPS.name] == calls[GROUPS.name]
    assert (done.gone, done.findings_resolved) == (2, 1)
    assert await open_findings(account) == FOUND - {OPEN_GROUP}


async def test_whoever_asks_for_the_whole_meanwhile_gets_the_whole(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    vendor.lists["volumes"] = []
    vendor.faults, vendor.pause = {}, 0.1
    run = await touched(backend, account, "groups")
    assert run is not None
    working = asyncio.create_task(work_on(backend, run))
    await until_begun(run)

    asked = await backend.writer.commit(lambda tx: request_sync(tx, account))
    (outcome,) = await asyncio.gather(working, return_exceptions=True)
    groups = vendor.calls[GROUPS.name]
    ended = await work_on(backend, run)

    done = await again(run)
    assert asked.id == run.id
    assert isinstance(outcome, Retry)
    assert (ended, done.is_narrow, done.gone) == ("SUCCEEDED", False, 2)
    # What the narrow beginning has read is not read again.
    assert vendor.calls[GROUPS.name] == groups


async def test_a_narrow_sync_that_fails_leaves_its_changes_to_one_of_the_whole(
    backend: Backend, vendor: Synthetic
) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    vendor.faults = {ACCOUNT.name: Fault.EXPIRE}

    failed_run = await narrow(backend, account, "groups")
    waiting = await stored(account)
    vendor.faults = {}
    next_one = await narrow(backend, waiting, "volumes")

    assert (failed_run.state, waiting.state, waiting.touched) == ("FAILED", "FAILING", ["groups"])
    assert waiting.touch_due_at is not None
    assert waiting.touch_due_at > utc_now() + timedelta(minutes=4)
    assert (next_one.state, next_one.is_narrow, next_one.unchanged) == ("SUCCEEDED", False, EVERYTHING)
    assert (await stored(account)).state == "CONNECTED"


async def test_a_narrow_sync_that_is_cancelled_leaves_its_changes_to_a_later_one(
    backend: Backend, vendor: Synthetic
) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    vendor.faults = {GROUPS.name: Fault.HANG}
    run = await touched(backend, account, "groups")
    assert run is not None
    working = asyncio.create_task(work_on(backend, run))
    await until_begun(run)

    await backend.writer.commit(lambda tx: request_cancel(run, tx.session, utc_now()))

    assert await working == "CANCELLED"
    after = await stored(account)
    assert after.touched == ["groups"]
    assert after.touch_due_at is not None


async def test_an_account_that_was_never_read_is_read_in_whole(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)

    run = await narrow(backend, account, "groups")

    assert (run.is_narrow, run.added) == (False, EVERYTHING)


async def test_after_many_narrow_syncs_the_whole_is_read_again(
    backend: Backend, vendor: Synthetic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("documents.touch.MOST_NARROW", 2)
    account = await connect(backend, vendor)
    await sync(backend, account)

    runs = [await narrow(backend, account, "groups") for _ in range(4)]

    assert [run.is_narrow for run in runs] == [True, True, False, True]


async def test_narrow_syncs_keep_a_pause_that_a_sync_of_the_whole_does_not_ask_for(
    backend: Backend, vendor: Synthetic
) -> None:
    account = await connect(backend, vendor)
    now = utc_now()

    async def ended(took: timedelta, *, is_narrow: bool) -> documents.Account:
        async def change(tx: Transaction) -> None:
            run, _ = await open_run(account, tx.session, is_narrow=is_narrow)
            run.started_at = now - took
            await settle_touches(tx, account, run, now, is_read=True)

        await backend.writer.commit(change)
        await documents.SyncRun.rows().delete_many({"account_id": account.id})
        return await stored(account)

    whole = await ended(timedelta(minutes=4), is_narrow=False)
    quick = await ended(timedelta(seconds=1), is_narrow=True)
    slow = await ended(timedelta(seconds=20), is_narrow=True)

    assert whole.touch_free_at == now
    assert quick.touch_free_at == now - timedelta(seconds=1) + TOUCH_PAUSE
    assert slow.touch_free_at == now - timedelta(seconds=20) + timedelta(seconds=60)
    # What a second takes books the least, what takes twenty ten times as much.
    assert slow.booked_until == now + BOOKS_AT_LEAST + timedelta(seconds=200)


async def test_a_burst_of_changes_asks_once_and_is_read_together(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)

    runs = [await touched(backend, account, name) for name in ("groups@us-east-1", "groups@eu-west-1", "buckets")]
    (run,) = {one.id: one for one in runs if one is not None}.values()
    await work_on(backend, run)

    assert (await again(run)).touched == ["buckets", "groups@eu-west-1", "groups@us-east-1"]
    assert (await stored(account)).touched == []


async def test_an_ask_that_was_lost_is_made_again(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    run = await touched(backend, account, "groups")
    assert run is not None
    await documents.SyncRun.rows().delete_one({"_id": run.id})

    claimed = await claim_touched_accounts(utc_now() + ASKED_AGAIN)

    assert [one.id for one in claimed] == [account.id]


def both(case: Case) -> list[Item]:
    """As many volumes as groups."""
    groups = [group["id"] for _, group in case.answers.located(GROUPS.name, "items")]
    volumes = [volume["id"] for volume in case.answers.items(VOLUMES, "items")]
    said = f"{len(volumes)} volumes, {len(groups)} groups"
    return [passed("account", said) if len(volumes) == len(groups) else failed("account", said, "as many")]


BOTH = a_control("CW-TST-08", a_procedure(both, VOLUMES, GROUPS.name))


async def test_a_control_of_two_services_is_judged_by_what_was_read_now_and_what_was_read_before(
    backend: Backend, vendor: Synthetic, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_controls(monkeypatch, BOTH, OWNED, GROUPED)
    account = await connect(backend, vendor)
    whole = await sync(backend, account)
    ctx = {"context": context_of(backend)}
    await judge_controls(ctx, org_id=str(account.org_id))
    new = item_of(security_group(CLOSED, native_id="sg-new"))
    vendor.lists["groups"] = [*vendor.lists["groups"], new]

    run = await narrow(backend, account, "groups@us-east-1")
    judged = await judge_controls(ctx, org_id=str(account.org_id))

    raws = await documents.Check.rows().find({"org_id": account.org_id}).to_list()
    checks = {raw["control_id"]: documents.Check.stored(raw) for raw in raws}
    # The control about volumes alone has nothing new to look at.
    assert judged == 2
    assert [one.observed for one in checks[BOTH.id].items] == ["2 volumes, 3 groups"]
    assert checks[BOTH.id].status == "FAIL"
    assert set(checks[BOTH.id].sync_ids) == {whole.id, run.id}
    assert checks[OWNED.id].sync_ids == [whole.id]
