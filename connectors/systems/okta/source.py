"""The way into an Okta organization: by API token, or as a service app that signs its own assertions."""

import json
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from functools import cache

import httpx2
import jwt

from connectors.reading.listing import Answer, Arguments, Operation, Place
from connectors.reading.source import Identity, Reach
from connectors.rest.client import Refusal, RestClient, Vendor, open_http, permission_missing, plan_missing, translate
from connectors.rest.paging import Reply, body_link, link_header
from domain.endpoint import check_endpoint
from domain.errors import (
    CredentialsRejected,
    Invalid,
    Misshapen,
    PermissionMissing,
    ProviderError,
    Throttled,
    Unavailable,
)
from domain.facts.credentials import OktaCredentials

NAME = "Okta"
ORGANIZATION = Operation(name="GET /api/v1/org", service="orgs", permissions=("okta.orgs.read",))
ASSERTION_LIFE = timedelta(minutes=5)
# Tokens last an hour; one is fetched anew this long before.
MARGIN = timedelta(minutes=5)
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# Source: "Okta API error codes" of the developer documentation.
NO_FEATURE, NO_PERMISSION = "E0000015", "E0000006"
# Source: RFC 6749, 5.2.
NOT_GRANTED = "invalid_scope"
# The option of operations that are called with a token for their own scopes, not with the one for reading.
ACTS = "acts"


class ScopeRefused(PermissionMissing):
    """The service app has not been granted a scope it asks for."""


class OktaSource:
    """Reads an organization with one client, and acts there with those that `alone` gives for a call's own scopes.

    A service app that was not granted all reads signs in for each call alone, so that it reads what it may. `tokens`
    are those of a service app by their scopes; None for an API token, which has none.
    """

    def __init__(
        self,
        client: RestClient,
        alone: Callable[[str], RestClient],
        endpoint: str,
        tokens: "Callable[[str], Tokens] | None",
    ) -> None:
        self._client, self._alone, self._tokens = client, alone, tokens
        self._is_granted_all = True
        self.endpoint = endpoint

    async def identity(self) -> Identity:
        """The organization. Source: Org Setting API, "Retrieve the org general settings"."""
        try:
            return await self._organization()
        except ScopeRefused:
            self._is_granted_all = False
            return await self._organization()

    async def is_granted(self, scope: str) -> bool | None:
        """Whether the service app may have a token for the scope; None with an API token.

        Raises ProviderError when Okta does not answer to it.
        """
        if self._tokens is None:
            return None
        try:
            await self._tokens(scope).headers()
        except ScopeRefused:
            return False
        return True

    async def _organization(self) -> Identity:
        async for organization in self._client_of(ORGANIZATION).pages(ORGANIZATION, {}):
            if not isinstance(organization, dict) or not organization.get("id"):
                break
            return Identity(organization["id"], organization.get("companyName") or organization["id"], self.endpoint)
        raise Misshapen(f"{self.endpoint} does not answer the way Okta does.", service=ORGANIZATION.service)

    def _client_of(self, operation: Operation) -> RestClient:
        is_alone = operation.options.get(ACTS) or not self._is_granted_all
        return self._alone(" ".join(operation.permissions)) if is_alone else self._client

    async def regions(self) -> tuple[str, ...]:
        return ()

    def pages(self, operation: Operation, place: Place, arguments: Arguments) -> AsyncGenerator[Answer, None]:
        """The answers of an operation. Lists go on by a Link header, one of them by a link in its body."""
        path = operation.options.get("next")
        return self._client_of(operation).pages(operation, arguments, body_link(path) if path else None)


