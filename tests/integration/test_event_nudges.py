"""What changes in an account asks for a sync of it: soon, and not once for each of a storm of changes."""

from datetime import datetime, timedelta
from typing import Any

import pytest

import documents
from app.wiring import Backend
from documents.base import utc_now
from documents.nudge import BOOKED_AHEAD, nudge, pause_of, settle_nudges
from documents.transaction import Transaction
from jobs.tasks.keep_house import start_narrow_syncs
from tests.integration.event_house import House, called, make_house

# Of a service that no sync reads: what it touches is not known.
UNREAD = ("CreateAgent", "bedrock")


@pytest.fixture
async def house(backend: Backend) -> House:
    return await make_house(backend)


async def sync_asks(house: House) -> int:
    return len(await documents.SyncRun.list_in(house.tenant.scope, {"account_id": house.account.id}))


async def test_a_change_asks_for_a_sync_and_a_storm_of_changes_asks_once(house: House) -> None:
    def made(number: int) -> dict[str, Any]:
        return called(*UNREAD, requestParameters={"name": f"agent-{number}"}, readOnly=False)

    await house.receives(made(0), made(1))
    await house.processes()
    await documents.SyncRun.rows().update_many({"account_id": house.account.id}, {"$set": {"active_key": None}})
    nudged = (await documents.Account.get_in(house.tenant.scope, str(house.account.id))).nudged_at
    await house.receives(*(made(number) for number in range(20)))
    await house.processes()

    assert nudged is not None
    assert await sync_asks(house) == 1
    after = await documents.Account.get_in(house.tenant.scope, str(house.account.id))
    assert after.next_sync_at == nudged + timedelta(minutes=5)


async def test_after_five_minutes_a_change_asks_again(house: House) -> None:
    made = called(*UNREAD, readOnly=False)
    await house.receives(made)
    await house.processes()
    past = utc_now() - timedelta(minutes=5)
    await documents.SyncRun.rows().update_many({"account_id": house.account.id}, {"$set": {"active_key": None}})
    await documents.Account.rows().update_one({"_id": house.account.id}, {"$set": {"nudged_at": past}})

    await house.receives(made)
    await house.processes()

    assert await sync_asks(house) == 2


async def test_a_change_during_a_sync_has_the_next_one_come_sooner(house: House) -> None:
    run = documents.SyncRun(
        org_id=house.account.org_id,
        account_id=house.account.id,
        active_key=house.account.id,
        state=documents.SyncState.RUNNING,
    )
    await run.insert()

    await house.receives(called(*UNREAD, readOnly=False))
    await house.processes()

    after = await documents.Account.get_in(house.tenant.scope, str(house.account.id))
    assert after.nudged_at is not None
    assert after.next_sync_at == after.nudged_at + timedelta(minutes=5)


async def test_a_change_in_a_service_that_is_read_asks_for_a_sync_of_that_service_alone(house: House) -> None:
    await house.receives(
        called("CreateTags", "ec2", readOnly=False),
        called("CreateTags", "ec2", readOnly=False),
        called("CreateUser", "iam", readOnly=False),
    )

    await house.processes()

    (run,) = await documents.SyncRun.list_in(house.tenant.scope, {"account_id": house.account.id})
    after = await documents.Account.get_in(house.tenant.scope, str(house.account.id))
    assert run.is_narrow
    assert after.touched == ["ec2@us-east-1", "iam@us-east-1"]
    # The sync of the whole comes when it would have come.
    assert (after.nudged_at, after.next_sync_at) == (None, house.account.next_sync_at)


async def test_a_change_that_is_not_understood_has_the_whole_read_with_those_that_are(house: House) -> None:
    await house.receives(called("CreateUser", "iam", readOnly=False), called(*UNREAD, readOnly=False))

    await house.processes()

    (run,) = await documents.SyncRun.list_in(house.tenant.scope, {"account_id": house.account.id})
    assert not run.is_narrow


async def test_a_change_that_is_not_understood_widens_a_narrow_sync(house: House) -> None:
    await house.receives(called("CreateUser", "iam", readOnly=False))
    await house.processes()

    await house.receives(called(*UNREAD, readOnly=False))
    await house.processes()

    (run,) = await documents.SyncRun.list_in(house.tenant.scope, {"account_id": house.account.id})
    assert not run.is_narrow


