"""Faults are made in a DigitalOcean team, found, mended, looked at again, and taken back."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from app.wiring import Backend
from connectors.clouds.digitalocean import registration
from connectors.reading.source import Source
from domain.errors import Rejected
from domain.facts.credentials import DigitalOceanCredentials
from domain.rules.registry import all_rules
from tests.factories.digitalocean_faults import FAULTS, Fault, idle_droplet
from tests.factories.graph import Graph
from tests.factories.remediation_house import Household, make_household
from tests.factories.remedies import kept_of, reached_of
from tests.fakes.collecting import reach
from tests.fakes.digitalocean_team import DigitalOceanTeam
from tests.fakes.playing_by_jobs import ByJobs
from tests.fakes.trying import TriedTwice, play_out

REGISTRATION = registration.REGISTRATION


@pytest.fixture(scope="module")
def running(shared: Path) -> Iterator[DigitalOceanTeam]:
    cloud = DigitalOceanTeam(shared / "specs" / "digitalocean.json")
    with cloud.served():
        yield cloud


@pytest.fixture(scope="module")
async def source(running: DigitalOceanTeam) -> AsyncIterator[Source]:
    async with REGISTRATION.open(
        DigitalOceanCredentials(token="dop_v1_x", endpoint_url=running.url), reach()
    ) as opened:
        yield opened


@pytest.fixture
def cloud(running: DigitalOceanTeam) -> DigitalOceanTeam:
    running.reset()
    running.written.clear()
    return running


@pytest.fixture
async def household(backend: Backend, graph: Graph, running: DigitalOceanTeam) -> Household:
    return await make_household(
        backend, graph, REGISTRATION.provider, DigitalOceanCredentials(token="dop_v1_x", endpoint_url=running.url)
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
    assert {fault.rule_id for fault in FAULTS} == {
        rule.id for rule in all_rules() if rule.id.startswith("digitalocean-")
    }


async def test_nothing_is_deleted_when_the_snapshot_fails(cloud, source):
    play = TriedTwice(REGISTRATION, source, "digitalocean-droplet-idle", later=timedelta())
    native_id = idle_droplet(cloud)
    steps = await play.plan(native_id)
    cloud.failing = {"snapshot"}

    with pytest.raises(Rejected, match="It ended as errored"):
        await play.make(steps)

    assert native_id in cloud.things["droplets"]
    assert not any(one.startswith("DELETE") for one in cloud.written)


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("POST", "/v2/volumes/vol-1/snapshots", {"tags": []}, "'name' is a required property"),
        ("POST", "/v2/droplets/7/actions", {"type": "explode"}, "is not valid under any of the given schemas"),
        ("GET", "/v2/droplets?colour=blue", None, "colour is not known"),
        ("DELETE", "/v2/everything", None, "Not Found"),
    ],
)
def test_stand_in_refuses_what_the_description_forbids(method, path, body, said, cloud):
    answer = httpx2.request(method, f"{cloud.url}{path}", json=body)

    assert answer.status_code in (404, 422)
    assert said in answer.json()["message"]


def test_what_is_reached_here_is_what_the_page_of_rules_says() -> None:
    rules = {fault.rule_id for fault in FAULTS}

    assert reached_of(rules) == kept_of(rules), "run `make remedies`, then `make rules`, and read the difference"
