"""Whether the bearer token of a request is of who must have sent it, for this endpoint, and of now."""

import base64
import binascii
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc.jwt import Token

from connectors.identity.signed_token import BadSignature, UnknownKey, opened
from connectors.intake.reading import UNAUTHORIZED
from connectors.intake.receiver import Incoming, Refusal, Surroundings

# Both Microsoft Entra ID and Google sign with this one only.
ALGORITHMS = ("RS256",)
LONGEST_TOKEN = 16 * 1024
LEEWAY = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """`keys_url` is where the issuer's keys are fetched from. `oldest`: how long ago the token may have been issued."""

    keys_url: str
    issuers: frozenset[str]
    audience: str
    oldest: timedelta | None = None


async def proven_claims(incoming: Incoming, expected: Expected, around: Surroundings) -> Mapping[str, Any]:
    """What the token says. Raises Refusal (401) for one that does not hold, Unavailable without keys to tell."""
    text = bearer(incoming)
    token = await _opened(text, expected, around)
    if not isinstance(token.header.get("kid"), str) or token.header.get("typ", "JWT") != "JWT":
        raise _refused("is none of these")
    _check(token.claims, expected, around.now)
    return token.claims


def bearer(incoming: Incoming) -> str:
    """The token of the request. Raises Refusal (401) without one that is written as it must be."""
    scheme, _, token = incoming.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refusal(UNAUTHORIZED, "There is no bearer token.")
    parts = token.split(".")
    if len(token) > LONGEST_TOKEN or len(parts) != 3 or not all(map(_is_canonical, parts)):
        raise _refused("is none")
    return token


async def _opened(text: str, expected: Expected, around: Surroundings) -> Token:
    try:
        for anew in (False, True):
            keys = await around.keys.key_set(expected.keys_url, around.allow_private, anew=anew)
            try:
                return opened(text, keys, ALGORITHMS)
            except UnknownKey:
                continue
    except BadSignature as error:
        raise _refused("has a signature that does not hold") from error
    raise _refused("is signed by a key that its issuer does not publish")


def _check(claims: Mapping[str, Any], expected: Expected, now: datetime) -> None:
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or issuer not in expected.issuers:
        raise _refused("is of another issuer")
    if claims.get("aud") != expected.audience:
        raise _refused("is for another audience")
    at, leeway = now.timestamp(), LEEWAY.total_seconds()
    issued, expires = _moment(claims, "iat"), _moment(claims, "exp")
    begins = _moment(claims, "nbf") if "nbf" in claims else issued
    if expires <= at - leeway:
        raise _refused("has expired")
    if max(issued, begins) > at + leeway:
        raise _refused("is not valid yet")
    if expected.oldest is not None and at - issued > expected.oldest.total_seconds() + leeway:
        raise _refused("was issued too long ago")


def _moment(claims: Mapping[str, Any], name: str) -> float:
    found = claims.get(name)
    if not isinstance(found, int | float) or isinstance(found, bool) or not math.isfinite(found):
        raise _refused("does not say when it is valid")
    return found


def _is_canonical(part: str) -> bool:
    """Whether it is the one way to write these bytes: what is written otherwise nobody has signed."""
    try:
        found = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        return False
    return base64.urlsafe_b64encode(found).rstrip(b"=").decode() == part


def _refused(what: str) -> Refusal:
    return Refusal(UNAUTHORIZED, f"The token {what}.")
