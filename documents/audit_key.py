"""Signatures under the ends of a chain: whoever can change the database but has no key cannot make one."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.audit.canonical import canonical

SEED_BYTES = 32


class AuditKey:
    """An Ed25519 key made from 32 secret bytes. `id` names it: the first 16 hex digits of SHA-256 of `public`.

    `public` is the raw public key in hex; it is no secret, and enough to check what the key has signed.
    """

    def __init__(self, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._private.public_key().public_bytes_raw().hex()
        self.id = key_id(self.public)

    def sign(self, members: Mapping[str, Any]) -> str:
        """The signature under the canonical form of an object, in hex."""
        return self._private.sign(canonical(members)).hex()


def key_id(public: str) -> str:
    """The name of the key with this public half (hex)."""
    return hashlib.sha256(bytes.fromhex(public)).hexdigest()[:16]


class KeyRing:
    """Public keys by their ids: those whose signatures are trusted."""

    def __init__(self, publics: Iterable[str]) -> None:
        self._publics = {key_id(public): public for public in publics}

    @property
    def publics(self) -> list[str]:
        return list(self._publics.values())

    def is_signed(self, members: Mapping[str, Any], signature: str, key_id: str) -> bool:
        """Whether the signature (hex) under the object was made with the trusted key of this id."""
        public = self._publics.get(key_id)
        return public is not None and is_signed(members, signature, public)


def is_signed(members: Mapping[str, Any], signature: str, public: str) -> bool:
    """Whether the signature (hex) under the object was made with the key of this public half (hex)."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(signature), canonical(members))
    except (InvalidSignature, ValueError):
        return False
    return True
