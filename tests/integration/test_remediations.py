"""Remediations over the graph against a stand-in AWS account: planned, approved, made, verified, taken back."""

from collections.abc import Iterator

import pytest

import documents
from app.wiring import Backend
from tests.factories.graph import Graph
from tests.factories.remediation_house import CANCEL, ROLL_BACK, STOP, House, make_house
from tests.fakes.aws import Moto


@pytest.fixture(scope="module")
def running() -> Iterator[Moto]:
    with pytest.MonkeyPatch.context() as patch, Moto().served() as moto:
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        yield moto


@pytest.fixture
async def house(backend: Backend, graph: Graph, running: Moto) -> House:
    running.reset()
    return await make_house(backend, graph, running)


def volumes(house: House) -> dict[str, str]:
    found = house.moto.client("ec2").describe_volumes()["Volumes"]
    return {one["VolumeId"]: one["VolumeType"] for one in found}


async def test_fault_is_planned_approved_mended_verified_and_taken_back(house: House) -> None:
    native_id = house.volume("gp2")

    id = await house.plan("aws-ebs-gp2-to-gp3", native_id)
    planned = await house.shown(id)
    approved = await house.approve(id)
    state = await house.work(id)
    done, became = await house.shown(id), volumes(house)
    answer = await house.ask(ROLL_BACK, remediationId=id, reason="The team wants it back.")
    await house.work(id)
    rolled_back = await house.shown(id)

    assert planned["state"] == "PLANNED"
    assert [step["operation"] for step in planned["plan"]["steps"]] == ["ec2.modify_volume"]
    assert approved["remediation"]["state"] == "APPROVED", approved
    assert (state, done["state"], done["finding"]["state"]) == ("DONE", "DONE", "RESOLVED")
    assert became == {native_id: "gp3"}
    assert done["canRollBack"]
    assert answer["remediation"]["state"] == "ROLLING_BACK"
    assert rolled_back["state"] == "ROLLED_BACK"
    assert volumes(house) == {native_id: "gp2"}
    assert [call.operation for call in await house.journal(id)] == ["ec2.modify_volume", "ec2.modify_volume"]


async def test_fault_that_is_made_again_is_noted_with_the_next_sync(house: House) -> None:
    native_id = house.volume("gp2")
    id = await house.plan("aws-ebs-gp2-to-gp3", native_id)
    await house.approve(id)
    await house.work(id)
    before = await house.finding("aws-ebs-gp2-to-gp3", native_id)
    house.moto.client("ec2").modify_volume(VolumeId=native_id, VolumeType="gp2")

    after = await house.finding("aws-ebs-gp2-to-gp3", native_id)

    (done,) = [one async for one in documents.Remediation.rows().find({"finding_id": after.id})]
    assert (before.state, after.state) == ("RESOLVED", "OPEN")
    assert (done["state"], done["regressed_at"]) == ("DONE", after.opened_at)


async def test_plan_says_what_is_lost_and_what_it_would_save(house: House) -> None:
    native_id = house.volume("gp3", age_days=300)

    planned = await house.shown(await house.plan("aws-ebs-unattached", native_id))

    assert planned["plan"]["reversible"] == "PARTLY"
    assert "another id" in planned["plan"]["loses"]
    assert [step["key"] for step in planned["plan"]["undo"]] == ["delete/create"]
    # 100 GiB at 0.08 less a snapshot at 0.05.
    assert planned["monthlySaving"] == {"amount": "3.00", "currency": "USD"}


async def test_who_asked_does_not_approve(house: House) -> None:
    id = await house.plan("aws-ebs-gp2-to-gp3", house.volume("gp2"))

    answer = await house.approve(id, by=house.asker)

    assert answer["__typename"] == "ConflictError"
    assert "Somebody else" in answer["message"]
    assert (await house.shown(id))["state"] == "PLANNED"


async def test_approval_of_another_plan_is_refused(house: House) -> None:
    id = await house.plan("aws-ebs-gp2-to-gp3", house.volume("gp2"))

    answer = await house.approve(id, planHash="0" * 64)

    assert (answer["__typename"], answer["path"]) == ("ConflictError", ["input", "planHash"])


