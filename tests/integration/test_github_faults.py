"""Each call of GitHub fails in turn; and the ways in: limits, queries that err, and the token of an app."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.systems.github import registration
from domain.errors import CredentialsRejected, Invalid, Misshapen, Throttled, Unavailable
from domain.facts.credentials import GithubCredentials
from domain.facts.inventory import GapCause
from tests.fakes import github
from tests.fakes.collecting import NOW, reach
from tests.fakes.faults import FAULTS, Faulty, calls_of, gap_of, paths_of, read_one
from tests.fakes.github import ORG
from tests.fakes.scripted_rest import Answer, Call, Scripted

REGISTRATION = registration.REGISTRATION
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
).decode()
TOKENS = "/app/installations/42/access_tokens"


@pytest.fixture(scope="module")
def hub() -> Iterator[Scripted]:
    with Scripted().served() as scripted:
        yield scripted


@pytest.fixture(autouse=True)
def as_it_should_be(hub: Scripted) -> None:
    hub.told = github.answers()
    hub.calls.clear()


def token(hub: Scripted) -> GithubCredentials:
    return GithubCredentials(token="x", organization=ORG, endpoint_url=hub.url)


def app(hub: Scripted, key: str = PEM) -> GithubCredentials:
    return GithubCredentials(app_id="7", installation_id="42", private_key=key, organization=ORG, endpoint_url=hub.url)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("faulty", calls_of(REGISTRATION), ids=lambda one: one.operation.name)
async def test_failed_call_is_a_gap_that_names_it(hub: Scripted, faulty: Faulty, fault: str) -> None:
    answer, cause = FAULTS[fault]
    hub.told |= dict.fromkeys(paths_of(faulty.operation, hub.told), answer)

    collected, report = await read_one(REGISTRATION, token(hub), "1", faulty.listing)

    gap = gap_of(faulty, collected, report)
    assert gap.cause is cause
    if cause is GapCause.PERMISSION:
        assert (gap.missing,) == faulty.operation.permissions


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ({"errors": [{"type": "FORBIDDEN", "message": "no"}], "data": None}, GapCause.PERMISSION),
        ({"errors": [{"type": "RATE_LIMITED", "message": "slower"}]}, GapCause.THROTTLED),
        ({"errors": [{"message": "Something went wrong"}], "data": {}}, GapCause.FAILED),
        ({"data": {"organization": {}}}, GapCause.MISSHAPEN),
    ],
)
async def test_query_that_errs_with_a_good_status_is_a_gap(hub: Scripted, answer: object, cause: GapCause) -> None:
    hub.told["/graphql"] = Answer(answer)
    (faulty,) = [one for one in calls_of(REGISTRATION) if one.operation.name.endswith("samlIdentityProvider")]
    collected, report = await read_one(REGISTRATION, token(hub), "1", faulty.listing)

    assert gap_of(faulty, collected, report).cause is cause


async def test_organization_without_single_sign_on_has_none(hub: Scripted) -> None:
    hub.told["/graphql"] = Answer({"data": {"organization": {"samlIdentityProvider": None}}})
    collected, report = await read_one(REGISTRATION, token(hub), "1", REGISTRATION.listings[0])

    assert report.gaps == ()
    assert collected.found[0].config["saml"] is None


async def test_spent_limit_lasts_until_it_is_set_back(hub: Scripted) -> None:
    reset = str(int((NOW + timedelta(minutes=12)).timestamp()))
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    hub.told[f"/orgs/{ORG}"] = Answer({"message": "API rate limit exceeded"}, 403, headers)

    async with REGISTRATION.open(token(hub), reach()) as source:
        with pytest.raises(Throttled) as limit:
            await source.identity()
    assert limit.value.retry_after == timedelta(minutes=12)


async def test_rejected_token_is_told_from_a_missing_permission(hub: Scripted) -> None:
    hub.told[f"/orgs/{ORG}"] = Answer({"message": "Bad credentials"}, 401)

    async with REGISTRATION.open(token(hub), reach()) as source:
        with pytest.raises(CredentialsRejected, match="Bad credentials"):
            await source.identity()


async def test_answer_that_names_no_organization_proves_nothing(hub: Scripted) -> None:
    hub.told[f"/orgs/{ORG}"] = Answer({"message": "hello"})

    async with REGISTRATION.open(token(hub), reach()) as source:
        with pytest.raises(Misshapen):
            await source.identity()


def issue(call: Call) -> Answer:
    """A token for an hour to who signs as the app."""
    claims = jwt.decode(
        call.headers["authorization"].removeprefix("Bearer "),
        KEY.public_key(),
        algorithms=["RS256"],
        options={"verify_exp": False, "verify_iat": False, "verify_iss": False},
    )
    now = datetime.fromtimestamp(claims["iat"], NOW.tzinfo) + timedelta(minutes=1)
    assert claims["iss"] == "7"
    assert claims["exp"] - claims["iat"] <= 600
    ends_at = (now + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Answer({"token": f"ghs_{now:%H%M}", "expires_at": ends_at}, 201)


async def test_app_signs_for_a_token_and_renews_it_before_it_ends(hub: Scripted) -> None:
    hub.told[TOKENS] = issue
    clock = [NOW]
    async with REGISTRATION.open(app(hub), replace(reach(), now=lambda: clock[0])) as source:
        who = await source.identity()
        clock[0] = NOW + timedelta(minutes=54)
        await source.identity()
        clock[0] = NOW + timedelta(minutes=55)
        await source.identity()

    assert who.principal == "GitHub App 7"
    assert [call.headers["authorization"] for call in hub.asked(f"/orgs/{ORG}")] == [
        "Bearer ghs_1200",
        "Bearer ghs_1200",
        "Bearer ghs_1255",
    ]
    assert [call.method for call in hub.asked(TOKENS)] == ["POST", "POST"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer({"message": "Integration not found"}, 404), CredentialsRejected),
        (Answer({"message": "oops"}, 502), Unavailable),
        (Answer({"token": 1, "expires_at": "2026-11-26T13:00:00Z"}, 201), Misshapen),
        (Answer({}, 201), Misshapen),
        (Answer(b"<html>", 201), Misshapen),
    ],
)
async def test_app_without_a_token_gets_nowhere(hub: Scripted, answer: Answer, error: type[Exception]) -> None:
    hub.told[TOKENS] = answer

    async with REGISTRATION.open(app(hub), reach()) as source:
        with pytest.raises(error):
            await source.identity()
    assert hub.asked(f"/orgs/{ORG}") == []


async def test_key_that_is_none_is_refused_before_anything_is_sent(hub: Scripted) -> None:
    async with REGISTRATION.open(app(hub, "not a key"), reach()) as source:
        with pytest.raises(Invalid, match="PEM"):
            await source.identity()
    assert hub.calls == []


async def test_secret_of_an_alert_is_neither_asked_for_nor_kept(hub: Scripted) -> None:
    (faulty,) = [one for one in calls_of(REGISTRATION) if "secret-scanning" in one.operation.name]
    collected, _ = await read_one(REGISTRATION, token(hub), "1", faulty.listing)

    (call,) = hub.calls
    assert call.query["hide_secret"] == "true"
    assert "secret" not in json.loads(json.dumps(collected.answers[0].answer))[0]
