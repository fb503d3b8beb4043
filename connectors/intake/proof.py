"""Proofs by a secret that is shared with the provider, compared in constant time. Tokens are in `token.py`."""

import hashlib
import hmac

from connectors.intake.reading import UNAUTHORIZED
from connectors.intake.receiver import Endpoint, Refusal


def secret_of(endpoint: Endpoint) -> bytes:
    """The secret shared with the provider. Raises Refusal when there is none: then nothing proves anything."""
    if endpoint.secret is None or not endpoint.secret.get_secret_value():
        raise Refusal(UNAUTHORIZED, "the endpoint has no secret")
    return endpoint.secret.get_secret_value().encode()


def require_equal(sent: str | None, expected: bytes, what: str) -> None:
    """Raises Refusal unless the two are the same. Takes as long wherever they differ."""
    if sent is None:
        raise Refusal(UNAUTHORIZED, f"there is no {what}")
    if not hmac.compare_digest(sent.encode(errors="replace"), expected):
        raise Refusal(UNAUTHORIZED, f"the {what} is wrong")


def require_signature(sent: str | None, prefix: str, secret: bytes, content: bytes) -> None:
    """Raises Refusal unless `sent` is `prefix` and the hex HMAC-SHA256 of the content."""
    require_equal(sent, f"{prefix}{hmac.digest(secret, content, hashlib.sha256).hex()}".encode(), "signature")


def digest_of(*parts: bytes) -> str:
    """An id for what has none that its signature covers: the SHA-256 of all that is signed."""
    return hashlib.sha256(b"\n".join(parts)).hexdigest()
