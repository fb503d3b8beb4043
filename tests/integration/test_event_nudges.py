"""What changes in an account asks for a sync of it: soon, and not once for each of a storm of changes."""

from datetime import timedelta
from typing import Any

import pytest

import documents
from app.wiring import Backend
from documents.base import utc_now
from tests.integration.event_house import House, called, make_house


@pytest.fixture
async def house(backend: Backend) -> House:
    return await make_house(backend)


async def sync_asks(house: House) -> int:
    return len(await documents.SyncRun.list_in(house.tenant.scope, {"account_id": house.account.id}))


async def test_a_change_asks_for_a_sync_and_a_storm_of_changes_asks_once(house: House) -> None:
    def made(number: int) -> dict[str, Any]:
        return called("CreateTags", "ec2", requestParameters={"instanceId": f"i-{number}"}, readOnly=False)

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
    made = called("CreateTags", "ec2", readOnly=False)
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

    await house.receives(called("CreateTags", "ec2", readOnly=False))
    await house.processes()

    after = await documents.Account.get_in(house.tenant.scope, str(house.account.id))
    assert after.nudged_at is not None
    assert after.next_sync_at == after.nudged_at + timedelta(minutes=5)


async def test_looking_and_being_refused_ask_for_no_sync(house: House) -> None:
    await house.receives(
        called("DescribeInstances", "ec2", readOnly=True),
        called("CreateTags", "ec2", readOnly=False, errorCode="Client.UnauthorizedOperation"),
    )

    await house.processes()

    assert await sync_asks(house) == 0
