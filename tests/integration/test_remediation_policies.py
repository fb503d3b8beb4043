"""Policies over the graph against a stand-in AWS account: what runs by itself, and what is left to people."""

import asyncio
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError
from bson import ObjectId

from app.wiring import Backend
from documents.base import utc_now
from documents.remediation_count import RemediationCount, begin_counts, spans, take_one
from documents.transaction import Transaction
from domain.facts.remediation import Left
from domain.facts.weekday import Weekday
from tests.factories.graph import Graph
from tests.factories.policy_house import (
    DELETE,
    GP2,
    PARAMETERS,
    SETTINGS,
    UPDATE,
    allow,
    left,
    make_policy,
    preview,
    read_account,
    remediations,
    run_now,
    shown,
    start,
    states,
    told,
    work,
)
from tests.factories.remediation_house import CANCEL, ROLL_BACK, STOP, House, make_house
from tests.fakes.aws import Moto

DEV = [{"Key": "environment", "Value": "dev"}]


@pytest.fixture(scope="module")
def running() -> Iterator[Moto]:
    with pytest.MonkeyPatch.context() as patch, Moto().served() as moto:
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        yield moto


@pytest.fixture
async def house(backend: Backend, graph: Graph, running: Moto) -> House:
    running.reset()
    return await make_house(backend, graph, running)


def kinds(house: House) -> dict[str, str]:
    found = house.moto.client("ec2").describe_volumes()["Volumes"]
    return {one["VolumeId"]: one["VolumeType"] for one in found}


async def test_low_risk_runs_by_itself_once_a_dry_run_has_shown_it(house: House) -> None:
    native_id = house.volume("gp2")
    await read_account(house)
    await allow(house)
    policy = await make_policy(house)

    dry = await run_now(house, policy)
    after_dry = kinds(house)
    waiting = await told(house, (await remediations(house))[0])
    real = await run_now(house, policy)

    assert (dry["matched"], dry["planned"], dry["approved"], dry["waiting"]) == (1, 1, 0, 1)
    assert (dry["dryRuleIds"], left(dry), after_dry) == ([GP2], {"DRY": 1}, {native_id: "gp2"})
    assert "dry run" in waiting["policySays"]
    assert (real["approved"], real["waiting"], real["dryRuleIds"]) == (1, 0, [])
    assert await states(house) == ["EXPIRED", "DONE"]
    assert kinds(house) == {native_id: "gp3"}
    done = await told(house, (await remediations(house))[1])
    assert done["policy"] == {"name": "Cheaper disks"}
    assert done["approvals"] == [
        {"by": policy, "via": "policy", "reason": "Its risk is low.", "policyVersion": 1},
    ]


async def test_nothing_runs_where_the_organization_has_not_allowed_it(house: House) -> None:
    native_id = house.volume("gp2")
    await read_account(house)
    policy = await make_policy(house)
    await shown(house, policy)

    run = await run_now(house, policy)

    assert (left(run), await states(house)) == ({"NOT_ALLOWED": 1}, ["PLANNED"])
    assert kinds(house) == {native_id: "gp2"}


async def test_policy_that_proposes_leaves_everything_to_people(house: House) -> None:
    house.volume("gp2")
    await read_account(house)
    await allow(house)
    policy = await make_policy(house, mode="PROPOSE")
    await shown(house, policy)

    assert left(await run_now(house, policy)) == {"PROPOSED": 1}


async def test_high_risk_waits_for_somebody_who_has_not_set_the_policy(house: House) -> None:
    native_id = house.volume("gp3", age_days=300)
    await read_account(house)
    await allow(house)
    policy = await make_policy(house, "aws-ebs-unattached")
    await shown(house, policy, "aws-ebs-unattached")

    run = await run_now(house, policy)
    (id,) = await remediations(house)
    own = await house.approve(id)
    others = await house.approve(id, by=house.asker)

    assert (left(run), own["__typename"]) == ({"HIGH_RISK": 1}, "ConflictError")
    assert others["remediation"]["state"] == "APPROVED"
    assert native_id in kinds(house)


