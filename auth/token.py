"""Access tokens: short-lived JWTs signed with Ed25519, the algorithm pinned. They say who, never what one may do."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from domain.errors import Unauthenticated

ALGORITHM = "EdDSA"
TYPE = "at+jwt"  # RFC 9068
AUDIENCE = "cloudwatcher"
LEEWAY = timedelta(seconds=10)
REQUIRED = ["exp", "iat", "sub", "jti", "iss", "aud"]


@dataclass(frozen=True, slots=True)
class Claims:
    user_id: str
    token_id: str
    expires_at: datetime


class TokenIssuer:
    """`private_key` is an Ed25519 key in PEM; `issuer` the address of this installation."""

    def __init__(self, private_key: bytes, *, issuer: str, lifetime: timedelta) -> None:
        key = load_pem_private_key(private_key, password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError("The signing key must be an Ed25519 private key in PEM.")
        self._private_key = key
        self._public_key = key.public_key()
        self._issuer = issuer
        self.lifetime = lifetime

    def issue(self, user_id: str, now: datetime) -> tuple[str, datetime]:
        """(token, when it expires)."""
        expires_at = now.replace(microsecond=0) + self.lifetime
        claims = {
            "sub": user_id,
            "jti": uuid.uuid4().hex,
            "iss": self._issuer,
            "aud": AUDIENCE,
            "iat": now,
            "exp": expires_at,
        }
        return jwt.encode(claims, self._private_key, algorithm=ALGORITHM, headers={"typ": TYPE}), expires_at

    def read(self, token: str) -> Claims:
        """Who the token speaks for. Raises Unauthenticated when it is forged, foreign or expired."""
        try:
            header = jwt.get_unverified_header(token)
            claims: dict[str, Any] = jwt.decode(
                token,
                self._public_key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=self._issuer,
                leeway=LEEWAY,
                options={"require": REQUIRED},
            )
        except jwt.ExpiredSignatureError as error:
            raise Unauthenticated("Your access token has expired. Sign in again.") from error
        except jwt.PyJWTError as error:
            raise Unauthenticated("This access token is not valid. Sign in again.") from error
        if header.get("typ") != TYPE:
            raise Unauthenticated("This is not an access token. Sign in to get one.")
        return Claims(
            user_id=claims["sub"],
            token_id=claims["jti"],
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )
