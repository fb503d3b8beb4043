"""An AWS account that moto stands in for is changed, read by the connector, and judged."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest

from connectors.clouds.aws import registration, session
from connectors.reading.source import Source
from domain.compliance.answers import Answers
from domain.compliance.control import Case
from domain.compliance.judging import Judgement, judge
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import procedure
from tests.factories.aws_changes import CHANGES, Changed
from tests.factories.aws_changes_of_absence import (
    NOTHING_TO_JUDGE,
    UNOFFERED,
    Unoffered,
    without_networks,
)
from tests.factories.aws_refusals import REFUSED, Refused
from tests.fakes.aws import ACCOUNT, Moto, credentials
from tests.fakes.collecting import reach, read
from tests.fakes.control_reading import CONTROLS, read_for
from tests.fakes.judged_surveys import answers_of

REGISTRATION = registration.REGISTRATION


@pytest.fixture(scope="module")
def running() -> Iterator[Moto]:
    with pytest.MonkeyPatch.context() as patch, Moto().served() as moto:
        # They are made anew at each reset, which takes a second, and nobody here starts from one.
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        patch.setattr(session, "PREPARING_SECONDS", 0.01)
        yield moto


@pytest.fixture(scope="module")
async def source(running: Moto) -> AsyncIterator[Source]:
    """One way in for all tests: to open it takes longer than to read."""
    async with REGISTRATION.open(credentials(running.url), reach()) as opened:
        yield opened


@pytest.fixture
def moto(running: Moto) -> Moto:
    running.reset()
    return running


@pytest.fixture(scope="module")
async def bare(running: Moto, source: Source) -> Answers:
    """All that can be read of an account in which there is nothing."""
    running.reset()
    without_networks(running)
    collected, report = await read(source, REGISTRATION.listings)
    assert report.gaps == ()
    return answers_of(REGISTRATION, REGISTRATION.listings, collected, ACCOUNT, datetime.now(UTC))


def said_of(control_id: str, answers: Answers) -> Judgement:
    control = CONTROLS[control_id]
    case = Case(answers=answers, parameters=control.parameters, now=answers.read_at, connected=(answers,))
    return judge(procedure(control, Integration.AWS), case)


async def judged(source: Source, control_id: str) -> Judgement:
    """What the control says of the account as the connector reads it now."""
    return said_of(control_id, await read_for(CONTROLS[control_id], REGISTRATION, source))


@pytest.mark.parametrize("changed", CHANGES, ids=lambda one: f"{one.control}-{one.verdict}")
async def test_a_change_in_the_account_is_judged_as_the_control_says(moto: Moto, source: Source, changed: Changed):
    changed.make(moto)

    judgement = await judged(source, changed.control)

    assert judgement.problem is None
    assert changed.verdict in judgement.counts, judgement.items


@pytest.mark.parametrize("control_id", NOTHING_TO_JUDGE)
async def test_an_account_without_anything_leaves_nothing_to_judge(bare: Answers, control_id: str):
    judgement = said_of(control_id, bare)

    assert judgement == Judgement(status=CheckStatus.NOT_APPLICABLE)


@pytest.mark.parametrize("unoffered", UNOFFERED, ids=lambda one: one.control)
async def test_what_aws_does_not_offer_the_account_is_not_assessed(moto: Moto, source: Source, unoffered: Unoffered):
    unoffered.make(moto)

    judgement = await judged(source, unoffered.control)

    assert (judgement.status, judgement.items) == (CheckStatus.NOT_ASSESSED, ())
    assert unoffered.said in str(judgement.problem)


@pytest.mark.parametrize("refused", REFUSED, ids=lambda one: one.control)
async def test_a_refused_call_says_which_permission_is_missing(moto: Moto, source: Source, refused: Refused):
    refused.make(moto)
    moto.deny(refused.operation)

    judgement = await judged(source, refused.control)

    assert (judgement.status, judgement.items) == (CheckStatus.ERROR, ())
    assert f"The permission {refused.permission} is missing." in str(judgement.problem)


async def test_a_list_that_breaks_off_says_nothing_of_the_account(moto: Moto, source: Source):
    moto.cut_short("ec2.DescribeVolumes")

    judgement = await judged(source, "CW-DAT-02")

    assert (judgement.status, judgement.items) == (CheckStatus.ERROR, ())
    assert str(judgement.problem).startswith("ec2.describe_volumes: ")
