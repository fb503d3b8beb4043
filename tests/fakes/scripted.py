"""A web server that answers as a test says: by a function from what was asked to what is answered."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    method: str
    target: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Answered:
    """`body` goes out as JSON unless it is text. `hangs` waits before it answers; `cut` breaks off in the middle."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hangs: float = 0.0
    cut: bool = False


class Scripted:
    """`asked` are the requests so far; `url` is where it stands."""

    def __init__(self, script: Callable[[Asked], Answered]) -> None:
        outer = self
        self.asked: list[Asked] = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body go out in one piece, or the client's system waits 40 ms before it takes the second.
            wbufsize = -1

            def answer(self) -> None:
                parts = urlsplit(self.path)
                text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, self.path, parts.path, parse_qs(parts.query), headers, text)
                outer.asked.append(asked)
                _send(self, script(asked))

            def __getattr__(self, name: str) -> Any:
                if name.startswith("do_"):
                    return self.answer
                raise AttributeError(name)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def paths(self) -> list[str]:
        return [f"{one.method} {one.path}" for one in self.asked]


def _send(handler: BaseHTTPRequestHandler, answered: Answered) -> None:
    time.sleep(answered.hangs)
    body = answered.body if isinstance(answered.body, str) else json.dumps(answered.body)
    content = b"" if answered.body is None else body.encode()
    kind = "text/html" if isinstance(answered.body, str) else "application/json"
    try:
        handler.send_response(answered.status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **answered.headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content[: len(content) // 2] if answered.cut else content)
    except (BrokenPipeError, ConnectionResetError):
        return
    if answered.cut:
        handler.close_connection = True


@contextmanager
def scripted(script: Callable[[Asked], Answered]) -> Iterator[Scripted]:
    """The server, while the block runs."""
    made = Scripted(script)
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        thread.join()
        made.server.server_close()
