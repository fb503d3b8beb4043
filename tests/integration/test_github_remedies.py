"""Faults are made in an organization of GitHub, found, mended, looked at again, and taken back."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.wiring import Backend
from connectors.reading.source import Source
from connectors.systems.github import registration
from domain.errors import PermissionMissing
from domain.facts.credentials import GithubCredentials
from domain.rules.registry import all_rules
from tests.factories.github_faults import ALLOWED, FAULTS, Fault, half_protected_branch, public, unalerted
from tests.factories.graph import Graph
from tests.factories.remediation_house import Household, make_household
from tests.factories.remedies import kept_of, reached_of
from tests.fakes.collecting import reach
from tests.fakes.described_cloud import MISSING, Refused
from tests.fakes.github import ORG
from tests.fakes.github_cloud import GithubCloud
from tests.fakes.playing_by_jobs import ByJobs
from tests.fakes.trying import TriedTwice, play_out

REGISTRATION = registration.REGISTRATION


@pytest.fixture(scope="module")
def running(shared: Path) -> Iterator[GithubCloud]:
    cloud = GithubCloud(shared / "specs" / "github.json")
    with cloud.served():
        yield cloud


@pytest.fixture(scope="module")
async def source(running: GithubCloud) -> AsyncIterator[Source]:
    credentials = GithubCredentials(token="ghp_x", organization=ORG, endpoint_url=running.url)
    async with REGISTRATION.open(credentials, reach()) as opened:
        yield opened


@pytest.fixture
def cloud(running: GithubCloud) -> GithubCloud:
    running.reset()
    return running


@pytest.fixture
async def household(backend: Backend, graph: Graph, running: GithubCloud) -> Household:
    return await make_household(
        backend,
        graph,
        REGISTRATION.provider,
        GithubCredentials(token="ghp_x", organization=ORG, endpoint_url=running.url),
    )


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
async def test_fault_is_found_mended_verified_and_taken_back(fault: Fault, cloud, source, household):
    play = ByJobs(
        REGISTRATION, source, fault.rule_id, later=timedelta(), parameters=fault.parameters, household=household
    )

    await play_out(play, fault, cloud)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
async def test_a_second_try_of_each_step_comes_to_the_same(fault: Fault, cloud, source):
    play = TriedTwice(REGISTRATION, source, fault.rule_id, later=timedelta(), parameters=fault.parameters)

    await play_out(play, fault, cloud)


def test_each_rule_is_played():
    assert {fault.rule_id for fault in FAULTS} == {rule.id for rule in all_rules() if rule.id.startswith("github-")}


async def test_protection_keeps_what_it_had_while_it_is_made_stronger(cloud, source):
    play = TriedTwice(REGISTRATION, source, "github-branch-protection", later=timedelta())
    native_id = half_protected_branch(cloud)
    before = dict(cloud.protection)

    await play.mend(native_id)

    assert cloud.protection == {**before, "allow_force_pushes": {"enabled": False}}


async def test_repository_on_the_list_may_be_public(cloud, source):
    play = TriedTwice(REGISTRATION, source, "github-repo-public", later=timedelta(), parameters=ALLOWED)

    public(cloud)

    assert await play.firing() == {}


async def test_what_github_hides_is_not_taken_for_gone(cloud, source, monkeypatch):
    """Only steps for which it is good news that a thing is gone take a 404 so."""
    play = TriedTwice(REGISTRATION, source, "github-dependabot-alerts", later=timedelta())
    steps = await play.plan(unalerted(cloud))

    def hidden(*_: object) -> None:
        raise Refused(MISSING, "Not Found")

    monkeypatch.setitem(cloud._routes, "PUT /repos/{owner}/{repo}/vulnerability-alerts", hidden)

    with pytest.raises(PermissionMissing):
        await play.make(steps)


def test_what_is_reached_here_is_what_the_page_of_rules_says() -> None:
    rules = {fault.rule_id for fault in FAULTS}

    assert reached_of(rules) == kept_of(rules), "run `make remedies`, then `make rules`, and read the difference"
