"""What ways of intake have in common: a POST, a JSON object, and secrets that are compared in constant time."""

import hashlib
import hmac
from typing import Any

import orjson

from connectors.intake.receiver import Endpoint, Incoming, Refusal

# No event is called by more.
LONGEST_NAME = 100


def require_post(incoming: Incoming) -> None:
    """Raises Refusal for any other method."""
    if incoming.method != "POST":
        raise Refusal(405, "the method is not POST")


def secret_of(endpoint: Endpoint) -> bytes:
    """The secret shared with the provider. Raises Refusal when there is none: then nothing proves anything."""
    if endpoint.secret is None or not endpoint.secret.get_secret_value():
        raise Refusal(401, "the endpoint has no secret")
    return endpoint.secret.get_secret_value().encode()


def require_equal(sent: str | None, expected: bytes, what: str) -> None:
    """Raises Refusal unless the two are the same. Takes as long wherever they differ."""
    if sent is None:
        raise Refusal(401, f"there is no {what}")
    if not hmac.compare_digest(sent.encode(errors="replace"), expected):
        raise Refusal(401, f"the {what} is wrong")


def require_signature(sent: str | None, prefix: str, secret: bytes, content: bytes) -> None:
    """Raises Refusal unless `sent` is `prefix` and the hex HMAC-SHA256 of the content."""
    require_equal(sent, f"{prefix}{hmac.digest(secret, content, hashlib.sha256).hex()}".encode(), "signature")


def json_object(content: bytes | str) -> dict[str, Any]:
    """The JSON object. Raises Refusal for anything else."""
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise Refusal(400, "the body is not JSON") from error
    if not isinstance(found, dict):
        raise Refusal(400, "the body is not a JSON object")
    return found


def name_in(body: dict[str, Any], field: str) -> str:
    """The text in a field. Raises Refusal when there is none, or it is no name."""
    found = body.get(field)
    if not isinstance(found, str) or not 0 < len(found) <= LONGEST_NAME:
        raise Refusal(400, f"{field} is missing")
    return found


def digest_of(*parts: bytes) -> str:
    """An id for what has none that its signature covers: the SHA-256 of all that is signed."""
    return hashlib.sha256(b"\n".join(parts)).hexdigest()
