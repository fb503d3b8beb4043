"""Access tokens: what is accepted, and everything that is not."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from auth.token import AUDIENCE, TYPE, SigningKey, TokenIssuer
from domain.errors import Unauthenticated

ISSUER = "https://here.example"
NOW = datetime.now(UTC)


def pem(key: Any) -> bytes:
    encoded: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return encoded


KEY = Ed25519PrivateKey.generate()


@pytest.fixture(autouse=True)
def _now() -> None:
    """What was now when the tests were collected may be long ago when they run."""
    globals()["NOW"] = datetime.now(UTC)


@pytest.fixture
def issuer() -> TokenIssuer:
    return TokenIssuer([pem(KEY)], issuer=ISSUER, lifetime=timedelta(minutes=10))


def forged(**changes: Any) -> str:
    """A token signed with the right key, with claims changed; None removes a claim."""
    claims = {"sub": "u", "jti": "j", "iss": ISSUER, "aud": AUDIENCE, "iat": NOW, "exp": NOW + timedelta(minutes=5)}
    claims |= {"sid": "s", "ver": 0}
    headers = {"typ": changes.pop("typ", TYPE), "kid": changes.pop("kid", SigningKey(pem(KEY)).id)}
    kept = {name: value for name, value in {**claims, **changes}.items() if value is not None}
    return jwt.encode(kept, KEY, algorithm="EdDSA", headers={name: value for name, value in headers.items() if value})


def test_a_token_tells_its_user_and_when_it_ends(issuer: TokenIssuer) -> None:
    token, expires_at = issuer.issue("user-1", NOW, session_id="s-1", session_version=3)

    claims = issuer.read(token)

    assert (claims.user_id, claims.session_id, claims.session_version) == ("user-1", "s-1", 3)
    assert claims.expires_at == expires_at
    assert timedelta(minutes=9) < expires_at - NOW <= timedelta(minutes=10)


def test_the_well_formed_token_that_the_refusals_vary_is_accepted(issuer: TokenIssuer) -> None:
    assert issuer.read(forged()).user_id == "u"


@pytest.mark.parametrize("claim", ["sub", "jti", "iss", "aud", "iat", "exp", "sid", "ver", "kid", "typ"])
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
        {"kid": "another"},
    ],
    ids=["issuer", "audience", "expired", "type", "from the future", "key id"],
)
def test_a_token_for_another_use_or_time_is_refused(issuer: TokenIssuer, changes: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        issuer.read(forged(**changes))


def test_a_token_of_another_key_or_algorithm_is_refused(issuer: TokenIssuer) -> None:
    other = TokenIssuer([pem(Ed25519PrivateKey.generate())], issuer=ISSUER, lifetime=timedelta(minutes=10))
    with pytest.raises(Unauthenticated):
        issuer.read(other.issue("u", NOW, session_id="s")[0])
    with pytest.raises(Unauthenticated):
        issuer.read(jwt.encode({"sub": "u"}, "a shared secret that is long enough", algorithm="HS256"))


def test_only_an_ed25519_key_can_sign() -> None:
    with pytest.raises(TypeError):
        TokenIssuer([pem(generate_private_key(SECP256R1()))], issuer=ISSUER, lifetime=timedelta(minutes=10))


def test_a_token_ends_with_its_session_at_the_latest(issuer: TokenIssuer) -> None:
    session_end = NOW + timedelta(minutes=3)

    _, expires_at = issuer.issue("u", NOW, session_id="s", until=session_end)

    assert expires_at == session_end.replace(microsecond=0)


def test_tokens_of_the_previous_key_are_accepted_after_a_change(issuer: TokenIssuer) -> None:
    fresh = pem(Ed25519PrivateKey.generate())
    rotated = TokenIssuer([fresh, pem(KEY)], issuer=ISSUER, lifetime=timedelta(minutes=10))
    forgotten = TokenIssuer([fresh], issuer=ISSUER, lifetime=timedelta(minutes=10))
    old, _ = issuer.issue("u", NOW, session_id="s")
    new, _ = rotated.issue("u", NOW, session_id="s")

    assert rotated.read(old).user_id == "u"
    assert forgotten.read(new).user_id == "u"
    with pytest.raises(Unauthenticated):
        forgotten.read(old)


def test_others_can_check_tokens_with_the_published_keys(issuer: TokenIssuer) -> None:
    token, _ = issuer.issue("u", NOW, session_id="s")

    published = jwt.PyJWKSet.from_dict(issuer.key_set)
    key = published[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["EdDSA"], audience=AUDIENCE, issuer=ISSUER)

    assert claims["sub"] == "u"
    assert "d" not in issuer.key_set["keys"][0]


def test_the_id_of_a_key_is_its_thumbprint() -> None:
    """The example of RFC 8037, appendix A.1 to A.3."""
    seed = base64.urlsafe_b64decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")

    key = SigningKey(pem(Ed25519PrivateKey.from_private_bytes(seed)))

    assert key.jwk["x"] == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    assert key.id == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