async def test_changed_state_voids_the_approval(house: House) -> None:
    native_id = house.volume("gp2")
    id = await house.plan("aws-ebs-gp2-to-gp3", native_id)
    await house.approve(id)
    house.moto.client("ec2").create_tags(Resources=[native_id], Tags=[{"Key": "owner", "Value": "somebody"}])

    state = await house.work(id)

    assert state == "VOID"
    assert volumes(house) == {native_id: "gp2"}
    assert await house.journal(id) == []


async def test_resource_that_is_gone_voids_the_approval(house: House) -> None:
    native_id = house.volume("gp2")
    id = await house.plan("aws-ebs-gp2-to-gp3", native_id)
    await house.approve(id)
    house.moto.client("ec2").delete_volume(VolumeId=native_id)

    assert await house.work(id) == "VOID"
    assert "gone" in (await house.shown(id))["problem"]


async def test_account_that_may_only_be_read_is_found_at_plan_time(
    backend: Backend, graph: Graph, running: Moto
) -> None:
    running.reset()
    house = await make_house(backend, graph, running, may_act=False)
    id = await house.plan("aws-ebs-gp2-to-gp3", house.volume("gp2"))

    planned, answer = await house.shown(id), await house.approve(id)

    assert planned["missing"] == ["ec2:ModifyVolume"]
    assert "allowRemediation" in planned["problem"]
    assert answer["__typename"] == "ConflictError"


async def test_failed_step_takes_back_those_before_it(house: House) -> None:
    native_id = house.volume("gp3", age_days=300)
    id = await house.plan("aws-ebs-unattached", native_id)
    await house.approve(id)
    house.moto.fail("ec2.DeleteVolume", 400, "VolumeInUse")

    state = await house.work(id)

    shown = await house.shown(id)
    assert state == "UNDONE", shown
    assert native_id in volumes(house)
    assert [status for status, _ in await house.alerts()] == ["OPEN"]
    assert "taken back" in (await house.alerts())[0][1]


async def test_switch_stops_before_the_next_call(house: House) -> None:
    native_id = house.volume("gp3", age_days=300)
    id = await house.plan("aws-ebs-unattached", native_id)
    await house.approve(id)
    await house.ask(STOP, isStopped=True, reason="Freeze for the audit.")

    waits = await house.work(id)
    calls = await house.journal(id)
    await house.ask(STOP, isStopped=False, reason="The audit is over.")
    goes_on = await house.work(id)

    assert (waits, calls) == ("APPROVED", [])
    assert goes_on == "DONE"


async def test_cancelled_before_it_runs_nothing_is_done(house: House) -> None:
    native_id = house.volume("gp2")
    id = await house.plan("aws-ebs-gp2-to-gp3", native_id)
    await house.approve(id)

    answer = await house.ask(CANCEL, remediationId=id, reason="Not today.")
    state = await house.work(id)

    assert answer["remediation"]["state"] == "CANCELLED"
    assert state == "left alone"
    assert volumes(house) == {native_id: "gp2"}


async def test_permission_that_iam_denies_is_found_at_plan_time(house: House) -> None:
    denied = {"EvalActionName": "ec2:ModifyVolume", "EvalResourceName": "*", "EvalDecision": "implicitDeny"}
    house.moto.say("iam.SimulatePrincipalPolicy", {"EvaluationResults": [denied], "IsTruncated": False})

    id = await house.plan("aws-ebs-gp2-to-gp3", house.volume("gp2"))
    answer = await house.approve(id)

    assert (await house.shown(id))["missing"] == ["ec2:ModifyVolume"]
    assert answer["__typename"] == "ConflictError"
    assert "ec2:ModifyVolume is missing" in answer["message"]


async def test_where_iam_tells_nothing_nothing_is_said_to_be_missing(house: House) -> None:
    house.moto.fail("iam.SimulatePrincipalPolicy", 403, "AccessDenied")

    id = await house.plan("aws-ebs-gp2-to-gp3", house.volume("gp2"))

    assert (await house.shown(id))["missing"] is None
