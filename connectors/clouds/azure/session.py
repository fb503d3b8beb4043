"""The way into one subscription and its directory."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from azure.core.exceptions import AzureError

from connectors.clouds.azure import advisor, call, lasting, security, subscription, token
from connectors.clouds.azure import error as azure_error
from connectors.guard import Guard
from connectors.reading.listing import Answer, Arguments, Operation, Place
from connectors.reading.source import Identity, Member, Reach, Source
from connectors.rest.client import RestClient, Vendor, open_http, translate
from connectors.rest.paging import Reply, body_link
from domain.endpoint import check_endpoint
from domain.errors import Invalid, Misshapen, ProviderError, Unavailable
from domain.facts.credentials import AzureCredentials
from domain.identity.provider import check_secure

PUBLIC = ("https://management.azure.com", "https://graph.microsoft.com", "https://login.microsoftonline.com")
# Of the clouds apart, by their Resource Manager. Source: "Azure endpoints by cloud", "National cloud deployments".
SOVEREIGN = {
    "https://management.usgovcloudapi.net": ("https://graph.microsoft.us", "https://login.microsoftonline.us"),
    "https://management.chinacloudapi.cn": (
        "https://microsoftgraph.chinacloudapi.cn",
        "https://login.partner.microsoftonline.cn",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Of Resource Manager, of Microsoft Graph and of who gives tokens, without a slash at the end."""

    arm: str
    graph: str
    authority: str


def addresses(credentials: AzureCredentials, allow_private: bool) -> Addresses:
    """Where the calls go. Raises Invalid, with the field, for an address that may not be used."""
    arm = checked(credentials.endpoint_url or PUBLIC[0], allow_private, "endpoint_url")
    graph, authority = SOVEREIGN.get(arm, PUBLIC[1:])
    return Addresses(
        arm=arm,
        graph=checked(credentials.graph_url or graph, allow_private, "graph_url"),
        authority=checked(credentials.authority_url or authority, allow_private, "authority_url"),
    )


def checked(url: str, allow_private: bool, field: str) -> str:
    """The address without a slash at the end. Raises Invalid, with the field, for one that may not be used."""
    try:
        checked = check_endpoint(url, allow_private)
        check_secure(checked, allow_private)
    except Invalid as error:
        raise Invalid(error.message.replace("issuer", "endpoint"), path=(field,)) from error
    return checked


@asynccontextmanager
async def open_azure(credentials: AzureCredentials, reach: Reach) -> AsyncIterator[Source]:
    """Raises Invalid for an endpoint that may not be used. Nothing is called yet."""
    where = addresses(credentials, reach.allow_private_endpoint)
    async with open_http(reach.allow_private_endpoint) as http:
        tokens = token.Tokens(http, credentials, where.authority, reach.now)
        yield AzureSource(http, reach.guard(_translate), credentials, where, tokens)


def _translate(error: Exception, service: str, operation: str) -> ProviderError | None:
    if isinstance(error, AzureError):
        return Unavailable(f"{operation} could not be reached: {error.message}", service=service)
    return translate(error, service, operation)


class AzureSource:
    """Sends each operation to Resource Manager, to Graph, or through the library of Advisor."""

    def __init__(
        self,
        http: httpx2.AsyncClient,
        guard: Guard,
        credentials: AzureCredentials,
        where: Addresses,
        tokens: token.Tokens,
    ) -> None:
        self._credentials, self._where, self._tokens = credentials, where, tokens
        self._arm = RestClient(http, guard, self._vendor(where.arm, azure_error.ARM, body_link("nextLink")))
        self._lasting = lasting.Lasting(self._arm, where.arm)
        self._graph = RestClient(http, guard, self._vendor(where.graph, call.GRAPH, security.odata_next))
        self._advisor = advisor.Advisor(
            http, guard, where.arm, credentials.subscription_id, self._arm_headers, self._arm.refused
        )

    @property
    def endpoint(self) -> str:
        return self._where.arm

    async def identity(self) -> Identity:
        """The subscription, and the application that reads it. Source: Subscriptions - Get."""
        found = await self._first(subscription.SUBSCRIPTION)
        try:
            return Identity(
                # As it was given: what is asked later is asked with the same letters.
                native_id=self._credentials.subscription_id,
                name=found["displayName"],
                principal=f"application {self._credentials.client_id}",
            )
        except (KeyError, TypeError) as error:
            raise self._misshapen(subscription.SUBSCRIPTION) from error

    async def regions(self) -> tuple[str, ...]:
        """The regions of the subscription by name (westeurope). Source: Subscriptions - List Locations."""
        found = await self._first(subscription.LOCATIONS)
        try:
            return subscription.open_regions(found["value"])
        except (AttributeError, KeyError, TypeError) as error:
            raise self._misshapen(subscription.LOCATIONS) from error

    def pages(self, operation: Operation, place: Place, arguments: Arguments) -> AsyncGenerator[Answer, None]:
        """The answers of an operation, page by page; its subscription is filled in. Raises ProviderError.

        With the option `is_long` what was begun is waited for. `fills` completes the arguments by the place.
        """
        if operation.options.get("client") == "advisor":
            return self._advisor.pages(operation)
        if fills := operation.options.get("fills"):
            arguments = fills(place, arguments)
        if operation.options.get("is_long"):
            return self._lasting.pages(operation, arguments)
        return self._pages(operation, arguments)

    async def members(self) -> tuple[Member, ...]:
        """The other subscriptions that the application can read."""
        own, found = self._credentials.subscription_id.lower(), []
        async with aclosing(self._pages(subscription.SUBSCRIPTIONS, {})) as pages:
            async for page in pages:
                found += page["value"]
        return tuple(
            Member(
                native_id=one["subscriptionId"],
                name=one["displayName"],
                credentials=self._credentials.model_copy(update={"subscription_id": one["subscriptionId"]}),
            )
            for one in found
            if one["subscriptionId"].lower() != own and one.get("state") == "Enabled"
        )

    def _pages(self, operation: Operation, arguments: Arguments) -> AsyncGenerator[Answer, None]:
        given: dict[str, Any] = {**operation.options.get("query", {}), **arguments}
        if "{subscription}" in operation.request:
            given["subscription"] = self._credentials.subscription_id
        client = self._graph if operation.service == call.GRAPH else self._arm
        return client.pages(operation, given, operation.options.get("next_page"))

    async def _first(self, operation: Operation) -> Answer:
        async with aclosing(self._pages(operation, {})) as pages:
            return await anext(pages)

    def _vendor(self, base_url: str, name: str, next_page: Any) -> Vendor:
        scope = f"{base_url}/.default"

        async def authorize() -> dict[str, str]:
            return await self._tokens.headers(scope)

        def refusal(reply: Reply, operation: Operation) -> ProviderError | None:
            if azure_error.code_of(reply) in azure_error.EXPIRED:
                self._tokens.forget(scope)
            return azure_error.refusal(reply, operation)

        return Vendor(
            name=name,
            base_url=base_url,
            next_page=next_page,
            authorize=authorize,
            refusal=refusal,
            code=azure_error.code_of,
        )

    async def _arm_headers(self) -> dict[str, str]:
        return await self._tokens.headers(f"{self._where.arm}/.default")

    def _misshapen(self, operation: Operation) -> Misshapen:
        return Misshapen(f"{self.endpoint} does not answer {operation.name} as Azure does.", service=operation.service)
