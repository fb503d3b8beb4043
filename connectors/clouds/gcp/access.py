"""Access tokens for a service account, by the key the customer gave. The key itself is shown nowhere.

Source: Google Identity, "Using OAuth 2.0 for server to server applications" (the JWT bearer grant, RFC 7523).
"""

import json
from asyncio import Lock
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx2
from google.auth import jwt
from google.auth.crypt import RSASigner, Signer
from pydantic import SecretStr

from domain.errors import CredentialsRejected, Invalid, Misshapen, ProviderError, Throttled, Unavailable

# Not the token_uri of the key file: whoever wrote that could have the signed grant sent anywhere.
AUDIENCE = "https://oauth2.googleapis.com/token"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LASTS = timedelta(hours=1)
# Asked for anew this long before it ends, for calls on the way and clocks that differ.
EARLY = timedelta(minutes=5)
SERVICE = "oauth2"
KEY_PATH = ("service_account_key",)


@dataclass(frozen=True, slots=True)
class ServiceAccountKey:
    """`email` is the service account, `signer` signs with its private key, `id` is what Google calls the key."""

    email: str
    signer: Signer = field(repr=False)
    id: str = ""


def parse_key(text: SecretStr) -> ServiceAccountKey:
    """From the JSON file that Google gives out. Raises Invalid, without quoting it, for anything else."""
    try:
        found = json.loads(text.get_secret_value())
        if found["type"] != "service_account":
            raise ValueError("another type")
        signer = RSASigner.from_service_account_info(found)  # type: ignore[no-untyped-call]  # google-auth has no types
        # A key of another kind is taken, and fails only here.
        signer.sign(b"")
        return ServiceAccountKey(str(found["client_email"]), signer, str(found.get("private_key_id", "")))
    except (AttributeError, KeyError, TypeError, ValueError):
        # Without the cause: its message may quote the key.
        raise Invalid("This is no key file of a service account: give the whole JSON file.", path=KEY_PATH) from None


class Tokens:
    """The tokens of one service account, one for each set of scopes, kept while they last."""

    def __init__(self, http: httpx2.AsyncClient, key: ServiceAccountKey, url: str, now: Callable[[], datetime]) -> None:
        self._http, self._key, self._url, self._now = http, key, url, now
        self._kept: dict[tuple[str, ...], tuple[str, datetime]] = {}
        self._lock = Lock()

    async def token(self, scopes: tuple[str, ...]) -> str:
        """A token that still lasts a while. Raises ProviderError when Google gives none."""
        async with self._lock:
            kept = self._kept.get(scopes)
            if kept is None or kept[1] <= self._now():
                kept = self._kept[scopes] = await self._fetch(scopes)
            return kept[0]

    async def headers(self, scopes: tuple[str, ...]) -> Mapping[str, str]:
        return {"authorization": f"Bearer {await self.token(scopes)}"}

    def forget(self, scopes: tuple[str, ...]) -> None:
        """The token was refused; the next call asks for another."""
        self._kept.pop(scopes, None)

    async def _fetch(self, scopes: tuple[str, ...]) -> tuple[str, datetime]:
        began = self._now()
        form = {"grant_type": GRANT, "assertion": self._assertion(scopes, began)}
        answer = await self._http.post(self._url, data=form)
        try:
            body = answer.json()
        except ValueError:
            body = None
        if not answer.is_success:
            raise _refused(answer.status_code, body if isinstance(body, dict) else {})
        try:
            return str(body["access_token"]), began + timedelta(seconds=int(body["expires_in"])) - EARLY
        except (KeyError, TypeError, ValueError):
            raise Misshapen("Google does not answer with an access token.", service=SERVICE) from None

    def _assertion(self, scopes: tuple[str, ...], began: datetime) -> str:
        claims: dict[str, Any] = {
            "iss": self._key.email,
            "scope": " ".join(scopes),
            "aud": AUDIENCE,
            "iat": int(began.timestamp()),
            "exp": int((began + LASTS).timestamp()),
        }
        signed: bytes = jwt.encode(self._key.signer, claims)  # type: ignore[no-untyped-call]  # google-auth has no types
        return signed.decode()


def _refused(status: int, body: dict[str, Any]) -> ProviderError:
    if status == httpx2.codes.TOO_MANY_REQUESTS:
        return Throttled("Google asks for fewer access tokens.", service=SERVICE)
    if status >= httpx2.codes.INTERNAL_SERVER_ERROR:
        return Unavailable(f"Google fails to give an access token ({status}).", service=SERVICE)
    said = str(body.get("error_description") or body.get("error") or f"status {status}")
    return CredentialsRejected(f"Google rejects the key of the service account: {_plain(said)}", service=SERVICE)


def _plain(said: str) -> str:
    """Google's words for what is wrong with a grant, in the customer's."""
    if "short-lived" in said or "iat" in said:
        return "the clock of this machine is wrong."
    if "signature" in said.lower():
        return "the key was deleted or disabled."
    if "account not found" in said.lower():
        return "the service account was deleted or disabled."
    return f"{' '.join(said.split())[:200].rstrip('.')}."
