"""Master keys: what wraps the data keys of organizations. Where each lies and how it is reached; no I/O."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

UNNAMED_LOCAL = "local"
_DEFAULT_PORT = ":443"


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterKey:
    """`provider` is the driver's name for it: "aws", "azure", "gcp", "kmip", or "local:" and the print of the key.

    `place` says which key of the provider, `access` how to get at it (empty: the provider's own ambient credentials),
    `tls` which certificates to use. Source: pymongo.encryption, `kms_providers`, `master_key`, `kms_tls_options`.
    """

    provider: str
    place: Mapping[str, Any] = field(default_factory=dict)
    access: Mapping[str, Any] = field(default_factory=dict, repr=False)
    tls: Mapping[str, str] = field(default_factory=dict)

    def wraps(self, stored: Mapping[str, Any]) -> bool:
        """Whether a data key with this `masterKey` in the key vault is wrapped with it."""
        return stored["provider"] == self.provider and all(
            _plain(stored.get(name)) == _plain(value) for name, value in self.place.items()
        )


def local_master_key(key: bytes) -> MasterKey:
    """A key that we hold ourselves: 96 random bytes. It is named by its print, so that several can be used at once."""
    digest = hashlib.sha256(b"cloudwatcher master key\0" + key).hexdigest()
    return MasterKey(provider=f"{UNNAMED_LOCAL}:{digest[:16]}", access={"key": key})


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """`current` wraps new data keys; with the `others` older ones are still opened."""

    current: MasterKey
    others: tuple[MasterKey, ...] = ()

    def __iter__(self) -> Iterator[MasterKey]:
        yield self.current
        yield from self.others

    @property
    def of_our_own(self) -> list[MasterKey]:
        """Those that no key service holds."""
        return [key for key in self if key.provider.startswith(f"{UNNAMED_LOCAL}:")]

    def providers(self) -> dict[str, dict[str, Any]]:
        """What the driver takes as `kms_providers`.

        Data keys of the first versions say "local" without a print; until they are adopted that is the current key.
        """
        found = {key.provider: dict(key.access) for key in reversed([*self])}
        if ours := self.of_our_own:
            found[UNNAMED_LOCAL] = dict(ours[0].access)
        return found

    def tls_options(self) -> dict[str, dict[str, str]]:
        """What the driver takes as `kms_tls_options`."""
        return {key.provider: dict(key.tls) for key in self if key.tls}


def master_key_id(stored: Mapping[str, Any]) -> str:
    """The provider's own name of the key in a `masterKey` of the key vault, for people."""
    kind, _, name = str(stored["provider"]).partition(":")
    path = {
        "aws": ("key",),
        "azure": ("keyVaultEndpoint", "keyName", "keyVersion"),
        "gcp": ("projectId", "location", "keyRing", "keyName", "keyVersion"),
        "kmip": ("endpoint", "keyId"),
    }.get(kind, ())
    return "/".join(str(stored[part]) for part in path if part in stored) or name or "(unnamed)"


def _plain(value: object) -> object:
    """Endpoints are stored with or without the port that https has anyway."""
    return value.removesuffix(_DEFAULT_PORT) if isinstance(value, str) else value
