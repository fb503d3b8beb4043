"""Signing in to Azure: tokens of the application, the addresses they are sent to, and the subscriptions they open."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from connectors.clouds.azure import registration
from domain.errors import CredentialsRejected, Invalid, Misshapen, ProviderError, Throttled, Unavailable
from tests.fakes.azure import CLIENT, ITSELF, ROOT, SECRET, SUBSCRIPTION, TENANT, House, credentials, refused, values
from tests.fakes.collecting import NOW, reach, survey
from tests.fakes.scripted import Answered, Asked, scripted

REGISTRATION = registration.REGISTRATION
TOKEN = f"/{TENANT}/oauth2/v2.0/token"
# Of Resource Manager, through the library of Advisor, and of Graph.
READ = ("GET Microsoft.Web/serverfarms", "GET Microsoft.Advisor/recommendations", "GRAPH GET /v1.0/applications")


def only(path: str, answered: Answered) -> Any:
    """A script that answers what ends with this path."""
    return lambda asked: answered if asked.path.endswith(path) else None


async def test_one_token_is_asked_for_each_interface_and_the_secret_goes_nowhere_else() -> None:
    with scripted(House()) as azure:
        every = [one for one in REGISTRATION.listings if one.operation.name in READ]
        await survey(REGISTRATION, credentials(azure.url), every)

    forms = [parse_qs(one.text) for one in azure.asked if one.path == TOKEN]
    # The interfaces share one address here, and with it one scope.
    assert [form["scope"] for form in forms] == [[f"{azure.url}/.default"]]
    assert forms[0]["grant_type"] == ["client_credentials"]
    assert forms[0]["client_id"] == [CLIENT]
    assert len(azure.asked) == 5
    assert SECRET not in str([one for one in azure.asked if one.path != TOKEN])


@pytest.mark.parametrize(
    ("answered", "error", "says"),
    [
        (
            Answered({"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret"}, 401),
            CredentialsRejected,
            "give its value, not its id",
        ),
        (
            Answered({"error": "invalid_client", "error_description": "AADSTS7000222: keys are expired."}, 401),
            CredentialsRejected,
            "make a new one",
        ),
        (
            Answered({"error": "unauthorized_client", "error_description": "AADSTS700016: not found"}, 400),
            CredentialsRejected,
            "not known in this tenant",
        ),
        (Answered({"error": "invalid_request"}, 400), CredentialsRejected, "status 400"),
        (Answered("<html>No</html>", 404), CredentialsRejected, "status 404"),
        (Answered({}, 429, {"Retry-After": "9"}), Throttled, "fewer sign-ins"),
        (Answered({}, 503), Unavailable, "503"),
        (Answered({"token": "t"}), Misshapen, "does not answer with a token"),
        (Answered("<html>Hello</html>"), Misshapen, "does not answer with a token"),
        (Answered(["no"]), Misshapen, "does not answer with a token"),
    ],
)
async def test_why_an_application_cannot_sign_in_is_said(
    answered: Answered, error: type[ProviderError], says: str
) -> None:
    with scripted(House(only(TOKEN, answered))) as azure, pytest.raises(error, match=says) as caught:
        await survey(REGISTRATION, credentials(azure.url), [])

    assert SECRET not in str(caught.value)


async def test_a_token_that_ended_early_is_not_used_again() -> None:
    tokens = iter(("old", "new", "newer"))

    def script(asked: Asked) -> Answered | None:
        if asked.path == TOKEN:
            return Answered({"access_token": next(tokens), "expires_in": 3599})
        old = asked.headers["authorization"] == "Bearer old"
        return refused("ExpiredAuthenticationToken", status=401) if old else Answered(ITSELF)

    with scripted(House(script)) as azure:
        async with REGISTRATION.open(credentials(azure.url), reach()) as source:
            try:
                found = await source.identity()
            except Unavailable:
                found = await source.identity()

    assert (found.native_id, found.name) == (SUBSCRIPTION, "Cedar production")
    assert [one.path for one in azure.asked] == [TOKEN, ROOT, TOKEN, ROOT]


async def test_a_token_is_renewed_before_it_ends() -> None:
    clock = [NOW]
    with scripted(House()) as azure:
        async with REGISTRATION.open(credentials(azure.url), replace(reach(), now=lambda: clock[-1])) as source:
            for minutes in (0, 54, 55):
                clock.append(NOW + timedelta(minutes=minutes))
                await source.identity()

    # It lasts 3599 seconds, and is not used in the last five minutes.
    assert [one.path for one in azure.asked] == [TOKEN, ROOT, ROOT, TOKEN, ROOT]


async def test_the_other_subscriptions_of_the_application_are_members() -> None:
    other = {"subscriptionId": TENANT, "displayName": "Staging", "state": "Enabled"}
    gone = {"subscriptionId": CLIENT, "displayName": "Old", "state": "Disabled"}
    every = only("/subscriptions", Answered(values(ITSELF, other, gone)))
    with scripted(House(every)) as azure:
        async with REGISTRATION.open(credentials(azure.url), reach()) as source:
            assert REGISTRATION.members is not None
            (member,) = await REGISTRATION.members(source, credentials(azure.url))

    assert (member.native_id, member.name) == (TENANT, "Staging")
    assert member.credentials == credentials(azure.url).model_copy(update={"subscription_id": TENANT})


@pytest.mark.parametrize("path", [ROOT, f"{ROOT}/locations"])
async def test_a_server_that_is_not_azure_is_found_out(path: str) -> None:
    with scripted(House(only(path, Answered({"hello": "world"})))) as other:
        async with REGISTRATION.open(credentials(other.url), reach()) as source:
            with pytest.raises(Misshapen, match="as Azure does"):
                await (source.identity() if path == ROOT else source.regions())


@pytest.mark.parametrize("field", ["endpoint_url", "graph_url", "authority_url"])
@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "https://10.0.0.1", "http://public.example.com", "ftp://x.y"])
async def test_an_address_inside_or_without_encryption_is_refused(field: str, url: str) -> None:
    given = credentials("https://arm.example.com").model_copy(update={field: url})

    with pytest.raises(Invalid) as caught:
        async with REGISTRATION.open(given, replace(reach(), allow_private_endpoint=False)):
            pass

    assert caught.value.path == (field,)
