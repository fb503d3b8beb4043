"""An organization of Okta is changed, read by the connector, and judged."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from pydantic import SecretStr

from connectors.reading.source import Source
from connectors.systems.jira import registration as jira_registration
from connectors.systems.okta import registration as okta_registration
from domain.compliance.answers import Answers
from domain.compliance.control import Case
from domain.compliance.judging import Judgement, judge
from domain.facts.compliance import Integration, Verdict
from domain.facts.credentials import JiraCredentials, OktaCredentials
from tests.factories.answers import procedure
from tests.factories.okta_changes import CHANGES, Changed
from tests.factories.okta_changes_of_grants import GRANTS, Granted
from tests.factories.okta_faults import one_factor, weak_passwords
from tests.fakes.collecting import reach
from tests.fakes.control_reading import CONTROLS, read_for
from tests.fakes.jira_desk import JiraDesk
from tests.fakes.okta_cloud import OktaCloud
from tests.fakes.playing import Play
from tests.fakes.scripted import Answered, Asked, scripted

OKTA, JIRA = okta_registration.REGISTRATION, jira_registration.REGISTRATION
GRANTS_CONTROL = "CW-IAM-08"


@pytest.fixture(scope="module")
def running(shared: Path) -> OktaCloud:
    return OktaCloud(shared / "specs" / "okta.json")


@pytest.fixture
def cloud(running: OktaCloud) -> Iterator[OktaCloud]:
    running.reset()
    yield running
    assert running.broken == []


@pytest.fixture(scope="module")
async def source(running: OktaCloud) -> AsyncIterator[Source]:
    """One way in for all tests, as a service app: an API token would be listed among those that are judged."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    jwk = SecretStr(json.dumps({**json.loads(RSAAlgorithm.to_jwk(private)), "kid": "k1", "alg": "RS256"}))

    def script(asked: Asked) -> Answered:
        is_about_token = asked.path == "/oauth2/v1/token"
        return Answered({"access_token": "bearer-1", "expires_in": 3600}) if is_about_token else running(asked)

    with scripted(script) as okta:
        credentials = OktaCredentials(org_url=okta.url, client_id="0oa9", private_key=jwk)
        async with OKTA.open(credentials, reach()) as opened:
            yield opened


@pytest.fixture(scope="module")
def running_desk(shared: Path) -> Iterator[JiraDesk]:
    desk = JiraDesk(shared / "specs" / "jira.json")
    with desk.served():
        yield desk


@pytest.fixture
def desk(running_desk: JiraDesk) -> Iterator[JiraDesk]:
    running_desk.reset()
    yield running_desk
    assert running_desk.broken == []


@pytest.fixture(scope="module")
async def jira(running_desk: JiraDesk) -> AsyncIterator[Source]:
    credentials = JiraCredentials(site_url=running_desk.url, email="robot@example.com", token=SecretStr("t0"))
    async with JIRA.open(credentials, reach()) as opened:
        yield opened


def judged(control_id: str, answers: Answers, beside: tuple[Answers, ...], now: datetime) -> Judgement:
    control = CONTROLS[control_id]
    case = Case(answers=answers, parameters=control.parameters, now=now, connected=(answers, *beside))
    return judge(procedure(control, Integration.OKTA), case)


def told(judgement: Judgement, item: str) -> list[tuple[str, str]]:
    """What is said of the item, and what was seen of it; the status of the whole when it is to have no items."""
    if not item:
        assert judgement.items == ()
        return [(judgement.status, "")]
    return [(one.verdict, one.observed) for one in judgement.items if one.resource == item]


@pytest.mark.parametrize("changed", CHANGES, ids=lambda one: f"{one.control}-{one.status}")
async def test_a_change_in_the_organization_is_judged_as_the_control_says(
    cloud: OktaCloud, source: Source, changed: Changed
):
    changed.make(cloud)
    now = datetime.now(UTC)

    answers = await read_for(CONTROLS[changed.control], OKTA, source, now)
    beside = () if changed.beside is None else (changed.beside(),)
    judgement = judged(changed.control, answers, beside, now + changed.later)

    ((status, seen),) = told(judgement, changed.item)
    assert (status, changed.seen in seen) == (changed.status, True), judgement


@pytest.mark.parametrize("granted", GRANTS, ids=lambda one: one.make.__name__)
async def test_what_was_granted_is_paired_with_what_was_asked_for(
    cloud: OktaCloud, source: Source, desk: JiraDesk, jira: Source, granted: Granted
):
    granted.make(cloud, desk)
    now = datetime.now(UTC)

    answers = await read_for(CONTROLS[GRANTS_CONTROL], OKTA, source, now)
    requests = await read_for(CONTROLS[GRANTS_CONTROL], JIRA, jira, now)
    judgement = judged(GRANTS_CONTROL, answers, (requests,), now)

    ((status, seen),) = told(judgement, granted.item)
    assert (status, granted.seen in seen) == (granted.status, True), judgement


@pytest.mark.parametrize(
    ("rule_id", "make", "before"),
    [("okta-password-policy", weak_passwords, Verdict.FAIL), ("okta-session-lifetime", one_factor, Verdict.WARNING)],
)
async def test_what_is_too_weak_passes_the_control_once_it_is_mended(
    cloud: OktaCloud, source: Source, rule_id: str, make: Callable[[OktaCloud], str], before: Verdict
):
    async def verdict_of(item: str) -> str:
        now = datetime.now(UTC)
        answers = await read_for(CONTROLS["CW-IAM-04"], OKTA, source, now)
        ((verdict, _),) = told(judged("CW-IAM-04", answers, (), now), item)
        return verdict

    item = make(cloud)
    assert await verdict_of(item) == before

    await Play(OKTA, source, rule_id, later=timedelta()).mend(item)

    assert await verdict_of(item) == Verdict.PASS
