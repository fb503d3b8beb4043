"""The cursor a subscriber is given and hands back: its positions, opaque and signed. Not a secret, not a permission."""

import base64
import binascii
import hashlib
import hmac
import zlib
from collections.abc import Mapping

import orjson

from domain.errors import BadCursor
from live.position import Position

# The first byte, covered by the signature: the body is JSON {epoch: {org_id: seq}}, as it is or deflated.
PLAIN = b"\x01"
DEFLATED = b"\x02"

# Above this many bytes deflating pays: ids are hexadecimal, so many of them shrink to half.
WORTH_DEFLATING = 256

# NIST SP 800-107 rev. 1, 5.3.4 allows truncated HMACs; 128 bits keep the cursor short and forging out of reach.
MAC_BYTES = 16

# The same key may sign other things; this keeps their signatures apart.
PURPOSE = b"cloudwatcher stream cursor\x00"


def encode(positions: Mapping[str, Position], key: bytes) -> str:
    """The cursor for a position per organization id: base64url without padding."""
    by_epoch: dict[str, dict[str, int]] = {}
    for org_id, position in positions.items():
        by_epoch.setdefault(position.epoch, {})[org_id] = position.seq
    body = PLAIN + orjson.dumps(by_epoch)
    if len(body) > WORTH_DEFLATING:
        body = DEFLATED + zlib.compress(body[1:])
    return base64.urlsafe_b64encode(_mac(body, key) + body).rstrip(b"=").decode()


def decode(text: str, key: bytes) -> dict[str, Position]:
    """The positions in a cursor made by `encode` with the same key. Raises BadCursor for anything else."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise _bad() from error
    mac, body = raw[:MAC_BYTES], raw[MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(body, key)):
        raise _bad()
    return {
        org_id: Position(epoch, seq)
        for epoch, seqs in orjson.loads(_plain(body)).items()
        for org_id, seq in seqs.items()
    }


def _plain(body: bytes) -> bytes:
    if body[:1] == PLAIN:
        return body[1:]
    if body[:1] == DEFLATED:
        return zlib.decompress(body[1:])
    raise _bad()


def _mac(body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, PURPOSE + body, hashlib.sha256)[:MAC_BYTES]


def _bad() -> BadCursor:
    return BadCursor(
        "This is not a cursor of this stream. Pass one back exactly as it was received, or none to start now."
    )
