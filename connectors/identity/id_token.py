"""Whether an id_token is the provider's, for us, for this sign-in, and of now (OpenID Connect Core 1.0, 3.1.3.7)."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from connectors.identity.signed_token import BadSignature, opened
from domain.identity.provider import TENANT
from domain.identity.refusal import bad_answer

# Signatures with public keys only: neither none, nor a secret that both sides know.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
LEEWAY_SECONDS = 30
LONGEST_SUBJECT = 255
# How long ago a provider may have asked the person, where we have had it ask again.
FRESH_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the token must say. `is_fresh`: that the person has been asked just now."""

    issuer: str
    client_id: str
    nonce: str
    is_fresh: bool = False


def checked_claims(
    id_token: str, access_token: str | None, keys: KeySet, expected: Expected, now: datetime
) -> dict[str, Any]:
    """The claims of a token that holds. Raises SignInRefused, or UnknownKey when newer keys may be needed."""
    try:
        token = opened(id_token, keys, ALGORITHMS)
    except BadSignature as error:
        raise bad_answer("its signature does not hold.") from error
    _check(token.header, token.claims, access_token, expected, now)
    if expected.is_fresh:
        _check_fresh(token.claims, now)
    return token.claims


def _check(
    header: dict[str, Any], claims: dict[str, Any], access_token: str | None, expected: Expected, now: datetime
) -> None:
    options = {
        "iss": {"essential": True, "value": issuer_for(expected.issuer, claims)},
        "aud": {"essential": True, "value": expected.client_id},
        "exp": {"essential": True},
        "iat": {"essential": True},
        "nonce": {"essential": True, "value": expected.nonce},
    }
    parameters = {"nonce": expected.nonce, "client_id": expected.client_id, "access_token": access_token}
    try:
        CodeIDToken(claims, header, options, parameters).validate(int(now.timestamp()), LEEWAY_SECONDS)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise bad_answer(f"its id_token does not fit ({_what(error)}).") from error
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise bad_answer("it names nobody.")


def _check_fresh(claims: Mapping[str, Any], now: datetime) -> None:
    at = claims.get("auth_time")
    if not isinstance(at, int) or now.timestamp() - at > FRESH_SECONDS:
        raise bad_answer("it has not asked the person again.")


def issuer_for(issuer: str, claims: Mapping[str, Any]) -> str:
    """The issuer that a token with these claims must have: with the token's tenant in it, where it is one of many.

    Source: learn.microsoft.com, "Access tokens in the Microsoft identity platform", validate the issuer.
    """
    if TENANT not in issuer:
        return issuer
    tenant = claims.get("tid")
    try:
        return issuer.replace(TENANT, str(uuid.UUID(str(tenant))))
    except ValueError as error:
        raise bad_answer("it does not name its tenant.") from error


def _what(error: Exception) -> str:
    return str(getattr(error, "claim", None) or getattr(error, "error", None) or type(error).__name__)
