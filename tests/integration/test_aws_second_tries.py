"""Each step of each remedy of AWS is tried twice, as after a crash, and does no more the second time.

What is looked at after each try is everything of the services that the step calls, not what the rule looks at alone.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from connectors.acting import Actor
from connectors.clouds.aws import registration
from connectors.reading.source import Source
from domain.remediation.remedy import Reversible
from domain.remediation.step import Step
from tests.factories.aws_faults import FAULTS, Fault
from tests.fakes.aws import Moto, credentials, moto_for_plays
from tests.fakes.collecting import reach, read
from tests.fakes.trying import TriedTwice

REGISTRATION = registration.REGISTRATION
# What moto writes anew when what stops is stopped, what runs is started, and what is attached is attached.
MOVING = frozenset(
    {"StateTransitionReason", "StateReason", "PublicIpAddress", "PublicDnsName", "PublicIp", "AttachTime"}
    | {"LastModifiedTimestamp", "SizeInBytes"}
)


@pytest.fixture(scope="module")
def running() -> Iterator[Moto]:
    with moto_for_plays() as moto:
        yield moto


@pytest.fixture(scope="module")
async def source(running: Moto) -> AsyncIterator[Source]:
    async with REGISTRATION.open(credentials(running.url), reach()) as opened:
        yield opened


@pytest.fixture
def moto(running: Moto) -> Moto:
    running.reset()
    return running


@dataclass
class Twice(TriedTwice):
    """`services` are those that its steps call, `once` the steps of which moto cannot show a second try."""

    once: Mapping[str, str] = field(default_factory=dict)
    services: set[str] = field(default_factory=set)

    async def make(self, steps: Sequence[Step]) -> None:
        self.services |= {step.call.operation.partition(".")[0] for step in steps}
        await super().make(steps)

    async def _try_again(self, actor: Actor, step: Step, token: str) -> None:
        if step.name not in self.once:
            await super()._try_again(actor, step, token)

    async def _state(self) -> Any:
        listings = [
            one
            for one in REGISTRATION.listings
            if self.services & {call.name.partition(".")[0] for call in one.operations}
        ]
        collected, _ = await read(self.source, listings)
        return {(one.kind.value, one.native_id): still(one.config) for one in collected.found}


def still(value: Any) -> Any:
    """Without what moves by itself; lists have no order."""
    if isinstance(value, dict):
        return {key: still(one) for key, one in value.items() if key not in MOVING}
    return sorted((still(one) for one in value), key=repr) if isinstance(value, list) else value


@pytest.mark.parametrize("fault", [one for one in FAULTS if not one.unplayed], ids=lambda fault: fault.id)
async def test_a_second_try_of_each_step_comes_to_the_same(fault: Fault, moto: Moto, source: Source) -> None:
    play = Twice(REGISTRATION, source, fault.rule_id, parameters=fault.parameters, bills=fault.bills, once=fault.once)
    native_id = fault.make(moto)
    before = await play.state(native_id)

    steps = await play.mend(native_id)
    await play.undo(steps)

    if play.rule.remedy is not None and play.rule.remedy.reversible is Reversible.YES:
        assert fault.compared(await play.state(native_id)) == fault.compared(before)
    elif fault.is_back is not None:
        assert fault.is_back(moto, before)
