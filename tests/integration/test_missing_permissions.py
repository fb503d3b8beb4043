"""What credentials for acting lack, as GitHub and Okta tell it of an installed app and of a service app."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from connectors.systems.github import registration as github
from connectors.systems.okta import registration as okta
from domain.errors import PermissionMissing
from domain.facts.credentials import GithubCredentials, OktaCredentials
from domain.facts.inventory import GapCause
from tests.fakes.collecting import reach, survey
from tests.fakes.scripted import Answered, Asked, Scripted, scripted

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
).decode()
JWK = json.dumps({**json.loads(RSAAlgorithm.to_jwk(KEY)), "kid": "k1", "alg": "RS256"})
ENDS = "2099-01-01T00:00:00Z"
GROUPS = [{"id": "00g1", "profile": {"name": "Everyone"}, "type": "BUILT_IN"}]


async def lacking(registration: Any, credentials: Any, *wanted: str) -> frozenset[str] | None:
    async with registration.open(credentials, reach()) as source:
        found: frozenset[str] | None = await registration.missing(source, wanted, "1")
        return found


@pytest.fixture
def hub() -> Iterator[Scripted]:
    granted = {"administration": "write", "members": "read", "metadata": "read"}
    with scripted(lambda _: Answered({"token": "t", "expires_at": ENDS, "permissions": granted}, 201)) as server:
        yield server


async def test_github_says_what_the_installed_app_may(hub):
    app = GithubCredentials(app_id="7", installation_id="42", private_key=PEM, organization="o", endpoint_url=hub.url)

    assert await lacking(github.REGISTRATION, app, "administration=write", "members=write") == {"members=write"}
    assert await lacking(github.REGISTRATION, app, "administration=read") == frozenset()


async def test_github_does_not_tell_of_a_token(hub):
    token = GithubCredentials(token="x", organization="o", endpoint_url=hub.url)

    assert await lacking(github.REGISTRATION, token, "members=write") is None
    assert hub.asked == []


async def test_github_that_gives_no_token_tells_nothing():
    with scripted(lambda _: Answered({"message": "no"}, 500)) as server:
        app = GithubCredentials(
            app_id="7", installation_id="42", private_key=PEM, organization="o", endpoint_url=server.url
        )

        assert await lacking(github.REGISTRATION, app, "members=write") is None


def only(*granted: str) -> Any:
    """An Okta organization that gives the app tokens for these scopes."""

    def script(asked: Asked) -> Answered:
        if asked.path == "/oauth2/v1/token":
            (scopes,) = parse_qs(asked.text)["scope"]
            if set(scopes.split()) <= set(granted):
                return Answered({"access_token": scopes, "expires_in": 3600})
            refusal = {"error": "invalid_scope", "error_description": "One or more scopes are not granted."}
            return Answered(refusal, 400)
        if asked.path == "/api/v1/org":
            return Answered({"id": "00o1", "companyName": "Example"})
        return Answered(GROUPS)

    return script


def service_app(url: str) -> OktaCredentials:
    return OktaCredentials(org_url=url, client_id="0oa9", private_key=JWK)


async def test_okta_is_asked_for_a_token_for_each_scope():
    with scripted(only("okta.users.manage")) as server:
        lacks = await lacking(okta.REGISTRATION, service_app(server.url), "okta.users.manage", "okta.roles.manage")

    assert lacks == {"okta.roles.manage"}


async def test_okta_does_not_tell_of_an_api_token():
    with scripted(only()) as server:
        token = OktaCredentials(org_url=server.url, token="x")

        assert await lacking(okta.REGISTRATION, token, "okta.users.manage") is None
        assert server.asked == []


async def test_okta_that_does_not_answer_tells_nothing():
    with scripted(lambda _: Answered("no", 503)) as server:
        assert await lacking(okta.REGISTRATION, service_app(server.url), "okta.users.manage") is None


async def test_service_app_with_some_scopes_reads_what_it_may_and_names_what_it_may_not():
    lists = [one for one in okta.REGISTRATION.listings if one.operation.name.endswith(("/groups", "/apps"))]
    with scripted(only("okta.orgs.read", "okta.groups.read")) as server:
        collected, report = await survey(okta.REGISTRATION, service_app(server.url), lists)

    assert [one.native_id for one in collected.found] == ["00g1"]
    assert {(gap.cause, gap.missing) for gap in report.gaps} == {(GapCause.PERMISSION, "okta.apps.read")}
    assert {one.headers["authorization"] for one in server.asked if one.path.endswith("/groups")} == {
        "Bearer okta.groups.read"
    }


async def test_service_app_without_any_scope_is_told_which_signing_in_takes():
    with scripted(only()) as server:
        async with okta.REGISTRATION.open(service_app(server.url), reach()) as source:
            with pytest.raises(PermissionMissing) as refused:
                await source.identity()

    assert refused.value.permission == "okta.orgs.read"
