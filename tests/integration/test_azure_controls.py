"""What a subscription and its directory hold is told, read by the connector, and judged."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.clouds.azure import registration
from connectors.reading.source import Source
from connectors.systems.okta import registration as okta_registration
from domain.compliance.answers import Answers
from domain.compliance.control import Case
from domain.compliance.judging import Judgement, judge
from domain.facts.compliance import CheckStatus, Integration
from domain.facts.credentials import OktaCredentials
from tests.factories.answers import answers as written
from tests.factories.answers import procedure
from tests.factories.azure_change import Change, denied
from tests.factories.azure_changes import CHANGES, together
from tests.factories.azure_changes_beside_others import LEAVERS, OUTSIDERS, Approved, Left
from tests.fakes.azure import SUBSCRIPTION, credentials
from tests.fakes.azure_told import Told
from tests.fakes.collecting import NOW, reach, read
from tests.fakes.control_reading import CONTROLS, read_for
from tests.fakes.judged_surveys import answers_of
from tests.fakes.okta_cloud import OktaCloud
from tests.fakes.scripted import Answered

REGISTRATION = registration.REGISTRATION
OKTA = okta_registration.REGISTRATION
SPARED = {
    # Security defaults are enough.
    ("CW-IAM-02", "GRAPH GET /v1.0/identity/conditionalAccess/policies"),
    # Shown to auditors, and not judged.
    ("CW-LOG-06", "GET Microsoft.PolicyInsights/policyStates"),
    ("CW-NET-04", "GET Microsoft.Network/ddosProtectionPlans"),
}
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


@pytest.fixture(scope="module")
def okta(shared: Path) -> Iterator[OktaCloud]:
    cloud = OktaCloud(shared / "specs" / "okta.json")
    with cloud.served():
        yield cloud


@pytest.fixture(scope="module")
async def directory(okta: OktaCloud) -> AsyncIterator[Source]:
    async with OKTA.open(OktaCredentials(org_url=okta.url, token=SecretStr("00token")), reach()) as opened:
        yield opened


async def judged(source: Source, control_id: str, *beside: Answers, now: datetime = NOW) -> Judgement:
    """What the control says of the subscription as the connector reads it, with what else is connected."""
    control = CONTROLS[control_id]
    answers = await read_for(control, REGISTRATION, source, NOW)
    case = Case(answers=answers, parameters=control.parameters, now=now, connected=(answers, *beside))
    return judge(procedure(control, Integration.AZURE), case)


def said_of(judgement: Judgement, change: Change) -> list[str]:
    """What was observed of the thing that is spoken of, or what is said of the problem."""
    if change.status not in JUDGED:
        return [judgement.problem or ""]
    same = (one for one in judgement.items if one.verdict.value == change.status.value)
    return [one.observed for one in same if one.resource.endswith(change.item)]


def check(azure: Told, change: Change, judgement: Judgement) -> None:
    assert azure.problems == []
    assert judgement.status is change.status, judgement
    assert any(change.seen in one for one in said_of(judgement, change)), judgement


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: f"{one.control}-{one.status}")
async def test_what_azure_answers_is_judged_as_the_control_says(azure: Told, source: Source, change: Change) -> None:
    azure.tell(change.says)

    judgement = await judged(source, change.control)

    check(azure, change, judgement)


@pytest.mark.parametrize("left", LEAVERS, ids=lambda one: one.change.status)
async def test_whoever_has_left_the_directory_is_found_in_azure(
    azure: Told, source: Source, okta: OktaCloud, directory: Source, left: Left
) -> None:
    azure.tell(left.change.says)
    okta.reset()
    gone = {} if left.hours is None else {"status": "DEPROVISIONED"}
    changed = NOW - timedelta(hours=left.hours or 1000)
    okta.add_user("ann", statusChanged=f"{changed:%Y-%m-%dT%H:%M:%S.000Z}", **gone)
    listings = [one for one in OKTA.listings if one.operation.name == "GET /api/v1/users"]
    collected, _ = await read(directory, listings)
    people = answers_of(OKTA, listings, collected, "00o1")

    judgement = await judged(source, "CW-IAM-09", people)

    assert okta.broken == []
    check(azure, left.change, judgement)


async def test_without_a_directory_nobody_can_be_told_to_have_left(azure: Told, source: Source) -> None:
    azure.tell({})

    judgement = await judged(source, "CW-IAM-09")

    assert judgement.status is CheckStatus.NOT_ASSESSED


@pytest.mark.parametrize("approved", OUTSIDERS, ids=lambda one: one.change.status)
async def test_applications_of_others_are_compared_with_the_register(
    azure: Told, source: Source, approved: Approved
) -> None:
    azure.tell(approved.change.says)
    rows = [{"vendor": one, "integration": "AZURE", "app": one, "permissions": []} for one in approved.apps]
    register = written(Integration.PLATFORM, ("platform:vendor_apps", rows))

    judgement = await judged(source, "CW-VEN-01", register)

    check(azure, approved.change, judgement)


@pytest.mark.parametrize(
    ("minutes", "status"), [(10, CheckStatus.PASS), (60, CheckStatus.WARNING), (200, CheckStatus.FAIL)]
)
async def test_changes_must_have_been_read_lately(
    azure: Told, source: Source, minutes: int, status: CheckStatus
) -> None:
    azure.tell({})

    judgement = await judged(source, "CW-LOG-06", now=NOW + timedelta(minutes=minutes))

    check(azure, Change("CW-LOG-06", status, {}, SUBSCRIPTION, f"read {minutes} minutes ago"), judgement)


def calls() -> list[tuple[str, str]]:
    """Every call that a control needs."""
    controls = sorted({"CW-LOG-06", *(one.control for one in CHANGES)})
    every = [(one, name) for one in controls for name in procedure(CONTROLS[one], Integration.AZURE).operations]
    return [one for one in every if one not in SPARED]


@pytest.mark.parametrize(("control_id", "operation"), calls())
async def test_a_call_that_is_refused_leaves_nothing_said(
    azure: Told, source: Source, control_id: str, operation: str
) -> None:
    azure.tell(together(control_id), denied=operation)

    judgement = await judged(source, control_id)

    assert azure.refusals > 0
    assert (judgement.status, judgement.items) == (CheckStatus.ERROR, ())


@pytest.mark.parametrize(
    "cause",
    [
        denied("Microsoft.Sql/servers/read"),
        Answered({"value": {}}),
        Answered({"value": [], "nextLink": "https://elsewhere.example.com/next"}),
    ],
    ids=["denied", "misshapen", "cut short"],
)
async def test_a_list_that_is_not_read_says_nothing_of_what_it_hides(
    azure: Told, source: Source, cause: Answered
) -> None:
    azure.tell({"Microsoft.Sql/servers": cause})

    judgement = await judged(source, "CW-NET-02")

    assert (judgement.status, judgement.items) == (CheckStatus.ERROR, ())
