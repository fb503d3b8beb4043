"""What a remediation of ours changes in an account is no drift; the same change by somebody else is."""

from collections.abc import Iterator

import pytest

from app.wiring import Backend
from tests.factories.graph import Graph
from tests.factories.remediation_house import ROLL_BACK, House, make_house
from tests.factories.synthetic_account import sync
from tests.fakes.aws import Moto
from tests.integration.test_drift import declare, listed


@pytest.fixture(scope="module")
def running() -> Iterator[Moto]:
    with pytest.MonkeyPatch.context() as patch, Moto().served() as moto:
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        yield moto


@pytest.fixture
async def house(backend: Backend, graph: Graph, running: Moto) -> House:
    running.reset()
    return await make_house(backend, graph, running)


async def read(house: House) -> list[tuple[str, str, str]]:
    """What has drifted, after a sync."""
    await sync(house.backend, house.account, **house.fast)
    found = await listed(house.graph, house.asker)
    return sorted((one["nativeId"], one["kind"], one["state"]) for one in found)


async def test_a_remediation_explains_its_change_once_and_somebody_else_does_not(house: House) -> None:
    native_id, other = house.volume("gp2"), house.volume("gp2")
    id = await house.plan("aws-ebs-gp2-to-gp3", native_id)
    await declare(house.graph, house.asker, house.account)
    await house.approve(id)
    state = await house.work(id)

    ours = await read(house)
    house.moto.client("ec2").modify_volume(VolumeId=other, VolumeType="gp3")
    theirs = await read(house)
    house.moto.client("ec2").modify_volume(VolumeId=native_id, VolumeType="gp2")
    undone = await read(house)

    assert (state, ours) == ("DONE", [])
    assert theirs == [(other, "CHANGED", "OPEN")]
    assert undone == sorted([(other, "CHANGED", "OPEN"), (native_id, "CHANGED", "OPEN")])


async def test_what_a_remediation_makes_and_takes_away_is_explained_too(house: House) -> None:
    native_id = house.volume("gp3", age_days=300)
    id = await house.plan("aws-ebs-unattached", native_id)
    await declare(house.graph, house.asker, house.account)
    await house.approve(id)
    state = await house.work(id)
    deleted = await read(house)

    await house.ask(ROLL_BACK, remediationId=id, reason="The team wants it back.")
    back = await house.work(id)

    assert (state, deleted) == ("DONE", [])
    assert back == "ROLLED_BACK"
    assert await read(house) == []
