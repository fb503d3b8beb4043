"""The way into one project of Google Cloud."""

from asyncio import Lock, sleep
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import httpx2

from connectors.clouds.gcp import (
    access,
    calling,
    identity,
    location,
    meaning,
    recommendation,
    recommender,
    revising,
    unreachable,
)
from connectors.guard import Guard, together
from connectors.reading.listing import Answer, Arguments, Operation, Place
from connectors.reading.part import MISSHAPEN
from connectors.reading.source import Identity
from connectors.rest.client import RestClient, Vendor
from connectors.rest.paging import Reply, body_token, one_page
from domain.errors import CutShort, Misshapen, PlanMissing, ProviderError, Rejected
from domain.facts.credentials import GcpCredentials

NEXT_PAGE = body_token("nextPageToken", "pageToken")
# Most refusals of what is to be made, such as a used-up quota, come within seconds.
FOLLOWED_TIMES, FOLLOWED_EVERY = 10, timedelta(seconds=2)
ORGANIZATION = "the organization's id, given with the account"


class GcpSource:
    """Each interface of Google has a host of its own; `endpoint_url` of the credentials stands for them all."""

    def __init__(
        self,
        http: httpx2.AsyncClient,
        guard: Guard,
        credentials: GcpCredentials,
        key: access.ServiceAccountKey,
        now: Callable[[], datetime],
    ) -> None:
        self._http, self._guard, self._credentials, self._key = http, guard, credentials, key
        self._now = now
        base = credentials.endpoint_url
        self._tokens = access.Tokens(http, key, f"{base.rstrip('/')}/token" if base else access.AUDIENCE, now)
        self._clients: dict[str, RestClient] = {}
        self._recommendations = recommendation.Recommendations(
            http, guard, self._tokens, self._base(recommender.HOST), self._client(recommender.HOST).refused
        )
        self._regions: tuple[str, ...] | ProviderError | None = None
        self._lock = Lock()

    @property
    def endpoint(self) -> str:
        return self._credentials.endpoint_url or meaning.NAME

    def close(self) -> None:
        """Ends the threads; the HTTP client belongs to whoever opened it."""
        self._recommendations.close()

    async def identity(self) -> Identity:
        """The project. Raises ProviderError."""
        async with aclosing(self._raw(identity.PROJECT, {})) as pages:
            async for page in pages:
                try:
                    return Identity(
                        native_id=page["projectId"],
                        name=page.get("displayName") or page["projectId"],
                        principal=self._key.email,
                    )
                except MISSHAPEN as error:
                    raise self._misshapen(identity.PROJECT, error) from error
        raise Misshapen(f"{self.endpoint} does not tell which project this is.", service=identity.PROJECT.service)

    async def regions(self) -> tuple[str, ...]:
        """The locations in use, zones and multi-regions too, and "global". Raises ProviderError."""
        async with self._lock:
            if self._regions is None:
                self._regions = await self._read_regions()
        if isinstance(self._regions, ProviderError):
            raise self._regions
        return self._regions

    def pages(self, operation: Operation, place: Place, arguments: Arguments) -> AsyncGenerator[Answer, None]:
        """Raises CutShort after the last page where the answers say that they lack a place."""
        return self._checked(operation, arguments)

    async def projects(self) -> list[Mapping[str, Any]]:
        """Every project the key sees, as projects.search prints it. Raises ProviderError."""
        async with aclosing(self._raw(identity.SEARCH, {})) as pages:
            return [project async for page in pages for project in page.get("projects") or []]

    async def _read_regions(self) -> tuple[str, ...] | ProviderError:
        """A failure is an answer too: all who need the locations learn of it, and it is not tried for each of them."""
        try:
            found = await together(
                self._used(operation, arguments, names) for operation, arguments, names in location.USED
            )
        except ProviderError as error:
            return error
        return location.widened(name for names in found for name in names)

    async def _used(self, operation: Operation, arguments: Mapping[str, Any], names: location.Names) -> list[str]:
        try:
            async with aclosing(self._checked(operation, arguments)) as pages:
                return [name async for page in pages for name in names(page)]
        except meaning.InterfaceOff:
            # A project that does not use an interface has nothing of its kind.
            return []
        except MISSHAPEN as error:
            raise self._misshapen(operation, error) from error

    async def _checked(self, operation: Operation, arguments: Arguments) -> AsyncGenerator[Answer, None]:
        lacking: set[str] = set()
        async with aclosing(self._raw(operation, arguments)) as pages:
            async for page in pages:
                lacking |= unreachable.unreachable_in(page)
                yield page
        if lacking:
            named = ", ".join(sorted(lacking)[:5])
            raise CutShort(f"{meaning.NAME} could not reach {named} for {operation.name}.", service=operation.service)

    def _raw(self, operation: Operation, arguments: Arguments) -> AsyncGenerator[Answer, None]:
        filled = {**self._own(operation), **arguments}
        if operation.options.get("spares_own_key") and str(filled["name"]).endswith(f"/keys/{self._key.id}"):
            message = (
                "This is the key CloudWatcher acts with: nobody could let it in again. Connect with another first."
            )
            raise Rejected(message, service=operation.service)
        if operation.options.get("is_recommender"):
            return self._recommendations.pages(operation, filled)
        if "follows" in operation.options:
            return self._followed(operation, filled)
        return self._sent(operation, filled)

    def _sent(self, operation: Operation, filled: Arguments) -> AsyncGenerator[Answer, None]:
        if "revision" in operation.options:
            return self._revised(operation, filled)
        next_page = one_page if operation.options.get("is_one_page") else None
        return self._client(operation.options["host"]).pages(operation, filled, next_page)

    async def _followed(self, operation: Operation, arguments: Arguments) -> AsyncGenerator[Answer, None]:
        """The answer, once what it began is done or has taken too long to wait for. Raises Rejected when it failed.

        For what makes something: it is waited for by its name, which says nothing when it never comes to be.
        """
        look: Operation = operation.options["follows"]
        async with aclosing(self._sent(operation, arguments)) as pages:
            async for page in pages:
                asked = {**_of_path(look, arguments), "operation": page["name"]}
                for _ in range(FOLLOWED_TIMES):
                    async with aclosing(self._raw(look, asked)) as looks:
                        is_done = [one.get("status") == "DONE" async for one in looks]
                    if any(is_done):
                        break
                    await sleep(FOLLOWED_EVERY.total_seconds())
                yield page

    async def _revised(self, operation: Operation, arguments: Arguments) -> AsyncGenerator[Answer, None]:
        revision: revising.Revision = operation.options["revision"]
        current: Answer = {}
        asked = {**_of_path(revision.read, arguments), **revision.asks}
        async with aclosing(self._raw(revision.read, asked)) as pages:
            async for page in pages:
                current = page
        try:
            body = revision.revise(current, arguments[revising.CHANGE], self._now())
        except MISSHAPEN as error:
            raise self._misshapen(revision.read, error) from error
        client = self._client(operation.options["host"])
        async with aclosing(client.pages(operation, {**body, **_of_path(operation, arguments)}, one_page)) as pages:
            async for page in pages:
                yield page

    def _own(self, operation: Operation) -> dict[str, Any]:
        """What the path takes from the account. Raises PlanMissing without an organization where it is needed."""
        found: dict[str, Any] = {}
        if operation.options["needs_project"]:
            found["project"] = self._credentials.project_id
        if "{organization}" in operation.request:
            if self._credentials.organization_id is None:
                message = f"{meaning.NAME} offers {operation.name} for an organization only."
                raise PlanMissing(message, service=operation.service, plan=ORGANIZATION)
            found["organization"] = self._credentials.organization_id
        return found

    def _base(self, host: str) -> str:
        return self._credentials.endpoint_url or f"https://{host}"

    def _client(self, host: str) -> RestClient:
        if host not in self._clients:
            vendor = Vendor(
                name=meaning.NAME,
                base_url=self._base(host),
                next_page=NEXT_PAGE,
                authorize=partial(self._tokens.headers, calling.scopes_of(host)),
                refusal=partial(self._refusal, host),
                fault=meaning.failure,
                code=meaning.code,
            )
            self._clients[host] = RestClient(self._http, self._guard, vendor)
        return self._clients[host]

    def _refusal(self, host: str, reply: Reply, operation: Operation) -> ProviderError | None:
        if reply.status == httpx2.codes.UNAUTHORIZED:
            self._tokens.forget(calling.scopes_of(host))
        return meaning.refusal(reply, operation)

    def _misshapen(self, operation: Operation, error: Exception) -> Misshapen:
        message = f"{self.endpoint} answered {operation.name} in another shape ({type(error).__name__})."
        return Misshapen(message, service=operation.service)


def _of_path(operation: Operation, arguments: Arguments) -> dict[str, Any]:
    """Those arguments that the path of an operation names."""
    return {key: value for key, value in arguments.items() if f"{{{key}}}" in operation.request.replace("{+", "{")}
