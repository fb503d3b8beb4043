"""A site of Jira is changed, read by the connector with what is connected beside it, and judged."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.clouds.digitalocean import registration as digitalocean
from connectors.reading.source import Source
from connectors.systems.github import registration as github
from connectors.systems.jira import registration as jira
from connectors.systems.okta import registration as okta
from domain.compliance.access_requests import LOG
from domain.compliance.answers import Answers, calls_of
from domain.compliance.control import Case
from domain.compliance.judging import Judgement, judge
from domain.compliance.pull_requests import PULLS
from domain.facts.compliance import Integration
from domain.facts.credentials import DigitalOceanCredentials, GithubCredentials, JiraCredentials, OktaCredentials
from tests.factories.answers import procedure
from tests.factories.github_stage import GithubStage
from tests.factories.jira_changes import CHANGES
from tests.factories.jira_stage import JiraStage
from tests.factories.judged_change import Changed
from tests.fakes.collecting import NOW, reach
from tests.fakes.control_reading import CONTROLS
from tests.fakes.digitalocean import WORLD
from tests.fakes.github_hub import ORG, GithubHub
from tests.fakes.jira_history import JiraHistory
from tests.fakes.okta_cloud import OktaCloud
from tests.fakes.read_answers import own_answers, read_answers
from tests.fakes.scripted_rest import Answer, Scripted

# What is looked at of the systems beside Jira.
BESIDE = {
    Integration.GITHUB: (github.REGISTRATION, PULLS),
    Integration.OKTA: (okta.REGISTRATION, LOG),
    Integration.DIGITALOCEAN: (digitalocean.REGISTRATION, "GET /v2/projects"),
}
Sources = dict[Integration, Source]


@pytest.fixture(scope="module")
def stage(shared: Path) -> Iterator[JiraStage]:
    specs = shared / "specs"
    site, directory = JiraHistory(specs / "jira.json"), OktaCloud(specs / "okta.json")
    hub, team = GithubHub(specs / "github.json"), Scripted()
    team.told = {path: Answer(body) for path, body in WORLD.items()}
    with site.served(), directory.served(), hub.served(), team.served():
        yield JiraStage(site, GithubStage(hub, directory), directory, team)


@pytest.fixture(scope="module")
async def sources(stage: JiraStage) -> AsyncIterator[Sources]:
    """One way into each system for all tests."""
    robot = JiraCredentials(site_url=stage.site.url, email="robot@example.com", token=SecretStr("t0"))
    ways = {
        Integration.JIRA: jira.REGISTRATION.open(robot, reach()),
        Integration.GITHUB: github.REGISTRATION.open(
            GithubCredentials(token="ghp_x", organization=ORG, endpoint_url=stage.code.hub.url), reach()
        ),
        Integration.OKTA: okta.REGISTRATION.open(
            OktaCredentials(org_url=stage.directory.url, token=SecretStr("00token")), reach()
        ),
        Integration.DIGITALOCEAN: digitalocean.REGISTRATION.open(
            DigitalOceanCredentials(token="dop_v1_x", endpoint_url=stage.team.url), reach()
        ),
    }
    async with AsyncExitStack() as stack:
        yield {system: await stack.enter_async_context(way) for system, way in ways.items()}


@pytest.fixture(autouse=True)
def as_it_should_be(stage: JiraStage) -> None:
    stage.reset()


async def read_site(stage: JiraStage, source: Source, control_id: str) -> Answers:
    """The site with what we have written into it, as rounds of checks put them together."""
    operations = procedure(CONTROLS[control_id], Integration.JIRA).operations
    found = await read_answers(jira.REGISTRATION, source, operations, stage.first_read)
    written = {operation: (calls_of(operation, [rows]),) for operation, rows in stage.written.items()}
    return replace(found, by_operation={**found.by_operation, **written}, whole=found.whole | written.keys())


async def judged(control_id: str, stage: JiraStage, sources: Sources) -> Judgement:
    """What the control says of the site as the connectors read everything now."""
    control = CONTROLS[control_id]
    site = await read_site(stage, sources[Integration.JIRA], control_id)
    beside = [own_answers(stage.own)] if stage.own else []
    for system in sorted(stage.connected):
        registration, operation = BESIDE[system]
        beside.append(await read_answers(registration, sources[system], {operation}))
    case = Case(answers=site, parameters=control.parameters, now=NOW, connected=(site, *beside))
    return judge(procedure(control, Integration.JIRA), case)


@pytest.mark.parametrize("changed", CHANGES, ids=lambda one: f"{one.control}-{one.status}")
async def test_a_change_in_the_site_is_judged_as_the_control_says(
    changed: Changed[JiraStage], stage: JiraStage, sources: Sources
) -> None:
    changed.make(stage)

    judgement = await judged(changed.control, stage, sources)

    assert changed.is_said_by(judgement), judgement
    assert (stage.site.broken, stage.code.hub.broken, stage.directory.broken) == ([], [], [])
