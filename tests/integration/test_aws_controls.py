"""An AWS account that moto stands in for is changed, read by the connector, and judged."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest

from connectors.clouds.aws import registration, session
from connectors.reading.listing import Listing
from connectors.reading.source import Source
from domain.compliance.control import Case
from domain.compliance.judging import Judgement, judge
from domain.compliance.registry import all_controls, bundled_controls
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import procedure
from tests.factories.aws_changes import CHANGES, Changed
from tests.fakes.aws import Moto, credentials
from tests.fakes.collecting import reach, read
from tests.fakes.judged_surveys import answers_of

REGISTRATION = registration.REGISTRATION
CONTROLS = {control.id: control for control in (*all_controls(), *bundled_controls())}


@pytest.fixture(scope="module")
def running() -> Iterator[Moto]:
    with pytest.MonkeyPatch.context() as patch, Moto().served() as moto:
        # They are made anew at each reset, which takes a second, and nobody here starts from one.
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        yield moto


@pytest.fixture(scope="module")
async def source(running: Moto) -> AsyncIterator[Source]:
    """One way in for all tests: to open it takes longer than to read."""
    async with REGISTRATION.open(credentials(running.url), reach()) as opened:
        yield opened


@pytest.fixture
def moto(running: Moto, monkeypatch: pytest.MonkeyPatch) -> Moto:
    monkeypatch.setattr(session, "PREPARING_SECONDS", 0.01)
    running.reset()
    return running


def looked_at(control_id: str) -> list[Listing]:
    """The listings that make the calls a control looks at."""
    wanted = set(procedure(CONTROLS[control_id], Integration.AWS).operations)
    return [one for one in REGISTRATION.listings if wanted & {operation.name for operation in one.operations}]


async def judged(source: Source, control_id: str) -> Judgement:
    """What the control says of the account as the connector reads it now."""
    listings, now, control = looked_at(control_id), datetime.now(UTC), CONTROLS[control_id]
    collected, _ = await read(source, listings)
    answers = answers_of(REGISTRATION, listings, collected, "123456789012", now)
    case = Case(answers=answers, parameters=control.parameters, now=now, connected=(answers,))
    return judge(procedure(control, Integration.AWS), case)


@pytest.mark.parametrize("changed", CHANGES, ids=lambda one: f"{one.control}-{one.verdict}")
async def test_a_change_in_the_account_is_judged_as_the_control_says(moto: Moto, source: Source, changed: Changed):
    changed.make(moto)

    judgement = await judged(source, changed.control)

    assert judgement.problem is None
    assert changed.verdict in judgement.counts, judgement.items


async def test_a_call_that_is_refused_says_nothing_of_the_account(moto: Moto, source: Source):
    moto.fail("iam.GetAccountPasswordPolicy", 403, "AccessDenied")

    judgement = await judged(source, "CW-IAM-04")

    assert (judgement.status, judgement.items) == (CheckStatus.ERROR, ())
