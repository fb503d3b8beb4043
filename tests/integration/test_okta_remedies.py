"""Faults are made in an organization of Okta, found, mended, looked at again, and taken back."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.reading.source import Source
from connectors.systems.okta import registration
from domain.facts.credentials import OktaCredentials
from domain.rules.registry import all_rules
from tests.factories.okta_faults import FAULTS, Fault
from tests.fakes.collecting import reach
from tests.fakes.okta_cloud import OktaCloud
from tests.fakes.trying import TriedTwice, play_out

REGISTRATION = registration.REGISTRATION


@pytest.fixture(scope="module")
def running(shared: Path) -> Iterator[OktaCloud]:
    cloud = OktaCloud(shared / "specs" / "okta.json")
    with cloud.served():
        yield cloud


@pytest.fixture(scope="module")
async def source(running: OktaCloud) -> AsyncIterator[Source]:
    async with REGISTRATION.open(OktaCredentials(org_url=running.url, token=SecretStr("00token")), reach()) as opened:
        yield opened


@pytest.fixture
def cloud(running: OktaCloud) -> OktaCloud:
    running.reset()
    return running


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
async def test_fault_is_found_mended_verified_and_taken_back(fault: Fault, cloud, source):
    play = TriedTwice(REGISTRATION, source, fault.rule_id, later=timedelta(), parameters=fault.parameters)

    await play_out(play, fault, cloud)


def test_each_rule_is_played():
    assert {fault.rule_id for fault in FAULTS} == {rule.id for rule in all_rules() if rule.id.startswith("okta-")}
