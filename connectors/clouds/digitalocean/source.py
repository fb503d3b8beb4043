"""The way into one DigitalOcean team."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from connectors.clouds.digitalocean import account, calls, spaces
from connectors.reading.listing import Answer, Arguments, Operation, Place
from connectors.reading.source import Identity, Reach
from connectors.rest.client import RestClient, Vendor, open_http, plan_missing, request_of, retry_after, translate
from connectors.rest.paging import NextPage, Reply, Request, body_link, found_at, one_page
from connectors.rest.values import moment
from domain.endpoint import check_endpoint
from domain.errors import CutShort, Misshapen, PermissionMissing, ProviderError, Throttled
from domain.facts.credentials import DigitalOceanCredentials

NAME, URL = "DigitalOcean", "https://api.digitalocean.com"
THROTTLED = 429
# By this code the posture interface says that scans are not switched on.
NOT_ENABLED = "CSPM_NOT_ENABLED"
# How far back lists without a start date are read the first time.
FIRST_SPAN = timedelta(days=90)
REGISTRIES = calls.get("/v2/registries", "registry:read", absent=frozenset({"404"}))


class DigitalOceanSource:
    """Calls the calls.API with the token and Spaces with its key."""

    def __init__(self, client: RestClient, buckets: spaces.Spaces | None, endpoint: str) -> None:
        self._client, self._buckets, self.endpoint = client, buckets, endpoint

    async def identity(self) -> Identity:
        """The team, or the user where there is none."""
        request = request_of(account.IDENTITY, self.endpoint, {})
        reply = await self._client.reply(account.IDENTITY, request)
        found = found_at(reply.body, "account")
        native_id = found_at(found, "team.uuid") or found_at(found, "uuid")
        if not native_id or not found.get("email"):
            message = f"{self.endpoint} does not say whose token it is."
            raise Misshapen(message, service=account.IDENTITY.service)
        name = found_at(found, "team.name") or found.get("name") or found["email"]
        return Identity(native_id=native_id, name=name, principal=found["email"])

    async def regions(self) -> tuple[str, ...]:
        """Where Spaces are; there is nothing else to read region by region."""
        return self._spaces().regions

    async def pages(self, operation: Operation, place: Place, arguments: Arguments) -> AsyncGenerator[Answer, None]:
        """See Source."""
        if operation.service == calls.SPACES:
            answer = await self._spaces().call(operation, place.region or "", arguments)
            if answer is not None:
                yield answer
            return
        found = False
        async with aclosing(self._client.pages(operation, arguments, paging(operation, place))) as pages:
            async for page in pages:
                found = True
                yield page
        if not found and operation.name == "GET /v2/registry":
            # A team with several registries is sent to the newer list.
            async with aclosing(self._client.pages(REGISTRIES, {})) as pages:
                async for page in pages:
                    yield page

    def _spaces(self) -> spaces.Spaces:
        if self._buckets is None:
            raise PermissionMissing("No Spaces key was given.", service=calls.SPACES, permission=spaces.KEY)
        return self._buckets


def paging(operation: Operation, place: Place) -> NextPage | None:
    """The operation's own way of paging, None for the usual one."""
    if operation.options.get("first_page"):
        return one_page
    if operation.options.get("numbered"):
        return next_number
    if "newest_first" in operation.options:
        key, field = operation.options["newest_first"]
        return until(key, field, place.since or place.now - FIRST_SPAN)
    return None


def next_number(request: Request, reply: Reply) -> Request | None:
    """Billing insights count their pages: current_page of total_pages."""
    current, total = found_at(reply.body, "current_page"), found_at(reply.body, "total_pages")
    if not isinstance(current, int) or not isinstance(total, int):
        raise CutShort(f"{NAME} does not say how many pages {request.url} has.", service=calls.API)
    return replace(request, query={**request.query, "page": current + 1}) if current < total else None


def until(key: str, field: str, since: datetime) -> NextPage:
    """The usual paging of a list with the newest first, ended by the first page that reaches back before `since`."""
    usual = body_link("links.pages.next")

    def next_page(request: Request, reply: Reply) -> Request | None:
        listed = found_at(reply.body, key)
        last = found_at(listed[-1], field) if listed else None
        return None if last and (moment(last) or since) < since else usual(request, reply)

    return next_page


def refusal(now: Callable[[], datetime]) -> Callable[[Reply, Operation], ProviderError | None]:
    """What DigitalOcean means by its own errors."""

    def meaning(reply: Reply, operation: Operation) -> ProviderError | None:
        if reply.status == THROTTLED:
            message = f"{NAME} asks for fewer calls of {operation.name}."
            return Throttled(message, service=operation.service, retry_after=wait_of(reply, now()))
        if operation.plan and NOT_ENABLED in str(reply.body):
            return plan_missing(operation, NAME)
        return None

    return meaning


def wait_of(reply: Reply, now: datetime) -> timedelta | None:
    """Retry-After, else the time until ratelimit-reset (seconds since 1970). Source: "Rate limit" of the API."""
    named = retry_after(reply)
    reset = reply.headers.get("ratelimit-reset", "")
    if named is not None or not reset.isdigit():
        return named
    return max(timedelta(seconds=int(reset) - now.timestamp()), timedelta())


@asynccontextmanager
async def open_account(credentials: DigitalOceanCredentials, reach: Reach) -> AsyncIterator[DigitalOceanSource]:
    """Raises Invalid for an endpoint that may not be used."""
    for url in (credentials.endpoint_url, credentials.spaces_url):
        if url:
            check_endpoint(url, reach.allow_private_endpoint)
    endpoint = credentials.endpoint_url or URL

    async def authorize() -> Mapping[str, str]:
        return {"authorization": f"Bearer {credentials.token.get_secret_value()}"}

    vendor = Vendor(
        name=NAME,
        base_url=endpoint,
        next_page=body_link("links.pages.next"),
        authorize=authorize,
        refusal=refusal(reach.now),
    )
    guard = reach.guard(translate)
    async with open_http(reach.allow_private_endpoint) as http:
        yield DigitalOceanSource(RestClient(http, guard, vendor), spaces.opened(credentials, http, guard), endpoint)
