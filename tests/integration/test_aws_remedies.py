"""Faults are made in an account that moto stands in for; a sync finds them, people approve, a worker mends them.

Moto keeps the time of this machine. So that what it makes is old enough, jobs believe that it is a year later.
"""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from app.wiring import Backend
from connectors.clouds.aws import registration
from connectors.reading.source import Source
from domain.remediation.remedy import Reversible
from tests.factories.aws_faults import FAULTS, Fault
from tests.factories.graph import Graph
from tests.factories.remediation_house import House, make_house
from tests.factories.remedies import kept_of, reached_of
from tests.fakes.aws import Moto, credentials, moto_for_plays
from tests.fakes.collecting import reach
from tests.fakes.playing_by_jobs import ByJobs

REGISTRATION = registration.REGISTRATION
# Always noon, because what is measured of a day is summed up by days.
LATER = (datetime.now(UTC) + timedelta(days=400)).replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture(scope="module")
def running() -> Iterator[Moto]:
    with moto_for_plays() as moto:
        moto.now = LATER
        yield moto


@pytest.fixture(scope="module")
async def source(running: Moto) -> AsyncIterator[Source]:
    async with REGISTRATION.open(credentials(running.url), reach()) as opened:
        yield opened


@pytest.fixture
async def house(backend: Backend, graph: Graph, running: Moto) -> House:
    running.reset()
    return await make_house(backend, graph, running)


def playing(fault: Fault, house: House, source: Source) -> ByJobs:
    return ByJobs(
        REGISTRATION,
        source,
        fault.rule_id,
        parameters=fault.parameters,
        bills=fault.bills,
        household=house,
        at=LATER,
    )


@pytest.mark.parametrize("fault", [one for one in FAULTS if one.unplayed], ids=lambda fault: fault.id)
async def test_fault_that_moto_cannot_mend_is_found_and_planned(fault: Fault, house: House, source: Source):
    assert await playing(fault, house, source).plan(fault.make(house.moto))


@pytest.mark.parametrize("fault", [one for one in FAULTS if not one.unplayed], ids=lambda fault: fault.id)
async def test_fault_is_found_mended_verified_and_taken_back(fault: Fault, house: House, source: Source):
    play = playing(fault, house, source)
    native_id = fault.make(house.moto)
    before = await play.state(native_id)

    steps = await play.mend(native_id)
    await play.undo(steps)

    after = await play.state(native_id)
    if play.rule.remedy.reversible is Reversible.YES:
        assert fault.compared(after) == fault.compared(before)
    if fault.is_back is not None:
        assert fault.is_back(house.moto, before)


def test_what_is_reached_here_is_what_the_page_of_rules_says() -> None:
    rules = {fault.rule_id for fault in FAULTS}

    assert reached_of(rules) == kept_of(rules), "run `make remedies`, then `make rules`, and read the difference"
