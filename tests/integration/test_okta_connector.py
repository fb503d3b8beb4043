"""Okta, read from its own description by Prism, and from a scripted server where that says too little."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from pydantic import SecretStr

from connectors.systems.okta import registration
from domain.errors import CredentialsRejected
from domain.facts.credentials import OktaCredentials
from domain.facts.inventory import GapCause
from domain.facts.resource import ResourceKind
from tests.fakes.collecting import NOW, Collected, survey
from tests.fakes.node import NoPeer
from tests.fakes.peers import okta as peers
from tests.fakes.prism import prism, refused_requests
from tests.fakes.scripted import Answered, Asked, scripted

REGISTRATION = registration.REGISTRATION

ORGANIZATION = {"id": "00o1", "companyName": "Example"}
NO_PERMISSION = {"errorCode": "E0000006", "errorSummary": "You do not have permission to perform the requested action"}


def token(url: str) -> OktaCredentials:
    return OktaCredentials(org_url=url, token=SecretStr("00token"))


def listings(*names: str) -> list[Any]:
    return [one for one in REGISTRATION.listings if one.operation.name in names]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prism") / "log"


@pytest.fixture(scope="module")
def peer(shared: Path, log: Path) -> Iterator[str]:
    try:
        with prism(shared / "specs" / "okta.json", log) as url:
            yield url
    except NoPeer as missing:
        pytest.skip(f"needs Prism: {missing}")


async def test_the_whole_survey_breaks_no_contract_and_parses_everything(peer: str, log: Path) -> None:
    described = [one for one in REGISTRATION.listings if one.operation.name not in peers.UNDESCRIBED]

    collected, report = await survey(REGISTRATION, token(peer), described)

    assert refused_requests(log) == []
    # The example of the one list that pages in its body leads to another server.
    assert [(gap.operation, gap.cause) for gap in report.gaps] == [
        ("GET /api/v1/iam/assignees/users", GapCause.CUT_SHORT)
    ]
    by_prism = {name for name, peer in peers.PEERS.items() if peer.startswith("Prism")}
    assert set(report.answered) | {REGISTRATION.identity_operation.name} == by_prism
    assert {one.kind for one in collected.found} == {kind for one in described for kind in one.kinds}
    assert set(peers.PEERS) | set(peers.NOT_EXERCISED) == {one.name for one in REGISTRATION.operations}


def answer(asked: Asked) -> Answered:
    if asked.path == "/api/v1/org":
        return Answered(ORGANIZATION)
    if asked.path == "/api/v1/users":
        return users(asked)
    if asked.path == "/api/v1/logStreams":
        return Answered([{"id": "0oa1", "name": "to the lake", "status": "ACTIVE"}])
    return Answered([])


def users(asked: Asked) -> Answered:
    if "search" in asked.query:
        return Answered([{"id": "u9", "status": "DEPROVISIONED", "profile": {"login": "gone@example.com"}}])
    if "after" in asked.query:
        return Answered([{"id": "u2", "status": "ACTIVE", "profile": {"login": "b@example.com"}}])
    link = f'<http://{asked.headers["host"]}/api/v1/users?after=u1&limit=200>; rel="next"'
    secret = {"recovery_question": {"question": "Which street?"}}
    user = {"id": "u1", "status": "ACTIVE", "profile": {"login": "a@example.com"}, "credentials": secret}
    return Answered([user], headers={"Link": link})


async def test_all_pages_are_read_and_those_who_left_are_there_too() -> None:
    with scripted(answer) as okta:
        collected, report = await survey(REGISTRATION, token(okta.url), listings("GET /api/v1/users"))

    assert sorted(one.name for one in collected.found) == ["a@example.com", "b@example.com", "gone@example.com"]
    assert (ResourceKind.OKTA_USER, None) in report.complete
    assert "Which street?" not in str(collected.answers)
    assert {one.headers["authorization"] for one in okta.asked} == {"SSWS 00token"}


async def test_what_the_description_lacks_is_read_from_a_script() -> None:
    with scripted(answer) as okta:
        collected, report = await survey(REGISTRATION, token(okta.url), listings(*peers.UNDESCRIBED))

    assert set(report.answered) == set(peers.UNDESCRIBED)
    assert [one.name for one in collected.found] == ["to the lake"]


@pytest.mark.parametrize(
    ("status", "body", "headers", "cause", "missing"),
    [
        (403, NO_PERMISSION, {}, GapCause.PERMISSION, "okta.logStreams.read"),
        (403, {"errorCode": "E0000015"}, {}, GapCause.PLAN, "log streaming"),
        (404, {"errorCode": "E0000022"}, {}, GapCause.PLAN, "log streaming"),
        (429, {}, {"X-Rate-Limit-Reset": str(int(NOW.timestamp()) + 3600)}, GapCause.THROTTLED, None),
        (401, {"errorCode": "E0000011"}, {}, GapCause.FAILED, None),
        (200, "<html>Welcome</html>", {}, GapCause.MISSHAPEN, None),
        (200, {"not": "a list"}, {}, GapCause.MISSHAPEN, None),
        (200, [{"no": "id"}], {}, GapCause.MISSHAPEN, None),
    ],
    ids=["permission", "feature", "edition", "throttled", "rejected", "page", "shape", "item"],
)
async def test_a_list_that_cannot_be_read_is_a_gap_and_not_an_empty_list(
    status: int, body: Any, headers: dict[str, str], cause: GapCause, missing: str | None
) -> None:
    def script(asked: Asked) -> Answered:
        return Answered(ORGANIZATION) if asked.path.endswith("/org") else Answered(body, status, headers)

    with scripted(script) as okta:
        collected, report = await survey(REGISTRATION, token(okta.url), listings("GET /api/v1/logStreams"))

    (gap,) = report.gaps
    assert (gap.cause, gap.missing, gap.unlisted) == (cause, missing, (ResourceKind.OKTA_LOG_STREAM,))
    assert collected.found == []
    assert report.complete == frozenset()


async def test_a_wrong_token_is_said_to_be_wrong() -> None:
    rejection = Answered({"errorCode": "E0000011", "errorSummary": "Invalid token provided"}, 401)
    with scripted(lambda _: rejection) as okta, pytest.raises(CredentialsRejected, match="Invalid token provided"):
        await survey(REGISTRATION, token(okta.url), [])


async def test_a_service_app_signs_for_one_token_and_asks_for_all_its_scopes() -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    jwk = {**json.loads(RSAAlgorithm.to_jwk(private)), "kid": "k1", "alg": "RS256"}

    def script(asked: Asked) -> Answered:
        if asked.path == "/oauth2/v1/token":
            return Answered({"access_token": "bearer-1", "expires_in": 3600})
        return answer(asked)

    with scripted(script) as okta:
        credentials = OktaCredentials(org_url=okta.url, client_id="0oa9", private_key=SecretStr(json.dumps(jwk)))
        await survey(REGISTRATION, credentials, listings("GET /api/v1/groups"))

    form = parse_qs(okta.asked[0].text)
    claims = jwt.decode(
        form["client_assertion"][0],
        private.public_key(),
        algorithms=["RS256"],
        audience=f"{okta.url}/oauth2/v1/token",
        options={"verify_exp": False, "verify_iat": False},
    )
    assert (claims["iss"], claims["sub"]) == ("0oa9", "0oa9")
    assert {"okta.users.read", "okta.orgs.read", "okta.logs.read"} <= set(form["scope"][0].split())
    assert [one.headers.get("authorization") for one in okta.asked[1:]] == ["Bearer bearer-1"] * 2


async def test_the_log_goes_on_from_the_last_look() -> None:
    earlier = Collected()
    with scripted(answer) as okta:
        await survey(REGISTRATION, token(okta.url), listings("GET /api/v1/logs"), into=earlier)
        earlier.started[next(iter(earlier.parts))] = NOW
        await survey(REGISTRATION, token(okta.url), listings("GET /api/v1/logs"), into=earlier)

    first, second = (one.query["since"] for one in okta.asked if one.path == "/api/v1/logs")
    assert (first, second) == (["2026-10-27T12:00:00.000Z"], ["2026-11-26T11:00:00.000Z"])
