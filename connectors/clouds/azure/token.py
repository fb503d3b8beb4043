"""Access tokens of an application: OAuth 2 client credentials at the tenant's own endpoint, kept until shortly before
they end. Source: "Microsoft identity platform and the OAuth 2.0 client credentials flow".
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx2

from connectors.clouds.azure import error as azure_error
from connectors.rest.paging import Reply
from domain.errors import Misshapen
from domain.facts.credentials import AzureCredentials

# A call may take half a minute, and clocks differ.
EARLY = timedelta(minutes=5)


class Tokens:
    """Those of one application, one for each scope. The secret is sent to the authority alone."""

    def __init__(
        self, http: httpx2.AsyncClient, credentials: AzureCredentials, authority: str, now: Callable[[], datetime]
    ) -> None:
        self._http, self._credentials, self._now = http, credentials, now
        self._url = f"{authority}/{credentials.tenant_id}/oauth2/v2.0/token"
        self._held: dict[str, tuple[str, datetime]] = {}
        self._one_at_a_time: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def headers(self, scope: str) -> dict[str, str]:
        """The header that carries the token. Raises CredentialsRejected, Throttled, Unavailable or Misshapen."""
        async with self._one_at_a_time[scope]:
            token, until = self._held.get(scope, ("", self._now()))
            if self._now() >= until:
                token, until = self._held[scope] = await self._fetch(scope)
        return {"authorization": f"Bearer {token}"}

    def forget(self, scope: str) -> None:
        """A token that was refused as ended is not used again."""
        self._held.pop(scope, None)

    async def _fetch(self, scope: str) -> tuple[str, datetime]:
        asked = self._now()
        form = {
            "grant_type": "client_credentials",
            "client_id": self._credentials.client_id,
            "client_secret": self._credentials.client_secret.get_secret_value(),
            "scope": scope,
        }
        answer = await self._http.post(self._url, data=form)
        body = _json(answer)
        if not answer.is_success:
            raise azure_error.sign_in(Reply(status=answer.status_code, headers=dict(answer.headers), body=body))
        try:
            token, seconds = str(body["access_token"]), int(body["expires_in"])
        except (KeyError, TypeError, ValueError) as error:
            message = "The authority does not answer with a token as Microsoft Entra ID does."
            raise Misshapen(message, service=azure_error.SIGN_IN_SERVICE) from error
        life = timedelta(seconds=seconds)
        return token, asked + max(life - EARLY, life / 2)


def _json(answer: httpx2.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None
