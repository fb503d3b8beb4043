"""The life of a run: retried, failed with one alert, cancelled, died and resumed, never two of an account at once."""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from arq import Retry
from pymongo.errors import PyMongoError

import documents
from app.settings import environment_for_children
from app.wiring import Backend
from connectors.guard import Guards
from connectors.limits import limit_of
from documents.base import utc_now
from documents.event import Event
from documents.resource_change import ResourceChange
from documents.sync_read import SyncRead
from documents.sync_run import LEASE, find_stranded_runs, request_cancel
from documents.transaction import Transaction
from schema.node import global_id
from tests.factories.graph import Graph
from tests.factories.synthetic_account import (
    EVERYTHING,
    FOUND,
    a_vendor,
    again,
    connect,
    context_of,
    later,
    open_findings,
    open_sync,
    register,
    rows_of,
    sync,
    work_on,
)
from tests.factories.tenant import make_tenant
from tests.fakes.synthetic import ACCOUNT, GROUPS, VOLUMES, Fault, Synthetic

TRIES = 4


@pytest.fixture(autouse=True)
def vendor_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)


@pytest.fixture
async def vendor() -> AsyncIterator[Synthetic]:
    async with a_vendor() as running:
        yield running


async def alerts_of(account: documents.Account) -> list[tuple[str, int]]:
    """(state, how often it was raised) of the alerts about the syncs of the account."""
    return [(one.state, one.times_raised) for one in await rows_of(documents.Alert, account, source="SYNC")]


async def state_of(account: documents.Account) -> tuple[str, str | None]:
    stored = await documents.Account.rows().find_one({"_id": account.id})
    assert stored is not None
    return stored["state"], stored["problem"]


async def until_read(run: documents.SyncRun, parts: int) -> None:
    """Wait until so many parts of the run are read."""
    async with asyncio.timeout(20):
        while await SyncRead.rows().count_documents({"sync_id": run.id}) < parts:  # noqa: ASYNC110 - another makes it so
            await asyncio.sleep(0.02)


async def cancel(backend: Backend, run: documents.SyncRun) -> documents.SyncRun:
    async def change(tx: Transaction) -> documents.SyncRun:
        return await request_cancel(run, tx.session, utc_now())

    return await backend.writer.commit(change)


@pytest.mark.parametrize("fault", [Fault.FAIL, Fault.THROTTLE, Fault.TEAR])
async def test_an_outage_of_hours_is_one_alert_that_resolves_itself_and_nothing_else(
    backend: Backend, vendor: Synthetic, fault: Fault
) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    vendor.faults = {"*": fault}

    # How often one call is tried is a matter of others; here it is tried once more.
    hasty = Guards(backend.redis, limits=lambda *of: replace(limit_of(*of), attempts=2))
    runs = [await sync(backend, account, guards=hasty) for _ in range(3)]
    during = await alerts_of(account), await open_findings(account), await state_of(account)
    vendor.faults = {}
    # The breaker of the account is open still, by the clock of Redis: this one comes when its pause is over.
    rested = Guards(backend.redis, limits=lambda *of: replace(limit_of(*of), pause=timedelta(0)))
    mended = await sync(backend, account, guards=rested)

    assert [(run.state, run.tries) for run in runs] == [("FAILED", TRIES - 1)] * 3
    assert during[:2] == ([("OPEN", 1)], FOUND)
    assert during[2][0] == "FAILING"
    assert (mended.state, mended.unchanged, mended.findings_resolved) == ("SUCCEEDED", EVERYTHING, 0)
    assert await alerts_of(account) == [("RESOLVED", 1)]
    assert await state_of(account) == ("CONNECTED", None)
    assert await rows_of(ResourceChange, account) == []


