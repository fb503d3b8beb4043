"""What Azure begins is waited for, a step that is tried again changes nothing more, and failures say why."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.acting import Actor
from connectors.clouds.azure import lasting, registration
from connectors.reading.listing import Place
from connectors.reading.source import Source
from domain.errors import CutShort, PermissionMissing, Rejected, Unavailable
from domain.remediation.step import Call, Step
from domain.rules.azure_resource import GONE, on
from tests.factories import azure_faults as made
from tests.factories.azure_faults import AzureFault
from tests.factories.azure_faults_of_services import FAULTS
from tests.fakes.azure import House, credentials, refused
from tests.fakes.azure_cloud import Cloud
from tests.fakes.azure_effects import new_cloud
from tests.fakes.collecting import NOW, reach
from tests.fakes.playing import Play
from tests.fakes.scripted import Answered, Asked, Scripted, scripted

REGISTRATION = registration.REGISTRATION
PLACE = Place(account_id="s1", region=None, now=NOW)
DISK = "/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.Compute/disks/data"
DELETE = Step(name="delete", says="Go.", call=on("DELETE Microsoft.Compute/disks/{diskName}", DISK), gone=GONE)
PATCH = Step(
    name="patch",
    says="Change.",
    call=on("PATCH Microsoft.Compute/disks/{diskName}", DISK, sku={"name": "StandardSSD_LRS"}),
)
ASK = Step(
    name="ask",
    says="Ask.",
    call=Call(operation="POST Microsoft.Capacity/calculateExchange", arguments={"properties": {}}),
)


@pytest.fixture
def cloud(shared: Path) -> Cloud:
    return new_cloud(shared / "specs" / "azure.json")


@pytest.fixture
def server(cloud: Cloud) -> Iterator[Scripted]:
    with cloud.served() as running:
        yield running


@pytest.fixture
async def source(server: Scripted) -> AsyncIterator[Source]:
    async with REGISTRATION.open(credentials(server.url), reach()) as opened:
        yield opened


def actor_on(source: Source) -> Actor:
    return Actor(source, REGISTRATION.action, PLACE)


def waits(source: Any) -> list[float]:
    """How long the source waits from now on, in seconds; it does not really."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    source._lasting._sleep = sleep
    return slept


async def told(script: Any, step: Step) -> tuple[Any, list[Asked], list[float]]:
    """What one step comes to, with a house that answers by the script; what was asked and how long was waited."""
    with scripted(House(script)) as azure:
        async with REGISTRATION.open(credentials(azure.url), reach()) as source:
            slept = waits(source)
            answer = await actor_on(source).make(step, "token", {})
    return answer, [one for one in azure.asked if not one.path.endswith("/token")], slept


class InTurn:
    """Answers one after another, the last again and again. `{host}` in a header is where the server stands."""

    def __init__(self, *answers: Answered) -> None:
        self._answers = list(answers)

    def __call__(self, asked: Asked) -> Answered | None:
        if asked.path.endswith("/token"):
            return None
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        named = {name: value.replace("{host}", asked.headers["host"]) for name, value in answer.headers.items()}
        return replace(answer, headers=named)


STATUS = {"Azure-AsyncOperation": "http://{host}/status?api-version=1"}
LOCATION = {"Location": "http://{host}/result?api-version=1"}
GOING, DONE = Answered({"status": "InProgress"}, 200, {"Retry-After": "7"}), Answered({"status": "Succeeded"})


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
async def test_a_step_that_is_tried_again_changes_nothing_more(fault: AzureFault, cloud: Cloud, source: Source) -> None:
    play = Play(REGISTRATION, source, fault.rule_id, later=timedelta(), parameters=fault.parameters)
    actor, native_id = actor_on(source), fault.make(cloud)
    steps = await play.plan(native_id)
    # A step is followed by those that take it back, the last step first.
    for step in (*steps, *(undo for made_step in reversed(steps) for undo in made_step.undo)):
        play.answers[step.name] = await actor.make(step, step.name, play.answers)
        once = cloud.state()

        found = await actor.find(step, step.name, play.answers)
        play.answers[step.name] = found or await actor.make(step, step.name, play.answers)

        assert cloud.state() == once
        assert (found is not None) == (step.found is not None)
    assert cloud.problems == []


async def test_nothing_is_done_before_azure_has_done_it(cloud: Cloud, source: Source, server: Scripted) -> None:
    native_id = made.disk(cloud)
    gone = DELETE.model_copy(update={"call": on("DELETE Microsoft.Compute/disks/{diskName}", native_id)})

    await actor_on(source).make(gone, "token", {})

    assert cloud.things == {}
    assert [one.rpartition("/")[0] for one in server.paths()[-2:]] == ["GET /operations", "GET /operations"]


