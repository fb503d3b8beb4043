"""A server that takes messages of channels: it keeps what came, answers as a test orders, and can hang."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.fakes.loopback import listening


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

    with listening(Handler) as told.url:
        yield told
