"""A DigitalOcean team that a server with state stands in for is changed, read by the connector, and judged.

The server takes only requests that DigitalOcean's own description allows, and gives only answers that it has. Spaces
are those of moto.
"""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.clouds.digitalocean import registration
from connectors.reading.source import Source
from domain.compliance.control import Case
from domain.compliance.judging import Judgement, judge
from domain.facts.compliance import CheckStatus, Integration
from domain.facts.credentials import DigitalOceanCredentials
from tests.contract.verdicts_page import automated
from tests.factories.answers import procedure
from tests.factories.digitalocean_changes import CHANGES, Changed
from tests.factories.digitalocean_changes_of_data import space
from tests.factories.digitalocean_changes_of_watchers import scan
from tests.factories.digitalocean_things import Team, database, kubernetes
from tests.fakes.aws import moto_for_plays
from tests.fakes.collecting import NOW, reach
from tests.fakes.control_reading import read_for
from tests.fakes.digitalocean_whole import NOT_AUTHORIZED, DigitalOceanWhole

REGISTRATION = registration.REGISTRATION
JUDGED = [(control, one) for control, one in automated() if one.integration is Integration.DIGITALOCEAN]
CONTROLS = {control.id: control for control, _ in JUDGED}

# What each says of a team in which there is nothing; the others have nothing to judge.
EMPTY = {"CW-AVL-04": CheckStatus.FAIL, "CW-LOG-01": CheckStatus.PASS, "CW-LOG-04": CheckStatus.FAIL}
# CW-LOG-01 judges when the log of actions was read; the sinks of databases are listed beside it for auditors. Who may
# not ask whose token it is does not come in at all.
OTHERWISE = {("CW-LOG-01", "GET /v2/databases/{database_cluster_uuid}/logsink"), ("CW-AVL-04", "GET /v2/account")}
CALLS = sorted({(control.id, call) for control, one in JUDGED for call in one.operations} - OTHERWISE)
BACKUPS = "GET /v2/databases/{database_cluster_uuid}/backups"
FORBIDDEN, UNPROCESSABLE = 403, 422
# By what follows the address in the interface of S3.
REFUSED_SPACES = {
    "SPACES s3.list_buckets": "",
    "SPACES s3.get_bucket_acl": "acl",
    "SPACES s3.get_bucket_lifecycle_configuration": "lifecycle",
}


@pytest.fixture(scope="module")
def running(shared: Path) -> Iterator[Team]:
    cloud = DigitalOceanWhole(shared / "specs" / "digitalocean.json")
    with moto_for_plays() as spaces, cloud.served():
        yield Team(cloud, spaces)


@pytest.fixture(scope="module")
async def source(running: Team) -> AsyncIterator[Source]:
    """One way in for all tests: to open it takes longer than to read."""
    key = {"spaces_key_id": "x", "spaces_secret": "x", "spaces_url": running.spaces.url}
    given = DigitalOceanCredentials(token="dop_v1_x", endpoint_url=running.cloud.url, **key)
    async with REGISTRATION.open(given, reach()) as opened:
        yield opened


@pytest.fixture
def team(running: Team) -> Iterator[Team]:
    """An empty team. Whatever is done with it, neither side may say what DigitalOcean would not."""
    running.cloud.reset()
    if running.spaces.calls:
        running.spaces.reset()
    yield running
    assert (running.cloud.broken, running.cloud.untrue) == ([], [])


def operations(control_id: str) -> tuple[str, ...]:
    return procedure(CONTROLS[control_id], Integration.DIGITALOCEAN).operations


async def judged(source: Source, control_id: str, later: timedelta = timedelta()) -> Judgement:
    """What the control says of the team, which the connector reads at NOW, so much later."""
    control = CONTROLS[control_id]
    answers = await read_for(control, REGISTRATION, source, NOW)
    case = Case(answers=answers, parameters=control.parameters, now=NOW + later, connected=(answers,))
    return judge(procedure(control, Integration.DIGITALOCEAN), case)


@pytest.mark.parametrize("changed", CHANGES, ids=lambda one: f"{one.control}-{one.verdict}-{one.observed}")
async def test_a_change_in_the_team_is_judged_as_the_control_says(team: Team, source: Source, changed: Changed):
    resource = changed.make(team)

    judgement = await judged(source, changed.control, changed.later)

    assert judgement.problem is None
    said = {(one.resource, one.observed): one.verdict for one in judgement.items}
    assert said.get((resource, changed.observed)) is changed.verdict, judgement.items


@pytest.mark.parametrize("control_id", sorted(CONTROLS.keys() - {"CW-VUL-01"}))
async def test_a_team_without_anything_leaves_next_to_nothing_to_judge(team: Team, source: Source, control_id: str):
    judgement = await judged(source, control_id)

    assert judgement.problem is None
    assert judgement.status is EMPTY.get(control_id, CheckStatus.NOT_APPLICABLE), judgement.items


async def test_without_posture_scans_nothing_is_said_of_weaknesses(team: Team, source: Source):
    judgement = await judged(source, "CW-VUL-01")

    assert judgement.status is CheckStatus.NOT_ASSESSED
    assert "Cloud Security Posture Management" in str(judgement.problem)


async def test_a_scan_that_found_nothing_leaves_nothing_to_judge(team: Team, source: Source):
    scan(1)(team)

    assert (await judged(source, "CW-VUL-01")).status is CheckStatus.NOT_APPLICABLE


async def test_a_cache_of_which_no_copies_are_made_is_not_blamed_for_it(team: Team, source: Source):
    database(engine="valkey")(team)
    # As it would answer if it were asked.
    team.cloud.refuses[BACKUPS] = (UNPROCESSABLE, "backups are not supported for this engine")

    assert (await judged(source, "CW-AVL-01")).status is CheckStatus.NOT_APPLICABLE


def furnish(team: Team, control_id: str) -> None:
    """One of everything that the control asks about thing by thing."""
    has_spaces = any(call in REFUSED_SPACES for call in operations(control_id))
    for make in (database(), kubernetes(), scan(1), *([space("papers")] if has_spaces else [])):
        make(team)


@pytest.mark.parametrize(("control_id", "call"), CALLS)
async def test_a_call_that_is_refused_says_nothing_of_the_team(team: Team, source: Source, control_id: str, call: str):
    furnish(team, control_id)
    if call in REFUSED_SPACES:
        team.spaces.refuse("s3", REFUSED_SPACES[call], FORBIDDEN, "AccessDenied")
    else:
        team.cloud.refuses[call] = (FORBIDDEN, NOT_AUTHORIZED)

    judgement = await judged(source, control_id)

    assert (judgement.status, judgement.items) == (CheckStatus.ERROR, ())
    assert call in str(judgement.problem)


@pytest.mark.parametrize("control_id", ["CW-CHG-05", "CW-DAT-01", "CW-DAT-05", "CW-IAM-05", "CW-NET-03", "PS-CDN-08"])
async def test_a_list_that_breaks_off_says_nothing_of_the_team(team: Team, source: Source, control_id: str):
    furnish(team, control_id)
    call = operations(control_id)[-1]
    team.cloud.cut.add(call)

    judgement = await judged(source, control_id)

    assert (judgement.status, judgement.items) == (CheckStatus.ERROR, ())
    assert call in str(judgement.problem)
