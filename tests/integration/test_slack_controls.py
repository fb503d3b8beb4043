"""A Slack workspace that a server with state stands in for is changed, read by the connector, and judged.

The server takes only requests that Slack's own description allows, and gives only answers that it has. The directory
beside it is an Okta organization that is read in the same way.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

import documents
from app.wiring import Backend
from connectors.reading.source import Registration, Source
from connectors.systems.okta import registration as okta
from connectors.systems.slack import registration as slack
from domain.compliance.answers import Answers
from domain.compliance.control import Case
from domain.compliance.directory import USERS
from domain.compliance.judging import Judgement, judge
from domain.facts.compliance import CheckStatus, Integration
from domain.facts.credentials import OktaCredentials, SlackCredentials
from domain.facts.provider import Provider
from jobs.checking.own import own_subjects, written_by_us
from tests.contract.verdicts_page import automated
from tests.factories import slack_changes
from tests.factories.answers import procedure
from tests.factories.slack_changes import Workspace, person
from tests.fakes.collecting import NOW, reach, read
from tests.fakes.control_reading import looked_at
from tests.fakes.judged_surveys import answers_of
from tests.fakes.okta_cloud import OktaCloud
from tests.fakes.slack_workspace import TEAM, SlackWorkspace
from tests.integration import slack_house
from tests.integration.channel_house import House, open_house
from tests.integration.slack_house import Told

REGISTRATION = slack.REGISTRATION
CONTROLS = {control.id: control for control, one in automated() if one.integration is Integration.SLACK}
POSTED = "chat.postMessage"
PEOPLE = ("CW-IAM-02", "CW-IAM-06", "CW-IAM-07", "CW-IAM-09")


@pytest.fixture(scope="module")
def running(shared: Path) -> Iterator[Workspace]:
    made = Workspace(SlackWorkspace(shared / "specs" / "slack.json"), OktaCloud(shared / "specs" / "okta.json"))
    with made.slack.served(), made.directory.served():
        yield made


@pytest.fixture(scope="module")
async def source(running: Workspace) -> AsyncIterator[Source]:
    """One way in for all tests: to open it takes longer than to read."""
    given = SlackCredentials(token=SecretStr("xoxb-1"), endpoint_url=running.slack.url)
    async with REGISTRATION.open(given, reach()) as opened:
        yield opened


@pytest.fixture(scope="module")
async def people(running: Workspace) -> AsyncIterator[Source]:
    """The way into the directory."""
    given = OktaCredentials(org_url=running.directory.url, token=SecretStr("00token"))
    async with okta.REGISTRATION.open(given, reach()) as opened:
        yield opened


@pytest.fixture
def workspace(running: Workspace) -> Iterator[Workspace]:
    """Nobody is in it. Whatever is done with it, neither side may say what Slack and Okta would not."""
    running.slack.reset()
    running.directory.reset()
    yield running
    assert (running.slack.broken, running.slack.untrue, running.directory.broken) == ([], [], [])


@pytest.fixture
async def told(backend: Backend, workspace: Workspace) -> Told:
    """The same, with a channel that we are to tell."""
    workspace.slack.add_channel("alerts")
    return Told(await open_house(backend), workspace.slack)


def calls_of(control_id: str) -> tuple[str, ...]:
    return procedure(CONTROLS[control_id], Integration.SLACK).operations


async def answers(source: Source, registration: Registration, account: str, calls: tuple[str, ...]) -> Answers:
    listings = looked_at(registration, calls)
    collected, _ = await read(source, listings)
    return answers_of(registration, listings, collected, account, NOW)


async def judged(source: Source, control_id: str, *others: Answers, now: datetime = NOW) -> Judgement:
    """What the control says of the workspace as the connector reads it now, with these beside it."""
    found = await answers(source, REGISTRATION, TEAM, calls_of(control_id))
    case = Case(answers=found, parameters=CONTROLS[control_id].parameters, now=now, connected=(found, *others))
    return judge(procedure(CONTROLS[control_id], Integration.SLACK), case)


async def judged_with_ours(source: Source, control_id: str, house: House, later: timedelta) -> Judgement:
    """The same with what we have written there and our own records, read as a round of checks does it."""
    account = documents.Account(
        org_id=house.org_id,
        provider=Provider.SLACK,
        native_id=TEAM,
        name="Example",
        state=documents.AccountState.CONNECTED,
    )
    await account.insert()
    found = await answers(source, REGISTRATION, TEAM, calls_of(control_id))
    written = await written_by_us(account)[POSTED](POSTED)
    found = replace(found, by_operation={**found.by_operation, POSTED: written}, whole={*found.whole, POSTED})
    now = house.now() + later
    ours = own_subjects(house.context, house.tenant.scope, now)[0].answers
    case = Case(answers=found, parameters=CONTROLS[control_id].parameters, now=now, connected=(found, ours))
    return await asyncio.to_thread(judge, procedure(CONTROLS[control_id], Integration.SLACK), case)


@pytest.mark.parametrize("changed", slack_changes.CHANGES, ids=lambda one: f"{one.control}-{one.verdict}")
async def test_a_change_of_people_is_judged_as_the_control_says(
    workspace: Workspace, source: Source, people: Source, changed: slack_changes.Changed
) -> None:
    resource = changed.make(workspace)

    directory = await answers(people, okta.REGISTRATION, "00o1", (USERS,))
    judgement = await judged(source, changed.control, directory)

    assert judgement.problem is None
    said = {(one.resource, one.observed): one.verdict for one in judgement.items}
    assert said.get((resource, changed.observed)) is changed.verdict, judgement.items


@pytest.mark.parametrize("changed", slack_house.CHANGES, ids=lambda one: f"{one.control}-{one.verdict}")
async def test_what_we_say_there_is_judged_as_the_control_says(
    told: Told, source: Source, changed: slack_house.Changed
) -> None:
    await changed.make(told)

    judgement = await judged_with_ours(source, changed.control, told.house, changed.later)

    assert judgement.problem is None
    (said,) = [one for one in judgement.items if one.resource.startswith(changed.resource)]
    assert said.verdict is changed.verdict
    assert said.observed.startswith(changed.observed)


@pytest.mark.parametrize(
    ("control_id", "status"),
    [
        ("CW-IAM-02", CheckStatus.NOT_APPLICABLE),
        ("CW-IAM-06", CheckStatus.NOT_APPLICABLE),
        ("CW-IAM-07", CheckStatus.PASS),
        ("CW-IAM-09", CheckStatus.NOT_APPLICABLE),
    ],
)
async def test_who_was_removed_and_what_is_no_person_is_nobody_to_judge(
    workspace: Workspace, source: Source, people: Source, control_id: str, status: CheckStatus
) -> None:
    directory = await answers(people, okta.REGISTRATION, "00o1", (USERS,))

    assert (await judged(source, control_id, directory)).status is status


@pytest.mark.parametrize("control_id", ["CW-IAM-06", "CW-IAM-09"])
async def test_without_a_directory_people_are_compared_with_nobody(
    workspace: Workspace, source: Source, control_id: str
) -> None:
    person()(workspace)

    judgement = await judged(source, control_id)

    assert judgement.status is CheckStatus.NOT_ASSESSED
    assert "no directory is connected" in str(judgement.problem)


@pytest.mark.parametrize("control_id", ["CW-GOV-04", "CW-INC-01", "CW-VEN-01"])
async def test_where_nothing_was_said_or_added_there_is_nothing_to_judge(
    told: Told, source: Source, control_id: str
) -> None:
    await told.register("A1")

    judgement = await judged_with_ours(source, control_id, told.house, timedelta())

    assert (judgement.status, judgement.problem) == (CheckStatus.NOT_APPLICABLE, None)


async def test_an_empty_register_of_vendors_approves_of_nothing_and_blames_nobody(told: Told, source: Source) -> None:
    told.added(30)

    judgement = await judged_with_ours(source, "CW-VEN-01", told.house, timedelta())

    assert judgement.status is CheckStatus.NOT_ASSESSED


async def test_a_workspace_that_pays_nothing_tells_of_no_apps(told: Told, source: Source) -> None:
    await told.register("A1")
    told.slack.refuses["team.integrationLogs"] = "paid_only"

    judgement = await judged_with_ours(source, "CW-VEN-01", told.house, timedelta())

    assert judgement.status is CheckStatus.NOT_ASSESSED
    assert "a paid plan of Slack" in str(judgement.problem)


@pytest.mark.parametrize("control_id", PEOPLE)
@pytest.mark.parametrize("is_cut", [False, True], ids=["refused", "broken off"])
async def test_a_list_of_people_that_was_not_read_whole_says_nothing_of_them(
    workspace: Workspace, source: Source, people: Source, control_id: str, is_cut: bool
) -> None:
    person()(workspace)
    if is_cut:
        workspace.slack.cut.add("users.list")
    else:
        workspace.slack.refuses["users.list"] = "missing_scope"

    directory = await answers(people, okta.REGISTRATION, "00o1", (USERS,))
    judgement = await judged(source, control_id, directory)

    assert (judgement.status, judgement.items) == (CheckStatus.ERROR, ())
    assert "users.list" in str(judgement.problem)


@pytest.mark.parametrize(
    ("control_id", "call"),
    [
        ("CW-LOG-05", "conversations.list"),
        ("CW-LOG-05", "conversations.info"),
        ("CW-VEN-01", "team.integrationLogs"),
    ],
)
async def test_a_call_that_is_refused_says_nothing_of_the_workspace(
    told: Told, source: Source, control_id: str, call: str
) -> None:
    await told.register("A1")
    told.slack.refuses[call] = "missing_scope"

    judgement = await judged_with_ours(source, control_id, told.house, timedelta())

    assert (judgement.status, judgement.items) == (CheckStatus.ERROR, ())
    assert call in str(judgement.problem)


@pytest.mark.parametrize("control_id", ["CW-GOV-04", "CW-INC-01", "CW-LOG-05"])
async def test_without_our_own_messages_nothing_is_said_of_them(
    workspace: Workspace, source: Source, control_id: str
) -> None:
    judgement = await judged(source, control_id)

    assert (judgement.status, judgement.items) == (CheckStatus.ERROR, ())
    assert POSTED in str(judgement.problem)
