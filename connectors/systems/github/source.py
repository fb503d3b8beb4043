"""The way into one GitHub organization, by a token or an installed app."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from connectors.reading.listing import Answer, Arguments, Operation, Place
from connectors.reading.source import Identity, Reach
from connectors.rest.client import RestClient, Vendor, open_http, request_of, translate
from connectors.rest.paging import NextPage, Reply, Request, found_at, link_header
from connectors.rest.values import moment
from connectors.systems.github import change, organization, refusal, token
from domain.endpoint import check_endpoint
from domain.errors import Misshapen
from domain.facts.credentials import GithubCredentials

URL = "https://api.github.com"
# The first is what GitHub recommends, the second what its own description says it answers with.
HEADERS = {"accept": "application/vnd.github+json, application/json", "x-github-api-version": "2026-03-10"}
GOOD = range(200, 300)


class GithubSource:
    """Reads one organization."""

    def __init__(self, client: RestClient, credentials: GithubCredentials, endpoint: str) -> None:
        self._client, self._credentials, self.endpoint = client, credentials, endpoint

    async def identity(self) -> Identity:
        """The organization, by its number. Source: GET /orgs/{org}."""
        operation = organization.IDENTITY
        reply = await self._client.reply(operation, self._request(operation, {}))
        number, login = found_at(reply.body, "id"), found_at(reply.body, "login")
        if not isinstance(number, int) or not login:
            raise Misshapen(f"{self.endpoint} does not answer the way GitHub does.", service=operation.service)
        app = self._credentials.app_id
        return Identity(native_id=str(number), name=login, principal=f"GitHub App {app}" if app else "a token")

    async def regions(self) -> tuple[str, ...]:
        return ()

    async def pages(self, operation: Operation, place: Place, arguments: Arguments) -> AsyncGenerator[Answer, None]:
        """The answers of an operation; none where GitHub says that the thing is not set."""
        following = paging(operation, place)
        request: Request | None = self._request(operation, arguments)
        while request is not None:
            reply = await self._client.reply(operation, request)
            if reply.status not in GOOD:
                if refusal.is_not_set(reply, operation):
                    return
                raise refusal.not_allowed(reply, operation)
            yield reply.body
            request = following(request, reply)

    def _request(self, operation: Operation, arguments: Arguments) -> Request:
        names_it = {"org": self._credentials.organization} if "{org}" in operation.name else {}
        return request_of(operation, self.endpoint, {**names_it, **arguments})


def paging(operation: Operation, place: Place) -> NextPage:
    """Links, or the cursor of a query; a bounded list ends earlier."""
    cursor = operation.options.get("cursor")
    usual = by_cursor(cursor) if cursor else link_header
    if operation.options.get("is_bounded"):
        return bounded(usual, change.most_pages(place), operation.options.get("newest_first"), place)
    if operation.options.get("most_pages"):
        return bounded(usual, operation.options["most_pages"], None, place)
    return usual


def by_cursor(path: str) -> NextPage:
    """The cursor of a query's pageInfo goes into its variable `after`."""

    def next_page(request: Request, reply: Reply) -> Request | None:
        info = found_at(reply.body, path)
        if not found_at(info, "hasNextPage"):
            return None
        variables = {**request.body["variables"], "after": found_at(info, "endCursor")}
        return replace(request, body={**request.body, "variables": variables})

    return next_page


def bounded(usual: NextPage, most: int, newest_first: str | None, place: Place) -> NextPage:
    """At most so many pages; of a list with the newest first only those that reach back to the last read."""
    read = 0

    def next_page(request: Request, reply: Reply) -> Request | None:
        nonlocal read
        read += 1
        if read >= most or (newest_first and reaches_back(reply, newest_first, place)):
            return None
        return usual(request, reply)

    return next_page


def reaches_back(reply: Reply, field: str, place: Place) -> bool:
    """Whether the last item of a page is from before what is read."""
    last: datetime | None = None
    if isinstance(reply.body, list) and reply.body:
        last = moment(found_at(reply.body[-1], field))
    return last is not None and last < change.start(place, change.PULLS_SPAN)


@asynccontextmanager
async def open_account(credentials: GithubCredentials, reach: Reach) -> AsyncIterator[GithubSource]:
    """Raises Invalid for an endpoint that may not be used."""
    endpoint = check_endpoint(credentials.endpoint_url or URL, reach.allow_private_endpoint)
    async with open_http(reach.allow_private_endpoint) as http:
        vendor = Vendor(
            name=refusal.NAME,
            base_url=endpoint,
            next_page=link_header,
            authorize=token.Tokens(credentials, endpoint, http, reach).headers,
            refusal=refusal.refusal(reach.now),
            fault=refusal.fault,
            headers=HEADERS,
        )
        yield GithubSource(RestClient(http, reach.guard(translate), vendor), credentials, endpoint)