async def test_medium_risk_runs_outside_production_only(house: House) -> None:
    s3 = house.moto.client("s3")
    for name in ("for-dev", "for-customers"):
        s3.create_bucket(Bucket=name)
    s3.put_bucket_tagging(Bucket="for-dev", Tagging={"TagSet": DEV})
    await read_account(house)
    await allow(house)
    policy = await make_policy(house, "aws-s3-tls-only")
    await shown(house, policy, "aws-s3-tls-only")

    run = await run_now(house, policy)

    assert (run["approved"], left(run)) == (1, {"PRODUCTION": 1})
    assert "aws:SecureTransport" in s3.get_bucket_policy(Bucket="for-dev")["Policy"]
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        s3.get_bucket_policy(Bucket="for-customers")


async def test_more_than_the_cap_waits_for_people(house: House) -> None:
    for _ in range(3):
        house.volume("gp2")
    await read_account(house)
    await allow(house, mostPerRun=2)
    policy = await make_policy(house)
    await shown(house, policy)
    foreseen = await preview(house, policy)

    run = await run_now(house, policy)

    assert (foreseen["planned"], foreseen["approved"]) == (3, 2)
    assert (run["approved"], run["waiting"], left(run)) == (2, 1, {"CAP_OF_RUN": 1})
    assert sorted(kinds(house).values()) == ["gp2", "gp3", "gp3"]


async def test_cap_of_a_day_holds_over_runs_and_a_policy_may_have_a_lower_one(house: House) -> None:
    await allow(house)
    policy = await make_policy(house, mostPerDay=1)
    await shown(house, policy)
    house.volume("gp2")
    await read_account(house)

    first = await run_now(house, policy)
    house.volume("gp2")
    await read_account(house)
    second = await run_now(house, policy)

    assert (first["approved"], second["approved"], left(second)) == (1, 0, {"CAP_OF_DAY": 1})


async def test_workers_at_once_never_pass_a_cap(backend: Backend) -> None:
    org_id, now, run_id = ObjectId(), utc_now(), ObjectId()
    named = spans(run_id, now)
    await begin_counts(org_id, GP2, named, now)

    async def one(tx: Transaction) -> Left | None:
        return await take_one(org_id, GP2, named, (5, 3), tx.session)

    found = await asyncio.gather(*[backend.writer.commit(one) for _ in range(12)])

    rows = await RemediationCount.rows().find({"org_id": org_id}).to_list()
    assert found.count(None) == 3
    assert found.count(Left.CAP_OF_RUN) == 9
    assert {raw["span"]: raw["taken"] for raw in rows} == {named[0]: 3, named[1]: 3}


async def test_changed_parameters_and_a_changed_policy_are_shown_dry_again(house: House) -> None:
    await allow(house)
    group = house.moto.client("logs").create_log_group
    group(logGroupName="/one")
    await read_account(house)
    policy = await make_policy(house, "aws-logs-no-retention")
    await shown(house, policy, "aws-logs-no-retention")

    chosen = [{"name": "retention_days", "number": 30}]
    await house.ask(PARAMETERS, ruleId="aws-logs-no-retention", parameters=chosen)
    other_days = await run_now(house, policy)
    fields = {"name": "Logs", "ruleIds": ["aws-logs-no-retention"], "triggers": ["FINDING"], "mode": "RUN"}
    changed = await house.ask(UPDATE, policyId=policy, expectedVersion=1, **fields)
    group(logGroupName="/two")
    await read_account(house)
    other_policy = await run_now(house, policy)

    assert left(other_days) == {"PRODUCTION": 1, "DRY": 1}
    assert changed["policy"]["version"] == 2
    assert left(other_policy) == {"OPEN_ALREADY": 1, "PRODUCTION": 1, "DRY": 1}


