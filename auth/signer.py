"""Signatures for values that a client carries for us, such as cursors."""

import base64
import binascii
import hashlib
import hmac

SIGNATURE_BYTES = 16  # 128 bit


class Signer:
    """`purpose` keeps a value signed for one use from being accepted for another."""

    def __init__(self, key: bytes, purpose: str) -> None:
        self._key = hmac.digest(key, purpose.encode(), hashlib.sha256)

    def seal(self, value: bytes) -> str:
        """`value` and its signature as URL-safe text. Signed, not secret."""
        return base64.urlsafe_b64encode(self._signature(value) + value).decode().rstrip("=")

    def open(self, text: str) -> bytes | None:
        """The value again, or None when the text is malformed or was not sealed with this key and purpose."""
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except (binascii.Error, ValueError):
            return None
        signature, value = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
        return value if hmac.compare_digest(signature, self._signature(value)) else None

    def _signature(self, value: bytes) -> bytes:
        return hmac.digest(self._key, value, hashlib.sha256)[:SIGNATURE_BYTES]
