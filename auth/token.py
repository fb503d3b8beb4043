"""Access tokens: short-lived JWTs signed with Ed25519, the algorithm pinned. They say who, never what one may do."""

import base64
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from domain.errors import Unauthenticated

ALGORITHM = "EdDSA"
TYPE = "at+jwt"  # RFC 9068
AUDIENCE = "cloudwatcher"
LEEWAY = timedelta(seconds=10)
REQUIRED = ["exp", "iat", "sub", "jti", "iss", "aud", "sid", "ver"]


@dataclass(frozen=True, slots=True)
class Claims:
    """`session_version` is that of the person when the token was made."""

    user_id: str
    token_id: str
    session_id: str
    session_version: int
    expires_at: datetime


class SigningKey:
    """An Ed25519 key in PEM and its id, the thumbprint of RFC 7638. Raises TypeError for a key of another kind."""

    def __init__(self, pem: bytes) -> None:
        key = load_pem_private_key(pem, password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError("The signing key must be an Ed25519 private key in PEM.")
        self.private, self.public = key, key.public_key()
        raw = self.public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        # RFC 8037, 2: the required members in this order are what the thumbprint is taken of.
        members = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(raw)}
        self.id = _base64url(hashlib.sha256(orjson.dumps(members)).digest())
        self.jwk = {**members, "kid": self.id, "alg": ALGORITHM, "use": "sig"}


class TokenIssuer:
    """Signs with the first of `private_keys` (PEM) and accepts all of them, so that keys can change without sign-outs.

    `issuer` is the address of this installation.
    """

    def __init__(self, private_keys: Sequence[bytes], *, issuer: str, lifetime: timedelta) -> None:
        keys = [SigningKey(pem) for pem in private_keys]
        self._current = keys[0]
        self._keys = {key.id: key for key in keys}
        self._issuer = issuer
        self.lifetime = lifetime

    @property
    def key_set(self) -> dict[str, list[dict[str, str]]]:
        """The JSON Web Key Set (RFC 7517) by which others can check our tokens."""
        return {"keys": [key.jwk for key in self._keys.values()]}

    def issue(
        self, user_id: str, now: datetime, *, session_id: str, session_version: int = 0, until: datetime | None = None
    ) -> tuple[str, datetime]:
        """(token, when it expires): a lifetime from now, and not after `until`."""
        expires_at = now.replace(microsecond=0) + self.lifetime
        if until is not None:
            expires_at = min(expires_at, until.replace(microsecond=0))
        claims = {
            "sub": user_id,
            "sid": session_id,
            "ver": session_version,
            "jti": uuid.uuid4().hex,
            "iss": self._issuer,
            "aud": AUDIENCE,
            "iat": now,
            "exp": expires_at,
        }
        headers = {"typ": TYPE, "kid": self._current.id}
        return jwt.encode(claims, self._current.private, algorithm=ALGORITHM, headers=headers), expires_at

    def read(self, token: str) -> Claims:
        """Who the token speaks for. Raises Unauthenticated when it is forged, foreign or expired."""
        try:
            header = jwt.get_unverified_header(token)
            key = self._keys.get(header.get("kid", ""))
            if key is None:
                raise Unauthenticated("This access token is not valid. Sign in again.")
            claims: dict[str, Any] = jwt.decode(
                token,
                key.public,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=self._issuer,
                leeway=LEEWAY,
                options={"require": REQUIRED},
            )
        except jwt.ExpiredSignatureError as error:
            raise Unauthenticated("Your access token has expired. Refresh it, or sign in again.") from error
        except jwt.PyJWTError as error:
            raise Unauthenticated("This access token is not valid. Sign in again.") from error
        if header.get("typ") != TYPE:
            raise Unauthenticated("This is not an access token. Sign in to get one.")
        return Claims(
            user_id=claims["sub"],
            token_id=claims["jti"],
            session_id=claims["sid"],
            session_version=claims["ver"],
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
