"""Uvicorn's HTTP protocol with what it leaves to a proxy: time and size limits for heads, and connections counted.

Uvicorn waits for ever for the rest of a head or body, and takes a head of any length.
"""

from asyncio import BaseTransport, TimerHandle, Transport
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Any, cast

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.http.answer_headers import ANSWERS
from app.http.peers import Peers

# A document of 100 kB does not fit the head of a GET; clients send it by POST or by its hash.
MAX_HEAD = 64 * 1024
MAX_HEADERS = 100
RETRY_AFTER = "5"
ALWAYS_ANSWERED = b"/healthz"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """`peers` counts connections; those of a peer that `is_proxy` are not counted by address, it has many clients.

    A head must be whole within `head_within`, then a body within `body_within`; a client that reads nothing of what is
    written for it for `stalled_within` is left.
    """

    peers: Peers
    is_proxy: Callable[[str], bool] = field(default=lambda _: False)
    head_within: timedelta = timedelta(seconds=10)
    body_within: timedelta = timedelta(seconds=30)
    stalled_within: timedelta = timedelta(seconds=60)

    def protocol(self, **options: Any) -> "LimitedProtocol":
        """For uvicorn's setting `http`."""
        return LimitedProtocol(self, **options)


class LimitedProtocol(HttpToolsProtocol):
    """One connection. A request that comes in one piece starts no timer."""

    def __init__(self, limits: ConnectionLimits, **options: Any) -> None:
        super().__init__(**options)
        self._limits = limits
        self._counted = ""
        self._refusal: HTTPStatus | None = None
        self._arrived = 0
        self._is_reading = True
        self._has_head = False
        self._deadline: TimerHandle | None = None
        self._stalled: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(cast("Transport", transport))
        peers, peer = self._limits.peers, self.client[0] if self.client else ""
        self._counted = "" if self._limits.is_proxy(peer) else peer
        may_hold = peers.enter(self._counted) or not self._counted
        if peers.is_full:
            self._refusal = HTTPStatus.SERVICE_UNAVAILABLE
        elif not may_hold:
            self._refusal = HTTPStatus.TOO_MANY_REQUESTS
        self._wait(self._limits.head_within)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self.resume_writing()
        self._limits.peers.leave(self._counted)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._arrived += len(data)
        super().data_received(data)
        if self.transport.is_closing() or not self._is_reading:
            self._stop_waiting()
        elif not self._has_head and self._arrived > MAX_HEAD:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self._deadline is None:
            self._wait(self._limits.body_within if self._has_head else self._limits.head_within)

    def on_message_begin(self) -> None:
        self._is_reading, self._has_head = True, False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._has_head = True
        self._stop_waiting()  # what comes next has a time of its own
        app = self.app
        if refusal := self._refusal_of_head():
            self.app = refuse(refusal)
        super().on_headers_complete()
        self.app = app

    def on_message_complete(self) -> None:
        self._is_reading, self._arrived = False, 0
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """The WebSocket's protocol goes on with the connection, and tells when it has gone."""
        self._is_reading = False
        self._stop_waiting()
        if refusal := self._refusal_of_head():
            self._refuse(refusal)
            return
        super().handle_websocket_upgrade()
        protocol = self.transport.get_protocol()
        protocol.when_lost = lambda: self._limits.peers.leave(self._counted)  # type: ignore[attr-defined]  # a FrameProtocol

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(self._limits.stalled_within.total_seconds(), self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def send_400_response(self, msg: str) -> None:
        self._refuse(HTTPStatus.BAD_REQUEST)

    def _refusal_of_head(self) -> HTTPStatus | None:
        if len(self.headers) > MAX_HEADERS or (self._arrived > MAX_HEAD and self._size_of_head() > MAX_HEAD):
            return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        return None if self.url == ALWAYS_ANSWERED else self._refusal

    def _size_of_head(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _wait(self, time: timedelta) -> None:
        self._deadline = self.loop.call_later(time.total_seconds(), self._too_slow)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        if self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete:
            self.transport.close()  # an answer is on its way: a second one would be read as part of it
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _refuse(self, status: HTTPStatus) -> None:
        """Answers without the application, and closes."""
        body = f"{status.phrase}\n".encode()
        headers = [
            *self.server_state.default_headers,
            *ANSWERS,
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
        ]
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        self.transport.write(f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() + lines + b"\r\n" + body)
        self.transport.close()


def refuse(status: HTTPStatus) -> ASGIApp:
    """An application that answers everything with this status, and ends the connection."""
    headers = {"connection": "close", **{name.decode(): value.decode() for name, value in ANSWERS}}
    if status is not HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
        headers["retry-after"] = RETRY_AFTER
    return PlainTextResponse(f"{status.phrase}\n", status.value, headers)