async def test_the_clock_starts_narrow_syncs_that_had_to_wait(house: House) -> None:
    soon = utc_now() + timedelta(hours=1)
    await documents.Account.rows().update_one({"_id": house.account.id}, {"$set": {"touch_free_at": soon}})
    await house.receives(called("CreateUser", "iam", readOnly=False))
    await house.processes()
    waiting = await sync_asks(house)

    early = await start_narrow_syncs(house.context)
    await documents.Account.rows().update_one({"_id": house.account.id}, {"$set": {"touch_due_at": utc_now()}})
    due = [await start_narrow_syncs(house.context), await start_narrow_syncs(house.context)]

    assert (waiting, early, due) == (0, 0, [1, 0])
    assert await sync_asks(house) == 1


async def test_looking_and_being_refused_ask_for_no_sync(house: House) -> None:
    await house.receives(
        called("DescribeInstances", "ec2", readOnly=True),
        called("CreateTags", "ec2", readOnly=False, errorCode="Client.UnauthorizedOperation"),
    )

    await house.processes()

    assert await sync_asks(house) == 0


async def synced(house: House, *, took: timedelta, ends: datetime) -> documents.Account:
    """The account after a sync that took so long."""
    account = await documents.Account.get_in(house.tenant.scope, str(house.account.id))
    await house.backend.writer.commit(lambda tx: settle_nudges(tx, account, ends - took, ends))
    await documents.SyncRun.rows().update_many({"account_id": account.id}, {"$set": {"active_key": None}})
    return await documents.Account.get_in(house.tenant.scope, str(house.account.id))


@pytest.mark.parametrize(
    ("took", "pause"),
    [
        (timedelta(seconds=2), timedelta(seconds=20)),
        (timedelta(seconds=30), timedelta(seconds=90)),
        (timedelta(minutes=4), timedelta(minutes=5)),
        (timedelta(seconds=-9), timedelta(seconds=20)),  # the clock was moved back
    ],
)
async def test_an_account_that_is_read_quickly_is_read_again_soon(
    house: House, took: timedelta, pause: timedelta
) -> None:
    now = utc_now()
    account = await synced(house, took=took, ends=now)
    assert account.nudged_at is not None

    async def ask(tx: Transaction) -> list[bool]:
        early, due = account.nudged_at + pause - timedelta(seconds=1), account.nudged_at + pause
        return [await nudge(tx, account, at) for at in (early, due)]

    assert await house.backend.writer.commit(ask) == [False, True]


async def test_a_change_during_a_sync_has_the_next_one_come_when_it_has_ended(house: House) -> None:
    began = utc_now() - timedelta(seconds=2)
    await house.receives(called(*UNREAD, readOnly=False))
    await house.processes()

    after = await synced(house, took=timedelta(seconds=2), ends=began + timedelta(seconds=2))

    assert after.nudged_at is not None
    assert after.next_sync_at == after.nudged_at + timedelta(seconds=20)


async def test_a_sync_during_which_nothing_changed_leaves_the_next_one_where_it_was(house: House) -> None:
    await house.receives(called(*UNREAD, readOnly=False))
    await house.processes()

    after = await synced(house, took=timedelta(seconds=2), ends=utc_now() + timedelta(seconds=9))

    assert after.next_sync_at == house.account.next_sync_at


async def test_a_storm_without_an_end_has_an_account_read_every_five_minutes(house: House) -> None:
    began, syncs = utc_now(), []
    account = house.account
    # A change every ten seconds for a day, and syncs that take one second.
    for second in range(0, 24 * 3600, 10):
        at = began + timedelta(seconds=second)
        free = [account.nudged_at is None or account.nudged_at <= at - pause_of(account)]
        free.append(account.booked_until is None or account.booked_until <= at + BOOKED_AHEAD)
        if all(free):
            syncs.append(second)
            account = await synced(house, took=timedelta(seconds=1), ends=at + timedelta(seconds=1))

    # Sixty that were saved up, and one for every five minutes of the day.
    assert len(syncs) == pytest.approx(60 + 24 * 12, abs=2)
    assert syncs[:3] == [0, 20, 40]
