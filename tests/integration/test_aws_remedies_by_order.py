"""What moto has no answers for: found, and made against answers as AWS would send them. Nothing is verified by that."""

from collections.abc import AsyncIterator, Iterator

import pytest

from app.wiring import Backend
from connectors.clouds.aws import registration
from connectors.reading.source import Source
from tests.factories.graph import Graph
from tests.factories.remediation_house import House, make_house
from tests.factories.remedies import kept_of, reached_of
from tests.fakes.aws import ACCOUNT, REGION, Moto, credentials
from tests.fakes.collecting import reach
from tests.fakes.playing_by_jobs import ByJobs

REGISTRATION = registration.REGISTRATION
ANALYZER = {
    "arn": f"arn:aws:access-analyzer:{REGION}:{ACCOUNT}:analyzer/cloudwatcher",
    "name": "cloudwatcher",
    "type": "ACCOUNT",
    "createdAt": "2026-11-27T00:00:00Z",
    "status": "ACTIVE",
}


@pytest.fixture(scope="module")
def running() -> Iterator[Moto]:
    with Moto().served() as moto:
        yield moto


@pytest.fixture(scope="module")
async def source(running: Moto) -> AsyncIterator[Source]:
    async with REGISTRATION.open(credentials(running.url), reach()) as opened:
        yield opened


@pytest.fixture
async def house(backend: Backend, graph: Graph, running: Moto) -> House:
    running.reset()
    return await make_house(backend, graph, running)


def playing(rule_id: str, house: House, source: Source) -> ByJobs:
    return ByJobs(REGISTRATION, source, rule_id, household=house)


@pytest.mark.parametrize(
    ("rule_id", "summary"),
    [
        ("aws-iam-root-mfa", {"AccountMFAEnabled": 0, "AccountAccessKeysPresent": 0}),
        ("aws-iam-root-access-key", {"AccountMFAEnabled": 1, "AccountAccessKeysPresent": 1}),
    ],
)
async def test_fault_of_the_root_user_is_found_and_left_to_people(rule_id, summary, house: House, source: Source):
    house.moto.say("iam.GetAccountSummary", {"SummaryMap": summary})
    play = playing(rule_id, house, source)

    assert set(await play.firing()) == {ACCOUNT}
    assert play.rule.manual


async def test_healthy_root_user_is_left_alone(house: House, source: Source):
    house.moto.say("iam.GetAccountSummary", {"SummaryMap": {"AccountMFAEnabled": 1, "AccountAccessKeysPresent": 0}})

    for rule_id in ("aws-iam-root-mfa", "aws-iam-root-access-key"):
        assert await playing(rule_id, house, source).firing() == {}


async def test_analyzer_is_made_and_deleted_by_calls_that_aws_knows(house: House, source: Source):
    moto = house.moto
    moto.client("s3").create_bucket(Bucket="in-use")
    play = playing("aws-access-analyzer-off", house, source)
    steps = await play.plan(REGION)
    moto.say("accessanalyzer.CreateAnalyzer", {"arn": ANALYZER["arn"]})
    moto.say("accessanalyzer.GetAnalyzer", {"analyzer": ANALYZER})
    # It answers with nothing at all.
    moto.garble("accessanalyzer.DeleteAnalyzer", b"", {"x-amzn-RequestId": "by-order"})
    moto.say("accessanalyzer.ListFindingsV2", {"findings": []})

    await play.make(steps)
    moto.say("accessanalyzer.ListAnalyzers", {"analyzers": [ANALYZER]})
    assert await play.firing() == {}
    await play.make(steps[0].undo)
    moto.say("accessanalyzer.ListAnalyzers", {"analyzers": []})

    assert set(await play.firing()) == {REGION}
    asked = [one for one in moto.asked if one.startswith("accessanalyzer.")]
    assert [one for one in asked if "List" not in one and "Get" not in one] == [
        "accessanalyzer.CreateAnalyzer",
        "accessanalyzer.DeleteAnalyzer",
    ]


def test_what_is_reached_here_is_what_the_page_of_rules_says() -> None:
    rules = {"aws-iam-root-mfa", "aws-iam-root-access-key", "aws-access-analyzer-off"}

    assert reached_of(rules) == kept_of(rules), "run `make remedies`, then `make rules`, and read the difference"
