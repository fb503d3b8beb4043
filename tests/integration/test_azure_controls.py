"""What a subscription and its directory hold is told, read by the connector, and judged."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from connectors.clouds.azure import registration
from connectors.reading.listing import Listing
from connectors.reading.source import Source
from domain.compliance.answers import Answers
from domain.compliance.control import Case
from domain.compliance.judging import Judgement, judge
from domain.compliance.registry import all_controls, bundled_controls
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import procedure
from tests.factories.azure_change import Change
from tests.factories.azure_changes import CHANGES
from tests.fakes.azure import SUBSCRIPTION, credentials
from tests.fakes.azure_told import Told
from tests.fakes.collecting import NOW, reach, read
from tests.fakes.judged_surveys import answers_of

REGISTRATION = registration.REGISTRATION
CONTROLS = {control.id: control for control in (*all_controls(), *bundled_controls())}
JUDGED = frozenset({CheckStatus.PASS, CheckStatus.WARNING, CheckStatus.FAIL})


@pytest.fixture(scope="module")
def azure(shared: Path) -> Told:
    return Told(shared / "specs" / "azure.json", REGISTRATION.operations)


@pytest.fixture(scope="module")
def url(azure: Told) -> Iterator[str]:
    with azure.served() as server:
        yield server.url


@pytest.fixture(scope="module")
async def source(url: str) -> AsyncIterator[Source]:
    async with REGISTRATION.open(credentials(url), reach()) as opened:
        yield opened


def looked_at(control_id: str) -> list[Listing]:
    """The listings that make the calls a control looks at."""
    wanted = set(procedure(CONTROLS[control_id], Integration.AZURE).operations)
    return [one for one in REGISTRATION.listings if wanted & {operation.name for operation in one.operations}]


async def judged(source: Source, control_id: str, *beside: Answers, now: datetime = NOW) -> Judgement:
    """What the control says of the subscription as the connector reads it, with what else is connected."""
    listings, control = looked_at(control_id), CONTROLS[control_id]
    collected, _ = await read(source, listings)
    answers = answers_of(REGISTRATION, listings, collected, SUBSCRIPTION)
    case = Case(answers=answers, parameters=control.parameters, now=now, connected=(answers, *beside))
    return judge(procedure(control, Integration.AZURE), case)


def said_of(judgement: Judgement, change: Change) -> list[str]:
    """What was observed of the thing that is spoken of, or what is said of the problem."""
    if change.status not in JUDGED:
        return [judgement.problem or ""]
    same = (one for one in judgement.items if one.verdict.value == change.status.value)
    return [one.observed for one in same if one.resource.endswith(change.item)]


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: f"{one.control}-{one.status}")
async def test_what_azure_answers_is_judged_as_the_control_says(azure: Told, source: Source, change: Change) -> None:
    azure.tell(change.says)

    judgement = await judged(source, change.control)

    assert azure.problems == []
    assert judgement.status is change.status, judgement
    assert any(change.seen in one for one in said_of(judgement, change)), judgement
