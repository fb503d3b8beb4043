"""One client for plain HTTP interfaces: guarded, paged, bounded, and with one meaning for each status."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import httpx2

from connectors.guard import Guard
from connectors.outside import client_options
from connectors.reading.listing import Arguments, Operation
from connectors.rest.paging import NextPage, Reply, Request
from domain.errors import (
    CredentialsRejected,
    Misshapen,
    PermissionMissing,
    PlanMissing,
    ProviderError,
    Throttled,
    Unavailable,
)

CALL_LIMIT = timedelta(seconds=30)
MOST_BYTES = 32 * 1024 * 1024
LONGEST_DETAIL = 200
# Longer waits are no different to us, and numbers beyond all bounds are no times.
LONGEST_WAIT = timedelta(days=1)

# The reply of a refusal and what was asked -> what it means, None for the meaning of the status.
Refusal = Callable[[Reply, Operation], ProviderError | None]
Authorize = Callable[[], Awaitable[Mapping[str, str]]]


@dataclass(frozen=True, kw_only=True)
class Vendor:
    """What one vendor's interface is like. `name` is shown. `next_page` is its way of paging.

    `refusal` knows the vendor's own errors, `fault` those it sends with a good status. `code` finds the vendor's error
    code in a reply, so that an operation's `absent` and `off` may name it beside statuses. `authorize` gives the
    headers that carry the credentials, `headers` are sent with each call.
    """

    name: str
    base_url: str
    next_page: NextPage
    authorize: Authorize
    refusal: Refusal = lambda _, __: None
    fault: Refusal = lambda _, __: None
    code: Callable[[Reply], str] = lambda _: ""
    headers: Mapping[str, str] | None = None


@asynccontextmanager
async def open_http(allow_private: bool) -> AsyncIterator[httpx2.AsyncClient]:
    """A client whose connections go where they may."""
    options = client_options(allow_private, MOST_BYTES) | {"timeout": CALL_LIMIT.total_seconds()}
    async with httpx2.AsyncClient(**options) as http:
        yield http


class RestClient:
    """Calls one vendor with one account's credentials."""

    def __init__(self, http: httpx2.AsyncClient, guard: Guard, vendor: Vendor) -> None:
        self._http, self._guard, self._vendor = http, guard, vendor

    async def pages(
        self, operation: Operation, arguments: Arguments, next_page: NextPage | None = None
    ) -> AsyncGenerator[Any, None]:
        """The bodies, page after page; none when the operation's `absent` says so. Raises ProviderError."""
        request: Request | None = request_of(operation, self._vendor.base_url, arguments)
        while request is not None:
            reply = await self.reply(operation, request)
            if self._is_among(operation.absent, reply):
                return
            yield reply.body
            request = (next_page or self._vendor.next_page)(request, reply)

    async def reply(self, operation: Operation, request: Request) -> Reply:
        """A reply with a good status, or with one of the operation's `absent`. Raises ProviderError for any other."""
        return await self._guard.call(operation.service, operation.name, lambda: self._send(operation, request))

    async def _send(self, operation: Operation, request: Request) -> Reply:
        headers = {**(self._vendor.headers or {}), **request.headers, **await self._vendor.authorize()}
        answer = await self._http.request(
            request.method, request.url, params=request.query or None, json=request.body, headers=headers
        )
        is_content = answer.is_success and operation.options.get("is_bytes")
        body = answer.content if is_content else _body(answer)
        reply = Reply(status=answer.status_code, headers=dict(answer.headers), body=body)
        if self._is_among(operation.absent, reply):
            return reply
        if not answer.is_success:
            raise self.refused(reply, operation)
        if isinstance(reply.body, str) and not operation.options.get("is_text"):
            message = f"{self._vendor.name} does not answer {operation.name} with JSON."
            raise Misshapen(message, service=operation.service)
        if fault := self._vendor.fault(reply, operation):
            raise fault
        return reply

    def refused(self, reply: Reply, operation: Operation) -> ProviderError:
        """What a reply without a good status means."""
        return self._vendor.refusal(reply, operation) or self._meaning(reply, operation)

    def _is_among(self, said: Collection[str], reply: Reply) -> bool:
        return str(reply.status) in said or self._vendor.code(reply) in said

    def _meaning(self, reply: Reply, operation: Operation) -> ProviderError:
        name, status, service = self._vendor.name, reply.status, operation.service
        if self._is_among(operation.off, reply):
            return plan_missing(operation, name)
        if status == httpx2.codes.UNAUTHORIZED:
            return CredentialsRejected(f"{name} rejects the credentials: {detail(reply)}", service=service)
        if status == httpx2.codes.FORBIDDEN:
            return permission_missing(operation, name)
        if status == httpx2.codes.TOO_MANY_REQUESTS:
            return Throttled(
                f"{name} asks for fewer calls of {operation.name}.", service=service, retry_after=retry_after(reply)
            )
        if status >= httpx2.codes.INTERNAL_SERVER_ERROR:
            message = f"{name} failed at {operation.name} ({status})."
            return Unavailable(message, service=service, retry_after=retry_after(reply))
        return ProviderError(f"{name} refuses {operation.name} ({status}): {detail(reply)}", service=service)


