"""A sign-in that is under way at an identity provider: carried by the browser that began it, sealed against all."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

LIFETIME = timedelta(minutes=10)
COOKIE_PREFIX = "__Host-cloudwatcher-flow-"
NONCE_BYTES = 12
KEY_BYTES = 32


class Intent(StrEnum):
    SIGN_IN = "sign_in"
    LINK = "link"
    REAUTHENTICATE = "reauthenticate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """`challenge` is the PKCE challenge of the program or page that will exchange our own code; None where the session
    goes into cookies. `client_state` is handed back to it. `state`, `nonce`, `verifier` are for the provider.
    """

    provider: str
    intent: Intent
    next: str
    started_at: int
    challenge: str | None = None
    client_state: str | None = None
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(64), repr=False)

    @property
    def cookie(self) -> str:
        """The name of the cookie it is kept in."""
        return cookie_of(self.state)


def cookie_of(state: str) -> str:
    """The name of the cookie of a flow; each has its own, so that two tabs do not end each other's."""
    return COOKIE_PREFIX + hashlib.sha256(state.encode()).hexdigest()[:16]


class FlowBox:
    """Seals flows with AES-256-GCM. `keys`: the newest first; the others still open what they have sealed."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = [AESGCM(hmac.digest(key, b"sign-in flow", hashlib.sha256)) for key in keys]

    def seal(self, flow: Flow) -> str:
        """The flow as URL-safe text that nobody else can read or change."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._ciphers[0].encrypt(nonce, orjson.dumps(asdict(flow)), flow.cookie.encode())
        return urlsafe_b64encode(nonce + sealed).decode()

    def open(self, text: str, state: str, now: datetime) -> Flow | None:
        """The flow of this state; None for one that was not sealed here, is another's, or is over."""
        try:
            raw = urlsafe_b64decode(text.encode())
        except ValueError:
            return None
        for cipher in self._ciphers:
            try:
                plain = cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], cookie_of(state).encode())
            except (InvalidTag, ValueError):
                continue
            return _of(plain, state, now)
        return None


def _of(plain: bytes, state: str, now: datetime) -> Flow | None:
    values = orjson.loads(plain)
    flow = Flow(**{**values, "intent": Intent(values["intent"])})
    is_alive = 0 <= now.timestamp() - flow.started_at <= LIFETIME.total_seconds()
    return flow if is_alive and hmac.compare_digest(flow.state, state) else None
