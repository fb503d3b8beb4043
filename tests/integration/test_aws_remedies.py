"""Faults are made in an account that moto stands in for, found, mended, looked at again, and taken back."""

from collections.abc import AsyncIterator, Iterator

import pytest
from moto.core.config import default_user_config

from connectors.clouds.aws import registration
from connectors.reading.source import Source
from domain.remediation.remedy import Reversible
from tests.factories.aws_faults import FAULTS, Fault
from tests.factories.remedies import kept_of, reached_of
from tests.fakes.aws import Moto, credentials
from tests.fakes.collecting import reach
from tests.fakes.playing import Play

REGISTRATION = registration.REGISTRATION


@pytest.fixture(scope="module")
def running() -> Iterator[Moto]:
    with pytest.MonkeyPatch.context() as patch, Moto().served() as moto:
        # They are made anew at each reset, which takes a second, and nobody here starts from one.
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        # Functions are answered for and not run, which would need Docker.
        patch.setitem(default_user_config, "lambda", {"use_docker": False})
        yield moto


@pytest.fixture(scope="module")
async def source(running: Moto) -> AsyncIterator[Source]:
    async with REGISTRATION.open(credentials(running.url), reach()) as opened:
        yield opened


@pytest.fixture
def moto(running: Moto) -> Moto:
    running.reset()
    return running


@pytest.mark.parametrize("fault", [one for one in FAULTS if one.unplayed], ids=lambda fault: fault.id)
async def test_fault_that_moto_cannot_mend_is_found_and_planned(fault: Fault, moto, source):
    play = Play(REGISTRATION, source, fault.rule_id, parameters=fault.parameters, bills=fault.bills)

    assert await play.plan(fault.make(moto))


@pytest.mark.parametrize("fault", [one for one in FAULTS if not one.unplayed], ids=lambda fault: fault.id)
async def test_fault_is_found_mended_verified_and_taken_back(fault: Fault, moto, source):
    play = Play(REGISTRATION, source, fault.rule_id, parameters=fault.parameters, bills=fault.bills)
    native_id = fault.make(moto)
    before = await play.state(native_id)

    steps = await play.mend(native_id)
    await play.undo(steps)

    after = await play.state(native_id)
    if play.rule.remedy.reversible is Reversible.YES:
        assert fault.compared(after) == fault.compared(before)
    if fault.is_back is not None:
        assert fault.is_back(moto, before)


def test_what_is_reached_here_is_what_the_page_of_rules_says() -> None:
    rules = {fault.rule_id for fault in FAULTS}

    assert reached_of(rules) == kept_of(rules), "run `make remedies`, then `make rules`, and read the difference"