class Tokens:
    """The headers that carry the credentials; a service app's token is kept until it ends.

    Source: "Implement OAuth for Okta with a service app" of the developer documentation.
    """

    def __init__(self, credentials: OktaCredentials, base_url: str, http: httpx2.AsyncClient, reach: Reach) -> None:
        self._credentials, self._base_url, self._http, self._now = credentials, base_url, http, reach.now
        self._token, self._renew_at = "", reach.now()
        self._scopes = ""

    def wants(self, scopes: str) -> "Tokens":
        """The scopes a service app asks for, parted by spaces."""
        self._scopes = scopes
        return self

    async def headers(self) -> Mapping[str, str]:
        """Raises CredentialsRejected, ScopeRefused, Unavailable."""
        if self._credentials.token is not None:
            return {"authorization": f"SSWS {self._credentials.token.get_secret_value()}"}
        if self._now() >= self._renew_at:
            await self._renew()
        return {"authorization": f"Bearer {self._token}"}

    async def _renew(self) -> None:
        url = f"{self._base_url}/oauth2/v1/token"
        form = {
            "grant_type": "client_credentials",
            "scope": self._scopes,
            "client_assertion_type": ASSERTION,
            "client_assertion": self._assertion(url),
        }
        answer = await self._http.post(url, data=form)
        body = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        if answer.status_code >= httpx2.codes.INTERNAL_SERVER_ERROR:
            raise Unavailable(f"Okta failed to issue a token ({answer.status_code}).", service="oauth2")
        if not answer.is_success or not body.get("access_token"):
            why = body.get("error_description") or body.get("errorSummary") or answer.status_code
            said = f"Okta issues no token for the service app: {why}"
            if body.get("error") == NOT_GRANTED:
                raise ScopeRefused(said, service="oauth2", permission=self._scopes)
            raise CredentialsRejected(said, service="oauth2")
        self._token = body["access_token"]
        self._renew_at = self._now() + timedelta(seconds=int(body.get("expires_in", 3600))) - MARGIN

    def _assertion(self, audience: str) -> str:
        if self._credentials.private_key is None:
            raise Invalid("Give a token, or a client id with its private key.", path=("token",))
        try:
            key = jwt.PyJWK.from_json(self._credentials.private_key.get_secret_value())
        except (jwt.PyJWTError, json.JSONDecodeError, ValueError, TypeError) as error:
            raise Invalid("The private key must be a JWK, as Okta shows it once.", path=("private_key",)) from error
        now, who = self._now(), self._credentials.client_id
        claims = {"aud": audience, "iss": who, "sub": who, "jti": secrets.token_hex(16), "iat": now}
        return jwt.encode(
            {**claims, "exp": now + ASSERTION_LIFE},
            key.key,
            algorithm=key.algorithm_name,
            headers={"kid": key.key_id} if key.key_id else None,
        )


def opener(scopes: str) -> Callable[[OktaCredentials, Reach], AbstractAsyncContextManager[OktaSource]]:
    """`Registration.open` for the scopes that all reads need together. What acts asks for its own, when it does."""

    @asynccontextmanager
    async def open_source(credentials: OktaCredentials, reach: Reach) -> AsyncIterator[OktaSource]:
        base = check_endpoint(credentials.endpoint_url or credentials.org_url, reach.allow_private_endpoint)
        async with open_http(reach.allow_private_endpoint) as http:
            guard = reach.guard(translate)

            @cache
            def tokens(wanted: str) -> Tokens:
                return Tokens(credentials, base, http, reach).wants(wanted)

            @cache
            def client(wanted: str) -> RestClient:
                headers = tokens(wanted).headers
                vendor = Vendor(
                    name=NAME, base_url=base, next_page=link_header, authorize=headers, refusal=refusal(reach)
                )
                return RestClient(http, guard, vendor)

            yield OktaSource(client(scopes), client, base, tokens if credentials.token is None else None)

    return open_source


def refusal(reach: Reach) -> Refusal:
    """Okta's own errors. Source: "Okta API error codes" and "Rate limits" of the developer documentation."""

    def meaning(reply: Reply, operation: Operation) -> ProviderError | None:
        code = reply.body.get("errorCode") if isinstance(reply.body, dict) else None
        if code == NO_FEATURE:
            return plan_missing(operation, NAME)
        if code == NO_PERMISSION:
            return permission_missing(operation, NAME)
        reset = reply.headers.get("x-rate-limit-reset", "")
        if reply.status == httpx2.codes.TOO_MANY_REQUESTS and reset.isdigit():
            wait = timedelta(seconds=max(0.0, int(reset) - reach.now().timestamp()))
            message = f"Okta asks for fewer calls of {operation.name}."
            return Throttled(message, service=operation.service, retry_after=wait)
        return None

    return meaning
