"""What starts policies: the clock, syncs, controls that come to fail; and that nothing is done twice."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from bson import ObjectId

import documents
from app.wiring import Backend
from documents.base import utc_now
from jobs.remediating import policy_running
from jobs.tasks.judge_controls import judge_controls
from schema.node import local_id
from tests.factories.aws_faults_of_costly_machines import machine_that_never_sleeps
from tests.factories.backlog import forget_job, is_asked
from tests.factories.graph import Graph
from tests.factories.policy_house import (
    CREATE,
    GP2,
    PARAMETERS,
    PREVIEW,
    RUN,
    UPDATE,
    after_sync,
    allow,
    left,
    make_policy,
    read_account,
    remediations,
    run_of,
    runs,
    shown,
    start,
    states,
    tick,
    told,
    work,
    work_on_run,
)
from tests.factories.remediation_house import STOP, House, make_house
from tests.factories.synthetic_account import context_of, sync
from tests.factories.tenant import make_tenant
from tests.fakes.aws import Moto

TIMED = {"triggers": ["SCHEDULE"], "schedule": {"zone": "Europe/Berlin", "at": "02:30"}}
OFF_HOURS = "aws-ec2-offhours"


@pytest.fixture(scope="module")
def running() -> Iterator[Moto]:
    with pytest.MonkeyPatch.context() as patch, Moto().served() as moto:
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        yield moto


@pytest.fixture
async def house(backend: Backend, graph: Graph, running: Moto) -> House:
    running.reset()
    return await make_house(backend, graph, running)


async def stored(policy: str) -> documents.RemediationPolicy:
    raw = await documents.RemediationPolicy.rows().find_one({"_id": ObjectId(local_id("RemediationPolicy", policy))})
    assert raw is not None
    return documents.RemediationPolicy.stored(raw)


async def due_at(policy: str, at: datetime) -> None:
    await documents.RemediationPolicy.rows().update_one(
        {"_id": (await stored(policy)).id}, {"$set": {"next_run_at": at}}
    )


async def test_schedule_starts_one_run_for_each_of_its_times_over_a_change_of_clocks(house: House) -> None:
    policy = await make_policy(house, **TIMED)
    # Clocks are put forward over 02:30 on the 29th of March 2026; summer time is two hours ahead of UTC.
    before, after = datetime(2026, 3, 28, 1, 30, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    await due_at(policy, before)

    started = [await tick(house, now=lambda: before), await tick(house, now=lambda: before)]
    next_one = (await stored(policy)).next_run_at
    await tick(house, now=lambda: after)

    assert (started, next_one) == ([1, 0], after)
    assert (await stored(policy)).next_run_at == datetime(2026, 3, 30, 0, 30, tzinfo=UTC)
    rows = documents.RemediationPolicyRun.rows().find({"policy_id": (await stored(policy)).id})
    keys = [raw["key"] async for raw in rows]
    assert sorted(keys) == [f"schedule:{before.isoformat()}", f"schedule:{after.isoformat()}"]


async def test_disabled_policy_is_never_due(house: House) -> None:
    policy = await make_policy(house, **TIMED)
    assert (await stored(policy)).next_run_at is not None

    await house.ask(UPDATE, policyId=policy, name="Disks", ruleIds=[GP2], isEnabled=False, **TIMED)

    assert (await stored(policy)).next_run_at is None


async def test_run_whose_job_is_lost_is_asked_for_again_and_goes_on(house: House) -> None:
    house.volume("gp2")
    house.volume("gp2")
    await read_account(house)
    policy = await make_policy(house)
    run = await start(house, policy)
    (first, second) = await remediations(house)
    # As after a worker that died between the two.
    id = ObjectId(local_id("RemediationPolicyRun", run))
    await documents.Remediation.rows().delete_one({"_id": ObjectId(local_id("Remediation", second))})
    await documents.RemediationPolicyRun.rows().update_one(
        {"_id": id}, {"$set": {"planned": 1, "matched": 0, "ended_at": None}}
    )
    await forget_job(house.backend, f"run_remediation_policy:{id}")
    later = utc_now() + timedelta(minutes=11)

    await tick(house, now=lambda: later)
    asked = await is_asked(house.backend, f"run_remediation_policy:{id}")
    again = [await work_on_run(house, run), await work_on_run(house, run)]

    assert asked
    assert again == [1, 0]
    assert (await remediations(house))[0] == first
    assert len(await remediations(house)) == 2
    ended = await run_of(house, run)
    assert (ended["matched"], ended["planned"]) == (2, 2)


async def test_sync_hands_new_findings_to_a_policy_once(house: House) -> None:
    await allow(house)
    policy = await make_policy(house)
    house.volume("gp2")
    synced = await read_account(house)
    key = f"look_for_findings:{local_id('RemediationPolicy', policy)}:{house.account.id}"
    asked = await is_asked(house.backend, key)

    first = [await after_sync(house, policy, synced), await after_sync(house, policy, synced)]
    await work(house)
    nothing_new = await after_sync(house, policy, await read_account(house))
    house.volume("gp2")
    second = await after_sync(house, policy, await read_account(house))
    await work(house)

    assert asked
    assert (first, nothing_new, second) == ([1, 0], 0, 1)
    # The first batch is the dry one, and stays with people; the next one runs.
    assert await states(house) == ["PLANNED", "DONE"]
    assert [(one["cause"], one["approved"]) for one in await runs(house, policy)] == [("FINDING", 1), ("FINDING", 0)]


async def test_without_a_policy_a_sync_asks_for_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing() -> int:
        return 0

    monkeypatch.setattr(house.backend.queue, "relay", nothing)  # the outbox stays as it was committed
    await read_account(house)

    asked = {"args.org_id": house.asker.org_id, "function": "look_for_findings"}
    assert await house.backend.database["outbox"].find_one(asked) is None


async def test_control_that_comes_to_fail_starts_what_mends_it(house: House) -> None:
    await allow(house)
    policy = await make_policy(house, "aws-kms-rotation", triggers=["CONTROL"], controlIds=["CW-DAT-04"])
    await shown(house, policy, "aws-kms-rotation")
    key = house.moto.client("kms").create_key(Description="seals")["KeyMetadata"]["KeyId"]
    house.volume("gp2")
    await read_account(house)

    ctx = {"context": context_of(house.backend, **house.fast)}
    await judge_controls(ctx, org_id=house.asker.org_id)
    await judge_controls(ctx, org_id=house.asker.org_id)
    (run,) = await runs(house, policy)
    await work_on_run(house, run["id"])
    await work(house)

    run = await run_of(house, run["id"])
    assert (run["cause"], run["controls"]) == ("CONTROL", [{"controlId": "CW-DAT-04"}])
    assert (run["matched"], run["approved"], await states(house)) == (1, 1, ["DONE"])
    assert house.moto.client("kms").get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]


async def test_one_run_plans_no_more_than_it_may(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_running, "MOST_PLANNED", 1)
    house.volume("gp2")
    house.volume("gp2")
    await read_account(house)
    policy = await make_policy(house)

    run = await run_of(house, await start(house, policy))

    assert (run["matched"], run["planned"], left(run)) == (2, 1, {"TOO_MANY": 1})


async def test_run_that_is_stopped_or_changed_before_its_job_plans_nothing(house: House) -> None:
    house.volume("gp2")
    await read_account(house)
    policy = await make_policy(house)
    stopped, changed = [(await house.ask(RUN, policyId=policy))["run"]["id"] for _ in range(2)]

    await house.ask(STOP, isStopped=True, reason="Incident 42.")
    await work_on_run(house, stopped)
    unasked = await after_sync(house, policy, await read_account(house))
    await house.ask(STOP, isStopped=False, reason="It is over.")
    await house.ask(UPDATE, policyId=policy, name="Disks", ruleIds=[GP2], triggers=["FINDING"], isEnabled=False)
    await work_on_run(house, changed)

    assert "stopped" in (await run_of(house, stopped))["problem"]
    assert "switched off" in (await run_of(house, changed))["problem"]
    assert (unasked, await states(house)) == (0, [])


async def test_other_tenant_sees_no_policy_and_takes_no_account(house: House) -> None:
    policy = await make_policy(house)
    stranger = await make_tenant(house.backend)

    unseen = await house.graph.refused(PREVIEW, stranger.token, id=policy)
    fields = {"name": "Mine", "ruleIds": [GP2], "triggers": ["FINDING"]}
    account = {"accountIds": [f"{await _account_id(house)}"]}
    answer = await house.graph.ask(CREATE, stranger.token, input={**fields, **account})

    assert unseen[0]["extensions"]["code"] == "NOT_FOUND"
    assert answer["createRemediationPolicy"]["__typename"] == "NotFoundError"


async def _account_id(house: House) -> str:
    answer = await house.graph.ask("{ accounts { nodes { id } } }", house.asker.token)
    return str(answer["accounts"]["nodes"][0]["id"])


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"ruleIds": ["aws-iam-root-mfa"]}, ["input", "ruleIds"]),
        ({"triggers": ["SCHEDULE"]}, ["input", "schedule"]),
        ({"schedule": {"at": "03:00"}}, ["input", "schedule"]),
        ({"controlIds": ["CW-DAT-04"]}, ["input", "controlIds"]),
        ({"triggers": ["CONTROL"], "controlIds": ["CW-DAT-04"]}, ["input", "controlIds"]),
        ({"triggers": ["CONTROL"], "controlIds": ["CW-NON-01"]}, ["input", "controlIds"]),
        ({"name": "Cheaper disks"}, ["input", "name"]),
    ],
)
async def test_what_does_not_fit_is_refused_with_its_place(
    house: House, wrong: dict[str, object], path: list[str]
) -> None:
    await make_policy(house)

    answer = await house.ask(CREATE, **{"name": "Other", "ruleIds": [GP2], "triggers": ["FINDING"], **wrong})

    assert answer["path"] == path, answer


async def test_recipe_gives_machines_for_development_working_hours_in_their_time_zone(house: House) -> None:
    native_id = machine_that_never_sleeps(house.moto)
    zone = [
        {"name": "time_zone", "text": "Europe/Berlin"},
        {"name": "start_time", "text": "07:30"},
        {"name": "on_hours_week", "number": 50},
    ]
    await house.ask(PARAMETERS, ruleId=OFF_HOURS, parameters=zone)
    await allow(house)
    # It fires once a machine has run for most of a week.
    week = utc_now() + timedelta(days=7)
    policy = await make_policy(house, OFF_HOURS, "azure-vm-offhours", "gcp-vm-offhours", **TIMED)
    await read_account_at(house, week)

    dry = await start(house, policy)
    await work_at(house, week)
    real = await start(house, policy)
    await work_at(house, week)

    scheduler = house.moto.client("scheduler")
    made = {verb: scheduler.get_schedule(Name=f"cloudwatcher-{verb}-{native_id}") for verb in ("start", "stop")}
    told_last = await told(house, (await remediations(house))[-1])
    assert left(await run_of(house, dry)) == {"DRY": 1}
    assert (await run_of(house, real))["approved"] == 1, told_last
    assert {verb: one["ScheduleExpression"] for verb, one in made.items()} == {
        "start": "cron(30 7 ? * MON-FRI *)",
        "stop": "cron(30 17 ? * MON-FRI *)",
    }
    assert {one["ScheduleExpressionTimezone"] for one in made.values()} == {"Europe/Berlin"}
    assert json.loads(made["stop"]["Target"]["Input"]) == {"InstanceIds": [native_id]}


async def read_account_at(house: House, at: datetime) -> None:
    await sync(house.backend, house.account, **house.fast, now=lambda: at)


async def work_at(house: House, at: datetime) -> None:
    for id in await remediations(house, is_open=True):
        await house.work(id, now=lambda: at)
