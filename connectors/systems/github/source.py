"""The way into one GitHub organization, by a token or an installed app."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
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
from domain.errors import CutShort, Misshapen
from domain.facts.credentials import GithubCredentials

URL = "https://api.github.com"
# The first is what GitHub recommends, the second what its own description says it answers with.
HEADERS = {"accept": "application/vnd.github+json, application/json", "x-github-api-version": "2026-03-10"}
GOOD = range(200, 300)


class GithubSource:
    """Reads one organization."""

    def __init__(self, client: RestClient, credentials: GithubCredentials, endpoint: str, tokens: token.Tokens) -> None:
        self._client, self._credentials, self.endpoint, self._tokens = client, credentials, endpoint, tokens

    async def granted(self) -> Mapping[str, str] | None:
        """What the installed app may, such as administration: write; None for a token, of which GitHub does not tell.

        Source: "Create an installation access token for an app".
        """
        await self._tokens.headers()
        return self._tokens.granted

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
    return bounded(usual, operation, place) if "most_pages" in operation.options else usual


def by_cursor(path: str) -> NextPage:
    """The cursor of a query's pageInfo goes into its variable `after`."""

    def next_page(request: Request, reply: Reply) -> Request | None:
        info = found_at(reply.body, path)
        if not found_at(info, "hasNextPage"):
            return None
        variables = {**request.body["variables"], "after": found_at(info, "endCursor")}
        return replace(request, body={**request.body, "variables": variables})

    return next_page


def bounded(usual: NextPage, operation: Operation, place: Place) -> NextPage:
    """At most `most_pages`, and `first_pages` the first time; of a list that has the newest first, by the field
    `newest_first`, only those that reach back to the last read. Raises CutShort where there are more than that.
    """
    most, newest_first = operation.options["most_pages"], operation.options.get("newest_first")
    enough = operation.options.get("first_pages") if place.since is None else None
    read = 0

    def next_page(request: Request, reply: Reply) -> Request | None:
        nonlocal read
        read += 1
        if read == enough or (newest_first and reaches_back(reply, newest_first, place)):
            return None
        following = usual(request, reply)
        if following is not None and read >= most:
            message = f"{refusal.NAME} has more of {request.url} than the {most} pages that are read at a time."
            raise CutShort(message, service=operation.service)
        return following

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
        tokens = token.Tokens(credentials, endpoint, http, reach)
        vendor = Vendor(
            name=refusal.NAME,
            base_url=endpoint,
            next_page=link_header,
            authorize=tokens.headers,
            refusal=refusal.refusal(reach.now),
            fault=refusal.fault,
            headers=HEADERS,
        )
        yield GithubSource(RestClient(http, reach.guard(translate), vendor), credentials, endpoint, tokens)