def translate(error: Exception, service: str, operation: str) -> ProviderError | None:
    """What went wrong on the way, for the guard."""
    if isinstance(error, ProviderError):
        return error
    if isinstance(error, httpx2.HTTPError):
        return Unavailable(f"{operation} could not be reached: {error or type(error).__name__}", service=service)
    return None


def permission_missing(operation: Operation, name: str) -> PermissionMissing:
    """The vendor called `name` refuses an operation for want of its permissions."""
    permission = ", ".join(operation.permissions)
    return PermissionMissing(
        f"{name} does not allow {operation.name}: the permission {permission} is missing.",
        service=operation.service,
        permission=permission,
    )


def plan_missing(operation: Operation, name: str) -> PlanMissing:
    """The vendor called `name` offers an operation only with the plan or setting the operation names."""
    plan = operation.plan or "another plan"
    return PlanMissing(f"{name} offers {operation.name} with {plan} only.", service=operation.service, plan=plan)


def request_of(operation: Operation, base_url: str, arguments: Arguments) -> Request:
    """The request of an operation: `{name}` in its path is filled from the arguments, the rest goes into the query.

    Of a call that is not a GET the rest is the JSON body; a DELETE without a rest has none. Lists in a query are
    repeated. Raises KeyError for an argument the path lacks, and ValueError for one that would lead to another server.
    """
    method, _, path = (operation.request or operation.name).partition(" ")
    filled, used = _filled(path, arguments)
    rest = {key: value for key, value in arguments.items() if key not in used}
    if not filled.startswith("/"):
        raise ValueError("an id that is no path")
    url = f"{base_url.rstrip('/')}{filled}"
    if method == "GET":
        return Request(method=method, url=url, query=rest)
    return Request(method=method, url=url, body=None if method == "DELETE" and not rest else rest)


def _filled(path: str, arguments: Arguments) -> tuple[str, set[str]]:
    used = set()
    parts = path.split("{")
    filled = parts[0]
    for part in parts[1:]:
        name, _, rest = part.partition("}")
        used.add(name)
        # `{+name}` keeps slashes, for ids that are paths themselves.
        value = arguments[name.lstrip("+")]
        filled += quote(str(value), safe="/:" if name.startswith("+") else "") + rest
    return filled, {name.lstrip("+") for name in used}


def retry_after(reply: Reply) -> timedelta | None:
    """From the Retry-After header: seconds or a date (RFC 9110); None without one that can be read."""
    value = reply.headers.get("retry-after", "").strip()
    if value.isdecimal():
        return timedelta(seconds=min(int(value), int(LONGEST_WAIT.total_seconds())))
    try:
        when = parsedate_to_datetime(value)
        sent = parsedate_to_datetime(reply.headers.get("date", ""))
    except ValueError:
        return None
    return max(when - sent, timedelta())


def detail(reply: Reply) -> str:
    """What the vendor says, in one line of bounded length: an answer is not ours to trust."""
    body = reply.body
    if isinstance(body, dict):
        inner = body.get("error")
        found = inner.get("message") if isinstance(inner, dict) else None
        body = found or body.get("message") or body.get("errorSummary") or inner or "no reason given"
    line = " ".join(str(body or "no reason given").split())
    return line if len(line) <= LONGEST_DETAIL else f"{line[: LONGEST_DETAIL - 1]}…"


def _body(answer: httpx2.Response) -> Any:
    if not answer.content:
        return None
    try:
        return answer.json()
    except ValueError:
        return answer.text
