"""An authenticator in software: makes passkeys and answers as browsers hand them on (Web Authentication Level 3).

Written from the specification, with CBOR and curves of its own, so that it shares nothing with the code it tests.
"""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

# Flags of authenticator data, 6.1.
USER_PRESENT, USER_VERIFIED, BACKUP_ELIGIBLE, ATTESTED = 0x01, 0x04, 0x08, 0x40


@dataclass
class Authenticator:
    """One passkey on one device. `origin` is the page that asks; `count` goes up by `step` with each answer."""

    origin: str
    rp_id: str
    is_verifying: bool = True
    is_synced: bool = False
    step: int = 1
    count: int = 0
    user_handle: bytes = b""
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, options: str) -> str:
        """The answer to `navigator.credentials.create`, as JSON, with attestation "none"."""
        asked = json.loads(options)
        self.user_handle = _decoded(asked["user"]["id"])
        credential = (
            bytes(16)  # no AAGUID: it does not say which make it is
            + len(self.credential_id).to_bytes(2, "big")
            + self.credential_id
            + cbor2.dumps(self._cose_key())
        )
        data = self._data(ATTESTED) + credential
        client = self._client("webauthn.create", asked["challenge"])
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer({"clientDataJSON": _encoded(client), "attestationObject": _encoded(attestation)})

    def show(self, options: str) -> str:
        """The answer to `navigator.credentials.get`, as JSON."""
        asked = json.loads(options)
        self.count += self.step
        data, client = self._data(0), self._client("webauthn.get", asked["challenge"])
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": _encoded(client),
                "authenticatorData": _encoded(data),
                "signature": _encoded(signature),
                "userHandle": _encoded(self.user_handle),
            }
        )

    def _cose_key(self) -> dict[int, Any]:
        numbers = self.key.public_key().public_numbers()
        # RFC 9053, 7.1.1: EC2, ES256, P-256, then the two coordinates.
        return {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}

    def _data(self, flags: int) -> bytes:
        flags |= USER_PRESENT | (USER_VERIFIED if self.is_verifying else 0) | (BACKUP_ELIGIBLE if self.is_synced else 0)
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _answer(self, response: dict[str, str]) -> str:
        id = _encoded(self.credential_id)
        return json.dumps({"id": id, "rawId": id, "type": "public-key", "response": response})


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