async def test_a_failed_attempt_is_made_again_after_a_pause_that_grows(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    vendor.faults = {"*": Fault.FAIL}
    run = await open_sync(backend, account)

    pauses = []
    for _ in range(TRIES - 1):
        with pytest.raises(Retry) as put_off:
            await work_on(backend, run)
        assert put_off.value.defer_score is not None
        pauses.append(put_off.value.defer_score / 1000)
    ended = await work_on(backend, run)

    assert ended == "FAILED"
    assert [15 * 2**n * 0.8 <= pause <= 15 * 2**n * 1.2 for n, pause in enumerate(pauses)] == [True] * 3


async def test_the_provider_says_itself_how_long_to_wait(backend: Backend) -> None:
    async with a_vendor(retry_after=77, faults={"*": Fault.THROTTLE}) as vendor:
        account = await connect(backend, vendor)

        with pytest.raises(Retry) as put_off:
            await work_on(backend, await open_sync(backend, account))

    assert put_off.value.defer_score == 77_000


@pytest.mark.parametrize(
    ("fault", "advice"),
    [(Fault.EXPIRE, "Check the key or role"), (Fault.REFUSE, "Grant it to what"), (Fault.OFF, "plan")],
)
async def test_what_only_the_customer_can_mend_fails_at_once_and_says_so(
    backend: Backend, vendor: Synthetic, fault: Fault, advice: str
) -> None:
    account = await connect(backend, vendor)
    vendor.faults = {ACCOUNT.name: fault}

    run = await sync(backend, account)

    assert (run.state, run.tries) == ("FAILED", 0)
    assert advice in (run.problem or "")
    assert await alerts_of(account) == [("OPEN", 1)]


async def test_an_account_of_which_nothing_may_be_read_has_failed(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    vendor.faults, vendor.begins = {"*": Fault.REFUSE}, {ACCOUNT.name: 100}

    run = await sync(backend, account)

    assert run.state == "FAILED"
    assert "Nothing could be read" in (run.problem or "")


async def test_credentials_that_end_in_the_middle_fail_the_sync_and_resolve_nothing(
    backend: Backend, vendor: Synthetic
) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    asked = vendor.calls[ACCOUNT.name]
    # One more identity is shown and some lists are read before it is over.
    vendor.faults = {"*": Fault.EXPIRE}
    vendor.begins = {ACCOUNT.name: asked + 1, VOLUMES.name: 100}

    run = await sync(backend, account)

    assert (run.state, run.gone) == ("FAILED", 0)
    assert "rejects the credentials" in (run.problem or "")
    assert await open_findings(account) == FOUND
    assert await alerts_of(account) == [("OPEN", 1)]


async def test_a_run_whose_worker_is_stopped_goes_on_without_reading_again_what_was_read(
    backend: Backend, vendor: Synthetic
) -> None:
    account = await connect(backend, vendor)
    vendor.faults = {GROUPS.name: Fault.HANG}
    run = await open_sync(backend, account)

    first = asyncio.create_task(work_on(backend, run))
    await until_read(run, 4)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    vendor.faults = {}
    calls = vendor.calls.copy()
    ended = await work_on(backend, run)

    done = await again(run)
    assert ended == "SUCCEEDED"
    assert vendor.calls[VOLUMES.name] == calls[VOLUMES.name] == 1
    assert (done.resources, done.added, done.gone) == (EVERYTHING, EVERYTHING, 0)
    assert await open_findings(account) == FOUND


async def test_a_killed_worker_leaves_a_run_that_another_one_takes_when_the_lease_is_over(
    backend: Backend, vendor: Synthetic
) -> None:
    account = await connect(backend, vendor)
    vendor.faults = {GROUPS.name: Fault.HANG}
    run = await open_sync(backend, account)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.fakes.dying_sync", str(run.org_id), str(run.id)),
        env={**environment_for_children(backend.settings), "CLOUDWATCHER_MONGODB_DATABASE": "cloudwatcher_test"},
    )
    await until_read(run, 4)
    process.kill()
    await process.wait()
    vendor.faults = {}

    stranded_now = {one.id for one in await find_stranded_runs(utc_now() + timedelta(seconds=1))}
    with pytest.raises(Retry):
        await work_on(backend, run)
    after = utc_now() + LEASE + timedelta(minutes=2)
    stranded_later = {one.id for one in await find_stranded_runs(after)}
    ended = await work_on(backend, run, now=later(context_of(backend), LEASE + timedelta(minutes=2)))

    assert run.id not in stranded_now
    assert run.id in stranded_later
    assert ended == "SUCCEEDED"
    assert vendor.calls[VOLUMES.name] == 1
    assert (await again(run)).added == EVERYTHING


async def test_two_workers_on_one_run_read_the_account_once(backend: Backend) -> None:
    async with a_vendor(pause=0.05) as vendor:
        account = await connect(backend, vendor)
        run = await open_sync(backend, account)

        ended = await asyncio.gather(work_on(backend, run), work_on(backend, run), return_exceptions=True)

    assert {type(one) for one in ended} == {str, Retry}
    assert vendor.calls[VOLUMES.name] == 1


async def test_a_worker_that_was_away_for_too_long_leaves_the_run_to_the_other(
    backend: Backend, vendor: Synthetic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.lease.LOOK_EVERY", timedelta(milliseconds=50))
    monkeypatch.setattr("jobs.lease.RENEW_EVERY", timedelta(0))
    account = await connect(backend, vendor)
    vendor.faults = {GROUPS.name: Fault.HANG}
    run = await open_sync(backend, account)
    slow = asyncio.create_task(work_on(backend, run))
    await until_read(run, 4)

    await documents.SyncRun.rows().update_one({"_id": run.id}, {"$set": {"lease": "another", "leased_until": None}})
    (outcome,) = await asyncio.gather(slow, return_exceptions=True)
    vendor.faults = {}

    assert isinstance(outcome, Retry)
    assert (await again(run)).state == "RUNNING"
    assert await work_on(backend, run) == "SUCCEEDED"


async def test_a_worker_that_was_away_for_too_long_cannot_fail_the_run_of_the_other(
    backend: Backend, vendor: Synthetic
) -> None:
    account = await connect(backend, vendor)
    vendor.faults, vendor.pause = {ACCOUNT.name: Fault.EXPIRE}, 0.2
    run = await open_sync(backend, account)
    slow = asyncio.create_task(work_on(backend, run))
    async with asyncio.timeout(20):
        while vendor.calls[ACCOUNT.name] == 0:  # noqa: ASYNC110 - another makes it so
            await asyncio.sleep(0.01)

    await documents.SyncRun.rows().update_one({"_id": run.id}, {"$set": {"lease": "another", "leased_until": None}})
    (outcome,) = await asyncio.gather(slow, return_exceptions=True)

    assert isinstance(outcome, Retry)
    assert (await again(run)).state == "RUNNING"
    assert await alerts_of(account) == []


async def test_whoever_cancels_a_sync_sees_it_end_within_two_seconds(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    vendor.lists["volumes"] = []
    vendor.faults = {GROUPS.name: Fault.HANG}
    run = await open_sync(backend, account)
    working = asyncio.create_task(work_on(backend, run))
    await until_read(run, 3)

    asked = await cancel(backend, run)
    async with asyncio.timeout(2):
        ended = await working
    vendor.faults = {}
    next_one = await sync(backend, account)

    assert asked.state == "RUNNING"
    assert ended == "CANCELLED"
    stored = await again(run)
    assert (stored.step, stored.gone, stored.active_key) == ("Cancelled", 0, None)
    assert (next_one.state, next_one.gone) == ("SUCCEEDED", 2)
    assert await alerts_of(account) == []


async def test_a_sync_that_nobody_works_on_ends_as_soon_as_it_is_cancelled(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    run = await open_sync(backend, account)

    ended = await cancel(backend, run)

    assert ended.state == "CANCELLED"
    assert await work_on(backend, run) == "CANCELLED"
    assert (await cancel(backend, run)).ended_at == ended.ended_at
    assert vendor.calls == {}


async def test_a_sync_that_takes_too_long_says_so(
    backend: Backend, vendor: Synthetic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.tasks.sync_account.SYNC_TIMEOUT", timedelta(seconds=1))
    account = await connect(backend, vendor)
    vendor.faults = {GROUPS.name: Fault.HANG}

    run = await sync(backend, account)

    assert run.state == "FAILED"
    assert "longer than" in (run.problem or "")


async def test_a_store_that_goes_away_in_the_middle_is_no_failure_of_the_account(
    backend: Backend, vendor: Synthetic, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await connect(backend, vendor)
    run = await open_sync(backend, account)

    async def away(*_: Any, **__: Any) -> None:
        raise PyMongoError("away")

    with monkeypatch.context() as patched:
        patched.setattr("jobs.sync_sink.record_read", away)
        with pytest.raises(Retry):
            await work_on(backend, run)

    assert await work_on(backend, run) == "SUCCEEDED"
    assert (await again(run)).added == EVERYTHING


async def test_an_account_connected_twice_is_read_once(backend: Backend, vendor: Synthetic) -> None:
    tenant = await make_tenant(backend)
    first, second = await connect(backend, vendor, tenant), await connect(backend, vendor, tenant)

    one, other = await sync(backend, first), await sync(backend, second)

    assert (one.state, other.state) == ("SUCCEEDED", "FAILED")
    assert (other.problem or "").endswith("is connected already. Remove one of the two.")
    assert await rows_of(documents.Resource, second) == []
    assert await alerts_of(second) == [("OPEN", 1)]


async def test_an_account_in_two_tenants_is_read_for_each_by_itself(backend: Backend, vendor: Synthetic) -> None:
    first, second = await connect(backend, vendor), await connect(backend, vendor)
    await sync(backend, first)
    await sync(backend, second)

    vendor.lists["volumes"] = []
    one = await sync(backend, first)

    assert one.gone == 2
    assert len(await rows_of(documents.Resource, second, is_gone=False)) == EVERYTHING
    assert await open_findings(second) == FOUND


async def test_progress_is_told_at_most_twice_a_second(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)

    run = await sync(backend, account)

    told = Event.rows().find({"org_id": account.org_id, "type": "SyncProgressed"})
    steps = [raw["payload"]["step"] async for raw in told]
    assert run.ended_at is not None
    assert run.started_at is not None
    seconds = (run.ended_at - run.started_at).total_seconds()
    reading = [step for step in steps if step.startswith("Reading")]
    assert 1 <= len(reading) <= 2 + 2 * seconds  # the last is always told
    assert steps[-1] == "Done"


CANCEL = """
mutation($input: CancelSyncInput!) {
  cancelSync(input: $input) { __typename ... on CancelSyncSuccess { sync { state step } } ... on UserError { message } }
}
"""
HISTORY = """
query($sync: ID!) {
  syncs(first: 1) { nodes { added unchanged unreadParts { operation region cause missing kinds } } }
  syncReads(syncId: $sync, first: 10) { nodes { operation region state items evidence gaps { cause } } }
  resourceChanges(first: 10) { nodes { kind nativeId fields { path before after } resource { name } sync { state } } }
}
"""


async def test_a_person_cancels_a_sync_over_the_graph(backend: Backend, graph: Graph, vendor: Synthetic) -> None:
    tenant = await make_tenant(backend)
    run = await open_sync(backend, await connect(backend, vendor, tenant))

    answer = await graph.ask(CANCEL, tenant.token, input={"syncId": global_id("Sync", run.id)})

    assert answer["cancelSync"]["sync"] == {"state": "CANCELLED", "step": "Cancelled"}


async def test_the_graph_shows_what_changed_and_how_each_part_was_read(
    backend: Backend, graph: Graph, vendor: Synthetic
) -> None:
    tenant = await make_tenant(backend)
    account = await connect(backend, vendor, tenant)
    await sync(backend, account)
    vendor.lists["volumes"][0]["config"]["Size"] = 7
    vendor.faults = {GROUPS.name: Fault.OFF}
    run = await sync(backend, account)

    shown = await graph.ask(HISTORY, tenant.token, sync=global_id("Sync", run.id))

    (newest,) = shown["syncs"]["nodes"]
    assert (newest["added"], newest["unchanged"]) == (0, EVERYTHING - 3)
    assert {(gap["cause"], gap["missing"], *gap["kinds"]) for gap in newest["unreadParts"]} == {
        ("PLAN", "Groups Pro", "AWS_SECURITY_GROUP")
    }
    reads = {(read["operation"], read["region"]): read for read in shown["syncReads"]["nodes"]}
    assert reads["GET /v1/groups", "us-east-1"]["state"] == "INCOMPLETE"
    assert reads["GET /v1/volumes", None]["items"] == 2
    assert len(reads["GET /v1/volumes", None]["evidence"]) == 1
    (change,) = shown["resourceChanges"]["nodes"]
    assert change["fields"] == [{"path": "config.Size", "before": 100, "after": 7}]
    assert (change["resource"], change["sync"]) == ({"name": "vol-0"}, {"state": "PARTIAL"})
