"""Faults are made in a stand-in for Azure, found, mended, looked at again, and taken back."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.wiring import Backend
from connectors.clouds.azure import registration
from connectors.reading.source import Source
from domain.remediation.remedy import Reversible
from domain.rules.registry import all_rules
from tests.factories.azure_faults import AzureFault
from tests.factories.azure_faults_of_services import FAULTS
from tests.factories.graph import Graph
from tests.factories.remediation_house import Household, make_household
from tests.factories.remedies import kept_of, reached_of
from tests.fakes.azure import credentials
from tests.fakes.azure_cloud import Cloud
from tests.fakes.azure_effects import new_cloud
from tests.fakes.collecting import reach
from tests.fakes.playing import Play
from tests.fakes.playing_by_jobs import ByJobs
from tests.fakes.trying import TriedTwice

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


@pytest.fixture
async def household(backend: Backend, graph: Graph, url: str) -> Household:
    return await make_household(backend, graph, REGISTRATION.provider, credentials(url))


@dataclass
class Twice(TriedTwice):
    """Each step is tried a second time, as after a crash; everything there is stays as it was."""

    cloud: Cloud | None = None

    async def _state(self) -> Any:
        assert self.cloud is not None
        return self.cloud.state()


async def play_out(play: Play, fault: AzureFault, cloud: Cloud) -> None:
    native_id = fault.make(cloud)
    before = cloud.state()

    steps = await play.mend(native_id)
    if play.rule.remedy.reversible is not Reversible.NO:
        await play.undo(steps)

    if play.rule.remedy.reversible is Reversible.YES:
        assert fault.compared(cloud.state()) == fault.compared(before)
    assert fault.is_back is None or fault.is_back(cloud, native_id)
    assert cloud.problems == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
async def test_fault_is_found_mended_verified_and_taken_back(
    fault: AzureFault, cloud: Cloud, source: Source, household: Household
) -> None:
    play = ByJobs(
        REGISTRATION, source, fault.rule_id, later=timedelta(), parameters=fault.parameters, household=household
    )

    await play_out(play, fault, cloud)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
async def test_a_second_try_of_each_step_comes_to_the_same(fault: AzureFault, cloud: Cloud, source: Source) -> None:
    play = Twice(
        REGISTRATION,
        source,
        fault.rule_id,
        later=timedelta(),
        parameters=fault.parameters,
        changed_at=cloud.changed,
        cloud=cloud,
    )

    await play_out(play, fault, cloud)


async def test_what_the_role_leaves_out_is_known_before_anything_is_approved(
    household: Household, cloud: Cloud
) -> None:
    fault = next(one for one in FAULTS if one.rule_id == "azure-storage-https")
    native_id = fault.make(cloud)
    cloud.denied = ("Microsoft.Storage/storageAccounts/write",)

    finding = await household.finding(fault.rule_id, native_id)
    id = await household.plan_for(finding)
    planned, answer = await household.shown(id), await household.approve(id)

    assert planned["missing"] == ["Microsoft.Storage/storageAccounts/write"]
    assert answer["__typename"] == "ConflictError"


def test_every_rule_is_played() -> None:
    azure = {rule.id for rule in all_rules() if rule.id.startswith("azure-")}

    assert {fault.rule_id for fault in FAULTS} == azure
    partly = {rule.id for rule in all_rules() if rule.remedy and rule.remedy.reversible is Reversible.PARTLY}
    assert {fault.rule_id for fault in FAULTS if fault.is_back} == azure & partly


def test_what_is_reached_here_is_what_the_page_of_rules_says() -> None:
    rules = {fault.rule_id for fault in FAULTS}

    assert reached_of(rules) == kept_of(rules), "run `make remedies`, then `make rules`, and read the difference"
