"""What a plan promises of controls and scores, held against what the checks say once it is done."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from app.wiring import Backend
from connectors.reading.touching import services_of
from connectors.registry import registrations
from documents import Role
from domain.facts.provider import Provider
from jobs.tasks.judge_controls import judge_asked, judge_controls
from tests.factories.graph import Graph
from tests.factories.remediation_house import House, make_house
from tests.factories.synthetic_account import context_of, sync
from tests.factories.tenant import add_member, make_tenant
from tests.fakes.aws import ACCOUNT, Moto

SOC2 = "soc2_tsc_2017"
ADOPT = (
    """mutation ($input: ChangeComplianceSettingsInput!) { changeComplianceSettings(input: $input) { __typename } }"""
)
OUTLOOK = """query ($id: ID!) { remediation(id: $id) { planHash plan { findingsLeft
  controlChanges { controlId name before after left unforeseen }
  scoreChanges { framework name before after assessedBefore assessedAfter changed
    requirements { key name before after } } } } }"""
SCORE = "query ($framework: String) { complianceScore(framework: $framework) { ratio assessedRatio } }"
CHECKS = """query ($filter: CheckFilter) { checks(filter: $filter) { nodes { controlId status mendedBy
  items { resource verdict finding { ruleId state } } } } }"""


@pytest.fixture(scope="module")
def running() -> Iterator[Moto]:
    with pytest.MonkeyPatch.context() as patch, Moto().served() as moto:
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        yield moto


@pytest.fixture(autouse=True)
def few_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """What these tests look at. Reading all of moto takes half a minute each time."""
    aws = registrations()[Provider.AWS]
    some = tuple(one for one in aws.listings if not services_of(one).isdisjoint({"dynamodb", "iam", "rds", "s3"}))
    few = {**registrations(), Provider.AWS: replace(aws, listings=some)}
    monkeypatch.setattr("connectors.registry.registrations", lambda: few)


@pytest.fixture
async def house(backend: Backend, graph: Graph, running: Moto) -> House:
    """Held to SOC 2, with two buckets that keep no versions and no policy for passwords."""
    running.reset()
    for name in ("invoices", "letters"):
        running.client("s3").create_bucket(Bucket=name)
    made = await make_house(backend, graph, running)
    answer = await graph.ask(ADOPT, made.asker.token, input={"frameworks": [SOC2]})
    assert answer["changeComplianceSettings"]["__typename"] == "ChangeComplianceSettingsSuccess"
    await sync(backend, made.account, **made.fast)
    await judge_controls({"context": context_of(backend)}, org_id=made.asker.org_id)
    return made


async def read_again(house: House, control_id: str) -> None:
    """Read the account and judge this control in it; what other controls say stays as it is."""
    await sync(house.backend, house.account, **house.fast)
    await judge_asked(
        {"context": context_of(house.backend)},
        org_id=house.asker.org_id,
        request_id="again",
        control_ids=[control_id],
        account_id=str(house.account.id),
    )


async def outlook(house: House, id: str) -> dict[str, Any]:
    shown: dict[str, Any] = (await house.graph.ask(OUTLOOK, house.asker.token, id=id))["remediation"]["plan"]
    return shown


async def scores(house: House) -> dict[str | None, tuple[float, float]]:
    """Score and assessed share as they are shown now, of all controls and of SOC 2."""
    found = {}
    for framework in (None, SOC2):
        score = (await house.graph.ask(SCORE, house.asker.token, framework=framework))["complianceScore"]
        found[framework] = (score["ratio"], score["assessedRatio"])
    return found


async def check(house: House, control_id: str, token: str | None = None) -> dict[str, Any]:
    found = await house.graph.ask(CHECKS, token or house.asker.token, filter={"controlIds": [control_id]})
    (one,) = [node for node in found["checks"]["nodes"] if node["items"]]
    shown: dict[str, Any] = one
    return shown


async def test_the_score_that_a_plan_promises_is_the_score_once_it_is_done(house: House) -> None:
    before = await scores(house)

    id = await house.plan("aws-iam-password-policy", ACCOUNT)
    promised = await outlook(house, id)
    await house.approve(id)
    state = await house.work(id)
    await read_again(house, "CW-IAM-04")
    after = await scores(house)

    (change,) = promised["controlChanges"]
    assert (change["controlId"], change["before"], change["after"]) == ("CW-IAM-04", "FAIL", "PASS")
    assert (change["left"], change["unforeseen"]) == (0, None)
    assert state == "DONE"
    told = {one["framework"]: one for one in promised["scoreChanges"]}
    assert {key: (one["before"], one["assessedBefore"]) for key, one in told.items()} == before
    assert {key: (one["after"], one["assessedAfter"]) for key, one in told.items()} == after
    assert all(one["after"] > one["before"] and one["changed"] == ["CW-IAM-04"] for one in told.values())
    assert promised["findingsLeft"] is None
    assert (await check(house, "CW-IAM-04"))["status"] == "PASS"


async def test_a_control_that_fails_elsewhere_too_fails_on_and_the_plan_says_how_often(house: House) -> None:
    id = await house.plan("aws-s3-versioning", "invoices")
    promised = await outlook(house, id)
    await house.approve(id)
    await house.work(id)
    await read_again(house, "CW-PIN-03")

    changes = {one["controlId"]: one for one in promised["controlChanges"]}
    assert (changes["CW-PIN-03"]["after"], changes["CW-PIN-03"]["left"]) == ("FAIL", 1)
    assert all(one["before"] == one["after"] for one in promised["scoreChanges"])
    mended = await check(house, "CW-PIN-03")
    assert [(one["resource"], one["verdict"]) for one in mended["items"]] == [("letters", "FAIL"), ("invoices", "PASS")]


async def test_failing_things_tell_who_may_see_it_the_open_finding_that_would_mend_them(house: House) -> None:
    auditor = await add_member(house.backend, house.asker.organization, Role.AUDITOR)

    versions, passwords = await check(house, "CW-PIN-03"), await check(house, "CW-IAM-04")
    told = await check(house, "CW-PIN-03", auditor.token)

    assert versions["mendedBy"] == ["aws-rds-deletion-protection", "aws-s3-versioning"] == told["mendedBy"]
    assert [one["resource"] for one in versions["items"]] == ["invoices", "letters"]
    assert [one["finding"] for one in versions["items"]] == [{"ruleId": "aws-s3-versioning", "state": "OPEN"}] * 2
    assert [one["finding"]["ruleId"] for one in passwords["items"]] == ["aws-iam-password-policy"]
    assert [one["finding"] for one in told["items"]] == [None, None]


async def test_gaps_name_the_rules_that_mend_them(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)

    gaps = (await graph.ask("{ complianceGaps { control { key mendedBy } } }", tenant.token))["complianceGaps"]

    mended = {one["control"]["key"]: one["control"]["mendedBy"] for one in gaps}
    assert mended["CW-NET-03"] == ["aws-sg-default-open"]
    assert mended["CW-GOV-03"] == []
