"""The public keys of token issuers and the signing certificates of SNS, kept by address for one process."""

import time
from collections import deque
from itertools import pairwise
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import NameOID
from joserfc.jwk import KeySet

from connectors.identity.kept import Kept
from connectors.identity.metadata import Directory
from connectors.outside import fetch_bytes
from domain.errors import Unavailable

SERVICE = "certificate server"
# SNS changes its certificates every few months, under a new address each time.
CERTIFICATE_SECONDS = 86_400.0
# Anybody can name certificates that are not there: so many a minute are looked for, of which a region needs one.
MOST_A_MINUTE = 60
MINUTE = 60.0
# The certificate itself and those above it.
LONGEST_CHAIN = 5
SMALLEST_KEY = 2048


class NotTrusted(Exception):
    """The certificate is there, and not one that may sign. What it says names the reason."""


class Keys:
    """What is asked for at an address. Raises Unavailable when it cannot be had just now."""

    def __init__(self) -> None:
        self._directories = {allowed: Directory(allowed) for allowed in (False, True)}
        self._asked: deque[float] = deque()
        self._certificates = {
            False: Kept(lambda url: self._fetch_chain(url, allow_private=False)),
            True: Kept(lambda url: self._fetch_chain(url, allow_private=True)),
        }

    async def key_set(self, url: str, allow_private: bool, *, anew: bool = False) -> KeySet:
        """The keys at an address; with `anew` fetched again, unless that was done a moment ago."""
        return await self._directories[allow_private].key_set(url, anew=anew)

    async def chain(self, url: str, allow_private: bool) -> tuple[x509.Certificate, ...]:
        """A certificate, and those above it where they are given along. Raises NotTrusted for anything else."""
        pem: bytes = await self._certificates[allow_private].get(url, CERTIFICATE_SECONDS)
        try:
            found = x509.load_pem_x509_certificates(pem)
        except ValueError as error:
            raise NotTrusted("there is no certificate at its address") from error
        if len(found) > LONGEST_CHAIN:
            raise NotTrusted("its chain of certificates is too long")
        return tuple(found)

    async def _fetch_chain(self, url: str, *, allow_private: bool) -> bytes:
        now = time.monotonic()
        while self._asked and now - self._asked[0] > MINUTE:
            self._asked.popleft()
        if len(self._asked) >= MOST_A_MINUTE:
            raise Unavailable("Too many certificates are asked for.", service=SERVICE)
        self._asked.append(now)
        return await fetch_bytes(url, allow_private, {"accept": "*/*"}, service=SERVICE)


# One for the process: what was fetched serves every endpoint.
KEYS = Keys()


def moved(url: str, authority: str | None) -> str:
    """The address at a stand-in's `authority` (http://127.0.0.1:5000), at its own where that is None."""
    if authority is None:
        return url
    parts = urlsplit(url)
    return f"{authority.rstrip('/')}{parts.path}" + (f"?{parts.query}" if parts.query else "")


def signing_key(chain: tuple[x509.Certificate, ...], names: frozenset[str]) -> RSAPublicKey:
    """The key of a chain's first certificate, made out to one of the names. Raises NotTrusted for any other."""
    leaf = chain[0]
    if not {str(one.value) for one in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)} & names:
        raise NotTrusted("its certificate is somebody else's")
    for below, above in pairwise(chain):
        try:
            below.verify_directly_issued_by(above)
        except (ValueError, TypeError, InvalidSignature) as error:
            raise NotTrusted("its chain of certificates does not hold") from error
    key = leaf.public_key()
    if not isinstance(key, RSAPublicKey) or key.key_size < SMALLEST_KEY:
        raise NotTrusted("its certificate has a key of another kind")
    return key
