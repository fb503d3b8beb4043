"""A web server that answers as it is told, path by path; what it is not told of may go to another one behind it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx2

# What httpx sets anew on the way to the server behind.
OWN_HEADERS = frozenset({"host", "content-length", "connection"})


@dataclass(frozen=True)
class Call:
    """What was asked, and with which status it was answered."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    raw: str = ""


@dataclass(frozen=True)
class Answer:
    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Told = Answer | Callable[[Call], Answer]


class Scripted:
    """`told` is by path ("/v2/droplets") or by method and path; `behind` answers the rest, else it is 404.

    `calls` are all calls, `from_behind` the answers of the server behind.
    """

    def __init__(self, behind: str | None = None) -> None:
        self.told: dict[str, Told] = {}
        self.calls: list[Call] = []
        self.from_behind: list[tuple[Call, int, dict[str, str]]] = []
        self._behind = behind
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            # Head and body go out in one piece, or the client's system waits 40 ms before it takes the second.
            wbufsize = -1
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                scripted._handle(self)

            def do_POST(self) -> None:
                scripted._handle(self)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def served(self) -> Iterator["Scripted"]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def asked(self, path: str) -> list[Call]:
        return [call for call in self.calls if call.path == path]

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        body = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        headers = {key.lower(): value for key, value in handler.headers.items()}
        call = Call(handler.command, unquote(parts.path), dict(parse_qsl(parts.query)), headers, body, handler.path)
        self.calls.append(call)
        told = self.told.get(f"{call.method} {call.path}", self.told.get(call.path))
        if told is None:
            answer = self._ask_behind(call) if self._behind else Answer({"message": "Not Found"}, 404)
        else:
            answer = told(call) if callable(told) else told
        content = b"" if answer.status == httpx2.codes.NO_CONTENT else answer.content
        handler.send_response(answer.status)
        for name, value in {"content-type": "application/json", **answer.headers}.items():
            handler.send_header(name, value)
        handler.send_header("content-length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def _ask_behind(self, call: Call) -> Answer:
        headers = {key: value for key, value in call.headers.items() if key not in OWN_HEADERS}
        answer = httpx2.request(call.method, f"{self._behind}{call.raw}", content=call.body, headers=headers)
        told = dict(answer.headers)
        self.from_behind.append((call, answer.status_code, told))
        passed = {key: told[key] for key in ("link", "content-type") if key in told}
        return Answer(answer.content, answer.status_code, passed)


def broken_requests(scripted: Scripted) -> list[str]:
    """The requests that break the description the server behind speaks for: what Prism says against them."""
    found = []
    for call, status, headers in scripted.from_behind:
        violations = json.loads(headers.get("sl-violations", "[]"))
        against = [one for one in violations if "request" in one["location"]]
        if against or status >= httpx2.codes.BAD_REQUEST:
            found.append(f"{call.method} {call.raw} {status} {against}")
    return found
