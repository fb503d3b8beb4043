"""API keys as text: how they are made, and how one is told from garbage before anything is looked up."""

import hashlib
import re
import secrets
import string
import zlib
from dataclasses import dataclass, field

from domain.errors import Unauthenticated

MARK = "cwk_"
SECRET_BYTES = 32
PREFIX_LENGTH = 8
_PREFIX_LETTERS = string.ascii_lowercase + string.digits
# Mark and prefix: what a key is called where the key itself must not be named.
KEY_NAME_LENGTH = len(MARK) + PREFIX_LENGTH
# In the order of their value.
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
# CRC-32 in base 62 takes six digits. It guards against typing errors and lets scanners tell keys from look-alikes.
CHECKSUM_LENGTH = 6
# Mark, prefix for people, 256 bit in base64url, checksum.
_SHAPE = re.compile(
    rf"{MARK}([a-z0-9]{{{PREFIX_LENGTH}}})_([A-Za-z0-9_-]{{43}})([0-9A-Za-z]{{{CHECKSUM_LENGTH}}})", re.ASCII
)
MALFORMED = "This is not a whole API key: a character is missing or mistyped. Copy it again."
REFUSED = "This API key is not valid: it is unknown, revoked, expired, or its service account is disabled."


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made. `text` is shown once; `prefix` and `sha256` (hex) of the text are stored."""

    text: str = field(repr=False)
    prefix: str
    sha256: str


def make_key() -> NewKey:
    """A fresh key of 256 random bits."""
    prefix = "".join(secrets.choice(_PREFIX_LETTERS) for _ in range(PREFIX_LENGTH))
    body = f"{MARK}{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
    text = body + _checksum(body)
    return NewKey(text=text, prefix=prefix, sha256=_sha256(text))


def is_key(token: str) -> bool:
    """Whether a bearer token means to be an API key."""
    return token.startswith(MARK)


def hash_of(text: str) -> str:
    """The SHA-256, in hex, by which a key is looked up. Raises Unauthenticated for a text that cannot be a key."""
    if not _SHAPE.fullmatch(text) or _checksum(text[:-CHECKSUM_LENGTH]) != text[-CHECKSUM_LENGTH:]:
        raise Unauthenticated(MALFORMED)
    return _sha256(text)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _checksum(body: str) -> str:
    left, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        left, digit = divmod(left, len(_BASE62))
        digits = _BASE62[digit] + digits
    return digits
