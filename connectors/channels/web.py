"""One message to one address over HTTP, with one meaning for each answer. Addresses are secrets: no error has one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import orjson

from connectors.channels.channel import Outlet
from connectors.outside import AddressRefused, client_options
from connectors.rest.client import retry_after
from connectors.rest.paging import Reply
from domain.errors import CredentialsRejected, ProviderError, Rejected, Throttled, Unavailable

MOST_BYTES = 64 * 1024
SECONDS = 15.0
LONGEST_ANSWER = 200
RETRIED = (408, 425)

# The reply, and who gave it -> what it means; None when the message was taken.
Meaning = Callable[[Reply, str], ProviderError | None]


@dataclass(frozen=True, kw_only=True)
class Request:
    """`body` is JSON. `says` is what the log tells of the one who answers: its name, never its address."""

    url: str
    body: bytes
    says: str
    headers: Mapping[str, str]


def request_of(url: str, body: Any, says: str, headers: Mapping[str, str] | None = None) -> Request:
    """A request with this JSON body."""
    sent = {"content-type": "application/json; charset=utf-8", **(headers or {})}
    return Request(url=url, body=orjson.dumps(body), says=says, headers=sent)


async def post(outlet: Outlet, request: Request, meaning: Meaning) -> Reply:
    """What was answered, when that means that the message was taken. Raises ProviderError."""

    async def send() -> Reply:
        options = client_options(outlet.allow_private, MOST_BYTES) | {"timeout": SECONDS}
        async with httpx2.AsyncClient(**options) as http:
            answer = await http.post(request.url, content=request.body, headers=dict(request.headers))
        reply = Reply(status=answer.status_code, headers=dict(answer.headers), body=_body(answer))
        if error := meaning(reply, request.says):
            raise error
        return reply

    return await outlet.guard.call(request.says, "to take a message", send)


def by_status(reply: Reply, says: str) -> ProviderError | None:
    """What a status means where the vendor says nothing else: 429 and 5xx are for later, other refusals final."""
    status = reply.status
    if 200 <= status < 300:
        return None
    message = f"{says} answered {status}{told(reply)}."
    if status == httpx2.codes.TOO_MANY_REQUESTS:
        return Throttled(message, service=says, retry_after=retry_after(reply))
    if status >= httpx2.codes.INTERNAL_SERVER_ERROR or status in RETRIED:
        return Unavailable(message, service=says, retry_after=retry_after(reply))
    if 300 <= status < 400:
        return Rejected(f"{says} answered with a redirect, which is not followed.", service=says)
    if status in (httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN):
        return CredentialsRejected(message, service=says)
    return Rejected(message, service=says)


def told(reply: Reply) -> str:
    """A vendor's own words in one short line, with a colon in front; nothing when it has none."""
    body = reply.body
    if isinstance(body, dict):
        error = body.get("error")
        inner = error.get("message") if isinstance(error, dict) else error
        body = inner or body.get("message") or ""
    words = " ".join(str(body or "").split())[:LONGEST_ANSWER]
    return f": {words}" if words else ""


def translate(error: Exception, service: str, operation: str) -> ProviderError | None:
    """What went wrong on the way, for the guard. Only the kind of an error is told: its words may have the address."""
    if isinstance(error, ProviderError):
        return error
    if isinstance(error, AddressRefused):
        return Rejected(f"{service} is not called: its address is not allowed.", service=service)
    if isinstance(error, httpx2.InvalidURL):
        return Rejected(f"{service} is not called: its address is malformed.", service=service)
    if isinstance(error, httpx2.HTTPError | OSError):
        return Unavailable(f"{service} could not be asked {operation}: {type(error).__name__}.", service=service)
    return None


def _body(answer: httpx2.Response) -> Any:
    if not answer.content:
        return None
    try:
        return answer.json()
    except ValueError:
        return answer.text
