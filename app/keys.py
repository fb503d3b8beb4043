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
from pydantic import SecretStr

from app.kms import KmsProvider, service_key
from app.settings import Settings
from documents.audit_key import SEED_BYTES, AuditKey
from documents.master_key import MasterKey, MasterKeys, local_master_key
from domain.errors import Invalid

MASTER_KEY_BYTES = 96  # what the local KMS provider of MongoDB's client-side encryption takes


@dataclass(frozen=True, slots=True)
class Keys:
    """`master` protects stored secrets, `signing` (PEM, the newest first) access tokens.

    The first of `audit` signs the audit log, the others have signed older parts of it.
    From each signing key a key is derived that signs what clients carry for us, such as cursors.
    """

    master: MasterKeys
    signing: tuple[bytes, ...] = field(repr=False)
    audit: tuple[AuditKey, ...] = field(repr=False)

    @property
    def cursors(self) -> tuple[bytes, ...]:
        """The keys of cursors, the newest first. Every process of an installation has the same."""
        return self.derived("cursors")

    @property
    def cursor(self) -> bytes:
        """The newest of `cursors`."""
        return self.cursors[0]

    def derived(self, purpose: str) -> tuple[bytes, ...]:
        """The keys for this purpose only, the newest first, the same in every process of the installation."""
        return tuple(hmac.digest(key, purpose.encode(), hashlib.sha256) for key in self.signing)


def load_keys(settings: Settings) -> Keys:
    """The keys to use. Raises Invalid when a set key is malformed."""
    folder = settings.data_dir / "keys"
    master = load_master_keys(settings)
    return Keys(master=master, signing=_signing(settings, folder), audit=_audit_keys(settings, master))


def _signing(settings: Settings, folder: Path) -> tuple[bytes, ...]:
    if settings.signing_key is not None:
        set_keys = (settings.signing_key, *settings.previous_signing_keys)
        return tuple(key.get_secret_value().encode() for key in set_keys)
    current, previous = folder / "signing.pem", folder / "signing.previous.pem"
    kept = _kept(current, _new_signing_key)
    return (kept, previous.read_bytes()) if previous.exists() else (kept,)


def rotate_signing_file(settings: Settings) -> None:
    """Make a new signing key in the data directory; the one in use becomes the previous one, which is still accepted.

    Raises Invalid when the key comes from a setting, where it is changed instead.
    """
    if settings.signing_key is not None:
        raise Invalid(
            "The signing key is set: put a new one into CLOUDWATCHER_SIGNING_KEY and the old one into "
            "CLOUDWATCHER_PREVIOUS_SIGNING_KEYS."
        )
    folder = settings.data_dir / "keys"
    current = _kept(folder / "signing.pem", _new_signing_key)
    _replace(folder / "signing.previous.pem", current)
    _replace(folder / "signing.pem", _new_signing_key())


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(f".{os.getpid()}.{secrets.token_hex(4)}")
    fresh.touch(mode=0o600)
    fresh.write_bytes(content)
    fresh.replace(path)


def _audit_keys(settings: Settings, master: MasterKeys) -> tuple[AuditKey, ...]:
    if not settings.audit_keys:
        if not master.of_our_own:
            raise Invalid("Set CLOUDWATCHER_AUDIT_KEYS: no key can be derived from a master key in a key service.")
        return tuple(AuditKey(hmac.digest(key.access["key"], b"audit", hashlib.sha256)) for key in master.of_our_own)
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


def load_master_keys(settings: Settings) -> MasterKeys:
    """The master key that wraps new data keys, and those that may have wrapped older ones."""
    folder = settings.data_dir / "keys"
    local = _local(settings.master_key, "CLOUDWATCHER_MASTER_KEY", folder / "master.key")
    older = _local(settings.previous_master_key, "CLOUDWATCHER_PREVIOUS_MASTER_KEY", folder / "previous_master.key")
    if settings.kms_provider is not KmsProvider.LOCAL:
        current = service_key(settings, settings.kms_provider)
    elif local is not None:
        current = local
    else:
        made = _kept(folder / "master.key", lambda: secrets.token_bytes(MASTER_KEY_BYTES))
        current = local_master_key(made)
    others = [key for key in (local, older) if key is not None and key != current]
    if settings.previous_kms_provider not in (None, settings.kms_provider):
        others.append(service_key(settings, settings.previous_kms_provider))
    return MasterKeys(current, tuple(others))


def _local(setting: SecretStr | None, name: str, path: Path) -> MasterKey | None:
    """The key of the setting, else of the file; None when there is neither."""
    if setting is not None:
        return local_master_key(_decoded(setting.get_secret_value(), name))
    return local_master_key(path.read_bytes()) if path.exists() else None


def _decoded(text: str, name: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Invalid(f"{name} is not base64.") from error
    if len(key) != MASTER_KEY_BYTES:
        raise Invalid(f"{name} must hold {MASTER_KEY_BYTES} bytes; this one holds {len(key)}.")
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