async def test_exempt_and_other_tags_are_left_out(house: House) -> None:
    ec2 = house.moto.client("ec2")
    taken, exempt, kept, other = (house.volume("gp2") for _ in range(4))
    ec2.create_tags(Resources=[taken, exempt, kept], Tags=DEV)
    ec2.create_tags(Resources=[kept], Tags=[{"Key": "keep", "Value": "yes"}])
    await read_account(house)
    ec2.create_tags(Resources=[exempt], Tags=[{"Key": "remediation-exempt", "Value": GP2}])
    await allow(house)
    tags = {"tags": [{"key": "Environment", "values": ["dev", "test"]}], "withoutTags": [{"key": "keep"}]}
    policy = await make_policy(house, **tags)
    await shown(house, policy)

    run = await run_now(house, policy)

    # That one is exempt has not been read yet: the plan sees it.
    assert (run["matched"], run["approved"], run["refused"], left(run)) == (2, 1, 1, {"NO_PLAN": 1})
    assert kinds(house) == {taken: "gp3", exempt: "gp2", kept: "gp2", other: "gp2"}


async def test_stopped_organization_plans_nothing_new(house: House) -> None:
    house.volume("gp2")
    await read_account(house)
    await allow(house)
    policy = await make_policy(house)
    await house.ask(STOP, isStopped=True, reason="Incident 42.")

    with pytest.raises(AssertionError, match="stopped"):
        await run_now(house, policy)

    assert await states(house) == []


async def test_policy_that_is_deleted_or_off_approves_nothing(house: House) -> None:
    house.volume("gp2")
    await read_account(house)
    await allow(house)
    policy = await make_policy(house)
    await shown(house, policy)
    await start(house, policy)

    answer = await house.ask(DELETE, policyId=policy)
    await work(house)

    (id,) = await remediations(house)
    assert (answer["deletedId"], await states(house)) == (policy, ["PLANNED"])
    assert "switched off or deleted" in (await told(house, id))["policySays"]


async def test_approval_of_a_policy_is_void_once_automation_is_not_allowed_any_more(house: House) -> None:
    native_id = house.volume("gp2")
    await read_account(house)
    await allow(house)
    policy = await make_policy(house)
    await shown(house, policy)
    closed = list(Weekday)[(utc_now().weekday() + 3) % 7].value
    await house.ask(SETTINGS, windows=[{"days": [closed], "begins": "00:00", "ends": "00:01"}])

    run = await run_now(house, policy)
    waits = await states(house)
    await house.ask(SETTINGS, allowsAutomation=False)
    await work(house)

    assert run["approved"] == 1
    assert waits == ["APPROVED"]
    assert await states(house) == ["VOID"]
    assert kinds(house) == {native_id: "gp2"}


async def test_what_people_took_back_or_cancelled_is_not_tried_again(house: House) -> None:
    native_id = house.volume("gp2")
    await read_account(house)
    await allow(house)
    policy = await make_policy(house)
    await shown(house, policy)
    await run_now(house, policy)
    (id,) = await remediations(house)
    await house.ask(ROLL_BACK, remediationId=id, reason="The team wants it back.")
    await house.work(id)
    other = house.volume("gp2")
    cancelled = await house.plan(GP2, other)
    await house.ask(CANCEL, remediationId=cancelled, reason="Not today.")
    await read_account(house)

    run = await run_now(house, policy)

    assert (run["matched"], run["planned"], left(run)) == (2, 0, {"TRIED_BEFORE": 2})
    assert kinds(house) == {native_id: "gp2", other: "gp2"}


async def test_account_without_credentials_to_act_waits(backend: Backend, graph: Graph, running: Moto) -> None:
    running.reset()
    house = await make_house(backend, graph, running, may_act=False)
    house.volume("gp2")
    await read_account(house)
    await allow(house)
    policy = await make_policy(house)
    await shown(house, policy)

    assert left(await run_now(house, policy)) == {"NO_CREDENTIALS": 1}


async def test_preview_tells_what_would_happen_and_changes_nothing(house: House) -> None:
    house.volume("gp2")
    await read_account(house)
    await allow(house)
    policy = await make_policy(house)

    before = await preview(house, policy)
    await shown(house, policy)
    after = await preview(house, policy)

    assert (before["matched"], before["findings"][0]["reasons"]) == (1, ["DRY"])
    assert (after["approved"], after["findings"][0]["says"]) == (1, "Its risk is low.")
    assert await states(house) == []
