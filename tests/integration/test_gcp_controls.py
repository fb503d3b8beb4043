"""A Google Cloud that a stand-in answers for is changed, read by the connector, and judged."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.clouds.gcp import registration
from connectors.reading.listing import Listing
from connectors.systems.okta import registration as okta_registration
from domain.compliance.answers import Answers
from domain.compliance.control import Case
from domain.compliance.judging import Judgement, judge
from domain.facts.compliance import CheckStatus, Integration
from domain.facts.credentials import OktaCredentials
from tests.factories.answers import answers, procedure
from tests.factories.gcp_changes import CHANGES
from tests.factories.gcp_state import EMPTY, Changed
from tests.fakes.collecting import NOW, reach, read
from tests.fakes.control_reading import CONTROLS, looked_at
from tests.fakes.google import PROJECT, credentials
from tests.fakes.google_told import ORGANIZATION, GoogleTold
from tests.fakes.judged_surveys import answers_of, judged_by_all
from tests.fakes.okta_cloud import OktaCloud

REGISTRATION = registration.REGISTRATION
OKTA = okta_registration.REGISTRATION
PEOPLE = [one for one in OKTA.listings if one.operation.name == "GET /api/v1/users"]
# Controls that look at what is connected beside the project.
COMPARED = ("CW-IAM-09", "CW-VEN-01")
WITHOUT_ITEMS = (CheckStatus.ERROR, CheckStatus.NOT_APPLICABLE)


@pytest.fixture(scope="module")
def okta(shared: Path) -> Iterator[OktaCloud]:
    running = OktaCloud(shared / "specs" / "okta.json")
    with running.served():
        yield running


@pytest.fixture(scope="module")
def google() -> Iterator[GoogleTold]:
    with GoogleTold().served() as running:
        yield running


def calls_of(control_id: str) -> tuple[str, ...]:
    return procedure(CONTROLS[control_id], Integration.GCP).operations


async def answered(google: GoogleTold, listings: list[Listing]) -> Answers:
    """The project as the connector reads it now; it is opened anew, since a way in keeps the places that are in use."""
    async with REGISTRATION.open(credentials(google.url, organization_id=ORGANIZATION), reach()) as source:
        collected, _ = await read(source, listings)
    return answers_of(REGISTRATION, listings, collected, PROJECT)


def register(*apps: str) -> Answers:
    """Our own register of vendors."""
    rows = [{"vendor": one, "integration": "GCP", "app": one, "permissions": []} for one in apps]
    return answers(Integration.PLATFORM, ("platform:vendor_apps", rows))


async def beside(okta: OktaCloud, changed: Changed) -> tuple[Answers, ...]:
    """What the control looks at beside the project: the directory, read by its own connector, and our own register."""
    okta.reset()
    for name, since in changed.leavers.items():
        okta.add_user(name, status="DEPROVISIONED", statusChanged=(NOW - since).isoformat())
    token = OktaCredentials(org_url=okta.url, token=SecretStr("00token"))
    async with OKTA.open(token, reach()) as source:
        collected, _ = await read(source, PEOPLE)
    return answers_of(OKTA, PEOPLE, collected, "00o1"), register(*changed.register)


async def judged(google: GoogleTold, okta: OktaCloud, changed: Changed) -> Judgement:
    control = CONTROLS[changed.control]
    project = await answered(google, looked_at(REGISTRATION, calls_of(changed.control)))
    others = await beside(okta, changed) if changed.control in COMPARED else ()
    case = Case(
        answers=project,
        parameters={**control.parameters, **changed.parameters},
        now=NOW + changed.later,
        connected=(project, *others),
    )
    return judge(procedure(control, Integration.GCP), case)


@pytest.mark.parametrize("changed", CHANGES, ids=lambda one: f"{one.control}-{one.status}")
async def test_a_change_in_the_project_is_judged_as_the_control_says(
    google: GoogleTold, okta: OktaCloud, changed: Changed
) -> None:
    google.tell(changed.told)

    judgement = await judged(google, okta, changed)

    said = {item.verdict.value for item in judgement.items if item.resource == changed.item}
    assert google.broken + okta.broken == []
    if changed.status in WITHOUT_ITEMS:
        assert (judgement.status, judgement.items) == (changed.status, ()), judgement.problem
    else:
        assert (judgement.problem, said) == (None, {changed.status.value}), judgement.items


async def test_what_google_leaves_out_of_empty_lists_is_no_error(google: GoogleTold) -> None:
    google.tell(EMPTY)
    everything = await answered(google, [*REGISTRATION.listings])

    said = judged_by_all(everything, NOW, answers(Integration.OKTA, (PEOPLE[0].operation.name, [])), register())

    assert {name: one.problem for name, one in said.items() if one.status is CheckStatus.ERROR} == {}
    assert google.broken == []


async def test_an_answer_that_google_would_not_give_is_noticed(google: GoogleTold) -> None:
    google.tell({"storage.v1:buckets.list": {"items": [{"name": "files", "labels": ["data-class"]}]}})

    await answered(google, looked_at(REGISTRATION, calls_of("CW-DAT-06") + calls_of("CW-DAT-07")))

    assert [one for one in google.broken if "$.items[0].labels" in one]
