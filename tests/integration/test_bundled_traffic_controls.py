"""Schedules of stand-ins for AWS and Azure, read by their connectors, and whether they raise capacity before a sale."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.wiring import Backend
from connectors.clouds.aws import registration as aws
from connectors.clouds.azure import registration as azure
from connectors.reading.source import Registration, Source
from domain.bundled.ps_trf_03 import SALES
from domain.compliance.answers import Answers
from domain.compliance.control import Case
from domain.compliance.judging import Judgement, judge
from domain.compliance.registry import bundled_controls
from domain.facts.compliance import CheckStatus, Integration
from jobs.checking.own import own_subjects
from tests.factories.answers import answers as written
from tests.factories.answers import procedure
from tests.factories.graph import Graph
from tests.factories.synthetic_account import context_of
from tests.factories.tenant import make_tenant
from tests.fakes.aws import REGION, Moto
from tests.fakes.aws import credentials as keys
from tests.fakes.azure import House, credentials, refused, thing, values
from tests.fakes.collecting import reach
from tests.fakes.control_reading import read_for
from tests.fakes.scripted import Answered, Asked, scripted

NOW = datetime.now(UTC).replace(second=0, microsecond=0)
# Far enough ahead to be planned for, and near enough to be looked at.
OPENING = NOW + timedelta(days=3)
CHECK = next(control for control in bundled_controls() if control.id == "PS-TRF-03")
FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING, UNTOLD = CheckStatus.NOT_APPLICABLE, CheckStatus.NOT_ASSESSED
CREATE = """mutation($input: CreateForecastEventInput!) { createForecastEvent(input: $input) {
  ... on CreateForecastEventSuccess { event { startsAt } } ... on UserError { message path } } }"""


def declared(at: datetime | None = OPENING, *, is_any: bool = True) -> Answers:
    """A sale that begins then, or on that day at an hour that nobody has told."""
    first = OPENING.replace(hour=0, minute=0)
    sale = {"name": "sale", "first": first, "until": first + timedelta(days=2), "starts_at": at, "account": None}
    return written(Integration.PLATFORM, (SALES, [sale]), off=() if is_any else [SALES])


async def judged(source: Source, registration: Registration, integration: Integration, own: Answers) -> Judgement:
    """What the check says of the account as the connector reads it."""
    answers = await read_for(CHECK, registration, source, NOW)
    case = Case(answers=answers, parameters=CHECK.parameters, now=NOW, connected=(answers, own))
    return judge(procedure(CHECK, integration), case)


@pytest.fixture(scope="module")
def running() -> Iterator[Moto]:
    with pytest.MonkeyPatch.context() as patch, Moto().served() as moto:
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        yield moto


@pytest.fixture(scope="module")
async def source(running: Moto) -> AsyncIterator[Source]:
    async with aws.REGISTRATION.open(keys(running.url), reach()) as opened:
        yield opened


@pytest.fixture
def moto(running: Moto) -> Moto:
    running.reset()
    return running


def group(moto: Moto, *actions: dict[str, Any]) -> None:
    """A group of machines with these scheduled actions."""
    scaling = moto.client("autoscaling")
    scaling.create_launch_configuration(
        LaunchConfigurationName="old", ImageId="ami-0c101f26f147fa7fd", InstanceType="t3.micro"
    )
    sizes = {"MinSize": 0, "DesiredCapacity": 0, "MaxSize": 9, "AvailabilityZones": [f"{REGION}a"]}
    scaling.create_auto_scaling_group(AutoScalingGroupName="shop", LaunchConfigurationName="old", **sizes)
    for number, action in enumerate(actions):
        named = {"AutoScalingGroupName": "shop", "ScheduledActionName": f"action-{number}"}
        scaling.put_scheduled_update_group_action(**named, **action)


def once(minutes: int, least: int = 4) -> dict[str, Any]:
    """Runs so many minutes before the opening."""
    return {"StartTime": OPENING - timedelta(minutes=minutes), "MinSize": least, "MaxSize": 9, "DesiredCapacity": least}


def daily(minutes: int, least: int) -> dict[str, Any]:
    at = OPENING - timedelta(minutes=minutes)
    return {"Recurrence": f"{at.minute} {at.hour} * * *", "MinSize": least, "MaxSize": 9, "DesiredCapacity": least}


@pytest.mark.parametrize(
    ("actions", "own", "status"),
    [
        ([once(30)], declared(), PASS),
        ([daily(120, 4), daily(600, 0)], declared(), PASS),
        ([once(10)], declared(), WARNING),
        ([], declared(), FAIL),
        ([once(120), once(60, 0)], declared(), FAIL),
        ([once(30)], declared(is_any=False), UNTOLD),
        ([once(30)], declared(None), UNTOLD),
        ([once(30)], declared(OPENING + timedelta(days=30)), NOTHING),
    ],
)
async def test_groups_are_raised_before_a_sale(
    moto: Moto, source: Source, actions: list[dict[str, Any]], own: Answers, status: CheckStatus
) -> None:
    group(moto, *actions)

    judgement = await judged(source, aws.REGISTRATION, Integration.AWS, own)

    assert judgement.status is status, judgement


async def test_actions_that_may_not_be_read_are_an_error(moto: Moto, source: Source) -> None:
    group(moto, once(30))
    moto.fail("autoscaling.DescribeScheduledActions", 403, "AccessDenied")

    judgement = await judged(source, aws.REGISTRATION, Integration.AWS, declared())

    assert (judgement.status, judgement.items) == (ERROR, ())


def setting(*profiles: dict[str, Any]) -> dict[str, Any]:
    usual = {"name": "usual", "capacity": {"minimum": "2", "maximum": "9", "default": "2"}, "rules": []}
    own = {"enabled": True, "targetResourceUri": "/vmss", "profiles": [usual, *profiles]}
    return thing("Microsoft.Insights/autoscaleSettings", "shop", properties=own)


def dated(minutes: int) -> dict[str, Any]:
    """In force from so many minutes before the opening until an hour after."""
    start, end = OPENING - timedelta(minutes=minutes), OPENING + timedelta(hours=1)
    dates = {"timeZone": "UTC", "start": f"{start:%Y-%m-%dT%H:%M:%SZ}", "end": f"{end:%Y-%m-%dT%H:%M:%SZ}"}
    return {"name": "sale", "capacity": {"minimum": "6", "maximum": "9", "default": "6"}, "fixedDate": dates}


@pytest.mark.parametrize(
    ("answer", "own", "status"),
    [
        (Answered(values(setting(dated(30)))), declared(), PASS),
        (Answered(values(setting(dated(29)))), declared(), WARNING),
        (Answered(values(setting())), declared(), FAIL),
        (Answered(values()), declared(), NOTHING),
        (Answered(values(setting(dated(30)))), declared(is_any=False), UNTOLD),
        (refused("AuthorizationFailed"), declared(), ERROR),
    ],
    ids=["in time", "late", "never", "nothing scales", "no sale", "refused"],
)
async def test_settings_of_azure_are_raised_before_a_sale(answer: Answered, own: Answers, status: CheckStatus) -> None:
    def script(asked: Asked) -> Answered | None:
        return answer if asked.path.endswith("/autoscaleSettings") else None

    with scripted(House(script)) as server:
        async with azure.REGISTRATION.open(credentials(server.url), reach()) as opened:
            judgement = await judged(opened, azure.REGISTRATION, Integration.AZURE, own)

    assert judgement.status is status, judgement


async def test_the_hour_of_a_sale_is_entered_with_its_event(graph: Graph, backend: Backend) -> None:
    tenant, day = await make_tenant(backend), OPENING.date()
    event = {"name": "sale", "first": f"{day}", "until": f"{day + timedelta(days=1)}", "factor": "3"}

    entered = await graph.ask(CREATE, tenant.token, input={**event, "startsAt": OPENING.isoformat()})
    other_day = (OPENING + timedelta(days=1)).isoformat()
    wrong = await graph.ask(CREATE, tenant.token, input={**event, "startsAt": other_day})
    platform, _ = own_subjects(context_of(backend), tenant.scope, NOW)
    (call,) = await platform.calls._read(SALES)

    assert datetime.fromisoformat(entered["createForecastEvent"]["event"]["startsAt"]) == OPENING
    assert wrong["createForecastEvent"]["path"] == ["input", "startsAt"]
    assert [row["starts_at"] for row in call.pages[0]] == [OPENING]
