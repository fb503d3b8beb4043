"""A GitHub organization is changed, read by the connector, and judged."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.reading.source import Source
from connectors.systems.github import registration as github
from connectors.systems.okta import registration as okta
from domain.compliance.control import Case
from domain.compliance.directory import USERS
from domain.compliance.judging import Judgement, judge
from domain.facts.compliance import Integration
from domain.facts.credentials import GithubCredentials, OktaCredentials
from tests.factories.answers import procedure
from tests.factories.github_changes import CHANGES
from tests.factories.github_stage import GithubStage
from tests.factories.judged_change import Changed
from tests.fakes.collecting import NOW, reach
from tests.fakes.control_reading import CONTROLS
from tests.fakes.github_hub import ORG, GithubHub
from tests.fakes.okta_cloud import OktaCloud
from tests.fakes.read_answers import own_answers, read_answers


@pytest.fixture(scope="module")
def stage(shared: Path) -> Iterator[GithubStage]:
    hub, directory = GithubHub(shared / "specs" / "github.json"), OktaCloud(shared / "specs" / "okta.json")
    with hub.served(), directory.served():
        yield GithubStage(hub, directory)


@pytest.fixture(scope="module")
async def source(stage: GithubStage) -> AsyncIterator[Source]:
    credentials = GithubCredentials(token="ghp_x", organization=ORG, endpoint_url=stage.hub.url)
    async with github.REGISTRATION.open(credentials, reach()) as opened:
        yield opened


@pytest.fixture(scope="module")
async def directory(stage: GithubStage) -> AsyncIterator[Source]:
    credentials = OktaCredentials(org_url=stage.directory.url, token=SecretStr("00token"))
    async with okta.REGISTRATION.open(credentials, reach()) as opened:
        yield opened


@pytest.fixture(autouse=True)
def as_it_should_be(stage: GithubStage) -> None:
    stage.reset()


async def judged(control_id: str, stage: GithubStage, source: Source, directory: Source) -> Judgement:
    """What the control says of the organization as the connectors read everything now."""
    control = CONTROLS[control_id]
    looking = procedure(control, Integration.GITHUB)
    found = await read_answers(github.REGISTRATION, source, looking.operations)
    beside = [own_answers(stage.own)] if stage.own else []
    if stage.is_directory_connected:
        beside.append(await read_answers(okta.REGISTRATION, directory, {USERS}))
    case = Case(answers=found, parameters=control.parameters, now=NOW + stage.later, connected=(found, *beside))
    return judge(looking, case)


@pytest.mark.parametrize("changed", CHANGES, ids=lambda one: f"{one.control}-{one.status}")
async def test_a_change_in_the_organization_is_judged_as_the_control_says(
    changed: Changed[GithubStage], stage: GithubStage, source: Source, directory: Source
) -> None:
    changed.make(stage)

    judgement = await judged(changed.control, stage, source, directory)

    assert changed.is_said_by(judgement), judgement
    assert (stage.hub.broken, stage.directory.broken) == ([], [])


async def test_an_answer_that_github_would_not_give_is_noticed(
    stage: GithubStage, source: Source, directory: Source
) -> None:
    stage.shop["visibility"] = None

    await judged("CW-RSK-02", stage, source, directory)

    assert stage.hub.broken == [
        f"GET /orgs/{ORG}/repos?type=all&per_page=100: $[0].visibility: None is not of type 'string'"
    ]
