"""Faults are made in a stand-in for Azure, found, mended, looked at again, and taken back."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.clouds.azure import registration
from connectors.reading.source import Source
from domain.remediation.remedy import Reversible
from domain.rules.registry import all_rules
from tests.factories.azure_faults import AzureFault
from tests.factories.azure_faults_of_services import FAULTS
from tests.factories.remedies import kept_of, reached_of
from tests.fakes.azure import credentials
from tests.fakes.azure_cloud import Cloud
from tests.fakes.azure_effects import new_cloud
from tests.fakes.collecting import reach
from tests.fakes.playing import Play

REGISTRATION = registration.REGISTRATION


@pytest.fixture
def cloud(shared: Path) -> Cloud:
    return new_cloud(shared / "specs" / "azure.json")


@pytest.fixture
def url(cloud: Cloud) -> Iterator[str]:
    with cloud.served() as server:
        yield server.url


@pytest.fixture
async def source(url: str) -> AsyncIterator[Source]:
    async with REGISTRATION.open(credentials(url), reach()) as opened:
        yield opened


def playing(fault: AzureFault, cloud: Cloud, source: Source) -> Play:
    return Play(
        REGISTRATION,
        source,
        fault.rule_id,
        later=timedelta(),
        parameters=fault.parameters,
        changed_at=cloud.changed,
    )


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
async def test_fault_is_found_mended_verified_and_taken_back(fault: AzureFault, cloud: Cloud, source: Source) -> None:
    play, native_id = playing(fault, cloud, source), fault.make(cloud)
    before = cloud.state()

    steps = await play.mend(native_id)
    if play.rule.remedy.reversible is not Reversible.NO:
        await play.undo(steps)

    if play.rule.remedy.reversible is Reversible.YES:
        assert fault.compared(cloud.state()) == fault.compared(before)
    assert fault.is_back is None or fault.is_back(cloud, native_id)
    assert cloud.problems == []


def test_every_rule_is_played() -> None:
    azure = {rule.id for rule in all_rules() if rule.id.startswith("azure-")}

    assert {fault.rule_id for fault in FAULTS} == azure
    partly = {rule.id for rule in all_rules() if rule.remedy and rule.remedy.reversible is Reversible.PARTLY}
    assert {fault.rule_id for fault in FAULTS if fault.is_back} == azure & partly


def test_what_is_reached_here_is_what_the_page_of_rules_says() -> None:
    rules = {fault.rule_id for fault in FAULTS}

    assert reached_of(rules) == kept_of(rules), "run `make remedies`, then `make rules`, and read the difference"