@pytest.mark.parametrize(
    "fault", [one for one in FAULTS if one.rule_id in ("azure-disk-unattached", "azure-sql-dw-idle")]
)
async def test_what_fails_afterwards_is_rejected_with_its_code(fault: AzureFault, cloud: Cloud, source: Source) -> None:
    play = Play(REGISTRATION, source, fault.rule_id, later=timedelta())
    steps = await play.plan(fault.make(cloud))
    before, cloud.fails_with = cloud.state(), "AllocationFailed"

    with pytest.raises(Rejected, match=r"AllocationFailed.*It could not be done"):
        await actor_on(source).make(steps[0], "token", {})

    assert cloud.state() == before


async def test_azure_says_how_long_to_wait() -> None:
    begun = Answered(None, 202, {**STATUS, "Retry-After": "3"})

    answer, asked, slept = await told(InTurn(begun, GOING, GOING, DONE), DELETE)

    assert slept == [3, 7, 7]
    assert [(one.method, one.path, one.text) for one in asked] == [
        ("DELETE", DISK, ""),
        *[("GET", "/status", "")] * 3,
    ]
    assert answer == {"status": "Succeeded"}


async def test_without_a_word_of_azure_it_looks_every_five_seconds_and_not_for_ever() -> None:
    begun = Answered(None, 202, LOCATION)

    with pytest.raises(Unavailable, match=r"not done with DELETE .* after 10 minutes"):
        await told(InTurn(begun, Answered(None, 202)), DELETE)

    assert lasting.EVERY * 120 == lasting.PATIENCE


async def test_a_wait_beyond_all_patience_is_not_begun() -> None:
    with pytest.raises(Unavailable):
        await told(InTurn(Answered(None, 202, {**STATUS, "Retry-After": "86400"}), DONE), DELETE)


async def test_a_server_that_always_says_at_once_is_not_asked_for_ever() -> None:
    at_once = Answered(None, 202, {**LOCATION, "Retry-After": "0"})

    with pytest.raises(Unavailable):
        await told(InTurn(at_once), DELETE)


async def test_what_was_changed_is_read_when_it_is_done() -> None:
    changed = Answered({"sku": {"name": "StandardSSD_LRS"}})

    answer, asked, _ = await told(InTurn(Answered(None, 202, STATUS), DONE, changed), PATCH)

    assert answer == {"sku": {"name": "StandardSSD_LRS"}}
    assert (asked[-1].method, asked[-1].path) == ("GET", DISK)
    assert asked[-1].query == {"api-version": ["2026-03-02"]}


async def test_a_thing_that_says_itself_that_it_is_made_is_waited_for() -> None:
    making, ready = ({"properties": {"provisioningState": state}} for state in ("Updating", "Succeeded"))

    answer, asked, _ = await told(InTurn(Answered(making, 201), Answered(making), Answered(ready)), PATCH)

    assert answer == ready
    assert [one.method for one in asked] == ["PATCH", "GET", "GET"]


async def test_the_result_of_a_question_is_where_azure_says() -> None:
    begun, result = Answered(None, 202, {**STATUS, **LOCATION}), {"properties": {"sessionId": "s1"}}

    answer, asked, _ = await told(InTurn(begun, DONE, Answered(result)), ASK)

    assert answer == result
    assert asked[-1].path == "/result"


async def test_a_change_whose_result_says_nothing_is_read() -> None:
    changed = Answered({"id": DISK})

    answer, asked, _ = await told(InTurn(Answered(None, 202, LOCATION), Answered(None, 204), changed), PATCH)

    assert answer == {"id": DISK}
    assert asked[-1].path == DISK


async def test_what_is_gone_while_it_is_waited_for_is_done() -> None:
    gone = refused("ResourceNotFound", status=404)

    assert (await told(InTurn(Answered(None, 202, LOCATION), gone), DELETE))[0] == {}
    assert (await told(InTurn(gone), DELETE))[0] == {}


async def test_the_credentials_go_to_no_other_server() -> None:
    elsewhere = {"Azure-AsyncOperation": "http://elsewhere.example.com/status"}

    with pytest.raises(CutShort, match="another server"):
        await told(InTurn(Answered(None, 202, elsewhere)), DELETE)


@pytest.mark.parametrize(
    ("answered", "error", "says"),
    [
        (refused("OperationNotAllowed", "It runs.", 409), Rejected, r"\(OperationNotAllowed\): It runs"),
        (refused("AnotherOperationInProgress", "Busy.", 409), Unavailable, "busy with another change"),
        (refused("AuthorizationFailed", "No.", 403), PermissionMissing, "Microsoft.Compute/disks/delete"),
        (refused("SubscriptionNotFound", "No.", 404), Exception, "no role in it"),
    ],
)
async def test_what_is_not_taken_says_why(answered: Answered, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        await told(InTurn(answered), DELETE)
