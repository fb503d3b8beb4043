"""Consumers of the event log: each event once, whatever runs twice, and what is lost is found again."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId
from pymongo.errors import ServerSelectionTimeoutError

from app.wiring import Backend
from app.worker import options
from documents.alert import AlertSource, Cause, raise_alert
from documents.base import utc_now
from documents.log_reader import LogReader, organizations_behind, read_from_now_on
from documents.outbox import OutboxJob
from documents.transaction import Transaction
from domain.facts.event import LoggedEvent
from domain.facts.severity import Severity
from jobs.consumer import Consumer
from jobs.context import JobContext
from jobs.tasks import dispatch_events as task
from tests.factories.tenant import Tenant, make_tenant

NAME = "witness"


class Witness:
    """A consumer that writes what it sees through the transaction, so that it can be rolled back with it."""

    def __init__(self) -> None:
        self.consumer = Consumer(name=NAME, order=1, wants=lambda event: event.type == "AlertRaised", take=self.take)
        self.failing = 0

    async def take(self, tx: Transaction, context: JobContext, org_id: ObjectId, events: Sequence[LoggedEvent]) -> None:
        rows = LogReader.get_pymongo_collection().database["witnessed"]
        await rows.insert_many([{"org": org_id, "seq": event.seq} for event in events], session=tx.session)
        if self.failing:
            self.failing -= 1
            raise RuntimeError("died before the commit")


@pytest.fixture
def witness(monkeypatch: pytest.MonkeyPatch) -> Witness:
    made = Witness()
    monkeypatch.setattr(task, "consumers", lambda: (made.consumer,))
    return made


async def raised(backend: Backend, tenant: Tenant, *names: str) -> None:
    async def change(tx: Transaction) -> None:
        for name in names:
            cause = Cause(name, AlertSource.FINDING, Severity.HIGH, name, "m")
            await raise_alert(tx, tenant.organization.id, cause, utc_now())

    await backend.writer.commit(change)


async def dispatched(backend: Backend, tenant: Tenant) -> int:
    return await task.dispatch_events(options(backend)["ctx"], org_id=str(tenant.organization.id))


async def seen(backend: Backend, tenant: Tenant) -> list[int]:
    rows = backend.database["witnessed"].find({"org": tenant.organization.id})
    return [raw["seq"] async for raw in rows]


async def test_each_event_is_taken_once_and_a_second_run_finds_nothing(backend: Backend, witness: Witness) -> None:
    tenant = await make_tenant(backend)
    await raised(backend, tenant, "a", "b")

    first, second = await dispatched(backend, tenant), await dispatched(backend, tenant)

    assert first >= 2
    assert second == 0
    assert len(await seen(backend, tenant)) == 2


async def test_what_a_consumer_wrote_before_it_died_is_not_there_and_is_done_again(
    backend: Backend, witness: Witness
) -> None:
    tenant = await make_tenant(backend)
    await raised(backend, tenant, "a")
    witness.failing = 1

    with pytest.raises(ExceptionGroup) as died:
        await dispatched(backend, tenant)
    after_death = await seen(backend, tenant)
    await dispatched(backend, tenant)

    assert died.group_contains(RuntimeError, match="died before the commit")
    assert after_death == []
    assert len(await seen(backend, tenant)) == 1


async def test_a_consumer_that_fails_keeps_its_place_and_does_not_silence_the_others(
    backend: Backend, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(tx: Transaction, context: JobContext, org_id: ObjectId, events: Sequence[LoggedEvent]) -> None:
        raise KeyError("a defect")

    broken = Consumer(name="broken", order=0, wants=lambda event: True, take=fail)
    monkeypatch.setattr(task, "consumers", lambda: (broken, witness.consumer))
    tenant = await make_tenant(backend)
    await raised(backend, tenant, "a")

    with pytest.raises(ExceptionGroup):
        await dispatched(backend, tenant)

    assert len(await seen(backend, tenant)) == 1
    assert tenant.organization.id in await organizations_behind(["broken"], limit=100_000)
    assert tenant.organization.id not in await organizations_behind([NAME], limit=100_000)


async def test_where_the_database_fails_the_others_are_not_tried(
    backend: Backend, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(tx: Transaction, context: JobContext, org_id: ObjectId, events: Sequence[LoggedEvent]) -> None:
        raise ServerSelectionTimeoutError("away")

    broken = Consumer(name="broken", order=0, wants=lambda event: True, take=fail)
    monkeypatch.setattr(task, "consumers", lambda: (broken, witness.consumer))
    tenant = await make_tenant(backend)
    await raised(backend, tenant, "a")

    with pytest.raises(ServerSelectionTimeoutError):
        await dispatched(backend, tenant)

    assert await seen(backend, tenant) == []


async def test_a_run_that_takes_long_ends_after_a_batch_and_the_next_goes_on(
    backend: Backend, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task, "BATCH", 1)
    monkeypatch.setattr(task, "LONGEST_RUN", timedelta(0))
    tenant = await make_tenant(backend)
    await raised(backend, tenant, "a", "b")

    passed = await dispatched(backend, tenant)
    is_behind = tenant.organization.id in await organizations_behind([NAME], limit=100_000)
    while await dispatched(backend, tenant):
        pass

    assert (passed, is_behind) == (1, True)
    assert len(await seen(backend, tenant)) == 2


async def test_every_announcement_asks_for_one_dispatch_of_its_organization(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    asked: list[Any] = []

    async def change(tx: Transaction) -> None:
        await raise_alert(
            tx, tenant.organization.id, Cause("x", AlertSource.FINDING, Severity.LOW, "x", "m"), utc_now()
        )
        await tx.flush()
        query = {"function": "dispatch_events", "args.org_id": str(tenant.organization.id)}
        asked.extend(await OutboxJob.get_pymongo_collection().find(query, session=tx.session).to_list())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await backend.writer.commit(change)
    assert len(asked) == 1


async def test_an_organization_whose_job_was_lost_is_found_until_it_is_done(backend: Backend, witness: Witness) -> None:
    tenant = await make_tenant(backend)
    await raised(backend, tenant, "a")

    before = await organizations_behind([NAME], limit=100_000)
    await dispatched(backend, tenant)
    after = await organizations_behind([NAME], limit=100_000)

    assert tenant.organization.id in before
    assert tenant.organization.id not in after


async def test_logs_of_before_there_were_readers_are_read_from_their_end(backend: Backend, witness: Witness) -> None:
    tenant = await make_tenant(backend)
    await raised(backend, tenant, "old")
    counters = backend.database["event_counters"]
    await counters.update_one({"_id": tenant.organization.id}, {"$unset": {"read_from": ""}})

    await read_from_now_on()
    await raised(backend, tenant, "new")
    await dispatched(backend, tenant)

    assert len(await seen(backend, tenant)) == 1
