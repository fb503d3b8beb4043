"""The keys of an installation: from settings, else from files made on the first start, readable by their owner only."""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.settings import Settings
from documents.audit_key import SEED_BYTES, AuditKey
from domain.errors import Invalid

MASTER_KEY_BYTES = 96  # what the local KMS provider of MongoDB's client-side encryption takes


@dataclass(frozen=True, slots=True)
class Keys:
    """`master` protects stored secrets, `signing` (PEM) access tokens, `cursor` what clients carry for us.

    The first of `audit` signs the audit log, the others have signed older parts of it.
    """

    master: bytes = field(repr=False)
    signing: bytes = field(repr=False)
    cursor: bytes = field(repr=False)
    audit: tuple[AuditKey, ...] = field(repr=False)


def load_keys(settings: Settings) -> Keys:
    """The keys to use. Raises Invalid when a set key is malformed."""
    folder = settings.data_dir / "keys"
    if settings.master_key is not None:
        master = _decoded(settings.master_key.get_secret_value())
    else:
        master = _kept(folder / "master.key", lambda: secrets.token_bytes(MASTER_KEY_BYTES))
    if settings.signing_key is not None:
        signing = settings.signing_key.get_secret_value().encode()
    else:
        signing = _kept(folder / "signing.pem", _new_signing_key)
    # Derived from the signing key, so that every process of an installation signs cursors alike.
    cursor = hmac.digest(signing, b"cursors", hashlib.sha256)
    return Keys(master=master, signing=signing, cursor=cursor, audit=_audit_keys(settings, master))


def _audit_keys(settings: Settings, master: bytes) -> tuple[AuditKey, ...]:
    if not settings.audit_keys:
        return (AuditKey(hmac.digest(master, b"audit", hashlib.sha256)),)
    seeds = [_seed(key.get_secret_value()) for key in settings.audit_keys]
    return tuple(map(AuditKey, seeds))


def _seed(text: str) -> bytes:
    try:
        seed = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Invalid("CLOUDWATCHER_AUDIT_KEYS holds a key that is not base64.") from error
    if len(seed) != SEED_BYTES:
        raise Invalid(f"Keys in CLOUDWATCHER_AUDIT_KEYS must hold {SEED_BYTES} bytes; one holds {len(seed)}.")
    return seed


def _decoded(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Invalid("CLOUDWATCHER_MASTER_KEY is not base64.") from error
    if len(key) != MASTER_KEY_BYTES:
        raise Invalid(f"CLOUDWATCHER_MASTER_KEY must hold {MASTER_KEY_BYTES} bytes; this one holds {len(key)}.")
    return key


def _kept(path: Path, make: Callable[[], bytes]) -> bytes:
    """The content of the file; made first when there is none. Two processes that start at once agree on one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        fresh = path.with_suffix(f".{os.getpid()}.{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_bytes(make())
        try:
            os.link(fresh, path)  # fails when another process was faster; then its key is the one
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_bytes()


def _new_signing_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
