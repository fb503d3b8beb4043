"""A bearer token counts when a published key of the issuer has signed it with RS256, in the one way to write it."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from connectors.intake.receiver import Refusal
from connectors.intake.token import Expected, proven_claims
from tests.fakes import genuine_clouds as genuine
from tests.fakes.genuine_clouds import GOOGLE_KEYS, google_claims, token_key

EXPECTED = Expected(
    keys_url=GOOGLE_KEYS, issuers=frozenset({"https://accounts.google.com"}), audience=genuine.ADDRESS.format(way="gcp")
)
CURVE = ECKey.generate_key("P-256", {"kid": "curve", "use": "sig"})
IMPOSTOR = RSAKey.generate_key(2048, {"kid": "google", "use": "sig"})
ENCRYPTING = RSAKey.generate_key(2048, {"kid": "enc", "use": "enc"})


async def claims_of(header_value):
    incoming, _, around = genuine.gcp_pubsub_push()
    around.keys.held = {GOOGLE_KEYS: KeySet([token_key("google"), CURVE])}
    headers = {} if header_value is None else {"authorization": header_value}
    return await proven_claims(replace(incoming, headers=headers), EXPECTED, around)


def token(key=None, algorithm="RS256", claims=None, **header):
    key = key or token_key("google")
    return jwt.encode(
        {"alg": algorithm, "kid": key.kid, **header}, claims or google_claims(), key, algorithms=[algorithm]
    )


def written(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def plain(header, signature=""):
    return f"{written(header)}.{written(google_claims())}.{signature}"


def with_mac():
    """Signed with the public key as if it were a secret that both sides share."""
    unsigned = plain({"alg": "HS256", "kid": "google"}).rstrip(".")
    mac = hmac.digest(token_key("google").as_pem(private=False), unsigned.encode(), hashlib.sha256)
    return f"{unsigned}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


async def test_a_token_of_the_issuer_tells_its_claims():
    assert await claims_of(f"Bearer {token()}") == google_claims()
    assert await claims_of(f"bearer {token()}") == google_claims()


FORGED = {
    "none": lambda: plain({"alg": "none", "kid": "google"}),
    "None": lambda: plain({"alg": "None", "kid": "google"}, "AAAA"),
    "no algorithm": lambda: plain({"kid": "google"}, "AAAA"),
    "a secret": with_mac,
    "an own secret": lambda: token(OctKey.import_key("x" * 32, {"kid": "google"}), "HS256"),
    "another algorithm": lambda: token(algorithm="RS512"),
    "padding of another kind": lambda: token(algorithm="PS256"),
    "a curve": lambda: token(CURVE, "ES256"),
    "an impostor": lambda: token(IMPOSTOR),
    "a key of the token's own": lambda: token(IMPOSTOR, jwk=IMPOSTOR.as_dict(private=False)),
    "a key elsewhere": lambda: token(IMPOSTOR, jku="https://evil.example/keys"),
    "an unknown key": lambda: token(token_key("another")),
    "no key": lambda: jwt.encode({"alg": "RS256"}, google_claims(), token_key("google")),
    "a key that is no name": lambda: plain({"alg": "RS256", "kid": 5}, "AAAA"),
    "a critical header": lambda: plain({"alg": "RS256", "kid": "google", "crit": ["x"], "x": 1}, "AAAA"),
    "another type": lambda: token(typ="at+jwt"),
    "no claims": lambda: f"{written({'alg': 'RS256', 'kid': 'google'})}..AAAA",
    "two parts": lambda: token().rpartition(".")[0],
    "four parts": lambda: f"{token()}.x",
    "encrypted": lambda: "a.b.c.d.e",
    "too long": lambda: token(claims=google_claims(x="x" * 17_000)),
    "padded": lambda: f"{token()}=",
    "other letters": lambda: f"{token()[:-4]}é{token()[-3:]}",
    "one letter too many": lambda: f"{token()}A",
    "in the middle": lambda: token().replace(".", ".\n", 1),
    "empty": lambda: "",
}


@pytest.mark.parametrize("made", FORGED.values(), ids=FORGED.keys())
async def test_a_forged_token_proves_nothing(made):
    with pytest.raises(Refusal) as refusal:
        await claims_of(f"Bearer {made()}")

    assert refusal.value.status == 401


async def test_a_token_has_one_spelling():
    right = token()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    # 256 bytes end in a letter of which four bits say nothing.
    other = right[:-1] + letters[letters.index(right[-1]) + 1]

    with pytest.raises(Refusal):
        await claims_of(f"Bearer {other}")


@pytest.mark.parametrize("given", [None, "", "Bearer", "Bearer ", "Basic abc", "token"])
async def test_without_a_bearer_token_there_is_nothing_to_tell(given):
    with pytest.raises(Refusal) as refusal:
        await claims_of(given)

    assert refusal.value.status == 401


async def test_a_number_that_is_none_is_no_time():
    claims = google_claims(exp=float("nan"))

    with pytest.raises(Refusal):
        await claims_of(f"Bearer {token(claims=claims)}")
