"""Access tokens: what is accepted, and everything that is not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from auth.token import AUDIENCE, TYPE, TokenIssuer
from domain.errors import Unauthenticated

ISSUER = "https://here.example"
NOW = datetime.now(UTC)


def pem(key: Any) -> bytes:
    encoded: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return encoded


KEY = Ed25519PrivateKey.generate()


@pytest.fixture
def issuer() -> TokenIssuer:
    return TokenIssuer(pem(KEY), issuer=ISSUER, lifetime=timedelta(minutes=10))


def forged(**changes: Any) -> str:
    """A token signed with the right key, with claims changed; None removes a claim."""
    claims = {"sub": "u", "jti": "j", "iss": ISSUER, "aud": AUDIENCE, "iat": NOW, "exp": NOW + timedelta(minutes=5)}
    typ = changes.pop("typ", TYPE)
    kept = {name: value for name, value in {**claims, **changes}.items() if value is not None}
    return jwt.encode(kept, KEY, algorithm="EdDSA", headers={"typ": typ})


def test_a_token_tells_its_user_and_when_it_ends(issuer: TokenIssuer) -> None:
    token, expires_at = issuer.issue("user-1", NOW)

    claims = issuer.read(token)

    assert claims.user_id == "user-1"
    assert claims.expires_at == expires_at
    assert timedelta(minutes=9) < expires_at - NOW <= timedelta(minutes=10)


def test_the_well_formed_token_that_the_refusals_vary_is_accepted(issuer: TokenIssuer) -> None:
    assert issuer.read(forged()).user_id == "u"


@pytest.mark.parametrize("claim", ["sub", "jti", "iss", "aud", "iat", "exp"])
def test_a_token_without_a_required_claim_is_refused(issuer: TokenIssuer, claim: str) -> None:
    with pytest.raises(Unauthenticated):
        issuer.read(forged(**{claim: None}))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": "another"},
        {"exp": NOW - timedelta(minutes=1)},
        {"typ": "JWT"},
        {"iat": NOW + timedelta(hours=1)},
    ],
    ids=["issuer", "audience", "expired", "type", "from the future"],
)
def test_a_token_for_another_use_or_time_is_refused(issuer: TokenIssuer, changes: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        issuer.read(forged(**changes))


def test_a_token_of_another_key_or_algorithm_is_refused(issuer: TokenIssuer) -> None:
    other = TokenIssuer(pem(Ed25519PrivateKey.generate()), issuer=ISSUER, lifetime=timedelta(minutes=10))
    with pytest.raises(Unauthenticated):
        issuer.read(other.issue("u", NOW)[0])
    with pytest.raises(Unauthenticated):
        issuer.read(jwt.encode({"sub": "u"}, "a shared secret that is long enough", algorithm="HS256"))


def test_only_an_ed25519_key_can_sign() -> None:
    with pytest.raises(TypeError):
        TokenIssuer(pem(generate_private_key(SECP256R1())), issuer=ISSUER, lifetime=timedelta(minutes=10))
