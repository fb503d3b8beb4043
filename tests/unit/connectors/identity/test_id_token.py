"""An id_token counts when the provider signed it, for us, for this sign-in, a moment ago."""

import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from connectors.identity.id_token import Expected, checked_claims, issuer_for
from connectors.identity.signed_token import UnknownKey
from domain.identity.refusal import SignInRefused

ISSUER, CLIENT, NONCE = "https://issuer.example.com", "client", "nonce"
TENANT = "11111111-2222-3333-4444-555555555555"
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
OTHER = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})
IMPOSTOR = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
CURVE = ECKey.generate_key("P-256", {"kid": "curve", "use": "sig"})
KEYS = KeySet([KEY, CURVE])
EXPECTED = Expected(issuer=ISSUER, client_id=CLIENT, nonce=NONCE)


def claims(**more):
    """Those of a right token, with others put over them; None takes one away. Times are in seconds from now."""
    made = {"iss": ISSUER, "sub": "ann", "aud": CLIENT, "iat": 0, "exp": 300, "nonce": NONCE, **more}
    for name in {"iat", "exp", "nbf", "auth_time"} & made.keys():
        made[name] = int(time.time()) + made[name] if isinstance(made[name], int) else made[name]
    return {name: value for name, value in made.items() if value is not None}


def signed(key=KEY, algorithm="RS256", kid="one", **more):
    header = {"alg": algorithm} if kid is None else {"alg": algorithm, "kid": kid}
    return jwt.encode(header, claims(**more), key, algorithms=[algorithm])


def plain(header, **more):
    parts = (json.dumps(header), json.dumps(claims(**more)))
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts) + "."


def with_mac(key):
    """Signed with a public key as if it were a secret that both sides share."""
    unsigned = plain({"alg": "HS256", "kid": "one"}).rstrip(".")
    mac = hmac.digest(key, unsigned.encode(), hashlib.sha256)
    return f"{unsigned}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def check(token, expected=EXPECTED, access_token=None):
    return checked_claims(token, access_token, KEYS, expected, datetime.now(UTC))


@pytest.mark.parametrize(
    "token",
    [
        lambda: signed(),
        lambda: signed(CURVE, "ES256", "curve"),
        lambda: signed(KEY, "PS256"),
        lambda: signed(aud=[CLIENT]),
        lambda: signed(aud=[CLIENT, "other"], azp=CLIENT),
    ],
)
def test_a_token_that_fits_gives_its_claims(token):
    assert check(token())["sub"] == "ann"


@pytest.mark.parametrize(
    "more",
    [
        {"iss": "https://evil.example.com"},
        {"iss": ISSUER + "/"},
        {"iss": None},
        {"aud": "other"},
        {"aud": None},
        {"aud": [CLIENT, "other"]},
        {"azp": "other"},
        {"nonce": "other"},
        {"nonce": None},
        {"exp": -60},
        {"exp": None},
        {"exp": "tomorrow"},
        {"iat": 600},
        {"iat": None},
        {"nbf": 600},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "s" * 256},
        {"at_hash": "another"},
    ],
    ids=str,
)
def test_a_token_that_does_not_fit_is_refused(more):
    with pytest.raises(SignInRefused) as refused:
        check(signed(**more), access_token="access")

    assert refused.value.problem == "invalid_answer"


def test_the_access_token_must_be_the_one_that_came_with_it():
    half = hashlib.sha256(b"access").digest()[:16]
    token = signed(at_hash=base64.urlsafe_b64encode(half).decode().rstrip("="))

    assert check(token, access_token="access")
    with pytest.raises(SignInRefused):
        check(token, access_token="another")


@pytest.mark.parametrize(
    "token",
    [
        lambda: plain({"alg": "none"}),
        lambda: plain({"alg": "none", "kid": "one"}),
        lambda: plain({"alg": "RS256", "kid": "one"}),
        lambda: signed(IMPOSTOR),
        lambda: signed(OctKey.import_key("client-secret-of-thirty-two-bytes"), "HS256"),
        lambda: with_mac(KEY.as_pem(private=False)),
        lambda: signed()[:-8] + "AAAAAAAA",
        lambda: "a.b.c",
        lambda: "",
    ],
)
def test_a_token_that_the_provider_did_not_sign_is_refused(token):
    with pytest.raises(SignInRefused):
        check(token())


def test_a_key_that_is_not_there_may_be_a_newer_one():
    with pytest.raises(UnknownKey):
        check(signed(OTHER, kid="two"))


def test_in_a_sign_in_again_the_person_was_asked_just_now():
    fresh = Expected(issuer=ISSUER, client_id=CLIENT, nonce=NONCE, is_fresh=True)

    assert check(signed(auth_time=-5), fresh)
    for old in (-3600, None, "now"):
        with pytest.raises(SignInRefused):
            check(signed(auth_time=old), fresh)


def test_the_issuer_of_a_tenant_is_that_of_the_tokens_own_tenant():
    issuer = "https://login.example.com/{tenantid}/v2.0"

    assert issuer_for(issuer, {"tid": TENANT}) == f"https://login.example.com/{TENANT}/v2.0"
    for tenant in (None, "", "../common", "evil.example.com/x"):
        with pytest.raises(SignInRefused):
            issuer_for(issuer, {"tid": tenant})
