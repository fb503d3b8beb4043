"""The authorization code flow with an OpenID provider, through Authlib."""

import asyncio
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc.jwk import KeySet

from connectors.identity.id_token import Expected, checked_claims
from connectors.identity.metadata import Directory, Metadata
from connectors.identity.signed_token import UnknownKey
from connectors.outside import SECONDS, client_options, fetch_json, translated
from domain.errors import Unavailable
from domain.identity.identity import Identity, identity_of
from domain.identity.provider import SCOPE, TENANT, OpenIdProvider
from domain.identity.refusal import bad_answer


class OpenId:
    """One sign-in with one provider. `redirect_uri` is where the provider sends the browser back to."""

    def __init__(
        self, provider: OpenIdProvider, directory: Directory, *, redirect_uri: str, allow_private: bool
    ) -> None:
        self._provider = provider
        self._directory = directory
        self._redirect_uri = redirect_uri
        self._allow_private = allow_private

    async def start(self, *, state: str, nonce: str, verifier: str, is_fresh: bool) -> str:
        """The address to send the browser to; `is_fresh` has the provider ask the person again.

        Raises Unavailable when the provider cannot be reached.
        """
        metadata = await self._directory.metadata(self._provider)
        # max_age makes auth_time a must (OpenID Connect Core 1.0, 3.1.2.1); some providers know prompt only.
        asked = {"prompt": "login", "max_age": "0"} if is_fresh else {}
        async with self._client(metadata) as client:
            url, _ = client.create_authorization_url(
                metadata.authorization_endpoint, state=state, code_verifier=verifier, nonce=nonce, **asked
            )
        return str(url)

    async def finish(
        self, answer: Mapping[str, str], *, nonce: str, verifier: str, is_fresh: bool, now: datetime
    ) -> Identity:
        """Who has signed in, by the parameters the browser came back with.

        Raises SignInRefused for what cannot be trusted, Unavailable when the provider cannot be reached.
        """
        metadata = await self._directory.metadata(self._provider)
        check_sender(answer.get("iss"), metadata)
        token = await self._exchange(metadata, answer["code"], verifier)
        id_token, access_token = token.get("id_token"), token.get("access_token")
        if not isinstance(id_token, str):
            raise bad_answer("it sends no id_token.")
        expected = Expected(
            issuer=self._provider.issuer, client_id=self._provider.client_id, nonce=nonce, is_fresh=is_fresh
        )
        claims = await self._claims(metadata, id_token, access_token, expected, now)
        if "email" not in claims and metadata.userinfo_endpoint is not None and isinstance(access_token, str):
            claims = await self._completed(claims, metadata.userinfo_endpoint, access_token)
        return identity_of(self._provider.kind, claims)

    async def _exchange(self, metadata: Metadata, code: str, verifier: str) -> dict[str, Any]:
        try:
            with translated():
                async with asyncio.timeout(2 * SECONDS), self._client(metadata) as client:
                    token: dict[str, Any] = await client.fetch_token(
                        metadata.token_endpoint, code=code, code_verifier=verifier, redirect_uri=self._redirect_uri
                    )
        except OAuthError as error:
            raise bad_answer(f"it does not take its code back ({error.error}).") from error
        except ValueError as error:
            raise bad_answer("it does not answer with tokens.") from error
        return token

    async def _claims(
        self, metadata: Metadata, id_token: str, access_token: str | None, expected: Expected, now: datetime
    ) -> dict[str, Any]:
        keys: KeySet = await self._directory.keys(metadata)
        try:
            return checked_claims(id_token, access_token, keys, expected, now)
        except UnknownKey:
            keys = await self._directory.keys(metadata, anew=True)
        try:
            return checked_claims(id_token, access_token, keys, expected, now)
        except UnknownKey as error:
            raise bad_answer("it is signed by a key that the provider does not publish.") from error

    async def _completed(self, claims: dict[str, Any], url: str, access_token: str) -> dict[str, Any]:
        """The claims with those that the provider tells only when asked: Okta's id_token, for one, has no more than
        the person's id. What the id_token says goes first.
        """
        told = await fetch_json(url, self._allow_private, {"authorization": f"Bearer {access_token}"})
        # Else it could be about somebody else (OpenID Connect Core 1.0, 5.3.4).
        if not isinstance(told, dict) or told.get("sub") != claims["sub"]:
            raise bad_answer("it tells of another person when it is asked.")
        return told | claims

    def _client(self, metadata: Metadata) -> Any:
        secret = self._provider.client_secret
        method = "none" if secret is None else "client_secret_post" if metadata.secret_in_body else None
        return AsyncOAuth2Client(
            client_id=self._provider.client_id,
            client_secret=secret,
            token_endpoint_auth_method=method,
            scope=SCOPE,
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
            **client_options(self._allow_private),
        )


def check_sender(sender: str | None, metadata: Metadata) -> None:
    """Whether the answer is this provider's, before its code is shown to anybody (RFC 9207, 2.4).

    Raises SignInRefused when it names another issuer, or none though the provider always does.
    """
    if sender is None:
        if metadata.sends_issuer:
            raise bad_answer("it does not say who it is from.")
        return
    if not _fits(metadata.issuer, sender):
        raise bad_answer("it is another provider's.")


def _fits(issuer: str, sender: str) -> bool:
    before, tenant, after = issuer.partition(TENANT)
    if not tenant:
        return sender == issuer
    if not (sender.startswith(before) and sender.endswith(after)):
        return False
    try:
        uuid.UUID(sender[len(before) : len(sender) - len(after)])
    except ValueError:
        return False
    return True


async def check_provider(provider: OpenIdProvider, directory: Directory) -> str | None:
    """What is wrong with the provider in a sentence, None when its description and keys can be read."""
    try:
        await directory.keys(await directory.metadata(provider))
    except Unavailable as error:
        return error.message
    return None
