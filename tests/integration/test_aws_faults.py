"""Each operation of AWS in turn is refused, throttled, broken, garbled and cut short, over the wire."""

from collections.abc import Iterator

import pytest

from connectors.clouds.aws import registration, session
from connectors.reading.listing import Operation
from tests.factories.aws_account import fill_everything
from tests.factories.aws_governance import fill_governance
from tests.fakes.aws import Moto
from tests.fakes.aws_harm import check_every_fault, leading_to
from tests.fakes.peers import aws as peers
from tests.fakes.peers import aws_governance

EXERCISED = [one for one in registration.REGISTRATION.operations if leading_to(one.name)]


@pytest.fixture(scope="module")
def filled() -> Iterator[Moto]:
    with Moto().served() as moto:
        moto.reset()
        fill_everything(moto)
        yield moto


@pytest.fixture(scope="module")
def governed() -> Iterator[Moto]:
    with Moto().served() as moto:
        moto.reset()
        fill_governance(moto)
        yield moto


@pytest.mark.parametrize("operation", [one for one in EXERCISED if one.name in peers.OWN], ids=lambda one: one.name)
async def test_operation_that_fails_is_a_gap_and_never_an_empty_list(filled: Moto, operation: Operation):
    await check_every_fault(filled, operation)


@pytest.mark.parametrize(
    "operation", [one for one in EXERCISED if one.name in aws_governance.PEERS], ids=lambda one: one.name
)
async def test_operation_of_governance_that_fails_is_a_gap_too(
    governed: Moto, operation: Operation, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(session, "PREPARING_SECONDS", 0.01)

    await check_every_fault(governed, operation)
