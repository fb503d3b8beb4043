"""The way into a Jira Cloud site, with the API token of one of its users."""

from base64 import b64encode
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from connectors.reading.listing import Answer, Arguments, Operation, Place
from connectors.reading.source import Identity, Reach
from connectors.rest.client import RestClient, Vendor, open_http, translate
from connectors.rest.paging import Reply, Request, body_token
from domain.endpoint import check_endpoint
from domain.errors import Misshapen
from domain.facts.credentials import JiraCredentials

# `serverInfo` answers anybody; `myself` proves the token.
MYSELF = Operation(name="GET /rest/api/3/myself", service="user", permissions=("read:jira-user",))
# The largest page of the project search and of change logs.
PAGE_SIZE = 100


def next_start(request: Request, reply: Reply) -> Request | None:
    """Pages by `startAt`, until `isLast` or an empty page. Source: Jira Cloud REST API v3, "Pagination"."""
    body = reply.body if isinstance(reply.body, dict) else {}
    values = body.get("values")
    if body.get("isLast", True) or not values:
        return None
    start = int(body.get("startAt") or 0) + len(values)
    return replace(request, query={**request.query, "startAt": start})


class JiraSource:
    """Reads one site."""

    def __init__(self, client: RestClient, endpoint: str, site: str) -> None:
        self._client, self.endpoint, self._site = client, endpoint, site

    async def identity(self) -> Identity:
        """The site by its host name. Source: Jira Cloud REST API v3, "Get current user"."""
        async for user in self._client.pages(MYSELF, {}):
            if isinstance(user, dict) and user.get("accountId"):
                host = urlsplit(self._site).hostname or self._site
                return Identity(host, host, user.get("displayName") or user["accountId"])
        raise Misshapen(f"{self.endpoint} does not answer the way Jira does.", service=MYSELF.service)

    async def regions(self) -> tuple[str, ...]:
        return ()

    def pages(self, operation: Operation, place: Place, arguments: Arguments) -> AsyncGenerator[Answer, None]:
        """The answers of an operation. Searches go on by a token, lists by number."""
        by_token = body_token("nextPageToken", "nextPageToken")
        return self._client.pages(operation, arguments, by_token if operation.name.startswith("POST") else None)


@asynccontextmanager
async def open_source(credentials: JiraCredentials, reach: Reach) -> AsyncIterator[JiraSource]:
    """Raises Invalid for an address that may not be used."""
    base = check_endpoint(credentials.endpoint_url or credentials.site_url, reach.allow_private_endpoint)
    pair = f"{credentials.email}:{credentials.token.get_secret_value()}"
    headers = {"authorization": f"Basic {b64encode(pair.encode()).decode()}"}

    async def authorize() -> Mapping[str, str]:
        return headers

    vendor = Vendor(name="Jira", base_url=base, next_page=next_start, authorize=authorize)
    async with open_http(reach.allow_private_endpoint) as http:
        yield JiraSource(RestClient(http, reach.guard(translate), vendor), base, credentials.site_url)
