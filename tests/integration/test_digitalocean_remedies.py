"""Faults are made in a DigitalOcean team, found, mended, looked at again, and taken back."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.clouds.digitalocean import registration
from connectors.reading.source import Source
from domain.facts.credentials import DigitalOceanCredentials
from domain.rules.registry import all_rules
from tests.factories.digitalocean_faults import FAULTS, Fault
from tests.fakes.collecting import reach
from tests.fakes.digitalocean_team import DigitalOceanTeam
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
    return running


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
async def test_fault_is_found_mended_verified_and_taken_back(fault: Fault, cloud, source):
    play = TriedTwice(REGISTRATION, source, fault.rule_id, later=timedelta(), parameters=fault.parameters)

    await play_out(play, fault, cloud)


def test_each_rule_is_played():
    assert {fault.rule_id for fault in FAULTS} == {
        rule.id for rule in all_rules() if rule.id.startswith("digitalocean-")
    }
