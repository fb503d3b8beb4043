"""Each call of DigitalOcean fails in turn: a gap names it, and nothing looks like an empty list."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from connectors.clouds.digitalocean import data, registration
from domain.errors import CredentialsRejected
from domain.facts.credentials import DigitalOceanCredentials
from domain.facts.inventory import GapCause
from tests.fakes.collecting import reach
from tests.fakes.digitalocean import TEAM, WORLD
from tests.fakes.faults import FAULTS, Faulty, calls_of, gap_of, paths_of, read_one
from tests.fakes.scripted_rest import Answer, Call, Scripted

SPACES = next(one for one in data.LISTINGS if one.operation.name == "SPACES s3.list_buckets")
API = [one for one in calls_of(registration.REGISTRATION) if one.listing is not SPACES]
BUCKETS = b"<ListAllMyBucketsResult><Buckets><Bucket><Name>shop</Name></Bucket></Buckets></ListAllMyBucketsResult>"
ACL = b"<AccessControlPolicy><AccessControlList></AccessControlList></AccessControlPolicy>"
NO_RULES = b"<Error><Code>NoSuchLifecycleConfiguration</Code></Error>"


@pytest.fixture(scope="module")
def team() -> Iterator[Scripted]:
    with Scripted().served() as scripted:
        yield scripted


@pytest.fixture(autouse=True)
def as_it_should_be(team: Scripted) -> None:
    team.told = {path: Answer(body) for path, body in WORLD.items()}


def credentials(team: Scripted) -> DigitalOceanCredentials:
    return DigitalOceanCredentials(
        token="x", endpoint_url=team.url, spaces_key_id="x", spaces_secret="x", spaces_url=f"{team.url}/spaces"
    )


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("faulty", API, ids=lambda one: one.operation.name)
async def test_failed_call_is_a_gap_that_names_it(team: Scripted, faulty: Faulty, fault: str):
    answer, cause = FAULTS[fault]
    team.told |= dict.fromkeys(paths_of(faulty.operation, WORLD), answer)

    collected, report = await read_one(registration.REGISTRATION, credentials(team), TEAM, faulty.listing)

    gap = gap_of(faulty, collected, report)
    assert gap.cause is cause
    if cause is GapCause.PERMISSION:
        assert (gap.missing,) == faulty.operation.permissions


async def test_call_that_hangs_is_a_gap(team: Scripted, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("connectors.rest.client.CALL_LIMIT", timedelta(seconds=0.2))

    def hang(_: Call) -> Answer:
        time.sleep(0.6)
        return Answer(WORLD["/v2/vpcs"])

    team.told["/v2/vpcs"] = hang
    (faulty,) = [one for one in API if one.operation.name == "GET /v2/vpcs"]
    collected, report = await read_one(registration.REGISTRATION, credentials(team), TEAM, faulty.listing)

    assert gap_of(faulty, collected, report).cause is GapCause.UNAVAILABLE


def spaces(team: Scripted, acl: Answer) -> None:
    def bucket(call: Call) -> Answer:
        return acl if "acl" in call.raw else Answer(NO_RULES, 404)

    team.told |= {"/spaces/": Answer(BUCKETS), "/spaces/shop": bucket}


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (Answer(b"<Error><Code>AccessDenied</Code></Error>", 403), GapCause.PERMISSION),
        (Answer(b"<Error><Code>SlowDown</Code></Error>", 503), GapCause.THROTTLED),
        (Answer(b"", 500), GapCause.UNAVAILABLE),
        (Answer(b"oops", 502), GapCause.UNAVAILABLE),
        (Answer(b"<html><p>Welcome</p></html>"), GapCause.MISSHAPEN),
        (Answer(b"<AccessControlPolicy><Access"), GapCause.MISSHAPEN),
        (Answer(b"<Error><Code>InvalidAccessKeyId</Code></Error>", 403), GapCause.FAILED),
        (Answer(b"<Error><Code>MethodNotAllowed</Code></Error>", 405), GapCause.FAILED),
    ],
)
async def test_bucket_whose_settings_cannot_be_read_lacks_them(team: Scripted, answer: Answer, cause: GapCause):
    spaces(team, answer)
    collected, report = await read_one(registration.REGISTRATION, credentials(team), TEAM, SPACES)

    (gap,) = report.gaps
    assert (gap.operation, gap.cause) == ("SPACES s3.get_bucket_acl", cause)
    (bucket,) = collected.found
    assert "Grants" not in bucket.config
    assert bucket.config["LifecycleRules"] is None


async def test_buckets_that_cannot_be_listed_are_not_absent(team: Scripted):
    spaces(team, Answer(ACL))
    team.told["/spaces/"] = Answer(b"<html></html>")
    collected, report = await read_one(registration.REGISTRATION, credentials(team), TEAM, SPACES)

    assert ([gap.cause for gap in report.gaps], report.complete, collected.found) == (
        [GapCause.MISSHAPEN],
        frozenset(),
        [],
    )


async def test_expired_token_is_told_from_a_missing_scope(team: Scripted):
    team.told["/v2/account"] = Answer({"message": "Unable to authenticate you"}, 401)
    with pytest.raises(CredentialsRejected):
        async with registration.REGISTRATION.open(credentials(team), reach()) as source:
            await source.identity()
