"""The way out over HTTP: no private addresses, no redirects, no proxies, bounded in time and size."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import httpx2

from domain.endpoint import is_forbidden_address
from domain.errors import Invalid, Unavailable
from domain.identity.provider import check_secure

SECONDS = 10.0
# Key sets of large identity providers are about 20 kB.
MOST_BYTES = 512 * 1024
SERVICE = "identity provider"


@cache
def authorities() -> ssl.SSLContext:
    """The system's authorities; reading them takes some 40 ms of the event loop, so they are read once."""
    return httpx2.create_ssl_context(trust_env=False)


class AddressRefused(httpx2.ConnectError):
    """The address must not be called, now or later."""


class Outside(httpx2.AsyncBaseTransport):
    """Looks a name up once, refuses addresses inside, and connects to the very address that was judged.

    `allow_private` lets through what is in private networks, and http:// on the loopback interface.
    """

    def __init__(self, allow_private: bool, most_bytes: int = MOST_BYTES) -> None:
        self._allow_private = allow_private
        self._most_bytes = most_bytes
        self._inner = httpx2.AsyncHTTPTransport(verify=authorities(), trust_env=False)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises AddressRefused for an address that must not be called, and ReadError for an answer that is too big."""
        host = request.url.host
        try:
            check_secure(str(request.url), self._allow_private)
        except Invalid as error:
            raise AddressRefused(error.message, request=request) from error
        address = await self._address(host, request)
        # The Host header is set already, and TLS is still checked against the name.
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=address)
        response = await self._inner.handle_async_request(request)
        response.stream = _Bounded(response.stream, self._most_bytes)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _address(self, host: str, request: httpx2.Request) -> str:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpx2.ConnectError(f"{host} is not known.", request=request) from error
        addresses = [str(entry[4][0]) for entry in found]
        if not addresses or any(is_forbidden_address(address, self._allow_private) for address in addresses):
            raise AddressRefused(f"Connections to {host} are not allowed.", request=request)
        return addresses[0]


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, inner: Any, most_bytes: int) -> None:
        self._inner, self._most_bytes = inner, most_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        async for chunk in self._inner:
            seen += len(chunk)
            if seen > self._most_bytes:
                raise httpx2.ReadError(f"The answer is larger than {self._most_bytes} bytes.")
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()


def client_options(allow_private: bool, most_bytes: int = MOST_BYTES) -> dict[str, Any]:
    """What every client that calls a provider is made with."""
    return {
        "transport": Outside(allow_private, most_bytes),
        "timeout": SECONDS,
        "follow_redirects": False,
        "trust_env": False,
        # No compression: a small answer must not unfold into a large one.
        "headers": {"accept": "application/json", "accept-encoding": "identity", "user-agent": "CloudWatcher"},
    }


@contextmanager
def translated(service: str = SERVICE) -> Iterator[None]:
    """Within, what goes wrong on the way is raised as Unavailable. `service` is what messages call the other side."""
    try:
        yield
    except TimeoutError as error:
        raise Unavailable(f"The {service} does not answer in time.", service=service) from error
    except httpx2.HTTPError as error:
        raise Unavailable(f"The {service} cannot be reached: {error}", service=service) from error


async def fetch_bytes(
    url: str, allow_private: bool, headers: dict[str, str] | None = None, *, service: str = SERVICE
) -> bytes:
    """What the address answers. Raises Unavailable unless it answers 200 in time."""
    with translated(service):
        async with asyncio.timeout(2 * SECONDS), httpx2.AsyncClient(**client_options(allow_private)) as client:
            answer = await client.get(url, headers=headers)
    if answer.status_code != httpx2.codes.OK:
        raise Unavailable(f"{_shown(url)} answers with status {answer.status_code}.", service=service)
    return answer.content


async def fetch_json(url: str, allow_private: bool, headers: dict[str, str] | None = None) -> Any:
    """What the address answers, read as JSON. Raises Unavailable unless it answers 200 with JSON in time."""
    found = await fetch_bytes(url, allow_private, headers)
    try:
        return json.loads(found)
    except ValueError as error:
        raise Unavailable(f"{_shown(url)} does not answer with JSON.", service=SERVICE) from error


def _shown(url: str) -> str:
    return url.partition("?")[0]
