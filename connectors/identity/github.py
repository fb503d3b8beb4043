"""Signing in with GitHub: OAuth 2 without id_token; who it is and their address are read from its API.

Source: docs.github.com, "Authorizing OAuth apps", and REST "Users" and "Emails".
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client

from connectors.outside import SECONDS, client_options, fetch_json, translated
from domain.identity.identity import Identity, ProviderKind, identity_of
from domain.identity.provider import GitHubProvider
from domain.identity.refusal import bad_answer

SCOPE = "read:user user:email"


class GitHub:
    """One sign-in with GitHub. `redirect_uri` is where it sends the browser back to."""

    def __init__(self, provider: GitHubProvider, *, redirect_uri: str, allow_private: bool) -> None:
        self._provider = provider
        self._redirect_uri = redirect_uri
        self._allow_private = allow_private

    def start(self, *, state: str, verifier: str) -> str:
        """The address to send the browser to."""
        url, _ = self._client().create_authorization_url(
            f"{self._provider.url}/login/oauth/authorize", state=state, code_verifier=verifier
        )
        return str(url)

    async def finish(self, answer: Mapping[str, str], *, verifier: str) -> Identity:
        """Who has signed in. Raises SignInRefused for what cannot be trusted, Unavailable when GitHub is."""
        token = await self._exchange(answer["code"], verifier)
        headers = {"authorization": f"Bearer {token}", "accept": "application/vnd.github+json"}
        user, emails = await asyncio.gather(
            fetch_json(f"{self._provider.api_url}/user", self._allow_private, headers),
            fetch_json(f"{self._provider.api_url}/user/emails", self._allow_private, headers),
        )
        if not isinstance(user, dict) or not isinstance(user.get("id"), int):
            raise bad_answer("it names nobody.")
        return identity_of(ProviderKind.GITHUB, self._claims(user, emails))

    def _claims(self, user: Mapping[str, Any], emails: Any) -> dict[str, Any]:
        """In the words of OpenID Connect. The login can be given away and taken by others; the number stays."""
        listed = [one for one in emails if isinstance(one, dict)] if isinstance(emails, list) else []
        primary = next((one for one in listed if one.get("primary") is True), {})
        return {
            "iss": self._provider.url,
            "sub": str(user["id"]),
            "name": user.get("name") or user.get("login"),
            "email": primary.get("email"),
            "email_verified": primary.get("verified") is True,
        }

    async def _exchange(self, code: str, verifier: str) -> str:
        try:
            with translated():
                async with asyncio.timeout(2 * SECONDS), self._client() as client:
                    token = await client.fetch_token(
                        f"{self._provider.url}/login/oauth/access_token",
                        code=code,
                        code_verifier=verifier,
                        redirect_uri=self._redirect_uri,
                    )
        except OAuthError as error:
            raise bad_answer(f"it does not take its code back ({error.error}).") from error
        except ValueError as error:
            raise bad_answer("it does not answer with tokens.") from error
        if not isinstance(token.get("access_token"), str):
            raise bad_answer("it sends no access token.")
        found: str = token["access_token"]
        return found

    def _client(self) -> Any:
        return AsyncOAuth2Client(
            client_id=self._provider.client_id,
            client_secret=self._provider.client_secret,
            token_endpoint_auth_method="client_secret_post",  # noqa: S106 - the name of a method
            scope=SCOPE,
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
            **client_options(self._allow_private),
        )
