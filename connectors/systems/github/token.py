"""The headers that carry the credentials: a token as it is, or the token of an installed app, renewed before it ends.

Source: docs.github.com, "Generating a JSON Web Token (JWT) for a GitHub App" and "Authenticating as an installation".
"""

from asyncio import Lock
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx2
import jwt

from connectors.reading.source import Reach
from connectors.rest.values import moment
from domain.errors import CredentialsRejected, Invalid, Misshapen, Unavailable
from domain.facts.credentials import GithubCredentials

SERVICE = "app"
# The longest GitHub takes is ten minutes; the start lies back for clocks that go wrong.
ASSERTION_LIFE, CLOCK_SKEW = timedelta(minutes=9), timedelta(minutes=1)
# Tokens last an hour.
MARGIN = timedelta(minutes=5)


class Tokens:
    """Of one account. `base_url` is the only address the app's assertion is sent to."""

    def __init__(self, credentials: GithubCredentials, base_url: str, http: httpx2.AsyncClient, reach: Reach) -> None:
        self._credentials, self._base_url, self._http, self._now = credentials, base_url, http, reach.now
        self._token = ""
        # What GitHub says that the installation may, by name; None before it has said so, and of a token always.
        self.granted: Mapping[str, str] | None = None
        self._renew_at: datetime | None = None
        self._one_at_a_time = Lock()

    async def headers(self) -> Mapping[str, str]:
        """Raises CredentialsRejected, Unavailable, Misshapen, and Invalid for a key that is none."""
        if self._credentials.token is not None:
            return {"authorization": f"Bearer {self._credentials.token.get_secret_value()}"}
        async with self._one_at_a_time:
            if self._renew_at is None or self._now() >= self._renew_at:
                await self._renew()
        return {"authorization": f"Bearer {self._token}"}

    async def _renew(self) -> None:
        url = f"{self._base_url}/app/installations/{self._credentials.installation_id}/access_tokens"
        headers = {"authorization": f"Bearer {self._assertion()}", "accept": "application/vnd.github+json"}
        answer = await self._http.post(url, headers=headers)
        if answer.status_code >= httpx2.codes.INTERNAL_SERVER_ERROR:
            raise Unavailable(f"GitHub failed to issue a token ({answer.status_code}).", service=SERVICE)
        if not answer.is_success:
            message = f"GitHub issues no token for the installation ({answer.status_code})."
            raise CredentialsRejected(message, service=SERVICE)
        self._token, ends_at, self.granted = _issued(answer)
        self._renew_at = ends_at - MARGIN

    def _assertion(self) -> str:
        key, now = self._credentials.private_key, self._now()
        claims = {"iss": self._credentials.app_id, "iat": now - CLOCK_SKEW, "exp": now + ASSERTION_LIFE}
        try:
            return jwt.encode(claims, key.get_secret_value() if key else "", algorithm="RS256")
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            message = "The private key must be the PEM file GitHub gave for the app."
            raise Invalid(message, path=("private_key",)) from error


def _issued(answer: httpx2.Response) -> tuple[str, datetime, Mapping[str, str] | None]:
    try:
        body: Any = answer.json()
        token, ends_at = body["token"], moment(body["expires_at"])
    except (ValueError, KeyError, TypeError) as error:
        raise Misshapen("GitHub does not answer with a token.", service=SERVICE) from error
    if not isinstance(token, str) or ends_at is None:
        raise Misshapen("GitHub does not answer with a token.", service=SERVICE)
    granted = body.get("permissions")
    return token, ends_at, granted if isinstance(granted, dict) else None
