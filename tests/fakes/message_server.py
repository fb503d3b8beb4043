"""A server that takes messages of channels: it keeps what came, answers as a test orders, and can hang."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Got:
    """One request; header names are lower case."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Ordered:
    """An answer, after `delay` seconds."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0


@dataclass
class MessageServer:
    """`answers` are given first one first, then `usual`."""

    url: str = ""
    usual: Ordered = field(default_factory=Ordered)
    answers: list[Ordered] = field(default_factory=list)
    got: list[Got] = field(default_factory=list)

    def next_answer(self) -> Ordered:
        return self.answers.pop(0) if self.answers else self.usual


@contextmanager
def message_server() -> Iterator[MessageServer]:
    """Listens on loopback until the end."""
    told = MessageServer()

    class Handler(BaseHTTPRequestHandler):
        wbufsize = -1  # head and body in one piece

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            told.got.append(Got(self.path, headers, body))
            ordered = told.next_answer()
            time.sleep(ordered.delay)
            content = b"" if ordered.body is None else json.dumps(ordered.body).encode()
            self.send_response(ordered.status)
            for name, value in {**ordered.headers, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
