"""What providers say of themselves is kept for a while, and never taken from another."""

import pytest
from joserfc.jwk import RSAKey

from connectors.identity import kept
from connectors.identity.metadata import Directory, Metadata
from connectors.identity.openid import check_provider, check_sender
from domain.errors import Unavailable
from domain.identity.identity import ProviderKind
from domain.identity.provider import OpenIdProvider
from domain.identity.refusal import SignInRefused

ISSUER = "https://issuer.example.com"
PROVIDER = OpenIdProvider(
    key="k",
    kind=ProviderKind.ORGANIZATION,
    issuer=ISSUER,
    discovery_url=f"{ISSUER}/.well-known/openid-configuration",
    client_id="client",
    client_secret=None,
)
KEY = RSAKey.generate_key(2048, {"kid": "one"}).as_dict(private=False)


def described(**more):
    return {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/authorize",
        "token_endpoint": f"{ISSUER}/token",
        "jwks_uri": f"{ISSUER}/keys",
        **more,
    }


class World:
    """Answers by address; counts how often it is asked."""

    def __init__(self, description, keys=None):
        self.answers = {
            PROVIDER.discovery_url: description,
            f"{ISSUER}/keys": {"keys": [KEY]} if keys is None else keys,
        }
        self.asked = 0

    async def __call__(self, url):
        self.asked += 1
        answer = self.answers[url]
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_a_description_and_keys_are_asked_for_once():
    world = World(described())
    directory = Directory(False, fetch=world)

    for _ in range(3):
        keys = await directory.keys(await directory.metadata(PROVIDER))

    assert world.asked == 2
    assert [key.kid for key in keys.keys] == ["one"]


@pytest.mark.parametrize(
    "description",
    [
        described(issuer="https://accounts.google.com"),
        described(issuer=ISSUER + "/"),
        described(token_endpoint=None),
        described(token_endpoint="http://issuer.example.com/token"),
        described(jwks_uri="file:///etc/passwd"),
        [],
    ],
)
async def test_a_description_of_another_issuer_or_without_safe_addresses_is_refused(description):
    with pytest.raises(Unavailable):
        await Directory(False, fetch=World(description)).metadata(PROVIDER)


@pytest.mark.parametrize(
    "keys", [{}, [], {"keys": []}, {"keys": "x"}, {"keys": [KEY] * 101}, {"keys": [{"kty": "RSA", "n": 1}]}]
)
async def test_keys_that_are_none_are_refused(keys):
    directory = Directory(False, fetch=World(described(), keys))

    with pytest.raises(Unavailable):
        await directory.keys(await directory.metadata(PROVIDER))


async def test_keys_for_anything_but_signatures_are_left_out():
    others = [{"kty": "oct", "k": "c2VjcmV0", "kid": "two"}, {**KEY, "kid": "three", "use": "enc"}, "key"]
    directory = Directory(False, fetch=World(described(), {"keys": [*others, KEY]}))

    keys = await directory.keys(await directory.metadata(PROVIDER))

    assert [key.kid for key in keys.keys] == ["one"]


async def test_keys_are_fetched_anew_but_not_for_every_token(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(kept.time, "monotonic", lambda: clock[0])
    world = World(described())
    directory = Directory(False, fetch=world)
    found = await directory.metadata(PROVIDER)
    await directory.keys(found)

    await directory.keys(found, anew=True)
    at_once = world.asked
    clock[0] = 11.0
    await directory.keys(found, anew=True)
    await directory.keys(found, anew=True)

    assert (at_once, world.asked) == (2, 3)


async def test_a_provider_that_is_away_is_not_asked_by_every_browser(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(kept.time, "monotonic", lambda: clock[0])
    world = World(Unavailable("away", service="x"))
    directory = Directory(False, fetch=world)

    for _ in range(3):
        with pytest.raises(Unavailable):
            await directory.metadata(PROVIDER)
    assert world.asked == 1
    clock[0] = 11.0
    world.answers[PROVIDER.discovery_url] = described()

    assert (await directory.metadata(PROVIDER)).token_endpoint == f"{ISSUER}/token"


async def test_descriptions_of_few_providers_are_kept(monkeypatch):
    monkeypatch.setattr(kept, "MOST_KEPT", 1)
    world = World(described())
    directory = Directory(False, fetch=world)

    for _ in range(2):
        await directory.keys(await directory.metadata(PROVIDER))

    assert world.asked == 4


async def test_a_check_says_what_is_wrong():
    assert await check_provider(PROVIDER, Directory(False, fetch=World(described()))) is None
    problem = await check_provider(PROVIDER, Directory(False, fetch=World(described(issuer="https://x.example"))))
    assert problem == f"{PROVIDER.discovery_url} does not describe {ISSUER}."


def of(issuer, *, sends_issuer):
    return Metadata(
        issuer=issuer,
        authorization_endpoint="",
        token_endpoint="",
        jwks_uri="",
        userinfo_endpoint=None,
        sends_issuer=sends_issuer,
        secret_in_body=False,
    )


MANY = "https://login.example.com/{tenantid}/v2.0"


@pytest.mark.parametrize(
    ("issuer", "sends", "sender"),
    [
        (ISSUER, True, ISSUER),
        (ISSUER, False, ISSUER),
        (ISSUER, False, None),
        (MANY, True, "https://login.example.com/11111111-2222-3333-4444-555555555555/v2.0"),
    ],
)
def test_an_answer_of_the_provider_passes(issuer, sends, sender):
    check_sender(sender, of(issuer, sends_issuer=sends))


@pytest.mark.parametrize(
    ("issuer", "sends", "sender"),
    [
        (ISSUER, True, None),
        (ISSUER, False, "https://evil.example.com"),
        (ISSUER, True, ISSUER + "/"),
        (MANY, True, "https://login.example.com/evil/v2.0"),
        (MANY, True, "https://evil.example.com/11111111-2222-3333-4444-555555555555/v2.0"),
    ],
)
def test_an_answer_of_another_does_not(issuer, sends, sender):
    with pytest.raises(SignInRefused):
        check_sender(sender, of(issuer, sends_issuer=sends))
